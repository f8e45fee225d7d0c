"""The door into a conversation: takes an event once, and wakes whoever is to answer it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from crews import arriving, intake, tasks
from crews.models import InboundEvent, Outcome, Reason, Via
from crews.stored import event_of
from integrations.chatwoot import connections
from integrations.chatwoot.connections import Door
from integrations.chatwoot.payloads import ChatwootEvent


@dataclass(frozen=True, slots=True)
class Receipt:
    """`status` is accepted, duplicate or ignored; `reason` says why it is ignored."""

    status: str
    reason: str = ""


def receive(
    door: Door, event: ChatwootEvent, *, delivery_id: str = "", via: Via, now: datetime
) -> Receipt:
    """Store it, unless it is known, and let it have its effect. Needs no broker."""
    connections.note_event(door, now=now)
    taken = arriving.take(door, event, delivery_id=delivery_id, via=via, now=now)
    if taken.wakes:
        tasks.wake(taken.conversation_id, tenant_id=taken.tenant_id, seconds=taken.wakes_in)
    if taken.is_duplicate:
        return Receipt("duplicate")
    return Receipt("ignored", taken.reason) if taken.reason else Receipt("accepted")


def replay(row: InboundEvent) -> str:
    """Let a stored event have its effect once more, as things stand now; says what came of it."""
    if row.outcome in (Outcome.ANSWERED, Outcome.HANDED_OFF):
        return _("It has its outcome: %(outcome)s.") % {"outcome": row.get_outcome_display()}
    if row.turn_id is not None and not row.outcome:
        return _("It is being answered.")
    event = event_of(row)
    if event is None:
        return _("Its content is no longer there.")
    door = connections.door_to(row.connection_id)
    if not intake.forget(row):
        return _("It is being answered.")
    receipt = receive(door, event, delivery_id=row.delivery_id, via=Via.REPLAY, now=timezone.now())
    if receipt.status == "accepted":
        return _("It will be answered.")
    return _("It was ignored: %(reason)s.") % {"reason": Reason(receipt.reason).label}
