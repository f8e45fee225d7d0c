"""Turns: what each answer took, what went into it and what came of it."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from crews.admin import words
from crews.admin.filters import BegunFilter, TurnOutcomeFilter
from crews.admin.pages import RecordWithParts
from crews.models import InboundEvent, OutboundMessage, Turn
from integrations.models import LlmCall
from tenants.admin.time_filters import MomentFilter
from tenants.budgets import budget_words

MOST_PARTS = 100
MODES: dict[str, Any] = {
    "off": pgettext_lazy("mode", "off"),
    "suggest": pgettext_lazy("mode", "drafts"),
    "automatic": pgettext_lazy("mode", "automatic"),
}
HANDOFF: dict[str, Any] = {
    "summary": gettext_lazy("Summary"),
    "tried": gettext_lazy("Tried before"),
    "labels": gettext_lazy("Labels"),
    "priority": gettext_lazy("Priority"),
    "team": gettext_lazy("Team"),
    "agent": gettext_lazy("Person"),
}
TOLD = frozenset({"summary", "tried"})
PRIORITIES: dict[str, Any] = {
    "low": pgettext_lazy("priority", "low"),
    "medium": pgettext_lazy("priority", "medium"),
    "high": pgettext_lazy("priority", "high"),
    "urgent": pgettext_lazy("priority", "urgent"),
}


@admin.register(Turn)
class TurnAdmin(RecordWithParts):
    change_form_outer_before_template = "crews/turn_parts.html"
    list_display = (
        "number",
        "started_at",
        "result",
        "standing",
        "in_conversation",
        "mode_in_words",
        "attempts",
        "took",
        "tenant",
    )
    list_display_links = ("number", "started_at", "attempts", "took")
    list_filter = (
        "tenant",
        TurnOutcomeFilter,
        BegunFilter,
        ("reason", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("started_at", MomentFilter),
    )
    list_select_related = ("tenant", "conversation")
    search_fields = ("=id", "=conversation__number")
    search_help_text = gettext_lazy("Searches by number of turn and number of conversation.")
    ordering = ("-started_at", "-pk")
    fieldsets = (
        (None, {"fields": ("company", "in_conversation", "result_label", "why", "failure")}),
        (
            gettext_lazy("How it went"),
            {"fields": ("standing_label", "mode_in_words", "attempts", "restarts")},
        ),
        (
            gettext_lazy("Times"),
            {"fields": ("due_at", "started_at", "finished_at", "waited", "took")},
        ),
    )
    readonly_fields = (
        "in_conversation",
        "result_label",
        "why",
        "failure",
        "standing_label",
        "mode_in_words",
        "waited",
        "took",
    )
    export_fields = (
        "pk",
        "started_at",
        "finished_at",
        "conversation",
        "state",
        "outcome",
        "reason",
        "mode",
        "attempts",
        "restarts",
        "error",
        "tenant",
    )
    nothing_yet = gettext_lazy(
        "Nothing was answered yet. A turn begins when a customer has written and is quiet for a few"
        " seconds."
    )

    @display(description=gettext_lazy("turn"), ordering="pk")
    def number(self, turn: Turn) -> str:
        return str(turn.pk)

    @display(description=gettext_lazy("outcome"), ordering="outcome")
    def result(self, turn: Turn) -> SafeString:
        return words.over(self.result_label(turn), words.reason_of(turn.reason))

    @display(description=gettext_lazy("outcome"))
    def result_label(self, turn: Turn) -> SafeString:
        return words.labelled(words.outcome_of(turn), words.OUTCOME_LABELS)

    @display(description=gettext_lazy("because"))
    def why(self, turn: Turn) -> str:
        return words.reason_of(turn.reason) or words.NOTHING

    @display(description=gettext_lazy("what went wrong"))
    def failure(self, turn: Turn) -> str:
        return words.passage(turn.error) or words.NOTHING

    @display(description=gettext_lazy("state"), ordering="state", label=words.TURN_LABELS)
    def standing(self, turn: Turn) -> tuple[str, str]:
        return words.state_of(turn)

    @display(description=gettext_lazy("state"))
    def standing_label(self, turn: Turn) -> SafeString:
        return words.labelled(words.state_of(turn), words.TURN_LABELS)

    @display(description=gettext_lazy("conversation"), ordering="conversation__number")
    def in_conversation(self, turn: Turn) -> SafeString:
        return words.link_to(turn.conversation, f"#{turn.conversation.number}")

    @display(description=gettext_lazy("mode"), ordering="mode")
    def mode_in_words(self, turn: Turn) -> Any:
        return MODES.get(turn.mode) or words.NOTHING

    @display(description=gettext_lazy("waited until it began"))
    def waited(self, turn: Turn) -> str:
        return (
            words.NOTHING if turn.due_at is None else words.duration(turn.due_at, turn.started_at)
        )

    @display(description=gettext_lazy("took"))
    def took(self, turn: Turn) -> str:
        return words.duration(turn.started_at, turn.finished_at)

    def parts_of(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        events = row.events.order_by("received_at", "pk").defer("payload")[:MOST_PARTS]
        outbox = row.outbox.order_by("position")[:MOST_PARTS]
        return {
            "result": self.result_label(row),
            "because": words.reason_of(row.reason),
            "took": self.took(row),
            "talk": self.in_conversation(row),
            "asked": [_asked(event) for event in events],
            "written": [_written(message) for message in outbox],
            "calls": _calls_of(row),
            "handoff": list(handoff_in_words(row.handoff)),
        }


def _asked(event: InboundEvent) -> dict[str, Any]:
    key, outcome = words.outcome_of(event)
    return {
        "at": event.occurred_at or event.received_at,
        "who": words.author_name(event),
        "text": words.passage(event.text),
        "label": (outcome, words.OUTCOME_LABELS[key]),
        "remark": words.reason_of(event.reason),
        "address": words.address_of(event),
    }


def _written(message: OutboundMessage) -> dict[str, Any]:
    return {
        "at": message.sent_at or message.created_at,
        "who": message.get_part_display(),
        "text": words.passage(message.body),
        "label": (message.get_state_display(), words.OUTBOUND_LABELS[message.state]),
        "remark": words.reason_of(message.last_error),
        "attempts": message.attempts,
        "address": words.address_of(message),
    }


def _calls_of(turn: Turn) -> dict[str, Any]:
    """What the models did for it, in one query."""
    totals = LlmCall.objects.filter(tenant=turn.tenant_id, turn=turn.pk).totals()
    number, money = budget_words.number, budget_words.money
    calls = reverse("admin:integrations_llmcall_changelist")
    return {
        "calls": number(totals["calls"]),
        "read": number(totals["read"]),
        "written": number(totals["written"]),
        "cost": None if totals["dollars"] is None else money(totals["dollars"]),
        "unpriced": totals["unpriced"],
        "address": f"{calls}?{urlencode({'turn__exact': turn.pk})}",
    }


def handoff_in_words(handoff: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    """What people were told and given, line by line, and whether Chatwoot has it."""
    done = handoff.get("done", ())
    for key, name in HANDOFF.items():
        value = handoff.get(key)
        if not value:
            continue
        shown = "\n".join(map(str, value)) if isinstance(value, list) else str(value)
        shown = str(PRIORITIES.get(shown, shown)) if key == "priority" else shown
        remark = "" if key in TOLD else _("done") if key in done else _("not done yet")
        yield str(name), words.passage(shown), remark
