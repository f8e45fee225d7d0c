"""Rows of the message path in words, labels and links."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from crews.models import (
    Control,
    InboundEvent,
    OutboundMessage,
    OutboundState,
    Outcome,
    Reason,
    Status,
    Turn,
    TurnState,
)
from crews.stored import event_of
from crews.texts import media
from integrations.chatwoot.payloads import Author, Kind
from tenants.masking import mask
from tenants.showing import visible

LONGEST_IN_A_LIST = 70
# Before it is masked: a number that is cut here stands behind what a list shows.
LONGEST_TO_MASK = 1_000
NOTHING = "–"
WAITING = "waiting"

EVENTS: dict[str, Any] = {
    Kind.MESSAGE_CREATED: gettext_lazy("message"),
    Kind.MESSAGE_UPDATED: gettext_lazy("message changed"),
    Kind.CONVERSATION_CREATED: gettext_lazy("conversation begun"),
    Kind.CONVERSATION_UPDATED: gettext_lazy("conversation changed"),
    Kind.CONVERSATION_STATUS_CHANGED: gettext_lazy("status changed"),
    Kind.CONVERSATION_OPENED: gettext_lazy("conversation opened"),
    Kind.CONVERSATION_RESOLVED: gettext_lazy("conversation resolved"),
    Kind.TYPING_ON: gettext_lazy("begins to type"),
    Kind.TYPING_OFF: gettext_lazy("stops typing"),
    Kind.WIDGET_TRIGGERED: gettext_lazy("web chat opened"),
    Kind.CONTACT_CREATED: gettext_lazy("contact added"),
    Kind.CONTACT_UPDATED: gettext_lazy("contact changed"),
    Kind.INBOX_CREATED: gettext_lazy("inbox added"),
    Kind.INBOX_UPDATED: gettext_lazy("inbox changed"),
    Kind.MACRO: gettext_lazy("macro executed"),
}
AUTHORS: dict[str, Any] = {
    Author.CUSTOMER: pgettext_lazy("author", "customer"),
    Author.BOT: pgettext_lazy("author", "our bot"),
    Author.OTHER_BOT: pgettext_lazy("author", "another bot"),
    Author.PERSON: pgettext_lazy("author", "person"),
    Author.SYSTEM: pgettext_lazy("author", "Chatwoot"),
}
TURN_LABELS: dict[str, str] = {
    TurnState.RUNNING: "info",
    TurnState.SENDING: "info",
    TurnState.DONE: "success",
    TurnState.SUPERSEDED: "",
}
OUTCOME_LABELS: dict[str, str] = {
    **TURN_LABELS,
    WAITING: "info",
    Outcome.ANSWERED: "success",
    Outcome.HANDED_OFF: "warning",
    Outcome.IGNORED: "",
    Outcome.EXPIRED: "danger",
}
OUTBOUND_LABELS: dict[str, str] = {
    OutboundState.PENDING: "info",
    OutboundState.SENDING: "info",
    OutboundState.UNKNOWN: "warning",
    OutboundState.SENT: "success",
    OutboundState.CANCELLED: "",
    OutboundState.REJECTED: "danger",
}
CONTROL_LABELS: dict[str, str] = {
    Control.BOT: "success",
    Control.HANDING_OVER: "info",
    Control.HUMAN: "warning",
    Control.PAUSED: "danger",
}
STATUS_LABELS: dict[str, str] = {
    Status.PENDING: "info",
    Status.OPEN: "warning",
    Status.RESOLVED: "success",
    Status.SNOOZED: "",
}
REASONS: dict[str, Any] = {
    **dict(Reason.choices),
    # Of who answers:
    "button": gettext_lazy("a button was pressed here"),
    "person": gettext_lazy("a person wrote or was assigned"),
    "seen": gettext_lazy("a person had written in Chatwoot"),
    "status": gettext_lazy("the status in Chatwoot changed"),
    "status open": gettext_lazy("it was opened in Chatwoot"),
    "status snoozed": gettext_lazy("it was snoozed in Chatwoot"),
    "resumed": gettext_lazy("the bot's turn again"),
}


def beginning(text: str) -> str:
    """For a list: short, on one line, without personal numbers and secrets."""
    return Truncator(" ".join(passage(text).split())).chars(LONGEST_IN_A_LIST)


def passage(text: str, *, longest: int = LONGEST_TO_MASK) -> str:
    """What somebody wrote, without personal numbers and secrets, and nothing hidden in it."""
    return Truncator(visible(mask(text[: longest * 2]))).chars(longest)


def said(event: InboundEvent, *, longest: int = LONGEST_TO_MASK) -> str:
    """Text and files of a message; that there is no text where there is none."""
    parsed = event_of(event)
    files = () if parsed is None or parsed.message is None else parsed.message.attachments
    parts = (event.text, media.describe(files, get_language() or ""))
    return passage("\n".join(filter(None, parts)), longest=longest) or _without_text(event)


def written(message: OutboundMessage, *, longest: int = LONGEST_TO_MASK) -> str:
    return passage(message.body, longest=longest) or _("The text was removed.")


def _without_text(event: InboundEvent) -> str:
    return _("Without text.") if event.payload else _("The text was removed.")


def age(moment: datetime) -> str:
    """How long ago, for a sentence."""
    if timezone.now() - moment < timedelta(minutes=1):
        return _("less than a minute")
    return timesince(moment)


def event_name(event: InboundEvent) -> str:
    return str(EVENTS.get(event.event) or visible(event.event))


def author_name(event: InboundEvent) -> str:
    return str(AUTHORS.get(event.author) or visible(event.author) or NOTHING)


def reason_of(code: str) -> str:
    """A reason of ours by its name; anything else as it stands."""
    return str(REASONS.get(code) or passage(code))


def outcome_of(row: InboundEvent | Turn) -> tuple[str, str]:
    """The key of its label, and its name."""
    if not row.outcome:
        return state_of(row) if isinstance(row, Turn) else (WAITING, _("waiting"))
    if row.reason == Reason.SUGGESTED:
        return Outcome.HANDED_OFF, _("draft")
    return row.outcome, row.get_outcome_display()


def state_of(row: Turn | OutboundMessage) -> tuple[str, str]:
    return row.state, row.get_state_display()


def label(text: str, kind: str) -> SafeString:
    """As the theme draws it."""
    return render_to_string("unfold/helpers/label.html", {"text": text, "type": kind})


def over(first: Any, second: Any) -> SafeString:
    """Two lines of one cell, so that a list needs fewer columns."""
    cell = '<span class="cwai-cell"><span>{}</span><span class="text-subtle">{}</span></span>'
    return format_html(cell, first, second)


def labelled(named: tuple[str, str], labels: dict[str, str]) -> SafeString:
    key, name = named
    return label(name, labels[key])


def link_to(row: models.Model, text: Any) -> SafeString:
    return format_html('<a class="text-link" href="{}">{}</a>', address_of(row), text)


def address_of(row: models.Model) -> str:
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])


def duration(begun: datetime, ended: datetime | None) -> str:
    if ended is None:
        return NOTHING
    seconds = max((ended - begun).total_seconds(), 0.0)
    if seconds < 100:
        return f"{number_format(seconds, 1)} s"
    return f"{number_format(seconds / 60, 0)} min"
