"""When conversations are worked on. The rows are the truth: each of these may run twice, late, or
never, for the sweep finds what is due.
"""

import logging
import time

from celery import shared_task
from django.utils import timezone

from crews import alarms, answering, catching_up, claims, purging, waking, watching
from crews.models import Conversation
from integrations.chatwoot import connections
from integrations.failures import RemoteError
from integrations.models import Connection
from tenants.models import Tenant

logger = logging.getLogger(__name__)

LONGEST_STRETCH_SECONDS = 60.0
LONGEST_COUNTDOWN_SECONDS = 60.0
SWEPT_AT_ONCE = 64


def wake(conversation_id: int, *, tenant_id: int, seconds: float) -> None:
    """Set an alarm clock, after the commit; not when the company has enough of them running.

    One that rings too early is set again: brokers do not keep messages back for long.
    """
    if waking.may_set(tenant_id):
        answer_conversation.apply_async(
            kwargs={"conversation_id": conversation_id, "tenant_id": tenant_id},
            countdown=min(seconds, LONGEST_COUNTDOWN_SECONDS),
        )


@shared_task
def answer_conversation(*, conversation_id: int, tenant_id: int) -> None:
    """The conversation is a hint: whatever is due is worked off, fairly among companies."""
    waking.rang(tenant_id)
    if conversation_id not in work_off():
        _wake_again(conversation_id, tenant_id)


def work_off(*, overdue_seconds: float = 0.0) -> set[int]:
    """Whatever is due, for a minute at most; which conversations that were."""
    until = time.monotonic() + LONGEST_STRETCH_SECONDS
    done: set[int] = set()
    while time.monotonic() < until:
        claim = claims.claim(overdue_seconds=overdue_seconds)
        if claim is None:
            break
        seconds = answering.work(claim)
        done.add(claim.conversation_id)
        if seconds is not None:
            wake(claim.conversation_id, tenant_id=claim.tenant_id, seconds=seconds)
    return done


def _wake_again(conversation_id: int, tenant_id: int) -> None:
    """The customer wrote more since the alarm clock was set, so its time has not come."""
    left = claims.seconds_until_due(conversation_id)
    if left:
        wake(conversation_id, tenant_id=tenant_id, seconds=left)


@shared_task
def sweep() -> None:
    """Finds what is due and whose alarm clock was lost, and messages that nobody thought of."""
    claims.find_forgotten()
    due = Conversation.objects.due().order_by("due_at", "pk")
    for pk, tenant_id in due.values_list("pk", "tenant_id")[:SWEPT_AT_ONCE]:
        wake(pk, tenant_id=tenant_id, seconds=0)


@shared_task
def reconcile_connections() -> None:
    for pk in Connection.objects.filter(is_enabled=True, tenant__is_active=True).values_list(
        "pk", flat=True
    ):
        reconcile_connection.delay(connection_id=pk)


@shared_task
def reconcile_connection(*, connection_id: int) -> None:
    """Asks Chatwoot for what no webhook brought."""
    connection = Connection.objects.filter(pk=connection_id).first()
    if connection is None or not connection.user_token_ref:
        return
    door = connections.door_to(connection_id)
    try:
        found = catching_up.reconcile(connection, door, now=timezone.now())
    except RemoteError as error:
        connections.note_failure(door, error)
        return
    for taken in found:
        wake(taken.conversation_id, tenant_id=taken.tenant_id, seconds=taken.wakes_in)


@shared_task
def purge_old_texts() -> None:
    for pk in Tenant.objects.order_by("pk").values_list("pk", flat=True):
        purge_texts_of.delay(tenant_id=pk)


@shared_task
def purge_texts_of(*, tenant_id: int) -> None:
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is not None:
        purging.purge(tenant, now=timezone.now())


@shared_task
def watch() -> None:
    """Looks for what goes wrong without a word, and sees to it that staff are told."""
    now = timezone.now()
    for pk, tenant_id in watching.watch(now=now):
        wake(pk, tenant_id=tenant_id, seconds=0)
    for tenant_id in alarms.untold(now=now):
        tell_alarms.delay(tenant_id=tenant_id)


@shared_task
def tell_alarms(*, tenant_id: int) -> None:
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is not None:
        alarms.tell(tenant, now=timezone.now())
