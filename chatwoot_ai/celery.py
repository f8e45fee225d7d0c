"""Background work: the Celery app and how a task is published.

With a broker (CELERY_BROKER_URL) Celery workers run the tasks; without one the threads of
`chatwoot_ai.local_queue` do. Tasks are written with `@shared_task` and know nothing of this.
Routes and the timetable are settings.
"""

import logging
import os
import time
from typing import Any

from celery import Celery, signals
from celery import Task as CeleryTask
from django.db import transaction
from kombu.exceptions import OperationalError
from kombu.transport import redis as redis_transport
from kombu.transport import virtual

from chatwoot_ai import counters, local_queue
from tenants import context

logger = logging.getLogger(__name__)

PUBLISH_PAUSE_SECONDS = 5.0


class ForgivingQoS(redis_transport.QoS):
    """Forgets what it could not acknowledge, instead of counting it as running for ever.

    kombu keeps the place of a message whose acknowledgement failed with the connection; a worker
    with few places then takes no more. What stays in Redis is handed out again, which does no harm.
    """

    def ack(self, delivery_tag: Any) -> None:
        try:
            super().ack(delivery_tag)  # type: ignore[no-untyped-call]  # kombu's
        finally:
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]

    def reject(self, delivery_tag: Any, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue=requeue)  # type: ignore[no-untyped-call]
        finally:
            virtual.QoS.ack(self, delivery_tag)  # type: ignore[no-untyped-call]


redis_transport.Channel.QoS = ForgivingQoS


class Task(CeleryTask):
    """Published after the commit; a broker that is down is logged and never the caller's problem.

    The rows a task works on are the truth and a sweep finds those left behind, so a lost message
    costs seconds. After a failed publish none is tried for 5 s, so that requests stay quick.
    """

    abstract = True
    ignore_result = True

    def apply_async(self, args: Any = None, kwargs: Any = None, **options: Any) -> Any:
        options["headers"] = {
            "request_id": context.current().request_id,
            **(options.get("headers") or {}),
            "sent_at": time.time(),
        }

        def publish() -> Any:
            return self._publish(args, kwargs, **options)

        connection = transaction.get_connection()
        if connection.in_atomic_block:
            return connection.on_commit(publish, robust=True)
        return publish()

    def _publish(self, args: Any, kwargs: Any, **options: Any) -> Any:
        if not self.app.conf.broker_url:
            return local_queue.submit(self, args, kwargs, **options)
        if _publish_pause.is_on():
            return None
        try:
            return super().apply_async(args, kwargs, **options)
        except (OperationalError, OSError) as error:
            _publish_pause.begin()
            counters.publish_failures_total.inc()
            logger.warning("The broker cannot be reached: %s", type(error).__name__)
            return None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        headers = self.request.headers or {}
        request_id = headers.get("request_id") or self.request.id or ""
        with context.bind(via=f"task {self.name}", actor="", request_id=request_id):
            return self.run(*args, **kwargs)


class _Pause:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.until = 0.0

    def begin(self) -> None:
        self.until = time.monotonic() + self.seconds

    def is_on(self) -> bool:
        return time.monotonic() < self.until


_publish_pause = _Pause(PUBLISH_PAUSE_SECONDS)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatwoot_ai.settings")
app = Celery("chatwoot_ai", task_cls=Task)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect
def keep_own_logging(**_: Any) -> None:
    """With a receiver, Celery leaves the loggers as the settings made them."""


@signals.import_modules.connect
def refuse_impossible_settings(**_: Any) -> None:
    """The first moment at which a worker, and beat, have the apps loaded."""
    from chatwoot_ai import checks  # noqa: PLC0415  it needs them

    checks.stop_on_errors()


@signals.worker_init.connect
@signals.beat_init.connect
def refuse_to_run_without_a_broker(sender: Any, **_: Any) -> None:
    from chatwoot_ai import checks  # noqa: PLC0415  it needs the apps loaded

    checks.stop_on_errors(needs_broker=not sender.app.conf.broker_url)
    checks.stop_on_wrong_master_keys()
