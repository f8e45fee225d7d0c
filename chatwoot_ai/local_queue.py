"""Tasks and timetable in threads of this process, for an installation without a broker.

One process of an installation runs them: the one that holds the lock in the data folder. In any
other process a submitted task is dropped, for the rows it would work on are the truth and the
sweeps of the running process find them.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from celery.app.trace import build_tracer
from celery.exceptions import Retry
from celery.schedules import maybe_schedule
from celery.utils import uuid
from django.conf import settings
from django.db import close_old_connections

logger = logging.getLogger(__name__)

MOST_WAITING = 10_000
SCHEDULER_TICK_SECONDS = 0.5


@dataclass(order=True)
class Call:
    """One task waiting for its time."""

    due: float
    number: int
    task: Any = field(compare=False)
    args: Any = field(compare=False)
    kwargs: Any = field(compare=False)
    headers: Any = field(compare=False)
    retries: int = field(compare=False)
    expires: float = field(compare=False, default=float("inf"))


class Queue:
    """Waiting calls of one name and the threads that run them."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        self._calls: list[Call] = []
        self._changed = threading.Condition()
        self._is_open = True
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def put(self, call: Call) -> None:
        with self._changed:
            if len(self._calls) >= MOST_WAITING:
                logger.warning("The %s queue is full; a sweep will find what is left.", self.name)
                return
            heapq.heappush(self._calls, call)
            self._changed.notify()

    def waiting(self) -> int:
        return len(self._calls)

    def is_alive(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        with self._changed:
            self._is_open = False
            self._changed.notify_all()

    def join(self, until: float) -> None:
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _work(self) -> None:
        while (call := self._next()) is not None:
            close_old_connections()
            _run(call)
            close_old_connections()

    def _next(self) -> Call | None:
        """The next call whose time has come, or None once the queue is closed."""
        with self._changed:
            while self._is_open:
                now = time.monotonic()
                if self._calls and self._calls[0].due <= now:
                    call = heapq.heappop(self._calls)
                    if call.expires >= now:
                        return call
                    continue
                self._changed.wait(self._calls[0].due - now if self._calls else None)
            return None


class Workers:
    """All queues of this process and its scheduler."""

    def __init__(self, app: Any, threads: Mapping[str, int]) -> None:
        self.app = app
        self.queues = {name: Queue(name, number) for name, number in threads.items()}
        self._numbers = itertools.count()
        self._stopping = threading.Event()
        self._scheduler = threading.Thread(target=self._keep_time, name="scheduler", daemon=True)

    def start(self) -> None:
        global _workers
        for queue in self.queues.values():
            queue.start()
        _workers = self
        self._scheduler.start()

    def stop(self, grace_seconds: float) -> None:
        """Take no more calls and let the running ones end, for so many seconds at most."""
        global _workers
        _workers = None
        self._stopping.set()
        for queue in self.queues.values():
            queue.close()
        until = time.monotonic() + grace_seconds
        for queue in self.queues.values():
            queue.join(until)

    def is_alive(self) -> bool:
        threads = [
            self._scheduler.is_alive(),
            *(queue.is_alive() for queue in self.queues.values()),
        ]
        return all(threads)

    def put(self, task: Any, args: Any, kwargs: Any, options: Mapping[str, Any]) -> None:
        queue = options.get("queue") or self.app.amqp.router.route({}, task.name)["queue"].name
        delay = options.get("countdown") or _seconds_until(options.get("eta"))
        call = Call(
            due=time.monotonic() + delay,
            number=next(self._numbers),
            task=task,
            args=tuple(args or ()),
            kwargs=dict(kwargs or {}),
            headers=dict(options.get("headers") or {}),
            retries=options.get("retries") or 0,
            expires=time.monotonic() + (options.get("expires") or float("inf")),
        )
        self.queues[queue].put(call)

    def _keep_time(self) -> None:
        """Submit what the timetable says; each entry first runs when the process starts."""
        entries = [
            _Entry(self.app, name, row) for name, row in settings.CELERY_BEAT_SCHEDULE.items()
        ]
        while not self._stopping.wait(SCHEDULER_TICK_SECONDS):
            for entry in entries:
                _submit(entry)


def _submit(entry: "_Entry") -> None:
    """One wrong entry must not end the thread that keeps time for all of them."""
    try:
        entry.submit_when_due()
    except Exception:
        logger.exception("The timetable's entry %s cannot be submitted.", entry.name)


class _Entry:
    def __init__(self, app: Any, name: str, row: Mapping[str, Any]) -> None:
        self.app = app
        self.name = name
        self.row = row
        self.schedule = maybe_schedule(row["schedule"], app=app)
        self.last_run: datetime | None = None

    def submit_when_due(self) -> None:
        if self.last_run and not self.schedule.is_due(self.last_run).is_due:
            return
        self.last_run = self.app.now()
        task = self.app.tasks[self.row["task"]]
        task.apply_async(kwargs=self.row.get("kwargs"), **self.row.get("options", {}))


_workers: Workers | None = None


def running() -> Workers | None:
    return _workers


def submit(task: Any, args: Any, kwargs: Any, **options: Any) -> None:
    if _workers is None:
        logger.debug("No workers in this process; a sweep will find the work of %s.", task.name)
        return
    _workers.put(task, args, kwargs, options)


def _seconds_until(eta: datetime | None) -> float:
    return max(0.0, eta.timestamp() - time.time()) if eta else 0.0


def _run(call: Call) -> None:
    """Run a call the way a Celery worker does: signals, logging of failures, retries."""
    tracer = build_tracer(call.task.name, call.task, eager=True, app=call.task.app)
    request = {
        "task": call.task.name,
        "retries": call.retries,
        "is_eager": True,
        "headers": call.headers,
        "delivery_info": {"is_eager": True},
    }
    outcome = tracer(uuid(), call.args, call.kwargs, request).retval
    cause = getattr(outcome, "exception", None)
    cause = getattr(cause, "exc", cause)  # celery wraps what it may have to pickle
    if isinstance(cause, Retry) and cause.sig is not None:
        cause.sig.apply_async()
