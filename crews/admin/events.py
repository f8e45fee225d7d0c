"""Everything that came in from Chatwoot, and what became of it."""

import json
from collections import Counter
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from crews import inbox
from crews.admin import words
from crews.admin.filters import ConnectionFilter, EventFilter, OutcomeFilter
from crews.admin.pages import RecordAdmin
from crews.models import InboundEvent
from tenants.admin.base import confirmed_action
from tenants.admin.time_filters import MomentFilter

MOST_REPLAYED = 100


@admin.register(InboundEvent)
class InboundEventAdmin(RecordAdmin):
    list_display = (
        "received_at",
        "result",
        "said",
        "in_conversation",
        "in_turn",
        "attempts",
        "via",
        "tenant",
    )
    list_filter = (
        "tenant",
        OutcomeFilter,
        ("reason", ChoicesDropdownFilter),
        EventFilter,
        ("via", ChoicesDropdownFilter),
        ConnectionFilter,
        ("received_at", MomentFilter),
    )
    list_select_related = ("tenant", "conversation", "turn")
    search_fields = ("=message_id", "=conversation__number", "=delivery_id")
    search_help_text = _("Searches by number of message, number of conversation and delivery.")
    ordering = ("-received_at", "-pk")
    fieldsets = (
        (None, {"fields": ("company", "what", "who", "said_whole", "in_conversation")}),
        (_("What became of it"), {"fields": ("result_label", "why", "in_turn", "attempts")}),
        (
            _("Delivery"),
            {
                "fields": (
                    "received_at",
                    "occurred_at",
                    "via",
                    "source",
                    "message",
                    "delivery_id",
                )
            },
        ),
        (_("Content"), {"fields": ("content",)}),
    )
    readonly_fields = (
        "what",
        "who",
        "said_whole",
        "in_conversation",
        "result_label",
        "why",
        "in_turn",
        "attempts",
        "source",
        "message",
        "content",
    )
    export_fields = (
        "received_at",
        "occurred_at",
        "event",
        "conversation",
        "message_id",
        "author",
        "via",
        "outcome",
        "reason",
        "turn",
        "delivery_id",
        "tenant",
    )
    actions = ("replay_chosen", "export_as_csv")
    actions_detail = ("replay",)
    nothing_yet = _(
        "Nothing has come in yet. Connect a Chatwoot under “Set up”, then write to one of its"
        " inboxes."
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return super().get_queryset(request).defer("payload")

    @display(description=_("outcome"), ordering="outcome")
    def result(self, event: InboundEvent) -> SafeString:
        return words.over(self.result_label(event), words.reason_of(event.reason))

    @display(description=_("outcome"))
    def result_label(self, event: InboundEvent) -> SafeString:
        return words.labelled(words.outcome_of(event), words.OUTCOME_LABELS)

    @display(description=_("because"))
    def why(self, event: InboundEvent) -> str:
        return words.reason_of(event.reason) or words.NOTHING

    @display(description=_("event"))
    def what(self, event: InboundEvent) -> str:
        return words.event_name(event)

    @display(description=_("author"))
    def who(self, event: InboundEvent) -> str:
        return words.author_name(event)

    @display(description=_("what came"), ordering="event")
    def said(self, event: InboundEvent) -> SafeString:
        what, who = words.event_name(event), words.author_name(event)
        if not event.text:
            return words.over(what, who)
        return words.over(words.beginning(event.text), f"{what} · {who}")

    @display(description=_("text"))
    def said_whole(self, event: InboundEvent) -> SafeString:
        return format_html('<div class="cwai-said">{}</div>', words.passage(event.text))

    @display(description=_("conversation"), ordering="conversation__number")
    def in_conversation(self, event: InboundEvent) -> str:
        if event.conversation is None:
            return words.NOTHING
        return words.link_to(event.conversation, f"#{event.conversation.number}")

    @display(description=_("turn"), ordering="turn")
    def in_turn(self, event: InboundEvent) -> str:
        if event.turn is None:
            return words.NOTHING
        return words.link_to(event.turn, str(event.turn.pk))

    @display(description=_("attempts"), ordering="turn__attempts")
    def attempts(self, event: InboundEvent) -> str:
        if event.turn is None:
            return words.NOTHING
        return words.link_to(event.turn, str(event.turn.attempts))

    @display(description=_("message"), ordering="message_id")
    def message(self, event: InboundEvent) -> str:
        return words.NOTHING if event.message_id is None else str(event.message_id)

    @display(description="Chatwoot")
    def source(self, event: InboundEvent) -> str:
        connection = event.connection
        return f"{connection.installation}, {_('account')} {connection.account_id}"

    @display(description=_("content"))
    def content(self, event: InboundEvent) -> SafeString:
        text = json.dumps(event.payload, ensure_ascii=False, indent=2)
        return format_html('<pre class="cwai-json">{}</pre>', words.passage(text, longest=20_000))

    @action(description=_("Replay"), url_path="replay", permissions=["act"])
    def replay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        event = self.object_or_404(request, object_id)
        question = _(
            "Process this event (%(name)s) once more, as things stand now? What was answered"
            " already is not answered again."
        )
        return confirmed_action(
            self,
            request,
            event,
            question=question % {"name": words.event_name(event)},
            act=lambda: self._replay(request, event),
        )

    def _replay(self, request: HttpRequest, event: InboundEvent) -> HttpResponse:
        self.message_user(request, inbox.replay(event), messages.SUCCESS)
        if InboundEvent.objects.filter(pk=event.pk).exists():
            return redirect(words.address_of(event))
        return redirect("admin:crews_inboundevent_changelist")

    @admin.action(description=_("Replay the chosen events"), permissions=["act"])
    def replay_chosen(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        events = list(queryset.order_by("received_at", "pk")[: MOST_REPLAYED + 1])
        if len(events) > MOST_REPLAYED:
            refusal = _("Choose at most %(most)d events to replay.") % {"most": MOST_REPLAYED}
            self.message_user(request, refusal, messages.ERROR)
            return
        for sentence, count in Counter(inbox.replay(event) for event in events).items():
            self.message_user(request, f"{count} × {sentence}", messages.SUCCESS)
