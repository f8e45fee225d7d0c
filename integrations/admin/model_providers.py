"""Whom a company asks for answers of models, which model does what, and what models cost."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    BooleanRadioFilter,
    ChoicesDropdownFilter,
    FieldTextFilter,
)
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from integrations.llm import trying
from integrations.models import ModelPrice, ModelProfile, Provider
from integrations.models.provider import KINDS_OF_KEYS
from tenants.access import Area, Verb
from tenants.admin.base import ScopedAdmin, ScopedForm, access_of, confirmed_action
from tenants.admin.time_filters import DayFilter
from tenants.models import Credential, InstallationCredential, Tenant
from tenants.models.credential import CheckResult

CHECK_LABELS = {CheckResult.OK: "success", CheckResult.FAILED: "danger", "": "info"}


class ProviderForm(ScopedForm):
    """Offers the company's keys by name, once it is known whose provider it is."""

    class Meta:
        model = Provider
        fields: ClassVar[Any] = (
            "tenant",
            "name",
            "kind",
            "base_url",
            "api_version",
            "credential_ref",
            "is_active",
        )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        tenant = Tenant.objects.filter(pk=self.fixed_tenant_id or self.instance.tenant_id).first()
        field = self.fields.get("credential_ref")
        if tenant is not None and field is not None:
            choices = [("", "–"), *_keys_of(tenant, present=self.instance.credential_ref)]
            self.fields["credential_ref"] = forms.ChoiceField(
                label=field.label,
                help_text=_("Store the key under Credentials first, then choose it here."),
                choices=choices,
                required=False,
                widget=UnfoldAdminSelectWidget,
            )


@admin.register(Provider)
class ProviderAdmin(ScopedAdmin):
    """Whoever may change an address could have a key sent there, so that takes both rights."""

    area = Area.CONFIGURATION
    form = ProviderForm
    list_display = (
        "name",
        "kind",
        "shown_address",
        "credential_ref",
        "is_active",
        "check_state",
        "tenant",
    )
    list_filter = (
        "tenant",
        ("kind", ChoicesDropdownFilter),
        ("is_active", BooleanRadioFilter),
        ("last_check", ChoicesDropdownFilter),
    )
    list_select_related = ("tenant",)
    search_fields = ("name", "base_url", "credential_ref")
    ordering = ("name", "pk")
    fieldsets = (
        (None, {"fields": ("tenant", "name", "kind", "base_url", "api_version")}),
        (_("Access"), {"fields": ("credential_ref", "is_active")}),
        (_("Last test"), {"fields": ("last_check", "last_checked_at", "last_check_message")}),
    )
    add_fieldsets = fieldsets[:2]
    readonly_fields = ("last_check", "last_checked_at", "last_check_message")
    export_fields = ("name", "kind", "base_url", "credential_ref", "is_active", "tenant")
    actions_detail = ("test",)

    def _may(self, verb: Verb, request: HttpRequest, obj: Any) -> bool:
        may_handle_keys = verb == Verb.VIEW or access_of(request).may(verb, Area.SECRETS)
        return may_handle_keys and super()._may(verb, request, obj)

    @admin.display(description=_("address"), ordering="base_url")
    def shown_address(self, provider: Provider) -> str:
        return provider.address

    @display(description=_("test"), ordering="last_check", label=CHECK_LABELS)
    def check_state(self, provider: Provider) -> tuple[str, Any]:
        return provider.last_check, provider.get_last_check_display() or _("not tested")

    @action(description=_("Test"), url_path="test", permissions=["change"])
    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        provider = self.object_or_404(request, object_id)
        question = _("Ask “%(name)s” something short now? It may cost a fraction of a cent.")
        return confirmed_action(
            self,
            request,
            provider,
            question=question % {"name": provider},
            act=lambda: self._test(request, provider),
        )

    def _test(self, request: HttpRequest, provider: Provider) -> HttpResponse:
        result = trying.try_provider(provider)
        level = messages.SUCCESS if result == CheckResult.OK else messages.ERROR
        self.message_user(request, provider.last_check_message, level)
        return redirect("admin:integrations_provider_change", provider.pk)


@admin.register(ModelProfile)
class ModelProfileAdmin(ScopedAdmin):
    area = Area.CONFIGURATION
    form = ScopedForm
    list_display = ("use", "agent", "model", "provider", "fallback", "cheaper", "tenant")
    list_filter = (
        "tenant",
        ("use", ChoicesDropdownFilter),
        "provider",
        ("model", FieldTextFilter),
    )
    list_select_related = ("tenant", "provider", "fallback", "cheaper")
    search_fields = ("model", "agent", "provider__name")
    ordering = ("use", "agent", "pk")
    fieldsets = (
        (None, {"fields": ("tenant", "use", "agent", "provider", "model")}),
        (_("In its place"), {"fields": ("fallback", "cheaper")}),
        (_("Answers"), {"fields": ("max_tokens", "temperature", "seconds", "dimension")}),
        (_("Own price"), {"fields": ("price_in", "price_cached", "price_out")}),
    )
    export_fields = ("use", "agent", "model", "provider", "fallback", "cheaper", "tenant")


@admin.register(ModelPrice)
class ModelPriceAdmin(ScopedAdmin):
    area = Area.PLATFORM
    list_display = ("pattern", "price_in", "price_cached", "price_out", "valid_from", "source")
    list_filter = (("pattern", FieldTextFilter), ("valid_from", DayFilter))
    search_fields = ("pattern", "source")
    ordering = ("pattern", "-valid_from", "pk")
    fieldsets = (
        (None, {"fields": ("pattern", "valid_from", "source")}),
        (
            _("US dollars per million tokens"),
            {"fields": ("price_in", "price_cached", "price_out")},
        ),
    )
    export_fields = (
        "pattern",
        "price_in",
        "price_cached",
        "price_out",
        "valid_from",
        "source",
    )


def _keys_of(tenant: Tenant, *, present: str) -> Iterator[tuple[str, str]]:
    """The present one too, so that a page whose key was removed shows what is missing."""
    own = Credential.objects.for_tenant(tenant).filter(kind__in=KINDS_OF_KEYS)
    offered = InstallationCredential.objects.offered_to(tenant).filter(kind__in=KINDS_OF_KEYS)
    found = {row.ref: str(_("%(key)s (of the installation)") % {"key": row}) for row in offered}
    found |= {row.ref: str(row) for row in own}
    if present:
        found.setdefault(present, present)
    yield from sorted(found.items())
