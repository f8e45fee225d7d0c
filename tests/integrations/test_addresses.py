"""What may be called: judged by where a name leads, never by how it is written."""

import ipaddress
import socket

import pytest
from django.core.exceptions import ValidationError

from integrations import addresses
from integrations.failures import AddressRefusedError

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]
PRIVATE = {
    "loopback": "127.0.0.1",
    "whole loopback network": "127.8.8.8",
    "this host": "0.0.0.0",
    "private 10": "10.0.0.1",
    "private 172": "172.31.255.255",
    "private 192": "192.168.1.1",
    "shared by a provider": "100.64.0.1",
    "link-local": "169.254.1.1",
    "metadata": "169.254.169.254",
    "metadata of containers": "169.254.170.2",
    "metadata of another cloud": "100.100.100.200",
    "metadata on a public address": "168.63.129.16",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "benchmarks": "198.18.0.1",
    "documentation": "203.0.113.9",
    "relay of 6to4": "192.88.99.1",
    "loopback 6": "::1",
    "unspecified 6": "::",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped private": "::ffff:10.0.0.1",
    "NAT64 of loopback": "64:ff9b::127.0.0.1",
    "NAT64 of private": "64:ff9b::10.0.0.1",
    "NAT64 of metadata": "64:ff9b::169.254.169.254",
    "NAT64 of one's own": "64:ff9b:1::8.8.8.8",
    "6to4 of loopback": "2002:7f00:1::",
    "6to4 of a public one": "2002:808:808::",
    "IPv4-compatible": "::127.0.0.1",
    "IPv4-compatible public": "::8.8.8.8",
    "translated": "::ffff:0:127.0.0.1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "unique local": "fd00::1",
    "metadata 6": "fd00:ec2::254",
    "link-local 6": "fe80::1",
    "link-local 6 with a zone": "fe80::1%lo",
    "site-local": "fec0::1",
    "multicast 6": "ff02::1",
    "documentation 6": "2001:db8::1",
}


def is_open(text):
    return addresses.is_open(ipaddress.ip_address(text))


@pytest.fixture
def names(monkeypatch):
    """A resolver that knows what a test tells it: `names["erp.example"] = ["10.0.0.1"]`."""
    known = {}

    def look_up(host, *_args, **_options):
        if host not in known:
            raise socket.gaierror("unknown")
        return [(None, None, None, "", (address, 0)) for address in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_open(text):
    assert is_open(text)


@pytest.mark.parametrize("text", PRIVATE.values(), ids=PRIVATE.keys())
def test_everything_else_is_closed(text):
    assert not is_open(text)


@pytest.mark.parametrize("text", ["10.20.0.1", "::ffff:10.20.0.1"])
def test_the_operator_opens_a_network(text, settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["10.20.0.0/16"]

    assert is_open(text)
    assert not is_open("10.21.0.1")


def test_opening_a_network_opens_no_gateway_into_it(settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["10.20.0.0/16"]

    assert not is_open("64:ff9b::10.20.0.1")


@pytest.mark.parametrize("text", ["169.254.169.254", "fd00:ec2::254", "168.63.129.16"])
def test_metadata_opens_only_when_named_alone(text, settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["0.0.0.0/0", "::/0"]
    assert not is_open(text)

    settings.OUTBOUND_ALLOW_CIDRS = [text]
    assert is_open(text)


@pytest.mark.parametrize(
    "host",
    ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0", "localhost", "127.0.0.1", "::1"],
)
def test_odd_notations_of_this_machine_are_refused(host):
    with pytest.raises(AddressRefusedError):
        addresses.resolve(host, seconds=5)


def test_one_closed_address_among_open_ones_is_enough_to_refuse(names):
    names["mixed.example"] = ["8.8.8.8", "10.0.0.1"]

    with pytest.raises(AddressRefusedError):
        addresses.resolve("mixed.example", seconds=5)


def test_a_host_resolves_to_each_of_its_addresses_once(names):
    names["erp.example"] = ["8.8.8.8", "8.8.8.8", "1.1.1.1"]

    assert addresses.resolve("erp.example", seconds=5) == ["8.8.8.8", "1.1.1.1"]


def test_a_resolver_that_does_not_answer_is_not_waited_for(monkeypatch):
    import threading

    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **o: released.wait(10) and [])

    with pytest.raises(TimeoutError):
        addresses.resolve("slow.example", seconds=0.05)
    released.set()


@pytest.mark.parametrize("port", [22, 25, 6379, 0, 65536])
def test_ports_of_other_services_are_refused(port):
    with pytest.raises(AddressRefusedError):
        addresses.check_parts("https", "erp.example", port)


@pytest.mark.parametrize("port", [None, 443, 3000, 8069, 8443])
def test_ports_of_web_services_are_taken(port):
    addresses.check_parts("https", "erp.example", port)


@pytest.mark.parametrize("scheme", ["http", "ftp", "file", "gopher", ""])
def test_schemes_other_than_https_are_refused(scheme):
    with pytest.raises(AddressRefusedError):
        addresses.check_parts(scheme, "erp.example", 443)


def test_the_operator_opens_plain_http(settings):
    settings.OUTBOUND_ALLOW_HTTP = True

    addresses.check_parts("http", "erp.example", None)


class TestForms:
    def test_a_public_address_is_taken(self, names):
        names["erp.example"] = ["8.8.8.8"]

        addresses.check_url("https://erp.example:8069/odoo")

    @pytest.mark.parametrize(
        "url",
        [
            "http://erp.example",
            "ftp://erp.example",
            "erp.example",
            "",
            "https://",
            "https://user:password@erp.example",
            "https://user@erp.example",
            "https://erp.example:22",
            "https://erp.example:99999",
            "https://[::1",
            "https://unknown.example",
            "https://127.1",
            "https://erp.example/" + "x" * 2_000,
        ],
    )
    def test_anything_else_is_refused(self, url, names):
        names.update({"erp.example": ["8.8.8.8"], "127.1": ["127.0.0.1"]})

        with pytest.raises(ValidationError):
            addresses.check_url(url)

    def test_unknown_and_private_hosts_read_the_same(self, names):
        names["private.example"] = ["10.0.0.1"]
        texts = []
        for host in ("private.example", "unknown.example"):
            with pytest.raises(ValidationError) as caught:
                addresses.check_url(f"https://{host}")
            texts.append(caught.value.messages)

        assert texts[0] == texts[1]
        assert "OUTBOUND_ALLOW_CIDRS" in texts[0][0]

    def test_the_refusal_does_not_repeat_a_password(self):
        with pytest.raises(ValidationError) as caught:
            addresses.check_url("https://user:canary@erp.example")

        assert "canary" not in str(caught.value)
