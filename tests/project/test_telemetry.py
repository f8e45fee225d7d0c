"""Nothing is reported unless the operator names a server, and then without personal data."""

import gzip
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chatwoot_ai import telemetry
from tests.servers import PATIENCE_SECONDS, ROOT, clean_environment

CPF = "529.982.247-25"

SERVE_ONE_REQUEST = """
import json, logging, sys
from django.core.wsgi import get_wsgi_application
get_wsgi_application()
from django.test import Client
from chatwoot_ai import telemetry
telemetry.start()
client = Client(headers={"host": "127.0.0.1", "X-Request-ID": "request-1"})
client.get("/admin/login/?email=maria@loja.com.br")
loaded = [name for name in ("sentry_sdk", "opentelemetry.exporter") if name in sys.modules]
print(json.dumps(loaded))
"""
FAIL_ONCE = """
import sentry_sdk
def charge(password):
    customer = "529.982.247-25"
    raise ValueError("no customer 529.982.247-25, mail maria@loja.com.br")
try:
    charge("k3j4-password")
except ValueError as error:
    sentry_sdk.set_user({"email": "maria@loja.com.br"})
    sentry_sdk.capture_exception(error)
logging.getLogger("tenants").error("failed for %s", "maria@loja.com.br")
sentry_sdk.flush(10)
"""


@pytest.fixture(scope="module")
def reports():
    """A server for traces and errors; gives its address and what came in, path and body."""
    came_in = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            came_in.append((self.path, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"127.0.0.1:{server.server_port}", came_in
    server.shutdown()
    server.server_close()


def run(code, folder, **environment):
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=clean_environment(
            DJANGO_SETTINGS_MODULE="chatwoot_ai.settings",
            DATA_DIR=str(folder),
            LOG_LEVEL="error",
            **environment,
        ),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[0])


def test_by_default_nothing_is_loaded(tmp_path):
    assert run(SERVE_ONE_REQUEST, tmp_path) == []


@pytest.fixture(scope="module")
def sent(reports, tmp_path_factory):
    """What a process sends that is told of both servers, answers a request and fails once."""
    address, came_in = reports
    run(
        SERVE_ONE_REQUEST + FAIL_ONCE,
        tmp_path_factory.mktemp("telemetry"),
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{address}",
        SENTRY_DSN=f"http://public@{address}/7",
    )
    return came_in


@pytest.mark.xdist_group("telemetry")
class TestNamedServers:
    def bodies(self, sent, path):
        return [body for sent_to, body in sent if sent_to.startswith(path)]

    def test_trace_of_the_request_arrives(self, sent):
        trace = b"".join(self.bodies(sent, "/v1/traces"))

        assert b"GET admin:login" in trace
        assert b"request-1" in trace
        assert b"chatwootai" in trace

    def test_trace_holds_no_address_of_a_page(self, sent):
        assert b"maria" not in b"".join(self.bodies(sent, "/v1/traces"))

    def test_error_arrives_with_its_place(self, sent):
        report = b"".join(self.bodies(sent, "/api/7/envelope/"))

        assert b"ValueError" in report
        assert b"charge" in report

    def test_error_holds_no_personal_data_and_no_secret(self, sent):
        report = b"".join(self.bodies(sent, "/api/7/envelope/"))

        assert CPF.encode() not in report
        assert b"maria" not in report
        assert b"k3j4" not in report
        assert b"[CPF]" in report

    def test_error_is_all_that_is_reported(self, sent):
        """No sessions, no client reports, no traces of the error service."""
        kinds = {
            json.loads(line).get("type")
            for body in self.bodies(sent, "/api/7/envelope/")
            for line in body.splitlines()
            if line.startswith(b'{"type"')
        }

        assert kinds <= {"event"}


class TestMaskEvent:
    def test_request_and_user_are_left_out(self):
        event = {"request": {"cookies": "x"}, "user": {"email": "x"}, "level": "error"}

        assert telemetry.mask_event(event, {}) == {"level": "error"}

    def test_texts_at_every_depth_are_masked(self):
        event = {
            "message": CPF,
            "breadcrumbs": {"values": [{"message": f"x {CPF}", "data": {"a": (CPF, 1, None)}}]},
            "exception": {"values": [{"value": "senha=k3j4"}]},
        }

        masked = telemetry.mask_event(event, {})

        assert "529" not in json.dumps(masked)
        assert "k3j4" not in json.dumps(masked)
        assert masked["breadcrumbs"]["values"][0]["data"]["a"] == ["[CPF]", 1, None]

    @pytest.mark.parametrize("name", ["password", "api_key", "Authorization", "senha", "token"])
    def test_value_under_a_telling_name_is_masked(self, name):
        masked = telemetry.mask_event({"extra": {name: "k3j4"}}, {})

        assert "k3j4" not in json.dumps(masked)

    def test_empty_event_stays_empty(self):
        assert telemetry.mask_event({}, {}) == {}


def test_span_without_a_server_is_nothing():
    telemetry.report_span("x", seconds=0.1, id="request-1")
