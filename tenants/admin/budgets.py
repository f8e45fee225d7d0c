"""Budgets, and what was spent from them."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
)
from unfold.widgets import UnfoldAdminTextareaWidget

from tenants.access import Area, Verb
from tenants.admin.base import ReadOnlyAdmin, ScopedAdmin, ScopedForm, access_of
from tenants.admin.time_filters import MomentFilter
from tenants.budgets import budget_alerts, budget_words, windows
from tenants.models import Budget, Spending
from tenants.models.budget import Period, check_emails


class EmailsField(forms.CharField):
    """One address per line; commas and semicolons will do too."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        words = (value or "").replace(",", " ").replace(";", " ").split()
        return list(dict.fromkeys(words))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(self.prepare_value(initial)) != self.to_python(data))


class BudgetForm(ScopedForm):
    alert_emails = EmailsField(
        label=_("e-mails for alerts"),
        required=False,
        validators=[check_emails],
        help_text=_("One per line. Empty: the owners of the company."),
    )

    class Meta:
        model = Budget
        fields: ClassVar[Any] = (
            "tenant",
            "period",
            "token_limit",
            "money_limit",
            "on_exceed",
            "is_active",
            "alert_emails",
            "alert_webhook_url",
        )


@admin.register(Budget)
class BudgetAdmin(ScopedAdmin):
    area = Area.CONFIGURATION
    form = BudgetForm
    list_display = ("per", "limits", "present", "on_exceed", "is_active", "tenant")
    list_filter = (
        "tenant",
        ("period", ChoicesDropdownFilter),
        ("on_exceed", ChoicesDropdownFilter),
        ("is_active", BooleanRadioFilter),
    )
    list_select_related = ("tenant",)
    search_fields = ("tenant__name", "tenant__slug")
    ordering = ("tenant__name", "period", "pk")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "tenant",
                    "period",
                    "token_limit",
                    "money_limit",
                    "on_exceed",
                    "is_active",
                )
            },
        ),
        (_("Present period"), {"fields": ("present", "reserved", "remaining", "ends_at", "rows")}),
        (_("Alerts"), {"fields": ("alert_emails", "alert_webhook_url")}),
    )
    add_fieldsets = (fieldsets[0], fieldsets[2])
    readonly_fields = ("present", "reserved", "remaining", "ends_at", "rows")
    export_fields = ("period", "token_limit", "money_limit", "on_exceed", "is_active", "tenant")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only looks reads addresses, not how they are kept."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        told = {"alert_emails": "told_emails"}
        return [
            (title, {**about, "fields": [told.get(name, name) for name in about["fields"]]})
            for title, about in fieldsets
        ]

    @admin.display(description=_("e-mails for alerts"))
    def told_emails(self, budget: Budget) -> str:
        return ", ".join(budget.alert_emails) or str(_("the owners of the company"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        counted = Spending.objects.filter(window__in=windows.present_anywhere(now=timezone.now()))
        present = Prefetch("spendings", queryset=counted, to_attr="present_spendings")
        return super().get_queryset(request).select_related("tenant").prefetch_related(present)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Another period would have other counted rows: that is another budget."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "period") if obj else fields

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Whoever knows the address can post there, so only those who may set it see it."""
        excluded = super().get_exclude(request, obj)
        may_change = access_of(request).may(Verb.CHANGE, self.area)
        return excluded if may_change else [*excluded, "alert_webhook_url"]

    def save_model(self, request: HttpRequest, obj: Budget, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        budget_alerts.rearm(obj, now=timezone.now())

    @admin.display(description=_("period"), ordering="period")
    def per(self, budget: Budget) -> str:
        return budget.get_period_display()

    @admin.display(description=_("limit"))
    def limits(self, budget: Budget) -> str:
        return budget_words.limits(budget)

    @admin.display(description=_("used now"))
    def present(self, budget: Budget) -> SafeString | str:
        row = _present(budget, now=timezone.now())
        return bar(row) if row else "–"

    @admin.display(description=_("reserved for calls under way"))
    def reserved(self, budget: Budget) -> str:
        row = _present(budget, now=timezone.now())
        return budget_words.reserved(row) if row else "–"

    @admin.display(description=_("remaining"))
    def remaining(self, budget: Budget) -> str:
        row = _present(budget, now=timezone.now())
        return budget_words.remaining(row) if row else "–"

    @admin.display(description=_("counting begins anew"))
    def ends_at(self, budget: Budget) -> str:
        end = windows.end_of(budget.period, budget.tenant, now=timezone.now())
        return budget_words.end(end)

    @admin.display(description=_("earlier periods"))
    def rows(self, budget: Budget) -> SafeString:
        address = reverse("admin:tenants_spending_changelist")
        style = "text-primary-600 dark:text-primary-500"
        link = '<a class="{}" href="{}?budget__id__exact={}">{}</a>'
        return format_html(link, style, address, budget.pk, _("Open the list"))


@admin.register(Spending)
class SpendingAdmin(ReadOnlyAdmin):
    area = Area.CONFIGURATION
    list_display = (
        "window",
        "per",
        "used",
        "reserved",
        "remaining",
        "calls",
        "refused",
        "updated_at",
        "tenant",
    )
    list_filter = (
        "tenant",
        "budget",
        ("budget__period", ChoicesDropdownFilter),
        ("updated_at", MomentFilter),
    )
    list_select_related = ("budget", "tenant")
    search_fields = ("window",)
    search_help_text = _("Searches the day, the month or the number of the conversation.")
    ordering = ("-updated_at", "-pk")
    fieldsets = (
        (None, {"fields": ("tenant", "budget", "window", "used", "reserved", "remaining")}),
        (
            _("Counted"),
            {"fields": ("used_tokens", "used_money", "calls", "refused", "updated_at")},
        ),
        (_("Alerts"), {"fields": ("warned_at", "exceeded_at")}),
    )
    readonly_fields = ("used", "reserved", "remaining")
    export_fields = (
        "window",
        "budget",
        "used_tokens",
        "used_money",
        "reserved_tokens",
        "reserved_money",
        "calls",
        "refused",
        "tenant",
    )

    @admin.display(description=_("per"), ordering="budget__period")
    def per(self, row: Spending) -> str:
        return row.budget.get_period_display()

    @admin.display(description=_("used"))
    def used(self, row: Spending) -> SafeString:
        return bar(row)

    @admin.display(description=_("reserved"))
    def reserved(self, row: Spending) -> str:
        return budget_words.reserved(row)

    @admin.display(description=_("remaining"))
    def remaining(self, row: Spending) -> str:
        return budget_words.remaining(row)


def bar(row: Spending) -> SafeString:
    percent = budget_words.percent(row)
    values = {"percent": percent, "amounts": budget_words.amounts(row), "row": row}
    return render_to_string("admin/budget_bar.html", values)


def _present(budget: Budget, *, now: datetime) -> Spending | None:
    """The counted row of now, read with the budget; none for conversations, which are many."""
    if budget.period == Period.CONVERSATION or budget.pk is None:
        return None
    window = windows.window_of(budget.period, budget.tenant, conversation=None, now=now)
    rows = budget.present_spendings  # type: ignore[attr-defined]  # by get_queryset
    row = next((row for row in rows if row.window == window), None)
    row = row or Spending(tenant_id=budget.tenant_id, window=window)
    row.budget = budget
    return row
