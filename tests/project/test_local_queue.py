"""Without a broker the tasks run in threads of one process, each queue on its own."""

import logging
import threading
from datetime import UTC, datetime

import pytest
from celery import Celery
from prometheus_client import REGISTRY

from chatwoot_ai import celery as ours
from chatwoot_ai import local_queue
from chatwoot_ai.local_queue import Queue, Workers
from tenants import context

PATIENCE_SECONDS = 10
THREADS = {"chat": 2, "indexing": 1, "maintenance": 1}


class Story:
    """What tasks tell while they run; a test waits for a word of it."""

    def __init__(self):
        self.words = []
        self._said = threading.Condition()

    def say(self, word):
        with self._said:
            self.words.append(word)
            self._said.notify_all()

    def wait_for(self, *words):
        with self._said:
            return self._said.wait_for(
                lambda: all(word in self.words for word in words), PATIENCE_SECONDS
            )

    def wait_for_number(self, number):
        with self._said:
            return self._said.wait_for(lambda: len(self.words) >= number, PATIENCE_SECONDS)


@pytest.fixture
def story():
    return Story()


@pytest.fixture
def gate():
    """Waiting tasks go on when it is set, at the end of the test at the latest."""
    return threading.Event()


@pytest.fixture
def app(story, gate):
    """Tasks of each queue: quick, waiting at the gate, failing, retrying."""
    app = Celery("probe", task_cls=ours.Task, set_as_current=False)
    app.conf.update(
        broker_url="",
        task_default_queue="maintenance",
        task_routes={"chat.*": {"queue": "chat"}, "indexing.*": {"queue": "indexing"}},
    )

    def say(word):
        story.say(word)

    def wait(word):
        story.say(f"{word} begins")
        gate.wait(PATIENCE_SECONDS)
        story.say(f"{word} ends")

    for queue in THREADS:
        app.task(name=f"{queue}.say", shared=False)(say)
        app.task(name=f"{queue}.wait", shared=False)(wait)

    @app.task(name="maintenance.fail", shared=False)
    def fail():
        story.say("fails")
        raise RuntimeError("the task's own mistake")

    @app.task(name="maintenance.retry", bind=True, max_retries=2, shared=False)
    def retry(self, word):
        story.say(f"{word} {self.request.retries}")
        raise self.retry(countdown=0.01)

    @app.task(name="maintenance.note", bind=True, shared=False)
    def note(self):
        now = context.current()
        story.say((threading.current_thread().name, now.request_id, now.via))

    return app


@pytest.fixture
def workers(app, gate, settings):
    settings.CELERY_BEAT_SCHEDULE = {}
    workers = Workers(app, THREADS)
    workers.start()
    yield workers
    gate.set()
    workers.stop(PATIENCE_SECONDS)


def send(app, name, *args, **options):
    app.tasks[name].apply_async(args, **options)


class TestRunning:
    def test_task_runs_in_a_thread_of_its_queue(self, app, workers, story):
        for queue in THREADS:
            send(app, "maintenance.note", queue=queue)

        assert story.wait_for_number(len(THREADS))
        assert {thread.rpartition("-")[0] for thread, _, _ in story.words} == set(THREADS)

    def test_task_keeps_the_request_id(self, app, workers, story):
        with context.bind(request_id="request-1"):
            send(app, "maintenance.note")

        assert story.wait_for(("maintenance-0", "request-1", "task maintenance.note"))

    def test_slow_indexing_does_not_delay_a_chat(self, app, workers, story, gate):
        for number in range(5):
            send(app, "indexing.wait", f"document {number}")
        assert story.wait_for("document 0 begins")

        send(app, "chat.say", "hello")

        assert story.wait_for("hello")
        assert "document 0 ends" not in story.words

    def test_two_chats_run_at_the_same_time(self, app, workers, story, gate):
        send(app, "chat.wait", "one")
        send(app, "chat.wait", "two")

        assert story.wait_for("one begins", "two begins")

    def test_one_thread_runs_one_task_after_the_other(self, app, workers, story, gate):
        send(app, "indexing.wait", "one")
        send(app, "indexing.wait", "two")
        assert story.wait_for("one begins")
        gate.set()

        assert story.wait_for("two ends")
        assert story.words == ["one begins", "one ends", "two begins", "two ends"]

    def test_tasks_of_the_same_time_run_in_the_order_they_came(self, app, workers, story, gate):
        send(app, "indexing.wait", "first")
        for number in range(20):
            send(app, "indexing.say", number)
        gate.set()

        assert story.wait_for(19)
        assert story.words[2:] == list(range(20))

    def test_countdown_decides_the_order(self, app, workers, story):
        send(app, "indexing.say", "late", countdown=0.3)
        send(app, "indexing.say", "early", countdown=0.1)
        send(app, "indexing.say", "now")

        assert story.wait_for("late")
        assert story.words == ["now", "early", "late"]

    def test_time_in_the_past_is_now(self, app, workers, story):
        send(app, "indexing.say", "now", eta=datetime(2020, 1, 1, tzinfo=UTC))

        assert story.wait_for("now")

    def test_task_that_fails_does_not_end_the_thread(self, app, workers, story, caplog):
        send(app, "maintenance.fail")
        send(app, "maintenance.say", "still there")

        assert story.wait_for("fails", "still there")
        assert workers.is_alive()

    def test_failure_is_logged_with_its_traceback(self, app, workers, story, caplog):
        with caplog.at_level(logging.ERROR):
            send(app, "maintenance.fail")
            send(app, "maintenance.say", "next")
            assert story.wait_for("next")

        assert "the task's own mistake" in caplog.text
        assert "Traceback" in caplog.text

    def test_wrong_arguments_do_not_end_the_thread(self, app, workers, story):
        send(app, "maintenance.say", "too", "many")
        send(app, "maintenance.say", "still there")

        assert story.wait_for("still there")
        assert workers.is_alive()

    def test_retry_comes_back_after_its_countdown_until_the_tries_are_used_up(
        self, app, workers, story
    ):
        send(app, "maintenance.retry", "try")

        assert story.wait_for("try 0", "try 1", "try 2")
        send(app, "maintenance.say", "after", countdown=0.1)
        assert story.wait_for("after")
        assert "try 3" not in story.words

    def test_retry_keeps_the_request_id(self, app, workers, story):
        @app.task(name="maintenance.twice", bind=True, max_retries=1, shared=False)
        def twice(self):
            story.say((context.current().request_id, self.request.retries))
            raise self.retry(countdown=0.01)

        with context.bind(request_id="request-1"):
            send(app, "maintenance.twice")

        assert story.wait_for(("request-1", 0), ("request-1", 1))

    def test_waiting_retry_does_not_block_the_queue(self, app, workers, story):
        @app.task(name="maintenance.later", bind=True, max_retries=1, shared=False)
        def later(self):
            story.say(f"later {self.request.retries}")
            raise self.retry(countdown=60)

        send(app, "maintenance.later")
        send(app, "maintenance.say", "meanwhile")

        assert story.wait_for("later 0", "meanwhile")
        assert workers.queues["maintenance"].waiting() == 1
        assert "later 1" not in story.words

    def test_runs_are_counted_by_outcome(self, app, workers, story):
        def counted(outcome, name):
            labels = {"task": name, "outcome": outcome}
            return REGISTRY.get_sample_value("chatwootai_tasks_total", labels) or 0

        well, badly = counted("success", "maintenance.say"), counted("failure", "maintenance.fail")
        send(app, "maintenance.say", "x")
        send(app, "maintenance.fail")
        send(app, "maintenance.say", "end")
        send(app, "maintenance.say", "really the end")

        assert story.wait_for("end", "really the end")
        assert counted("success", "maintenance.say") >= well + 2
        assert counted("failure", "maintenance.fail") == badly + 1


class TestLimits:
    def test_full_queue_drops_with_a_warning(self, app, workers, story, gate, caplog, monkeypatch):
        monkeypatch.setattr(local_queue, "MOST_WAITING", 3)
        send(app, "indexing.wait", "one")
        assert story.wait_for("one begins")

        with caplog.at_level(logging.WARNING):
            for number in range(5):
                send(app, "indexing.say", number)

        assert workers.queues["indexing"].waiting() == 3
        assert caplog.text.count("The indexing queue is full") == 2

    def test_full_queue_leaves_the_others_open(self, app, workers, story, gate, monkeypatch):
        monkeypatch.setattr(local_queue, "MOST_WAITING", 0)
        send(app, "indexing.say", "dropped")
        monkeypatch.undo()

        send(app, "chat.say", "hello")

        assert story.wait_for("hello")
        assert "dropped" not in story.words

    def test_without_workers_a_task_is_dropped_silently(self, app, story, caplog):
        with caplog.at_level(logging.INFO):
            send(app, "chat.say", "hello")

        assert local_queue.running() is None
        assert story.words == []
        assert caplog.text == ""


class TestStopping:
    def test_running_task_may_end(self, app, workers, story, gate):
        send(app, "chat.wait", "work")
        assert story.wait_for("work begins")
        stopping = threading.Thread(target=workers.stop, args=(PATIENCE_SECONDS,))
        stopping.start()
        gate.set()
        stopping.join(PATIENCE_SECONDS)

        assert story.words == ["work begins", "work ends"]

    def test_waiting_task_is_left_for_the_next_start(self, app, workers, story, gate):
        send(app, "indexing.wait", "work")
        send(app, "indexing.say", "left")
        assert story.wait_for("work begins")
        gate.set()
        workers.stop(PATIENCE_SECONDS)

        assert "left" not in story.words or story.words[-1] == "left"
        assert not any(thread.is_alive() for thread in workers.queues["indexing"]._threads)

    def test_task_that_does_not_end_is_not_waited_for_longer_than_agreed(
        self, app, workers, story, gate
    ):
        send(app, "chat.wait", "work")
        assert story.wait_for("work begins")

        workers.stop(0.01)

        assert "work ends" not in story.words

    def test_task_sent_after_the_stop_is_dropped(self, app, workers, story):
        workers.stop(PATIENCE_SECONDS)

        send(app, "chat.say", "late")

        assert local_queue.running() is None
        assert story.words == []

    def test_stopping_twice_is_harmless(self, workers):
        workers.stop(PATIENCE_SECONDS)
        workers.stop(PATIENCE_SECONDS)

        assert not workers.is_alive()

    def test_timetable_stops_too(self, workers):
        workers.stop(PATIENCE_SECONDS)
        workers._scheduler.join(PATIENCE_SECONDS)

        assert not workers._scheduler.is_alive()

    def test_queue_that_never_started_can_be_closed(self):
        queue = Queue("chat", 2)

        queue.close()

        assert not queue.is_alive()


class TestTimetable:
    @pytest.fixture(autouse=True)
    def _quick_clock(self, monkeypatch):
        monkeypatch.setattr(local_queue, "SCHEDULER_TICK_SECONDS", 0.01)

    def run(self, app, settings, **schedule):
        settings.CELERY_BEAT_SCHEDULE = schedule
        workers = Workers(app, THREADS)
        workers.start()
        return workers

    def test_entries_run_at_the_start_with_their_arguments(self, app, settings, story):
        workers = self.run(
            app,
            settings,
            greet={
                "task": "chat.say",
                "schedule": 3600,
                "kwargs": {"word": "hello"},
                "options": {"queue": "indexing", "expires": 60},
            },
        )
        has_run = story.wait_for("hello")
        workers.stop(PATIENCE_SECONDS)

        assert has_run
        assert story.words == ["hello"]

    def test_entries_run_again_when_their_time_has_come(self, app, settings, story):
        times = iter(range(1000))

        @app.task(name="chat.count", shared=False)
        def count():
            story.say(next(times))

        workers = self.run(app, settings, tick={"task": "chat.count", "schedule": 0.05})
        has_run = story.wait_for(2)
        workers.stop(PATIENCE_SECONDS)

        assert has_run

    def test_mistake_in_one_entry_does_not_stop_the_others(self, app, settings, story):
        workers = self.run(
            app,
            settings,
            broken={"task": "no.such.task", "schedule": 3600},
            greet={"task": "chat.say", "schedule": 3600, "kwargs": {"word": "hello"}},
        )
        has_run = story.wait_for("hello")
        is_alive = workers.is_alive()
        workers.stop(PATIENCE_SECONDS)

        assert has_run
        assert is_alive

    def test_every_entry_of_the_project_names_a_task_and_a_queue(self, settings):
        ours.app.loader.import_default_modules()

        for row in settings.CELERY_BEAT_SCHEDULE.values():
            queue = row.get("options", {}).get("queue", "maintenance")
            assert row["task"] in ours.app.tasks
            assert queue in settings.LOCAL_QUEUE_THREADS
