"""The audit log, to be read and searched."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from tenants.access import Area
from tenants.admin.base import ReadOnlyAdmin
from tenants.admin.changes import change_rows, model_of
from tenants.admin.time_filters import MomentFilter
from tenants.audit import Action, watched_models
from tenants.models import AuditEntry

DOORS = {
    "admin": _("admin pages"),
    "web": _("sign-in page"),
    "api": "API",
    "command": _("command"),
    "task": _("task"),
}
LABELS = {
    **dict.fromkeys(Action, "info"),
    Action.CREATED: "success",
    Action.DELETED: "danger",
    Action.LOCKED_OUT: "danger",
    Action.SIGN_IN_FAILED: "warning",
    Action.SECOND_FACTOR_FAILED: "warning",
}


class KindFilter(DropdownFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        names = [(m._meta.label_lower, m._meta.verbose_name) for m in watched_models()]
        return sorted(names, key=lambda name: str(name[1]))

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        return queryset.filter(object_type=self.value()) if self.value() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    area = Area.AUDIT
    list_display = (
        "created_at",
        "who",
        "what_happened",
        "object_label",
        "kind",
        "through",
        "tenant_name",
    )
    list_display_links = ("created_at", "object_label")
    list_filter = (
        ("action", ChoicesDropdownFilter),
        KindFilter,
        ("created_at", MomentFilter),
    )
    search_fields = ("object_label", "actor_label", "object_id", "request_id", "address")
    search_help_text = _("Searches who, what, id, request and address.")
    ordering = ("-created_at", "-pk")
    fieldsets = (
        (None, {"fields": ("created_at", "who", "action", "object_label", "kind")}),
        (_("Changes"), {"fields": ("difference",)}),
        (_("Where from"), {"fields": ("through", "address", "request_id", "object_id")}),
    )
    readonly_fields = ("difference",)
    export_fields = (
        "created_at",
        "actor_label",
        "action",
        "object_type",
        "object_id",
        "object_label",
        "changes",
        "via",
        "address",
        "request_id",
    )

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        rows = super().get_queryset(request)
        name = models.Subquery(
            apps.get_model("tenants", "Tenant")
            .objects.filter(pk=models.OuterRef("tenant_id"))
            .values("name")
        )
        annotated: models.QuerySet[Any] = rows.annotate(company=name)
        return annotated

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        is_one_company = request.access.tenant is not None  # type: ignore[attr-defined]
        return [c for c in columns if c != "tenant_name"] if is_one_company else columns

    @admin.display(description=_("who"), ordering="actor_label", empty_value="–")
    def who(self, entry: AuditEntry) -> str:
        return entry.actor_label

    @display(
        description=_("action"),
        ordering="action",
        label=LABELS,
    )
    def what_happened(self, entry: AuditEntry) -> tuple[str, str]:
        return entry.action, entry.get_action_display()

    @admin.display(description=_("kind"), ordering="object_type")
    def kind(self, entry: AuditEntry) -> Any:
        model = model_of(entry)
        return model._meta.verbose_name if model else entry.object_type

    @admin.display(description=_("through"), ordering="via")
    def through(self, entry: AuditEntry) -> str:
        door, _space, name = entry.via.partition(" ")
        return f"{DOORS.get(door, door)} {name}".strip()

    @admin.display(description=_("company"), ordering="company")
    def tenant_name(self, entry: Any) -> str:
        return entry.company or ""

    @admin.display(description=_("what changed"))
    def difference(self, entry: AuditEntry) -> SafeString:
        return render_to_string("admin/audit_changes.html", {"rows": change_rows(entry)})
