"""Pages on which staff change configuration: companies, domains, channels."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from tenants import configuration, hours
from tenants.access import Area
from tenants.admin import import_page
from tenants.admin.base import (
    ScopedAdmin,
    ScopedInlineFormSet,
    ScopedTabularInline,
    access_of,
)
from tenants.admin.config_forms import (
    ConfigurationForm,
    LayerForm,
    ToldSettings,
    option_fieldsets,
)
from tenants.admin.effective import MOST_ROWS, effective_rows, name_of_layer
from tenants.config import documents, schema, transfer
from tenants.configuration import Effective
from tenants.models import (
    ChannelMapping,
    Configuration,
    Domain,
    DomainFieldMapping,
    DomainHoliday,
    DomainOpeningHours,
    DomainParent,
    FieldMapping,
    Holiday,
    OpeningHours,
    Tenant,
)


class ConfigurationPage(ToldSettings, ScopedAdmin):
    """Whatever one request changes is one change: one version, with the note of the form."""

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only looks has nothing to note, and reads a document as files show it."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        told = {"document": "told_document"}
        return [
            (title, {**about, "fields": [told.get(n, n) for n in about["fields"] if n != "note"]})
            for title, about in fieldsets
        ]

    @display(description=_("Further configuration"))
    def told_document(self, row: Any) -> Any:
        return format_html("<pre>{}</pre>", documents.write(row.document)) if row.document else None

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        if request.method != "POST":
            return super().changeform_view(request, *args, **options)
        try:
            with configuration.changing():
                return super().changeform_view(request, *args, **options)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return redirect(request.get_full_path())

    def delete_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        with configuration.changing():
            return super().delete_view(request, *args, **options)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        configuration.say(form.cleaned_data.get("note", ""))
        super().save_model(request, obj, form, change)


class HoursFormSet(ScopedInlineFormSet):
    """Intervals of a day may not overlap, and a closed day has none."""

    def clean(self) -> None:
        super().clean()
        days: dict[int, list[Any]] = {}
        for form in self.forms:
            cleaned = getattr(form, "cleaned_data", {})
            if cleaned and not cleaned.get("DELETE") and cleaned.get("weekday") is not None:
                interval = (cleaned.get("opens_at"), cleaned.get("closes_at"))
                days.setdefault(cleaned["weekday"], []).append(interval)
        for intervals in days.values():
            if _contradict(intervals):
                raise ValidationError(_("Two lines of the same day contradict each other."))


def _contradict(intervals: list[Any]) -> bool:
    if any(opens is None for opens, _closes in intervals):
        return len(intervals) > 1
    return schema.overlap(intervals)


class ParentsFormSet(ScopedInlineFormSet):
    def clean(self) -> None:
        super().clean()
        rows = [f.cleaned_data for f in self.forms if getattr(f, "cleaned_data", None)]
        kept = [row for row in rows if row.get("parent") and not row.get("DELETE")]
        slugs = [row["parent"].slug for row in sorted(kept, key=lambda row: row["position"])]
        parents = {**configuration.parents_of_all(), self.instance.slug: slugs}
        configuration.refuse_circles(parents)


class _ConfigurationInline(ScopedTabularInline):
    area = Area.CONFIGURATION


class _DomainInline(ScopedTabularInline):
    area = Area.PLATFORM


class FieldMappingInline(_ConfigurationInline):
    model = FieldMapping
    fields = ("kind", "field", "source")
    ordering = ("pk",)


class OpeningHoursInline(_ConfigurationInline):
    model = OpeningHours
    fields = ("weekday", "opens_at", "closes_at")
    ordering = ("weekday", "opens_at", "pk")
    formset = HoursFormSet


class HolidayInline(_ConfigurationInline):
    model = Holiday
    fields = ("date", "every_year", "name", "opens_at", "closes_at")
    ordering = ("date", "pk")


class DomainFieldMappingInline(_DomainInline):
    model = DomainFieldMapping
    verbose_name, verbose_name_plural = _("field mapping"), _("field mappings")
    fields = ("kind", "field", "source")
    ordering = ("pk",)


class DomainOpeningHoursInline(_DomainInline):
    model = DomainOpeningHours
    verbose_name = verbose_name_plural = _("business hours")
    fields = ("weekday", "opens_at", "closes_at")
    ordering = ("weekday", "opens_at", "pk")
    formset = HoursFormSet


class DomainHolidayInline(_DomainInline):
    model = DomainHoliday
    verbose_name, verbose_name_plural = _("holiday"), _("holidays")
    fields = ("date", "every_year", "name", "opens_at", "closes_at")
    ordering = ("date", "pk")


class DomainParentInline(_DomainInline):
    model = DomainParent
    fk_name = "domain"
    fields = ("parent", "position")
    ordering = ("position", "pk")
    formset = ParentsFormSet
    autocomplete_fields = ("parent",)


@admin.register(Domain)
class DomainAdmin(ConfigurationPage):
    area = Area.PLATFORM
    form = LayerForm
    list_display = ("name", "slug", "stands_on", "used_by", "is_offered")
    search_fields = ("name", "slug")
    ordering = ("name", "pk")
    prepopulated_fields: ClassVar[Any] = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("name", "slug", "description", "is_offered")}),
        *option_fieldsets("tab"),
        (_("Further configuration"), {"fields": ("document",), "classes": ("tab",)}),
    )
    inlines = (
        DomainParentInline,
        DomainFieldMappingInline,
        DomainOpeningHoursInline,
        DomainHolidayInline,
    )
    export_fields = ("name", "slug", "is_offered")

    def get_queryset(self, request: HttpRequest) -> Any:
        rows: Any = super().get_queryset(request).prefetch_related("parent_links__parent")
        return rows.annotate(companies=models.Count("configurations", distinct=True))

    @admin.display(description=_("stands on"))
    def stands_on(self, domain: Domain) -> str:
        links = sorted(domain.parent_links.all(), key=lambda link: (link.position, link.pk))
        return ", ".join(link.parent.name for link in links) or "–"

    @admin.display(description=_("companies"), ordering="companies")
    def used_by(self, domain: Any) -> int:
        return int(domain.companies)


@admin.register(Configuration)
class ConfigurationAdmin(ConfigurationPage):
    area = Area.CONFIGURATION
    form = ConfigurationForm
    list_display = ("tenant_name", "domain")
    list_filter = ("domain",)
    list_select_related = ("tenant", "domain")
    search_fields = ("tenant__name", "tenant__slug")
    ordering = ("tenant__name", "pk")
    fieldsets = (
        (None, {"fields": ("domain", "note", "version_seen")}),
        *option_fieldsets("tab"),
        (_("Further configuration"), {"fields": ("document",), "classes": ("tab",)}),
    )
    inlines = (OpeningHoursInline, HolidayInline, FieldMappingInline)
    actions_list = ("import_files",)
    actions_detail = ("show_effective", "show_versions", "import_file", "download")
    export_fields = ("tenant", "domain")

    @display(description=_("company"), ordering="tenant__name")
    def tenant_name(self, row: Configuration) -> str:
        return row.tenant.name

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """It goes with its company."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Who works for one company has one configuration."""
        tenant = access_of(request).tenant
        if tenant is not None and request.method == "GET" and not request.GET:
            row = self.get_queryset(request).first()
            if row is not None:
                return redirect("admin:tenants_configuration_change", row.pk)
        return super().changelist_view(request, extra_context)

    @action(description=_("Values in effect"), url_path="effective", permissions=["view"])
    def show_effective(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        domains = Domain.objects.visible_to(access_of(request)).order_by("name", "pk")
        channels = ChannelMapping.objects.for_tenant(row.tenant).order_by("account_id", "inbox_id")
        domain = domains.filter(slug=request.GET.get("domain", "")).first()
        channel = next((c for c in channels if str(c.pk) == request.GET.get("channel")), None)
        config = configuration.effective(
            row.tenant_id,
            domain=domain.slug if domain else None,
            channel_id=channel.pk if channel else None,
        )
        names = _names_of_domains(config)
        now = timezone.now()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": row,
            "title": gettext("Values in effect for %(name)s") % {"name": row.tenant},
            "config": config,
            "rows": effective_rows(config, domains=names),
            "left_out": max(len(config.sources) - MOST_ROWS, 0),
            "layer_names": [
                name_of_layer(layer, domains=names) for layer in reversed(config.layers)
            ],
            "domains": domains,
            "channels": channels,
            "domain": domain,
            "channel": channel,
            "has_hours": hours.has_hours(config),
            "is_open": hours.is_open(config, now),
            "next_opening": hours.next_opening(config, now),
        }
        return TemplateResponse(request, "admin/effective.html", context)

    @action(description=_("Versions"), url_path="versions", permissions=["view"])
    def show_versions(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        address = reverse("admin:tenants_configurationversion_changelist")
        if access_of(request).tenant is None:
            address += f"?tenant__id__exact={row.tenant_id}"
        return redirect(address)

    @action(description=_("Import file"), url_path="import", permissions=["change"])
    def import_file(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        address = reverse("admin:tenants_configuration_import_files")
        return redirect(f"{address}?company={row.tenant.slug}")

    @action(description=_("Import files"), url_path="import-files", permissions=["change"])
    def import_files(self, request: HttpRequest) -> HttpResponse:
        return import_page.show(self, request)

    @action(description=_("Download file"), url_path="download", permissions=["view"])
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        return file_of(row.tenant)


def file_of(tenant: Tenant) -> HttpResponse:
    response = HttpResponse(
        transfer.export_tenant(tenant), content_type="application/yaml; charset=utf-8"
    )
    name = slugify(tenant.slug)
    response["Content-Disposition"] = f'attachment; filename="{name}.yaml"'
    return response


def _names_of_domains(config: Effective) -> dict[str, str]:
    slugs = [layer.name for layer in config.layers if layer.kind == "domain"]
    return dict(Domain.objects.filter(slug__in=slugs).values_list("slug", "name"))
