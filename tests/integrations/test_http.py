"""A session asks remote systems: what is tried again, what is told to callers, what is recorded."""

import json
import logging
import threading
import time
import traceback
from datetime import timedelta
from email.utils import format_datetime

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import http, lines
from integrations.failures import (
    AddressRefusedError,
    AnswerTooLargeError,
    CircuitOpenError,
    NoAnswerError,
    NotJsonError,
    RemoteError,
    StatusError,
    TooManyCallsError,
    UnsendableError,
)
from integrations.http import Session, retry_after_in
from integrations.lines import line_of
from integrations.models import RemoteCall
from tenants import context
from tenants.models import Tenant
from tests.integrations.servers import refused_port, reply, scripted_server

pytestmark = [pytest.mark.usefixtures("opened"), pytest.mark.django_db]

BUSY = reply(status="503 Service Unavailable")


@pytest.fixture
def pauses(monkeypatch):
    """The pauses between tries, which nobody waits for here."""
    waited = []
    monkeypatch.setattr(time, "sleep", waited.append)
    return waited


@pytest.fixture
def session(moveis):
    return session_of(moveis)


def session_of(tenant, **limits):
    return Session(tenant, service="odoo", connection="odoo:5", **{"seconds": 5.0, **limits})


def hang_up(connection, server):
    connection.close()


def last_call():
    return RemoteCall.objects.latest("pk")


class TestAnswers:
    def test_an_answer_has_status_headers_and_content(self, session):
        with scripted_server(reply(b'{"a": 1}', headers=["X-Version: 19"])) as server:
            answer = session.request("get", server.url + "/json")

        assert (answer.status, answer.headers["x-version"], answer.json()) == (200, "19", {"a": 1})

    def test_parameters_headers_and_json_are_sent(self, session):
        with scripted_server(reply()) as server:
            session.request(
                "POST", server.url + "/x", json={"ç": 1}, params={"q": "a b"}, headers={"X-K": "v"}
            )

        head, _, body = server.heard[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /x?q=a+b HTTP/1.1\r\n")
        assert b"X-K: v" in head
        assert json.loads(body) == {"ç": 1}

    def test_parameters_join_those_of_the_address(self, session):
        with scripted_server(reply()) as server:
            session.request("GET", server.url + "/x?a=1", params={"b": 2})

        assert server.heard[0].startswith(b"GET /x?a=1&b=2 ")

    def test_something_else_than_json_is_an_error(self, session):
        with scripted_server(reply(b"<html>canary</html>")) as server:
            answer = session.request("GET", server.url)

        with pytest.raises(NotJsonError) as caught:
            answer.json()
        assert caught.value.permanent
        assert "canary" not in f"{caught.value!s}{caught.value!r}{answer!r}"

    def test_nesting_without_end_is_an_error(self, session):
        with scripted_server(reply(b"[" * 200_000)) as server:
            answer = session.request("GET", server.url)

        with pytest.raises(NotJsonError):
            answer.json()

    @pytest.mark.parametrize(
        ("status", "permanent", "is_unwell"),
        [
            ("400 Bad Request", True, False),
            ("401 Unauthorized", True, False),
            ("404 Not Found", True, False),
            ("408 Timeout", False, False),
            ("422 Wrong", True, False),
            ("425 Too Early", False, False),
            ("429 Slow Down", False, False),
            ("500 Broken", False, True),
            ("503 Busy", False, True),
            ("302 Found", True, False),
        ],
    )
    def test_a_status_says_whether_asking_again_helps(self, session, status, permanent, is_unwell):
        answer = reply(b'{"why": 1}', status)
        with scripted_server(answer) as server, pytest.raises(StatusError) as caught:
            session.request("POST", server.url)

        error = caught.value
        assert (error.status, error.permanent, error.is_unwell) == (
            int(status[:3]),
            permanent,
            is_unwell,
        )
        assert error.reply.json() == {"why": 1}
        assert status[:3] in str(error)

    def test_not_modified_is_an_answer(self, session):
        with scripted_server(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n") as server:
            assert session.request("GET", server.url).status == 304

    def test_an_answer_that_is_too_large_is_no_sign_of_illness(self, moveis):
        long = reply(b"x" * 2_000)
        with scripted_server(long) as server, pytest.raises(AnswerTooLargeError) as caught:
            session_of(moveis, most_bytes=1_000).request("POST", server.url)

        assert (caught.value.permanent, caught.value.is_unwell) == (True, False)
        assert caught.value.outcome_unknown

    def test_closed_slow_and_foreign_ports_read_the_same(self, session, pauses):
        texts = set()
        with (
            scripted_server(b"SSH-2.0-OpenSSH\r\n") as foreign,
            scripted_server(lambda c, server: server.stop.wait(5)) as slow,
        ):
            for port in (refused_port(), slow.port, foreign.port):
                with pytest.raises(NoAnswerError) as caught:
                    session.request("GET", f"http://127.0.0.1:{port}/", seconds=0.2)
                texts.add((str(caught.value), last_call().error, last_call().outcome))
            slow.stop.set()

        assert len(texts) == 1


class TestTries:
    @pytest.mark.parametrize("first", [BUSY, hang_up, b"nonsense", reply(status="429 Slow Down")])
    def test_what_changes_nothing_is_tried_again(self, session, pauses, first):
        with scripted_server(first, reply(b'"yes"')) as server:
            assert session.request("GET", server.url).json() == "yes"

        assert server.connections == 2
        assert len(pauses) == 1
        assert last_call().tries == 2

    def test_three_tries_are_enough(self, session, pauses):
        with scripted_server(BUSY) as server, pytest.raises(StatusError):
            session.request("GET", server.url)

        assert server.connections == 3

    def test_pauses_grow_and_are_random(self, session, pauses, monkeypatch):
        asked = []
        monkeypatch.setattr(
            http.random, "uniform", lambda low, high: asked.append((low, high)) or 0
        )
        with scripted_server(BUSY) as server, pytest.raises(StatusError):
            session.request("GET", server.url)

        assert asked == [(0, 0.5), (0, 1.0)]

    @pytest.mark.parametrize("answer", [BUSY, hang_up, b"nonsense"])
    def test_a_post_that_was_sent_is_never_repeated(self, session, pauses, answer):
        with scripted_server(answer) as server, pytest.raises(RemoteError) as caught:
            session.request("POST", server.url, json={"order": 1})

        assert server.connections == 1
        assert caught.value.outcome_unknown

    def test_a_post_that_was_read_and_not_answered_is_unknown(self, session, pauses):
        with scripted_server(lambda c, server: server.stop.wait(5)) as server:
            with pytest.raises(NoAnswerError) as caught:
                session.request("POST", server.url, json={"order": 1}, seconds=0.3)
            server.stop.set()

        assert len(server.heard) == 1
        assert caught.value.outcome_unknown

    def test_a_post_that_never_left_is_tried_again_and_did_nothing(self, session, pauses):
        with pytest.raises(NoAnswerError) as caught:
            session.request("POST", f"http://127.0.0.1:{refused_port()}/", json={"order": 1})

        assert len(pauses) == 2
        assert not caught.value.outcome_unknown

    def test_a_caller_may_say_that_a_post_is_harmless(self, session, pauses):
        with scripted_server(BUSY, reply()) as server:
            session.request("POST", server.url, is_idempotent=True)

        assert server.connections == 2

    @pytest.mark.parametrize("status", ["400 Bad", "401 Who", "404 Gone"])
    def test_a_refusal_is_not_argued_with(self, session, pauses, status):
        with scripted_server(reply(status=status)) as server, pytest.raises(StatusError):
            session.request("GET", server.url)

        assert server.connections == 1

    def test_the_server_says_how_long_to_wait(self, session, pauses):
        later = reply(status="429 Slow Down", headers=["Retry-After: 2"])
        with scripted_server(later, reply()) as server:
            session.request("GET", server.url)

        assert pauses == [2.0]

    def test_a_wait_beyond_the_time_is_left_to_the_caller(self, session, pauses):
        later = reply(status="503 Busy", headers=["Retry-After: 120"])
        with scripted_server(later) as server, pytest.raises(StatusError) as caught:
            session.request("GET", server.url)

        assert (server.connections, pauses, caught.value.retry_after) == (1, [], 120.0)

    def test_all_tries_together_keep_to_the_time(self, session):
        with scripted_server(lambda c, server: server.stop.wait(5)) as server:
            started = time.monotonic()
            with pytest.raises(NoAnswerError):
                session.request("GET", server.url, seconds=0.3)
            server.stop.set()

        assert server.connections == 1
        assert time.monotonic() - started < 4


class TestRetryAfter:
    @pytest.fixture(autouse=True)
    def _noon(self):
        with time_machine.travel("2026-11-20T12:00:00Z", tick=False):
            yield

    def test_a_date_is_understood(self):
        later = format_datetime(timezone.now() + timedelta(seconds=90), usegmt=True)

        assert retry_after_in({"retry-after": later}) == 90

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("7", 7),
            ("0", 0),
            ("999999999999", 3_600),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 3_600),
            ("", None),
            ("-5", None),
            ("soon", None),
            ("1e9", None),
            ("nan", None),
            ("٣", None),
        ],
    )
    def test_odd_texts_do_no_harm(self, text, seconds):
        assert retry_after_in({"retry-after": text}) == seconds


def redirect(location, status="302 Found"):
    return reply(status=status, headers=[f"Location: {location}"])


SECRETS = {"Authorization": "Bearer canary", "Cookie": "canary", "api_access_token": "canary"}


class TestRedirects:
    def test_they_are_followed_when_asked(self, session):
        with scripted_server(redirect("/new"), reply(b'"there"')) as server:
            answer = session.request("GET", server.url, follow_redirects=True, headers=SECRETS)

        assert answer.json() == "there"
        assert server.heard[1].startswith(b"GET /new ")
        assert server.heard[1].count(b"canary") == 3

    def test_another_host_hears_no_secret(self, session):
        with (
            scripted_server(reply(b'"there"')) as other,
            scripted_server(redirect(f"http://localhost:{other.port}/?x=1")) as server,
        ):
            session.request("GET", server.url, follow_redirects=True, headers=SECRETS)

        assert b"canary" not in other.heard[0]
        assert f"Host: localhost:{other.port}".encode() in other.heard[0]

    @pytest.mark.parametrize(
        "location",
        [
            "http://10.0.0.1/",
            "http://169.254.169.254/latest/meta-data",
            "ftp://127.0.0.1/",
            "file:///etc/passwd",
            "http://127.0.0.1:22/",
            "http://user:password@127.0.0.1/",
        ],
    )
    def test_each_hop_is_judged(self, session, location):
        with scripted_server(redirect(location)) as server, pytest.raises(AddressRefusedError):
            session.request("GET", server.url, follow_redirects=True)

    def test_three_hops_are_enough(self, session):
        with scripted_server(redirect("/again")) as server, pytest.raises(StatusError):
            session.request("GET", server.url, follow_redirects=True)

        assert server.connections == 4

    def test_they_never_leave_encryption(self):
        import httpx

        request = httpx.Request("GET", "https://erp.example/")
        away = http.Reply(302, httpx.Headers({"location": "http://erp.example/"}), b"")

        with pytest.raises(AddressRefusedError):
            http._next_hop(request, away)

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    def test_writing_calls_are_not_redirected(self, session, method):
        away = redirect("/new", "307 Temporary")
        with scripted_server(away) as server, pytest.raises(StatusError):
            session.request(method, server.url, follow_redirects=True)

        assert server.connections == 1


class TestLimits:
    def test_no_more_calls_at_once_than_allowed(self, moveis):
        session = session_of(moveis, most_at_once=2)
        line = line_of(moveis.pk, "odoo", "odoo:5")
        until = time.monotonic() + 5
        with (
            scripted_server(reply()) as server,
            line.place(2, until),
            line.place(2, until),
            pytest.raises(TooManyCallsError) as caught,
        ):
            session.request("GET", server.url, seconds=0.05)

        assert server.connections == 0
        assert not caught.value.permanent
        assert last_call().outcome == "held back"

    def test_a_freed_place_is_taken(self, moveis):
        line = line_of(moveis.pk, "odoo", "odoo:5")
        entered, released = threading.Event(), threading.Event()

        def hold():
            with line.place(1, time.monotonic() + 5):
                entered.set()
                released.wait(5)

        thread = threading.Thread(target=hold)
        thread.start()
        entered.wait(5)
        threading.Timer(0.05, released.set).start()
        with scripted_server(reply()) as server:
            session_of(moveis, most_at_once=1).request("GET", server.url)
        thread.join(5)

        assert server.connections == 1

    def test_no_more_calls_a_minute_than_allowed(self, moveis, cosmeticos):
        with (
            time_machine.travel("2026-11-20T12:00:10Z", tick=False),
            scripted_server(reply()) as server,
        ):
            for _ in range(2):
                session_of(moveis, per_minute=2).request("GET", server.url)
            with pytest.raises(TooManyCallsError) as caught:
                session_of(moveis, per_minute=2).request("GET", server.url)
            session_of(cosmeticos, per_minute=2).request("GET", server.url)

        assert server.connections == 3
        assert caught.value.retry_after == 50

    def test_two_companies_never_share_a_connection(self, moveis, cosmeticos):
        kept = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

        def stay(connection, server):
            connection.sendall(kept)
            while connection.recv(65536):
                connection.sendall(kept)

        with scripted_server(stay) as server:
            for tenant in (moveis, moveis, cosmeticos, moveis):
                session_of(tenant).request("GET", server.url)
            lines.forget_lines()

        assert server.connections == 2

    def test_lines_that_nobody_uses_are_closed(self, moveis, monkeypatch):
        monkeypatch.setattr(lines, "IDLE_SECONDS", -1.0)
        first = line_of(moveis.pk, "odoo", "odoo:5")

        line_of(moveis.pk, "odoo", "odoo:6")

        assert first not in lines._lines.values()

    def test_lines_in_use_stay_open(self, moveis, monkeypatch):
        first = line_of(moveis.pk, "odoo", "odoo:5")
        monkeypatch.setattr(lines, "MOST_LINES", 1)
        with first.place(1, time.monotonic() + 5):
            line_of(moveis.pk, "odoo", "odoo:6")

            assert first in lines._lines.values()


class TestRecords:
    def test_every_call_leaves_a_row(self, session, moveis):
        with context.bind(request_id="request-1"), scripted_server(reply(b"four")) as server:
            session.request("PUT", server.url + "/orders", content=b"three", turn=12)

        row = last_call()
        assert (row.tenant, row.service, row.connection) == (moveis, "odoo", "odoo:5")
        assert (row.method, row.status, row.outcome, row.tries) == ("PUT", 200, "answered", 1)
        assert (row.bytes_out, row.bytes_in, row.turn) == (5, 4, 12)
        assert (row.request_id, row.error) == ("request-1", "")

    def test_a_row_costs_one_statement(self, session):
        with scripted_server(reply()) as server:
            session.request("GET", server.url)
            with CaptureQueriesContext(connection) as queries:
                session.request("GET", server.url)

        statements = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
        assert len(statements) == 1

    @pytest.mark.parametrize(
        ("answer", "outcome", "status"),
        [
            (reply(status="404 Gone"), "refused", 404),
            (reply(status="500 Broken"), "failed", 500),
            (b"nonsense", "no answer", None),
            (reply(b"x" * 2_000), "too large", None),
        ],
    )
    def test_a_row_says_how_the_call_ended(self, moveis, answer, outcome, status):
        with scripted_server(answer) as server, pytest.raises(RemoteError) as caught:
            session_of(moveis, most_bytes=1_000).request("POST", server.url)

        row = last_call()
        assert (row.outcome, row.status, row.error) == (outcome, status, str(caught.value))

    def test_refused_addresses_leave_a_row_too(self, session):
        for url in (
            "http://10.0.0.1/",
            "http://user:canary@127.0.0.1/",
            "http://127.0.0.1:x/",
            "no address",
        ):
            with pytest.raises(AddressRefusedError):
                session.request("POST", url, content=b"order")

        rows = RemoteCall.objects.all()
        assert {row.outcome for row in rows} == {"closed address"}
        assert [row.bytes_out for row in rows] == [0] * 4
        assert not any("canary" in row.address for row in rows)

    def test_a_mistake_of_the_caller_leaves_a_row(self, session):
        with pytest.raises(TypeError):
            session.request("POST", "http://127.0.0.1/", json=object())

        assert last_call().outcome == "interrupted"

    def test_no_secret_is_written_down(self, session, caplog):
        caplog.set_level(logging.DEBUG)
        secrets = {"Authorization": "Bearer canary-1"}
        answer = reply(b"canary-2", "500 Broken", headers=["Set-Cookie: canary-3"])
        with scripted_server(answer, b"canary-4") as server:
            for _ in range(2):
                with pytest.raises(RemoteError) as caught:
                    session.request(
                        "POST",
                        server.url + "/hook/token=canary-5",
                        params={"key": "canary-6"},
                        json={"k": "canary-7"},
                        headers=secrets,
                    )
                told = f"{caught.value!s} {caught.value!r} {session!r}"
                assert "canary" not in told

        ours = [
            r.getMessage() for r in caplog.records if r.name.startswith(("integrations", "httpx"))
        ]
        assert "canary" not in str(list(RemoteCall.objects.values())) + str(ours)

    @pytest.mark.parametrize("secret", ["canary\nX: y", "canary\r\n", "canáry", "canary\0"])
    def test_a_secret_that_cannot_be_sent_is_not_quoted(self, session, secret):
        with scripted_server(reply()) as server, pytest.raises(UnsendableError) as caught:
            session.request("GET", server.url, headers={"Authorization": f"Bearer {secret}"})

        told = "".join(traceback.format_exception(caught.value))
        assert "can" not in told.replace("cannot", "")
        assert server.heard in ([], [b""])
        assert last_call().outcome == "interrupted"

    def test_a_row_that_cannot_be_written_spoils_nothing(self, session, monkeypatch, caplog):
        monkeypatch.setattr(RemoteCall._meta, "db_table", "nowhere")
        with transaction.atomic(), scripted_server(reply(b'"fine"')) as server:
            answer = session.request("GET", server.url)
            Tenant.objects.count()

        assert answer.json() == "fine"
        assert "could not be written down" in caplog.text

    def test_a_call_inside_a_transaction_is_recorded(self, session):
        with transaction.atomic(), scripted_server(reply()) as server:
            session.request("GET", server.url)

        assert RemoteCall.objects.count() == 1

    def test_calls_are_counted_for_those_who_watch(self, session):
        from prometheus_client import REGISTRY

        labels = {"service": "odoo", "outcome": "answered"}

        def counted():
            return REGISTRY.get_sample_value("chatwootai_remote_calls_total", labels) or 0

        before = counted()
        with scripted_server(reply()) as server:
            session.request("GET", server.url)

        assert counted() == before + 1


class TestBreaker:
    def test_a_service_that_keeps_failing_is_left_alone(self, session, pauses):
        with scripted_server(BUSY) as server:
            for _ in range(5):
                with pytest.raises(StatusError):
                    session.request("POST", server.url)
            with pytest.raises(CircuitOpenError):
                session.request("POST", server.url)

        assert server.connections == 5
        assert last_call().outcome == "held back"

    def test_another_company_goes_on(self, session, cosmeticos, pauses):
        with scripted_server(*[BUSY] * 5, reply()) as server:
            for _ in range(5):
                with pytest.raises(StatusError):
                    session.request("POST", server.url)

            assert session_of(cosmeticos).request("POST", server.url).status == 200
