"""What staff must know of, where to look, and the button that says it is settled."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from crews.admin import words
from crews.admin.filters import StandingFilter
from crews.admin.pages import RecordAdmin
from crews.admin.words import WAITING
from crews.models import Alarm, AlarmKind, Outcome
from tenants import audit
from tenants.admin.base import confirmed_action
from tenants.admin.time_filters import MomentFilter
from tenants.audit import Action

LONGEST_SHOWN = 250
# By the beginning of what an alarm is about: whose page that is.
ROWS: dict[str, tuple[str, Any]] = {
    "conversation": ("crews_conversation", _("The conversation")),
    "chatwoot": ("integrations_connection", _("The connection to Chatwoot")),
}
# Where the others are looked into.
LISTS: dict[str, tuple[str, dict[str, str], Any]] = {
    AlarmKind.SILENT_MESSAGE: (
        "crews_inboundevent",
        {"outcome": WAITING},
        _("Messages that wait"),
    ),
    AlarmKind.QUEUE_AGE: ("crews_conversation", {"waiting": "yes"}, _("Conversations that wait")),
    AlarmKind.ERROR_RATE: (
        "crews_turn",
        {"outcome": Outcome.HANDED_OFF.value},
        _("Turns that ended with a person"),
    ),
    AlarmKind.BREAKER: ("integrations_breaker", {}, _("Pauses of connections")),
    AlarmKind.CONNECTION: ("integrations_connection", {}, _("Connections to Chatwoot")),
}


@admin.register(Alarm)
class AlarmAdmin(RecordAdmin):
    list_display = ("raised_at", "standing", "what_and_kind", "times", "seen_at", "tenant")
    list_display_links = ("raised_at", "times")
    list_filter = (
        "tenant",
        StandingFilter,
        ("kind", ChoicesDropdownFilter),
        ("raised_at", MomentFilter),
    )
    list_select_related = ("tenant",)
    search_fields = ("text", "about")
    search_help_text = _("Searches what happened.")
    ordering = (F("ended_at").desc(nulls_first=True), "-raised_at", "-pk")
    fieldsets = (
        (None, {"fields": ("company", "kind", "what", "where_to_look")}),
        (_("Times"), {"fields": ("raised_at", "seen_at", "times", "ended_at")}),
        (_("Told to"), {"fields": ("mailed_at", "posted_at")}),
    )
    readonly_fields = ("what", "where_to_look")
    export_fields = ("raised_at", "kind", "text", "times", "seen_at", "ended_at", "tenant")
    actions = ("settle_chosen", "export_as_csv")
    actions_detail = ("settle",)
    nothing_yet = _("No alarm so far. When a message stays without an answer, it stands here.")

    @display(
        description=_("state"), ordering="ended_at", label={"open": "danger", "over": "success"}
    )
    def standing(self, alarm: Alarm) -> tuple[str, Any]:
        return ("open", _("not over yet")) if alarm.ended_at is None else ("over", _("over"))

    @display(description=_("what happened"), ordering="kind")
    def what_and_kind(self, alarm: Alarm) -> Any:
        text = words.passage(alarm.text, longest=LONGEST_SHOWN)
        return words.over(words.link_to(alarm, text), alarm.get_kind_display())

    @display(description=_("what happened"))
    def what(self, alarm: Alarm) -> str:
        return words.passage(alarm.text)

    @display(description=_("where to look"))
    def where_to_look(self, alarm: Alarm) -> SafeString:
        address, name = _place_of(alarm)
        return format_html('<a class="text-link" href="{}">{}</a>', address, name)

    @action(description=_("It is settled"), url_path="settle", permissions=["act"])
    def settle(self, request: HttpRequest, object_id: str) -> HttpResponse:
        alarm = self.object_or_404(request, object_id)
        return confirmed_action(
            self,
            request,
            alarm,
            question=_("Is this settled? It is raised anew if it happens again."),
            act=lambda: self._settle(alarm),
            done=_("The alarm is over."),
        )

    def _settle(self, alarm: Alarm) -> None:
        now = timezone.now()
        if Alarm.objects.filter(pk=alarm.pk, ended_at=None).update(ended_at=now):
            audit.record(Action.CHANGED, alarm, changes={"ended_at": [None, now.isoformat()]})

    @admin.action(description=_("They are settled"), permissions=["act"])
    def settle_chosen(self, request: HttpRequest, queryset: Any) -> None:
        alarms = list(queryset.filter(ended_at=None))
        for alarm in alarms:
            self._settle(alarm)
        self.message_user(request, _("Alarms ended: %(count)d") % {"count": len(alarms)})


def _place_of(alarm: Alarm) -> tuple[str, Any]:
    kind, _separator, number = alarm.about.partition(":")
    if kind in ROWS and number.isdecimal():
        page, name = ROWS[kind]
        return reverse(f"admin:{page}_change", args=[number]), name
    page, query, name = LISTS[alarm.kind]
    return f"{reverse(f'admin:{page}_changelist')}?{urlencode(query)}", name
