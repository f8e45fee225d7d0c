"""Periodic upkeep of the installation."""

import time
from typing import Any

from celery import shared_task, signals
from django.core.management import call_command
from django.utils import timezone

from chatwoot_ai.models import Pulse
from crews import standby
from crews.tasks import reconcile_connections


@shared_task(bind=True)
def report_alive(self, *, queue: str) -> None:  # type: ignore[no-untyped-def]  # celery's task
    sent_at = float((self.request.headers or {}).get("sent_at") or time.time())
    waited = max(0.0, time.time() - sent_at)
    Pulse.objects.update_or_create(
        queue=queue, defaults={"ran_at": timezone.now(), "waited_seconds": waited}
    )


@shared_task
def drop_expired_sessions() -> None:
    call_command("clearsessions")


@signals.worker_ready.connect
def report_started(sender: Any, **_: Any) -> None:
    """A fresh worker reports at once, so nobody waits half a minute to see that it works, and asks
    what was missed while none was there.
    """
    for queue in sender.app.amqp.queues.consume_from:
        report_alive.apply_async(kwargs={"queue": queue}, queue=queue)
    if "chat" in sender.app.amqp.queues.consume_from:
        standby.start()
    reconcile_connections.delay()
