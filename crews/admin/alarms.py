"""What staff must know of, what to do about it, and the button that says it is settled."""

from typing import Any

from django.contrib import admin
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action, display

from crews.admin import words
from crews.admin.filters import StandingFilter
from crews.admin.pages import RecordAdmin
from crews.models import Alarm, AlarmKind
from tenants import audit
from tenants.admin.base import confirmed_action
from tenants.audit import Action

REMEDIES: dict[str, Any] = {
    AlarmKind.SILENT_MESSAGE: _(
        "A person has the conversation now. Open it in Chatwoot and answer the customer, then look"
        " at its turns here to see where it stopped."
    ),
    AlarmKind.QUEUE_AGE: _(
        "Look at the page “System” whether the workers run. If they do, there are too few of them,"
        " or the model answers too slowly."
    ),
    AlarmKind.ERROR_RATE: _(
        "Look at the turns that failed and at the calls of models: a key that ran out, a model that"
        " is gone or a budget that is used up are the usual causes."
    ),
    AlarmKind.BREAKER: _(
        "The other side did not answer several times in a row. Look at “Pauses of connections”,"
        " see whether it works again, and press “Try again now”."
    ),
    AlarmKind.CONNECTION: _(
        "Look at the connection to Chatwoot: a token was changed, a bot was removed, or a right is"
        " missing. Test it there; each line says what to do."
    ),
}


@admin.register(Alarm)
class AlarmAdmin(RecordAdmin):
    list_display = ("raised_at", "standing", "what_and_kind", "times", "seen_at", "tenant")
    list_display_links = ("raised_at", "times")
    list_filter = (
        "tenant",
        StandingFilter,
        ("kind", ChoicesDropdownFilter),
        ("raised_at", RangeDateTimeFilter),
    )
    list_select_related = ("tenant",)
    search_fields = ("text", "about")
    search_help_text = _("Searches what happened.")
    ordering = (F("ended_at").desc(nulls_first=True), "-raised_at", "-pk")
    fieldsets = (
        (None, {"fields": ("company", "kind", "what", "what_to_do")}),
        (_("Times"), {"fields": ("raised_at", "seen_at", "times", "ended_at")}),
        (_("Told to"), {"fields": ("mailed_at", "posted_at")}),
    )
    readonly_fields = ("what", "what_to_do")
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
        text = words.beginning(alarm.text)
        return words.over(words.link_to(alarm, text), alarm.get_kind_display())

    @display(description=_("what happened"))
    def what(self, alarm: Alarm) -> str:
        return words.passage(alarm.text)

    @display(description=_("what to do"))
    def what_to_do(self, alarm: Alarm) -> Any:
        return REMEDIES[alarm.kind]

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
