"""Everything that went out or waits to, bubble by bubble."""

from typing import Any

from django.contrib import admin
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from crews.admin import words
from crews.admin.pages import RecordAdmin
from crews.models import OutboundMessage
from tenants.admin.time_filters import MomentFilter


@admin.register(OutboundMessage)
class OutboundMessageAdmin(RecordAdmin):
    list_display = (
        "created_at",
        "standing",
        "said",
        "tries",
        "in_conversation",
        "in_turn",
        "tenant",
    )
    list_filter = (
        "tenant",
        ("state", ChoicesDropdownFilter),
        ("part", ChoicesDropdownFilter),
        ("created_at", MomentFilter),
    )
    list_select_related = ("tenant", "conversation", "turn")
    search_fields = ("=key", "=remote_id", "=conversation__number")
    search_help_text = _("Searches by mark, number of message and number of conversation.")
    ordering = ("-created_at", "-pk")
    fieldsets = (
        (None, {"fields": ("company", "part", "said_whole", "in_conversation", "in_turn")}),
        (
            _("Delivery"),
            {
                "fields": (
                    "standing_label",
                    "attempts",
                    "last_attempt_at",
                    "next_try_at",
                    "failure",
                    "sent_at",
                    "message",
                )
            },
        ),
        (
            _("Recognised by"),
            {"fields": ("created_at", "position", "key", "after_message", "crossed")},
        ),
    )
    readonly_fields = (
        "said_whole",
        "in_conversation",
        "in_turn",
        "standing_label",
        "failure",
        "message",
        "after_message",
        "crossed",
    )
    export_fields = (
        "created_at",
        "conversation",
        "turn",
        "position",
        "part",
        "state",
        "attempts",
        "last_attempt_at",
        "sent_at",
        "last_error",
        "remote_id",
        "tenant",
    )
    nothing_yet = _("Nothing was written yet. The first message of a customer changes that.")

    @display(description=_("state"), ordering="state")
    def standing(self, row: OutboundMessage) -> SafeString:
        return words.over(self.standing_label(row), words.beginning(self.failure(row)))

    @display(description=_("state"))
    def standing_label(self, row: OutboundMessage) -> SafeString:
        return words.labelled(words.state_of(row), words.OUTBOUND_LABELS)

    @display(description=_("text"), ordering="part")
    def said(self, row: OutboundMessage) -> SafeString:
        return words.over(words.beginning(row.body) or words.NOTHING, row.get_part_display())

    @display(description=_("text"))
    def said_whole(self, row: OutboundMessage) -> SafeString:
        return format_html('<div class="cwai-said">{}</div>', words.passage(row.body))

    @display(description=_("last failure"), empty_value=words.NOTHING)
    def failure(self, row: OutboundMessage) -> str:
        return words.reason_of(row.last_error)

    @display(description=_("attempts"), ordering="attempts")
    def tries(self, row: OutboundMessage) -> SafeString:
        """So far, and when the next one is."""
        soon = localize(localtime(row.next_try_at)) if row.next_try_at else ""
        return words.over(words.link_to(row, str(row.attempts)), soon)

    @display(description=_("conversation"), ordering="conversation__number")
    def in_conversation(self, row: OutboundMessage) -> SafeString:
        return words.link_to(row.conversation, f"#{row.conversation.number}")

    @display(description=_("turn"), ordering="turn")
    def in_turn(self, row: OutboundMessage) -> SafeString:
        return words.link_to(row.turn, str(row.turn_id))

    @display(description=_("message"))
    def message(self, row: OutboundMessage) -> str:
        return words.NOTHING if row.remote_id is None else str(row.remote_id)

    @display(description=_("after message"))
    def after_message(self, row: OutboundMessage) -> str:
        return str(row.after_message_id)

    @display(description=_("a person had just written"))
    def crossed(self, row: OutboundMessage) -> Any:
        return _("Yes") if row.overlapped else _("No")
