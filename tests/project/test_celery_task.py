"""A task is published after the commit, and a broker that is down is nobody's problem."""

import json
import logging
import socket
import threading
import uuid
from contextlib import closing, contextmanager

import pytest
import redis
from celery import Celery
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_save
from prometheus_client import REGISTRY

from chatwoot_ai import celery as ours
from chatwoot_ai import local_queue
from tenants import context
from tenants.models import Tenant
from tests.conftest import AMQP_URL, REDIS_URL
from tests.servers import PATIENCE_SECONDS, free_port

BROKERS = {"Redis": REDIS_URL, "RabbitMQ": AMQP_URL}
FAILURES = "chatwootai_task_publish_failures_total"


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(ours._publish_pause, "until", 0.0)


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """How often the broker's library waited before another try."""
    waited = []
    monkeypatch.setattr("kombu.utils.functional.sleep", waited.append)
    return waited


def probe_app(broker_url):
    """An app like ours on a broker and a queue of its own, with one task that says what it saw."""
    app = Celery("probe", task_cls=ours.Task, set_as_current=False)
    app.conf.update(
        broker_url=broker_url,
        broker_transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS,
        broker_heartbeat=0,
        task_default_queue=f"test-{uuid.uuid4().hex}",
        task_publish_retry=settings.CELERY_TASK_PUBLISH_RETRY,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
    )

    @app.task(name="probe.note", bind=True, shared=False)
    def note(self, **kwargs):
        seen = context.current()
        app.seen.append((kwargs, seen.via, seen.request_id, self.request.headers or {}))
        app.has_run.set()

    app.seen, app.has_run, app.note = [], threading.Event(), note
    return app


@pytest.fixture
def app():
    return probe_app("memory://")


@contextmanager
def worker_of(app):
    """A worker in a thread. Celery makes its app the current one, so ours is put back."""
    try:
        with start_worker(app, perform_ping_check=False, shutdown_timeout=PATIENCE_SECONDS):
            yield
        forget(app)
    finally:
        ours.app.set_current()
        ours.app.set_default()


def queue_of(app, connection):
    return app.amqp.queues[app.conf.task_default_queue](connection.default_channel)


def forget(app):
    """Nothing of a test stays on a shared broker."""
    with app.connection_for_write() as connection:
        queue = queue_of(app, connection)
        queue.delete()
        queue.exchange(connection.default_channel).delete()
    if app.conf.broker_url.startswith("redis"):
        with redis.Redis.from_url(app.conf.broker_url) as server:
            for key in server.scan_iter(f"*{app.conf.task_default_queue}*"):
                server.delete(key)


def waiting(app):
    """The message at the head of the queue, or None."""
    with app.connection_for_read() as connection:
        queue = queue_of(app, connection)
        queue.declare()
        return queue.get(no_ack=True)


@contextmanager
def server_that_hangs_up():
    """Accepts and closes at once; gives its port and the list of callers."""
    callers = []

    def serve():
        while True:
            try:
                connection, caller = server.accept()
            except OSError:
                return
            callers.append(caller)
            connection.close()

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], callers
        server.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE_SECONDS)


@pytest.mark.django_db
class TestInATransaction:
    def test_task_is_published_after_the_commit(self, app, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            app.note.delay(number=1)
            early = waiting(app)

        assert early is None
        assert waiting(app).payload[1] == {"number": 1}

    def test_task_of_a_transaction_that_fails_is_not_published(
        self, app, django_capture_on_commit_callbacks
    ):
        def save_and_fail():
            with transaction.atomic():
                app.note.delay(number=1)
                raise ZeroDivisionError

        with django_capture_on_commit_callbacks(execute=True), pytest.raises(ZeroDivisionError):
            save_and_fail()

        assert waiting(app) is None

    def test_publishing_that_fails_does_not_keep_back_what_comes_after_the_commit(
        self, app, django_capture_on_commit_callbacks, monkeypatch
    ):
        def broken(*_args, **_options):
            raise RuntimeError("a mistake in a library")

        monkeypatch.setattr(app.amqp, "send_task_message", broken)
        ran = []

        with django_capture_on_commit_callbacks(execute=True):
            app.note.delay(number=1)
            transaction.on_commit(lambda: ran.append("the next one"))

        assert ran == ["the next one"]

    def test_page_saves_though_the_broker_is_down(
        self, signed_in, platform_admin, django_capture_on_commit_callbacks
    ):
        app = probe_app(f"redis://127.0.0.1:{free_port()}/0")

        def publish(instance, **_):
            app.note.delay(number=instance.pk)

        post_save.connect(publish, sender=Tenant)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                page = signed_in(platform_admin).post(
                    "/admin/tenants/tenant/add/",
                    {
                        "name": "Nova",
                        "slug": "nova",
                        "starter": "blank",
                        "is_active": "on",
                        "language": "pt-br",
                        "time_zone": "America/Sao_Paulo",
                        "membership_set-TOTAL_FORMS": "0",
                        "membership_set-INITIAL_FORMS": "0",
                    },
                )
        finally:
            post_save.disconnect(publish, sender=Tenant)

        assert page.status_code == 302
        assert Tenant.objects.filter(slug="nova").exists()
        assert ours._publish_pause.is_on()


class TestMessage:
    def test_task_outside_a_transaction_is_published_at_once(self, app):
        app.note.delay(number=1)

        assert waiting(app).payload[1] == {"number": 1}

    def test_it_carries_request_id_and_time_beside_own_headers(self, app):
        with context.bind(request_id="request-1"):
            app.note.apply_async(kwargs={"number": 1}, headers={"own": "kept"})

        headers = waiting(app).headers
        assert headers["request_id"] == "request-1"
        assert headers["own"] == "kept"
        assert headers["sent_at"] > 0

    def test_it_holds_nothing_else_of_the_context(self, app):
        with context.bind(request_id="request-1", address="203.0.113.9", actor="Helena"):
            app.note.delay(number=1)

        headers = json.dumps(waiting(app).headers)
        assert "203.0.113.9" not in headers
        assert "Helena" not in headers

    def test_task_runs_under_the_request_id(self, app):
        app.note.apply(kwargs={"number": 1}, headers={"request_id": "request-1"})

        assert app.seen[0][:3] == ({"number": 1}, "task probe.note", "request-1")
        assert context.current().request_id == ""

    def test_task_of_no_request_runs_under_an_id_of_its_own(self, app):
        app.note.apply(kwargs={"number": 1})

        assert app.seen[0][2]

    def test_mistake_in_the_call_is_not_hidden(self, app):
        with pytest.raises(Exception, match="not JSON serializable"):
            app.note.delay(number=object())

    def test_without_a_broker_the_local_queue_gets_it(self, monkeypatch):
        given = []
        workers = type("Workers", (), {"put": lambda self, *call: given.append(call)})()
        monkeypatch.setattr(local_queue, "_workers", workers)

        probe_app("").note.apply_async(kwargs={"number": 1}, countdown=3)

        [(task, _args, kwargs, options)] = given
        assert (task.name, kwargs, options["countdown"]) == ("probe.note", {"number": 1}, 3)
        assert options["headers"]["sent_at"] > 0

    @pytest.mark.services
    @pytest.mark.parametrize("broker", BROKERS)
    def test_it_arrives_at_a_worker_with_its_ids(self, broker):
        app = probe_app(BROKERS[broker])
        with context.bind(request_id="request-1"):
            app.note.delay(number=1)

        with worker_of(app):
            has_arrived = app.has_run.wait(PATIENCE_SECONDS)

        assert has_arrived
        kwargs, via, request_id, headers = app.seen[0]
        assert (kwargs, via, request_id) == ({"number": 1}, "task probe.note", "request-1")
        assert headers["sent_at"] > 0


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
class TestBrokerDown:
    def test_closed_port_is_a_warning_and_a_count(self, scheme, caplog):
        app = probe_app(f"{scheme}://127.0.0.1:{free_port()}//")
        before = REGISTRY.get_sample_value(FAILURES)

        with caplog.at_level(logging.WARNING, logger="chatwoot_ai.celery"):
            app.note.delay(number=1)

        assert "The broker cannot be reached" in caplog.text
        assert REGISTRY.get_sample_value(FAILURES) == before + 1

    def test_nobody_waits_for_a_closed_port(self, scheme, waits):
        app = probe_app(f"{scheme}://127.0.0.1:{free_port()}//")

        app.note.delay(number=1)

        assert waits == []

    def test_password_of_the_broker_is_in_no_log_line(self, scheme, caplog):
        app = probe_app(f"{scheme}://user:k3j4@127.0.0.1:{free_port()}//")

        with caplog.at_level(logging.DEBUG):
            app.note.delay(number=1)

        assert "k3j4" not in caplog.text

    def test_after_a_failure_nothing_is_tried_until_the_pause_ends(self, scheme):
        with server_that_hangs_up() as (port, callers):
            app = probe_app(f"{scheme}://127.0.0.1:{port}//")
            app.note.delay(number=1)
            first = len(callers)
            for _ in range(5):
                app.note.delay(number=1)
            in_pause = len(callers) - first
            ours._publish_pause.until -= ours.PUBLISH_PAUSE_SECONDS
            app.note.delay(number=1)
            afterwards = len(callers) - first

        assert first > 0
        assert in_pause == 0
        assert afterwards > 0


def test_publishing_works_again_after_the_pause(app):
    ours._publish_pause.begin()
    app.note.delay(number=1)
    in_pause = waiting(app)
    ours._publish_pause.until -= ours.PUBLISH_PAUSE_SECONDS

    app.note.delay(number=2)

    assert in_pause is None
    assert waiting(app).payload[1] == {"number": 2}


def test_pause_lasts_five_seconds(monkeypatch):
    pause = ours._Pause(ours.PUBLISH_PAUSE_SECONDS)
    now = [100.0]
    monkeypatch.setattr(ours.time, "monotonic", lambda: now[0])
    before = pause.is_on()

    pause.begin()
    now[0] += 4.9
    during = pause.is_on()
    now[0] += 0.2

    assert (before, during, pause.is_on()) == (False, True, False)


def test_every_task_of_the_project_is_published_so():
    ours.app.loader.import_default_modules()

    tasks = [task for name, task in ours.app.tasks.items() if not name.startswith("celery.")]

    assert "chatwoot_ai.tasks.report_alive" in {task.name for task in tasks}
    assert all(isinstance(task, ours.Task) for task in tasks)
