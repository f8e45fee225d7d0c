"""The lowest level of the way out: pinned addresses, a deadline for everything, bounded answers."""

import datetime
import gzip
import socket
import ssl
import time
import zlib

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from integrations import transport
from integrations.failures import AddressRefusedError, AnswerTooLargeError
from integrations.http import guarded_client
from integrations.transport import Exchange, GuardedTransport
from tests.integrations.servers import refused_port, reply, scripted_server

pytestmark = pytest.mark.usefixtures("opened")

HEAD = b"HTTP/1.1 200 OK\r\n"
SHORT = 0.3


def get(url, *, seconds=5.0, most_bytes=100_000, **headers):
    with guarded_client(seconds=seconds, most_bytes=most_bytes) as client:
        return client.get(url, headers=headers)


def drip(at_once, slowly):
    """Send the second part byte by byte until the caller hangs up."""

    def answer(connection, server):
        connection.sendall(at_once)
        for byte in slowly:
            if server.stop.wait(0.02):
                return
            connection.sendall(bytes([byte]))

    return answer


@pytest.fixture
def resolver(monkeypatch):
    """Names and their addresses, one list of addresses for each time of asking."""
    known = {}
    real = socket.getaddrinfo

    def look_up(host, port, *args, **options):
        if host not in known:
            return real(host, port, *args, **options)
        answers = known[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port or 0)) for a in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return known


class TestAddresses:
    @pytest.mark.parametrize(
        "url",
        [
            "http://user:password@127.0.0.1/",
            "http://127.0.0.1:22/",
            "ftp://127.0.0.1/",
            "http://127.0.0.1/" + "x" * 2_000,
            "http://[::1]/",
            "http://0/",
        ],
    )
    def test_refused_addresses_are_not_connected_to(self, url):
        with pytest.raises(AddressRefusedError):
            get(url)

    def test_private_address_is_closed_unless_the_operator_opens_it(self, settings):
        settings.OUTBOUND_ALLOW_CIDRS = []
        with scripted_server(reply()) as server:
            for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1"):
                with pytest.raises(AddressRefusedError):
                    get(f"http://{host}:{server.port}/")

        assert server.connections == 0

    def test_a_name_that_changes_its_address_is_not_followed(self, resolver):
        with scripted_server(reply(b"judged")) as server:
            resolver["rebound.example"] = [["127.0.0.1"], ["10.0.0.1"]]
            answer = get(f"http://rebound.example:{server.port}/")

            assert answer.text == "judged"
            assert f"Host: rebound.example:{server.port}".encode() in server.heard[0]
            with pytest.raises(AddressRefusedError):
                get(f"http://rebound.example:{server.port}/")

    def test_the_next_address_is_tried_when_one_does_not_answer(self, resolver, settings):
        settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8", "::1"]
        with scripted_server(reply(b"second")) as server:
            resolver["two.example"] = [["::1", "127.0.0.1"]]

            assert get(f"http://two.example:{server.port}/").text == "second"

    def test_settings_of_the_environment_for_proxies_are_ignored(self, monkeypatch):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{refused_port()}")
        with scripted_server(reply(b"direct")) as server:
            assert get(server.url).text == "direct"

    def test_passwords_of_the_netrc_file_are_ignored(self, monkeypatch, tmp_path):
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login user password canary")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        with scripted_server(reply()) as server:
            get(server.url)

        assert b"authorization" not in server.heard[0].lower()

    def test_cookies_are_not_kept(self):
        cookie = reply(headers=["Set-Cookie: session=canary; Path=/"])
        with scripted_server(cookie) as server, guarded_client(seconds=5) as client:
            client.get(server.url)
            client.get(server.url)

        assert b"cookie" not in server.heard[1].lower()

    def test_redirects_are_not_followed(self):
        answer = reply(status="302 Found", headers=["Location: http://10.0.0.1/"])
        with scripted_server(answer) as server:
            assert get(server.url).status_code == 302


class TestTime:
    @pytest.mark.parametrize(
        "answer",
        [
            drip(HEAD, b"X: " + b"x" * 1_000),
            drip(HEAD + b"Content-Length: 1000\r\n\r\n", b"x" * 1_000),
            drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 1_000),
            drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
            lambda connection, server: server.stop.wait(10),
        ],
        ids=["headers", "body", "chunks", "interim answers", "silence"],
    )
    def test_a_slow_answer_ends_with_the_time_of_the_request(self, answer):
        with scripted_server(answer) as server:
            with pytest.raises(httpx.ReadTimeout):
                get(server.url, seconds=SHORT)
            server.stop.set()

    def test_an_answer_read_as_a_stream_ends_as_well(self):
        slow = drip(HEAD + b"Content-Length: 1000\r\n\r\n", b"x" * 1_000)
        with scripted_server(slow) as server, guarded_client(seconds=SHORT) as client:
            with (
                client.stream("GET", server.url) as answer,
                pytest.raises(httpx.ReadTimeout),
            ):
                for _piece in answer.iter_bytes():
                    pass
            server.stop.set()

    def test_a_time_out_of_one_request_is_for_all_of_it(self):
        slow = drip(HEAD, b"X: " + b"x" * 1_000)
        with scripted_server(slow) as server, guarded_client(seconds=60) as client:
            with pytest.raises(httpx.ReadTimeout):
                client.get(server.url, timeout=SHORT)
            server.stop.set()

    def test_a_server_that_does_not_read_is_not_written_to_for_ever(self):
        def deaf(connection, server):
            server.stop.wait(10)

        with scripted_server(deaf) as server:
            with guarded_client(seconds=SHORT) as client, pytest.raises(httpx.TimeoutException):
                client.post(server.url, content=b"x" * 30_000_000)
            server.stop.set()

    def test_a_handshake_without_end_is_cut_off(self):
        with scripted_server(reply()) as server, pytest.raises(httpx.ConnectTimeout):
            get(f"https://127.0.0.1:{server.port}/", seconds=SHORT)

    def test_a_time_that_is_over_sends_nothing(self):
        exchange = Exchange(seconds=0, most_bytes=1_000)
        with scripted_server(reply()) as server, pytest.raises(httpx.PoolTimeout):
            GuardedTransport().handle_request(
                httpx.Request("GET", server.url, extensions={"exchange": exchange})
            )

        assert not exchange.is_sent


def packed(body, encoding="gzip", **headers):
    lines = [f"Content-Encoding: {encoding}", *(f"{k}: {v}" for k, v in headers.items())]
    return reply(body, headers=lines)


class TestSize:
    def test_a_packed_answer_is_unpacked(self):
        with scripted_server(packed(gzip.compress(b"plain" * 1_000))) as server:
            answer = get(server.url)

        assert answer.content == b"plain" * 1_000
        assert "content-encoding" not in answer.headers

    def test_only_gzip_is_asked_for(self):
        with scripted_server(reply()) as server:
            get(server.url, **{"Accept-Encoding": "br, zstd"})

        assert server.heard[0].lower().count(b"accept-encoding") == 1
        assert b"Accept-Encoding: gzip\r\n" in server.heard[0]

    def test_a_bomb_is_cut_off_while_it_is_unpacked(self, monkeypatch):
        unpacked = []
        real = transport._unpacked_piece

        def watched(unpacker, piece):
            for plain in real(unpacker, piece):
                unpacked.append(len(plain))
                yield plain

        monkeypatch.setattr(transport, "_unpacked_piece", watched)
        bomb = gzip.compress(b"\0" * 50_000_000)
        with scripted_server(packed(bomb)) as server, pytest.raises(AnswerTooLargeError):
            get(server.url, most_bytes=100_000)

        assert sum(unpacked) <= 100_000 + transport.PIECE

    @pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "deflate", "zstd"])
    def test_other_packings_are_refused(self, encoding):
        with (
            scripted_server(packed(b"x", encoding)) as server,
            pytest.raises(httpx.RemoteProtocolError),
        ):
            get(server.url)

    @pytest.mark.parametrize(
        "body",
        [
            b"not packed at all",
            gzip.compress(b"x" * 1_000)[:-9],
            gzip.compress(b"first") + gzip.compress(b"second"),
            gzip.compress(b"first") + b"trailing",
            zlib.compress(b"another format"),
        ],
        ids=["plain", "cut", "two", "trailing", "zlib"],
    )
    def test_damaged_packings_are_errors(self, body):
        with scripted_server(packed(body)) as server, pytest.raises(httpx.RemoteProtocolError):
            get(server.url)

    def test_an_empty_packed_answer_is_empty(self):
        with scripted_server(packed(b"")) as server:
            assert get(server.url).content == b""

    def test_an_announced_size_above_the_limit_is_refused_before_reading(self):
        huge = HEAD + b"Content-Length: 100001\r\n\r\n"
        with scripted_server(huge) as server, pytest.raises(AnswerTooLargeError):
            get(server.url)

    def test_an_answer_without_a_size_is_cut_off_at_the_limit(self):
        with (
            scripted_server(HEAD + b"\r\n" + b"x" * 200_000) as server,
            pytest.raises(AnswerTooLargeError),
        ):
            get(server.url)

    def test_an_answer_as_large_as_the_limit_is_taken(self):
        with scripted_server(reply(b"x" * 100_000)) as server:
            assert len(get(server.url).content) == 100_000

    def test_huge_headers_are_refused(self):
        huge = HEAD + b"X: " + b"x" * 300_000 + b"\r\n\r\n"
        with scripted_server(huge) as server, pytest.raises(httpx.RemoteProtocolError):
            get(server.url)


class TestBrokenAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            b"",
            b"SSH-2.0-OpenSSH_9.2\r\n",
            HEAD + b"Content-Length: 10\r\n\r\nhalf",
            HEAD + b"Content-Length: ten\r\n\r\n0123456789",
            HEAD + b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
            HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
        ],
        ids=[
            "nothing",
            "no HTTP",
            "cut body",
            "size in words",
            "two sizes",
            "cut chunk",
            "no chunk",
            "another protocol",
        ],
    )
    def test_they_are_errors_of_the_remote_side(self, answer):
        with scripted_server(answer) as server, pytest.raises(httpx.RemoteProtocolError):
            get(server.url)

    def test_what_follows_the_announced_size_is_no_part_of_the_answer(self):
        lying = HEAD + b"Content-Length: 4\r\n\r\nrealHTTP/1.1 200 OK\r\n\r\nforged"
        with scripted_server(lying) as server:
            assert get(server.url).text == "real"

    def test_a_dropped_connection_is_an_error(self):
        def drop(connection, server):
            connection.sendall(HEAD + b"Content-Length: 10\r\n\r\nhalf")
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
            )
            connection.close()

        with (
            scripted_server(drop) as server,
            pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)),
        ):
            get(server.url)

    def test_a_closed_port_is_an_error(self):
        with pytest.raises(httpx.ConnectError):
            get(f"http://127.0.0.1:{refused_port()}/")


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """A certificate for erp.example that the machine trusts; gives the server's side of TLS."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "erp.example")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("erp.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "certificate.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = tmp_path / "key.pem"
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    transport._trust.cache_clear()
    side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    side.load_cert_chain(pem, secret)
    yield side
    transport._trust.cache_clear()


class TestEncryption:
    def test_the_name_stays_the_original_while_the_address_is_pinned(self, authority, resolver):
        asked = []
        authority.sni_callback = lambda _socket, name, _context: asked.append(name)
        resolver["erp.example"] = [["127.0.0.1"], ["10.0.0.1"]]
        with scripted_server(reply(b"safe"), tls=authority) as server:
            answer = get(f"https://erp.example:{server.port}/")

        assert answer.text == "safe"
        assert asked == ["erp.example"]

    def test_a_certificate_of_another_name_is_refused(self, authority, resolver):
        resolver["other.example"] = [["127.0.0.1"]]
        with scripted_server(reply(), tls=authority) as server, pytest.raises(httpx.ConnectError):
            get(f"https://other.example:{server.port}/")

        assert server.heard == []

    def test_a_certificate_nobody_signed_is_refused(self, authority, resolver, monkeypatch):
        monkeypatch.delenv("SSL_CERT_FILE")
        transport._trust.cache_clear()
        resolver["erp.example"] = [["127.0.0.1"]]
        with scripted_server(reply(), tls=authority) as server, pytest.raises(httpx.ConnectError):
            get(f"https://erp.example:{server.port}/")

    def test_a_slow_encrypted_answer_ends_with_the_time_of_the_request(self, authority, resolver):
        resolver["erp.example"] = [["127.0.0.1"]]
        with scripted_server(drip(HEAD, b"X: " + b"x" * 1_000), tls=authority) as server:
            with pytest.raises(httpx.ReadTimeout):
                get(f"https://erp.example:{server.port}/", seconds=SHORT)
            server.stop.set()


def test_a_library_reads_a_stream_as_it_arrives():
    """Clients of language models read answers piece by piece."""
    arrived = []

    def speak(connection, server):
        connection.sendall(HEAD + b"Content-Type: text/event-stream\r\n\r\ndata: one\n\n")
        while not arrived and not server.stop.is_set():
            time.sleep(0.01)
        connection.sendall(b"data: two\n\n")

    with (
        scripted_server(speak) as server,
        guarded_client(seconds=5) as client,
        client.stream("GET", server.url) as answer,
    ):
        for line in answer.iter_lines():
            if line:
                arrived.append(line)

    assert arrived == ["data: one", "data: two"]
