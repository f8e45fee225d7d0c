"""Whoever asks learns within seconds how each part does; only what stops all answers is "down"."""

import io
import json
import shutil
import socket
import threading
from collections import namedtuple
from contextlib import closing, contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connections
from django.utils import timezone

from chatwoot_ai import celery as ours
from chatwoot_ai import health
from chatwoot_ai.models import Pulse
from tests.conftest import AMQP_URL, REDIS_URL
from tests.factories import ConversationFactory
from tests.servers import free_port

ALWAYS = {"database", "migrations", "keys", "workers", "messages", "disk"}
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def pulses(db, settings):
    for queue in settings.LOCAL_QUEUE_THREADS:
        Pulse.objects.create(queue=queue, ran_at=timezone.now(), waited_seconds=0.1)


@pytest.fixture
def ready(client):
    def ready():
        answer = client.get("/health/ready")
        return answer.status_code, answer.json()

    return ready


@pytest.fixture
def silent_address(monkeypatch):
    """A server that accepts and never answers."""
    monkeypatch.setattr(health, "PROBE_SECONDS", 0.2)
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def search_server():
    """Answers /readyz and remembers what it was sent."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, self.headers.get("api-key")))
            self.send_response(200 if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()


@pytest.fixture
def broken_database(monkeypatch):
    """Within the block no query reaches the database."""

    def broken(*_args, **_options):
        raise DatabaseError("no database")

    @contextmanager
    def block():
        with monkeypatch.context() as patch:
            patch.setattr(connections["default"], "cursor", broken)
            yield

    return block


class TestLive:
    def test_it_answers_without_looking_at_anything(self, client, django_assert_num_queries, db):
        with django_assert_num_queries(0):
            answer = client.get("/health/live")

        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})

    def test_it_answers_without_a_database(self, client):
        assert client.get("/health/live").status_code == 200


class TestReady:
    def test_all_well_is_ok(self, ready, pulses):
        status, body = ready()

        assert (status, body["status"]) == (200, "ok")
        assert set(body["checks"]) == ALWAYS
        assert all(check["ok"] for check in body["checks"].values())
        assert all(check["ms"] >= 0 for check in body["checks"].values())

    def test_silent_workers_are_degraded(self, ready, db):
        status, body = ready()

        assert (status, body["status"]) == (200, "degraded")
        assert not body["checks"]["workers"]["ok"]

    def test_worker_that_reported_long_ago_is_degraded(self, ready, pulses):
        Pulse.objects.filter(queue="chat").update(ran_at=timezone.now() - timedelta(minutes=3))

        _, body = ready()

        assert body["status"] == "degraded"

    def test_messages_that_wait_are_degraded(self, ready, pulses):
        ConversationFactory(due_at=timezone.now() - timedelta(seconds=125))

        status, body = ready()

        assert (status, body["status"]) == (200, "degraded")
        assert not body["checks"]["messages"]["ok"]
        assert ": 1, the oldest for 1" in health.examine()["messages"].problem

    def test_messages_that_wait_their_turn_are_well(self, ready, pulses):
        ConversationFactory(due_at=timezone.now() - timedelta(seconds=60))

        assert ready()[1]["status"] == "ok"

    def test_missing_database_is_down(self, ready, pulses, broken_database):
        with broken_database():
            status, body = ready()

        assert (status, body["status"]) == (503, "down")
        assert not body["checks"]["database"]["ok"]
        assert body["checks"]["disk"]["ok"]

    def test_pending_migrations_are_down(self, ready, pulses, monkeypatch):
        monkeypatch.setattr(health, "_migrated", False)
        monkeypatch.setattr(
            health.MigrationExecutor, "migration_plan", lambda *_: [("tenants", False)]
        )

        status, body = ready()

        assert (status, body["status"]) == (503, "down")
        assert not body["checks"]["migrations"]["ok"]

    def test_applied_migrations_are_looked_up_once(self, pulses, monkeypatch, ready):
        monkeypatch.setattr(health, "_migrated", False)
        looked = []
        monkeypatch.setattr(
            health.MigrationExecutor, "migration_plan", lambda *_: looked.append(1) or []
        )

        ready()
        ready()

        assert len(looked) == 1

    def test_full_disk_is_degraded(self, ready, pulses, monkeypatch):
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 1000))

        status, body = ready()

        assert (status, body["status"]) == (200, "degraded")
        assert not body["checks"]["disk"]["ok"]

    def test_missing_data_folder_is_degraded(self, ready, pulses, settings, tmp_path):
        settings.DATA_DIR = tmp_path / "gone"

        assert ready()[1]["status"] == "degraded"

    def test_strangers_learn_no_reasons(self, ready, pulses, broken_database):
        with broken_database():
            _, body = ready()

        assert all(set(check) == {"ok", "ms"} for check in body["checks"].values())
        assert "no database" not in json.dumps(body)

    def test_it_needs_no_login_and_sets_no_cookie(self, client, pulses):
        assert client.get("/health/ready").cookies == {}

    def test_it_is_not_led_to_https(self, client, pulses, settings):
        settings.SECURE_SSL_REDIRECT = True

        assert client.get("/health/ready").status_code == 200


@pytest.mark.usefixtures("pulses")
class TestRemoteParts:
    def found(self, name):
        return health.examine()[name]

    def test_closed_redis_is_degraded(self, ready, settings):
        settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"

        status, body = ready()

        assert (status, body["status"]) == (200, "degraded")
        assert not body["checks"]["redis"]["ok"]

    def test_hanging_redis_is_cut_off(self, settings, silent_address):
        settings.REDIS_URL = f"redis://{silent_address}/0"

        found = self.found("redis")

        assert not found.ok
        assert found.problem

    def test_hanging_search_server_is_cut_off(self, settings, silent_address):
        settings.QDRANT_URL = f"http://{silent_address}"

        assert not self.found("qdrant").ok

    @pytest.mark.parametrize("scheme", ["redis", "amqp"])
    def test_hanging_broker_is_cut_off(self, settings, silent_address, monkeypatch, scheme):
        url = f"{scheme}://{silent_address}//"
        # First, for the app reads the settings when its configuration is first touched.
        monkeypatch.setattr(ours.app.conf, "broker_url", url)
        settings.CELERY_BROKER_URL = url

        assert not self.found("broker").ok

    def test_many_questions_about_a_hanging_part_are_all_answered(self, settings, silent_address):
        settings.REDIS_URL = f"redis://{silent_address}/0"

        found = [self.found("redis").ok for _ in range(10)]

        assert found == [False] * 10

    def test_search_server_that_is_ready_works(self, settings, search_server):
        settings.QDRANT_URL, seen = search_server
        settings.QDRANT_API_KEY = "k3j4"

        found = self.found("qdrant")

        assert found.ok
        assert seen == [("/readyz", "k3j4")]

    def test_search_server_that_fails_is_named(self, settings, search_server):
        settings.QDRANT_URL = f"{search_server[0]}/wrong"

        assert not self.found("qdrant").ok

    def test_closed_search_server_is_named(self, settings):
        settings.QDRANT_URL = f"http://127.0.0.1:{free_port()}"

        assert not self.found("qdrant").ok

    def test_reason_shows_no_password(self, settings):
        settings.REDIS_URL = f"redis://:k3j4@127.0.0.1:{free_port()}/0"

        assert "k3j4" not in self.found("redis").problem

    @pytest.mark.services
    def test_redis_works(self, settings):
        settings.REDIS_URL = REDIS_URL

        assert self.found("redis").ok

    @pytest.mark.services
    @pytest.mark.parametrize("url", [REDIS_URL, AMQP_URL], ids=["Redis", "RabbitMQ"])
    def test_broker_works(self, settings, monkeypatch, url):
        monkeypatch.setattr(ours.app.conf, "broker_url", url)
        settings.CELERY_BROKER_URL = url

        assert self.found("broker").ok


class TestStatusCommand:
    def run(self, *options):
        output = io.StringIO()
        call_command("status", *options, stdout=output, no_color=True)
        return output.getvalue()

    def test_each_part_has_a_line(self, pulses):
        lines = self.run().splitlines()

        assert len(lines) == len(ALWAYS)
        assert all(line.endswith(" ms") for line in lines)

    def test_part_that_fails_says_what_to_do(self, db):
        output = self.run()

        assert "no sign of life" in output
        assert "30 segundos" in output

    def test_json_is_for_scripts(self, pulses):
        body = json.loads(self.run("--json"))

        assert body["status"] == "ok"
        assert set(body["checks"]) == ALWAYS

    def test_it_ends_with_one_when_nothing_can_be_answered(self, pulses, broken_database):
        with broken_database(), pytest.raises(SystemExit) as end:
            self.run()

        assert end.value.code == 1
