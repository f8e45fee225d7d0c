"""Every call of a model, what the calls on the list came to, and the report of a month."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    FieldTextFilter,
)
from unfold.decorators import action, display

from integrations import reports
from integrations.models import LlmCall
from integrations.models.llm_call import State
from tenants import audit
from tenants.access import Area
from tenants.admin.base import ReadOnlyAdmin, access_of
from tenants.admin.time_filters import MomentFilter
from tenants.audit import Action
from tenants.budgets import budget_words
from tenants.models import Tenant

LABELS = {
    **dict.fromkeys(State, "danger"),
    State.OK: "success",
    State.RUNNING: "info",
    State.HELD_BACK: "warning",
    State.BUDGET: "warning",
}


@admin.register(LlmCall)
class LlmCallAdmin(ReadOnlyAdmin):
    area = Area.CONFIGURATION
    list_before_template = "integrations/model_call_totals.html"
    list_display = (
        "created_at",
        "result",
        "use",
        "model",
        "tokens",
        "shown_cost",
        "duration_ms",
        "tenant",
    )
    list_filter = (
        "tenant",
        ("state", ChoicesDropdownFilter),
        ("use", ChoicesDropdownFilter),
        ("model", FieldTextFilter),
        ("was_fallback", BooleanRadioFilter),
        ("created_at", MomentFilter),
    )
    list_select_related = ("tenant",)
    search_fields = ("model", "agent", "request_id", "turn", "conversation")
    search_help_text = _("Searches model, agent, request, turn and conversation.")
    ordering = ("-created_at", "-pk")
    fieldsets = (
        (None, {"fields": ("created_at", "tenant", "use", "agent", "turn", "conversation")}),
        (
            _("Model"),
            {"fields": ("provider", "model", "model_answered", "was_fallback", "was_cheaper")},
        ),
        (_("Result"), {"fields": ("state", "error", "note", "tries", "streamed")}),
        (
            _("Tokens and cost"),
            {
                "fields": (
                    "tokens_in",
                    "tokens_cached",
                    "tokens_out",
                    "tokens_are_estimated",
                    "shown_cost",
                )
            },
        ),
        (_("Time"), {"fields": ("duration_ms", "finished_at", "request_id")}),
    )
    readonly_fields = ("shown_cost",)
    export_fields = (
        "created_at",
        "use",
        "agent",
        "provider",
        "model",
        "model_answered",
        "state",
        "error",
        "tokens_in",
        "tokens_cached",
        "tokens_out",
        "tokens_are_estimated",
        "cost",
        "duration_ms",
        "tries",
        "was_fallback",
        "was_cheaper",
        "turn",
        "conversation",
        "request_id",
        "tenant",
    )
    actions_list = ("usage_report",)

    @display(description=_("outcome"), ordering="state", label=LABELS)
    def result(self, call: LlmCall) -> tuple[str, str]:
        return call.state, call.get_state_display()

    @admin.display(description=_("tokens"), ordering="tokens_in")
    def tokens(self, call: LlmCall) -> str:
        read, written = map(budget_words.number, (call.tokens_in, call.tokens_out))
        return f"{read} + {written}"

    @admin.display(description=_("cost (USD)"), ordering="cost")
    def shown_cost(self, call: LlmCall) -> Any:
        if call.state == State.RUNNING:
            return "–"
        return _("unknown") if call.cost is None else budget_words.money(call.cost)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        answer: HttpResponse = super().changelist_view(request, extra_context)
        data = getattr(answer, "context_data", None)
        if data and "cl" in data:
            data["totals"] = _in_words(data["cl"].queryset.totals())
        return answer

    @action(description=_("Report of a month"), url_path="usage-report", permissions=["view"])
    def usage_report(self, request: HttpRequest) -> HttpResponse:
        tenant = access_of(request).tenant
        month = request.GET.get("month", "")
        if tenant is None:
            self.message_user(
                request, _("Choose a company first; a report is of one."), messages.WARNING
            )
            return redirect("admin:integrations_llmcall_changelist")
        if reports.is_month(month):
            return _download(tenant, month)
        return self._months(request, tenant)

    def _months(self, request: HttpRequest, tenant: Tenant) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Report of a month"),
            "months": [
                (month, f"{month[5:]}/{month[:4]}")
                for month in reports.latest_months(tenant, now=timezone.now())
            ],
        }
        return TemplateResponse(request, "integrations/usage_months.html", context)


def _in_words(totals: dict[str, Any]) -> dict[str, Any]:
    number, money = budget_words.number, budget_words.money
    return {
        "calls": number(totals["calls"]),
        "read": number(totals["read"]),
        "cached": number(totals["read_again"]),
        "written": number(totals["written"]),
        "cost": None if totals["dollars"] is None else money(totals["dollars"]),
        "unpriced": totals["unpriced"],
    }


def _download(tenant: Tenant, month: str) -> HttpResponse:
    lines = reports.lines_of(tenant, month)
    label = f"{LlmCall._meta.verbose_name_plural}: {month}"
    audit.record(Action.EXPORTED, label=label, tenant=tenant)
    response = HttpResponse(reports.as_csv(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{tenant.slug}-{month}.csv"'
    return response
