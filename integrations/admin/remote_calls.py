"""What was asked of remote systems, and which of them are left alone at the moment."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, FieldTextFilter
from unfold.decorators import action, display

from integrations import circuit_breaker
from integrations.models import Breaker, RemoteCall
from integrations.models.breaker import State
from integrations.models.remote_call import Outcome
from tenants.access import Area, Verb
from tenants.admin.base import ReadOnlyAdmin, confirmed_action
from tenants.admin.time_filters import MomentFilter

LONGEST_SHOWN = 45
LABELS = {
    **dict.fromkeys(Outcome, "danger"),
    Outcome.ANSWERED: "success",
    Outcome.REFUSED: "warning",
    Outcome.HELD_BACK: "warning",
    Outcome.INTERRUPTED: "info",
}


@admin.register(RemoteCall)
class RemoteCallAdmin(ReadOnlyAdmin):
    area = Area.CONFIGURATION
    list_display = (
        "created_at",
        "result",
        "service",
        "request_line",
        "status",
        "duration_ms",
        "tenant",
    )
    list_display_links = ("created_at", "request_line")
    list_filter = (
        "tenant",
        ("outcome", ChoicesDropdownFilter),
        ("service", FieldTextFilter),
        ("status", FieldTextFilter),
        ("created_at", MomentFilter),
    )
    list_select_related = ("tenant",)
    search_fields = ("address", "connection", "request_id", "turn")
    search_help_text = _("Searches address, connection, request and turn.")
    ordering = ("-created_at", "-pk")
    fieldsets = (
        (None, {"fields": ("created_at", "tenant", "service", "connection")}),
        (_("Request"), {"fields": ("method", "address", "turn", "request_id")}),
        (_("Result"), {"fields": ("outcome", "status", "error", "tries")}),
        (_("Size and time"), {"fields": ("duration_ms", "bytes_out", "bytes_in")}),
    )
    export_fields = (
        "created_at",
        "service",
        "connection",
        "method",
        "address",
        "outcome",
        "status",
        "error",
        "duration_ms",
        "bytes_out",
        "bytes_in",
        "tries",
        "turn",
        "request_id",
        "tenant",
    )

    @display(description=_("outcome"), ordering="outcome", label=LABELS)
    def result(self, call: RemoteCall) -> tuple[str, str]:
        return call.outcome, call.get_outcome_display()

    @display(description=_("request"), ordering="address")
    def request_line(self, call: RemoteCall) -> str:
        where = call.address.removeprefix("https://")
        return Truncator(f"{call.method} {where}").chars(LONGEST_SHOWN)


@admin.register(Breaker)
class BreakerAdmin(ReadOnlyAdmin):
    area = Area.CONFIGURATION
    list_display = (
        "service",
        "connection",
        "standing",
        "failures",
        "opened_at",
        "tries_again_at",
        "tenant",
    )
    list_filter = (
        "tenant",
        ("state", ChoicesDropdownFilter),
        ("service", FieldTextFilter),
        ("changed_at", MomentFilter),
    )
    list_select_related = ("tenant",)
    search_fields = ("service", "connection")
    ordering = ("-changed_at", "-pk")
    fieldsets = (
        (None, {"fields": ("tenant", "service", "connection", "present_state")}),
        (_("Failures"), {"fields": ("failures", "last_error")}),
        (_("Times"), {"fields": ("opened_at", "tries_again_at", "changed_at")}),
    )
    readonly_fields = ("present_state",)
    export_fields = ("service", "connection", "state", "failures", "last_error", "tenant")
    actions_detail = ("try_again_now",)

    @display(
        description=_("state"),
        ordering="state",
        label={"closed": "success", "open": "danger", "due": "warning"},
    )
    def standing(self, breaker: Breaker) -> tuple[str, Any]:
        is_due = breaker.tries_again_at is not None and breaker.tries_again_at <= timezone.now()
        if breaker.state == State.OPEN and is_due:
            return "due", _("tries again at the next call")
        return breaker.state, breaker.get_state_display()

    @display(description=_("state"))
    def present_state(self, breaker: Breaker) -> Any:
        return self.standing(breaker)[1]

    def has_try_again_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(Verb.CHANGE, request, obj)

    @action(description=_("Try again now"), url_path="try-again", permissions=["try_again"])
    def try_again_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        breaker = self.object_or_404(request, object_id)
        question = _("Call “%(name)s” again now? The failures so far are forgotten.")
        return confirmed_action(
            self,
            request,
            breaker,
            question=question % {"name": breaker},
            act=lambda: circuit_breaker.try_again(breaker),
            done=_("The next call goes out at once."),
        )
