"""Who did it and from where is known everywhere, and no client can claim another address."""

import contextvars
import getpass
import sys
import threading

import pytest
from django.test import RequestFactory

from tenants import context
from tenants.context import client_address

PROXY = "10.0.0.1"


def request_from(peer, forwarded=None):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer)


@pytest.mark.parametrize("forged", [None, "", "1.2.3.4", "1.2.3.4, 5.6.7.8"])
def test_without_proxies_the_peer_is_the_client(settings, forged):
    settings.TRUSTED_PROXIES = 0

    assert client_address(request_from("203.0.113.9", forged)) == "203.0.113.9"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("1.2.3.4, 203.0.113.9", "203.0.113.9"),
        ("1.2.3.4,5.6.7.8 ,203.0.113.9", "203.0.113.9"),
        ("unknown, <script>, 203.0.113.9", "203.0.113.9"),
        ("2001:db8::9", "2001:db8::9"),
    ],
)
def test_behind_one_proxy_the_last_entry_counts(settings, forwarded, client):
    settings.TRUSTED_PROXIES = 1

    assert client_address(request_from(PROXY, forwarded)) == client


def test_behind_two_proxies_the_last_but_one_counts(settings):
    settings.TRUSTED_PROXIES = 2

    request = request_from(PROXY, "1.2.3.4, 203.0.113.9, 10.0.0.2")

    assert client_address(request) == "203.0.113.9"


@pytest.mark.parametrize("forwarded", [None, "", " , ,"])
def test_behind_proxies_that_say_nothing_the_peer_counts(settings, forwarded):
    settings.TRUSTED_PROXIES = 1

    assert client_address(request_from(PROXY, forwarded)) == PROXY


def test_too_short_a_list_is_not_believed(settings):
    settings.TRUSTED_PROXIES = 2

    assert client_address(request_from(PROXY, "1.2.3.4")) == PROXY


@pytest.mark.parametrize("entry", ["x" * 5_000, "not an address", "1.2.3.4\x00"])
def test_entry_that_is_no_address_is_not_believed(settings, entry):
    settings.TRUSTED_PROXIES = 1

    assert client_address(request_from(PROXY, entry)) == PROXY


@pytest.mark.parametrize("entry", ["203.0.113.9:51234", "[2001:db8::9]:51234"])
def test_port_of_the_client_is_left_out(settings, entry):
    settings.TRUSTED_PROXIES = 1

    assert ":5123" not in client_address(request_from(PROXY, entry))


def test_what_is_bound_ends_with_the_block():
    before = context.current()

    with context.bind(request_id="a1", tenant="moveis"):
        inside = context.current()
    after = context.current()

    assert (inside.request_id, inside.tenant) == ("a1", "moveis")
    assert after == before


def test_inner_block_keeps_what_it_does_not_name():
    with context.bind(request_id="a1", tenant="moveis"):
        with context.bind(tenant="cosmeticos") as inner:
            assert (inner.request_id, inner.tenant) == ("a1", "cosmeticos")

        assert context.current().tenant == "moveis"


def test_block_that_fails_is_left_too():
    with pytest.raises(ZeroDivisionError), context.bind(tenant="moveis"):
        raise ZeroDivisionError

    assert context.current().tenant == ""


def test_note_lasts_until_the_block_ends():
    with context.bind(request_id="a1"):
        context.note(tenant="moveis")
        noted = context.current()

    assert (noted.request_id, noted.tenant) == ("a1", "moveis")
    assert context.current().tenant == ""


def test_unknown_part_is_a_mistake():
    with pytest.raises(TypeError), context.bind(tenant_id=1):
        pass


def test_another_thread_starts_with_nothing_bound():
    found = []

    with context.bind(tenant="moveis", request_id="a1"):
        thread = threading.Thread(target=lambda: found.append(context.current()))
        thread.start()
        thread.join(10)

    assert (found[0].tenant, found[0].request_id) == ("", "")


def test_copied_context_keeps_what_was_bound():
    with context.bind(tenant="moveis"):
        copied = contextvars.copy_context()

    assert copied.run(context.current).tenant == "moveis"


@pytest.fixture
def asked_anew():
    context._login_name.cache_clear()
    yield
    context._login_name.cache_clear()


def test_command_at_a_terminal_is_named(monkeypatch, asked_anew):
    monkeypatch.setattr(sys, "argv", ["manage.py", "staff", "x@example.com"])
    monkeypatch.setattr(getpass, "getuser", lambda: "deploy")

    now = contextvars.Context().run(context.current)

    assert (now.via, now.actor) == ("command staff", "deploy")


def test_account_without_a_name_acts_as_the_system(monkeypatch, asked_anew):
    def nobody():
        raise KeyError("no such uid")

    monkeypatch.setattr(getpass, "getuser", nobody)

    assert contextvars.Context().run(context.current).actor == "system"
