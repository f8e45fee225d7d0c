"""What staff decide about a conversation: who speaks in it, and on which domain answers stand."""

from typing import Any

from django.db import models, transaction
from django.db.models.functions import Now

from crews import tasks
from crews.models import Chore, Control, Conversation, OutboundMessage
from tenants import audit
from tenants.audit import Action
from tenants.models import Domain


def take_over(conversation: Conversation, *, reason: str = "button") -> None:
    """A person has it from now on. What may have left already is not touched."""
    _set(conversation, Control.HUMAN, reason=reason, chore=Chore.OPEN)


def pause(conversation: Conversation, *, reason: str = "button") -> None:
    """Nobody answers until somebody gives it back."""
    _set(conversation, Control.PAUSED, reason=reason, chore=Chore.NONE)


def give_back(conversation: Conversation) -> None:
    """The bot answers what comes next."""
    _set(conversation, Control.BOT, reason="button", chore=Chore.GIVE_BACK)


@transaction.atomic
def choose_domain(conversation: Conversation, domain: Domain | None) -> None:
    """The next answer stands on it; None for the company's own."""
    row = Conversation.objects.select_for_update(of=("self",)).select_related("domain")
    before = row.get(pk=conversation.pk).domain
    Conversation.objects.filter(pk=conversation.pk).update(domain=domain)
    conversation.domain = domain
    names = [None if one is None else one.slug for one in (before, domain)]
    if names[0] != names[1]:
        _record(conversation, "domain", *names)


@transaction.atomic
def _set(conversation: Conversation, to: Control, *, reason: str, chore: Chore) -> None:
    rows = Conversation.objects.select_for_update(of=("self",))
    before = rows.get(pk=conversation.pk).control
    values: dict[str, Any] = {"control": to, "control_reason": reason, "control_at": Now()}
    values |= {"chore": chore, "unhelped": 0}
    if chore:
        values |= {"due_at": Now(), "arrivals": models.F("arrivals") + 1}
    changed = Conversation.objects.filter(pk=conversation.pk).exclude(control=to).update(**values)
    if changed:
        _record(conversation, "control", before, to)
    if to != Control.BOT:
        OutboundMessage.objects.filter(conversation=conversation).cancel(str(to.label))
    if chore:
        tasks.wake(conversation.pk, tenant_id=conversation.tenant_id, seconds=0)


def _record(conversation: Conversation, field: str, before: Any, after: Any) -> None:
    """Names of customers stay out of the audit log, for nothing is ever taken out of that."""
    label = f"#{conversation.number}"
    audit.record(Action.CHANGED, conversation, changes={field: [before, after]}, label=label)
