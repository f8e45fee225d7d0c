"""Chatwoot servers, the accounts and inboxes of companies, and those that belong to nobody yet."""

from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminURLInputWidget

from tenants import configuration, resolution
from tenants.access import Area
from tenants.admin.base import (
    ReadOnlyAdmin,
    ScopedAdmin,
    ScopedForm,
    access_of,
    confirmed_action,
)
from tenants.admin.config_forms import SettingsForm, option_fieldsets
from tenants.admin.config_pages import ConfigurationPage
from tenants.models import ChannelMapping, ChatwootInstallation, Tenant, UnmappedChannel
from tenants.onboarding import TestFailedError

SOURCE = ("installation", "account_id", "inbox_id")


class ChannelForm(SettingsForm):
    is_platform: ClassVar[bool] = False

    class Meta:
        help_texts: ClassVar[Any] = {
            "account_id": _("Stands in the addresses of Chatwoot after /accounts/."),
            "inbox_id": _(
                "Stands in the addresses of Chatwoot after /inbox/. Empty: all inboxes of the"
                " account."
            ),
            "name": _("For the lists here, for example “WhatsApp of the shop”."),
        }

    def inherited(self) -> dict[str, Any]:
        tenant_id = self.instance.tenant_id or self.fixed_tenant_id
        return configuration.inherited_settings(tenant_id, until="channel") if tenant_id else {}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        tenant_id = self.instance.tenant_id or self.fixed_tenant_id
        is_new = self.instance.pk is None
        if is_new and tenant_id and all(cleaned.get(name) for name in SOURCE[:2]):
            may = resolution.may_map(
                Tenant(pk=tenant_id),
                is_platform=self.is_platform,
                **{name: cleaned.get(name) for name in SOURCE},
            )
            if not may:
                raise ValidationError(
                    _("Add inboxes of your own accounts here. The platform admin adds accounts.")
                )
        return dict(cleaned)


@admin.register(ChannelMapping)
class ChannelMappingAdmin(ConfigurationPage):
    area = Area.CONFIGURATION
    form = ChannelForm
    list_display = ("__str__", "installation", "account_id", "inbox", "tenant")
    list_filter = ("tenant", "installation")
    list_select_related = ("installation", "tenant")
    search_fields = ("name", "=account_id", "=inbox_id")
    ordering = ("installation__name", "account_id", "inbox_id", "pk")
    fieldsets = (
        (None, {"fields": ("tenant", *SOURCE, "name")}),
        *option_fieldsets("tab"),
    )
    export_fields = ("tenant", "installation", "account_id", "inbox_id", "name")

    @admin.display(description=_("inbox"), ordering="inbox_id")
    def inbox(self, channel: ChannelMapping) -> Any:
        return _("all") if channel.inbox_id is None else channel.inbox_id

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.is_platform = access_of(request).is_platform
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Which account a company has, is for the platform to say."""
        return SOURCE if obj is not None and not access_of(request).is_platform else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        resolution.forget_unmapped(obj.tenant)


class ChatwootInstallationForm(ScopedForm):
    base_url = forms.URLField(
        label=_("address"),
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text=_("For example https://app.chatwoot.com. May be told later."),
        widget=UnfoldAdminURLInputWidget,
    )


@admin.register(ChatwootInstallation)
class ChatwootInstallationAdmin(ScopedAdmin):
    area = Area.PLATFORM
    form = ChatwootInstallationForm
    list_display = ("name", "base_url", "created_at")
    search_fields = ("name", "base_url")
    ordering = ("name", "pk")
    fields = ("name", "base_url")
    export_fields = ("name", "base_url")
    actions_detail = ("test",)

    @action(description=_("Test"), url_path="test", permissions=["change"])
    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        question = _("Ask “%(name)s” for its version now?")
        return confirmed_action(
            self,
            request,
            row,
            question=question % {"name": row},
            act=lambda: self._test(request, row),
        )

    def _test(self, request: HttpRequest, row: ChatwootInstallation) -> HttpResponse:
        try:
            message, level = import_string(settings.INSTALLATION_TEST)(row), messages.SUCCESS
        except TestFailedError as error:
            message, level = str(error), messages.ERROR
        self.message_user(request, message, level)
        return redirect("admin:tenants_chatwootinstallation_change", row.pk)


@admin.register(UnmappedChannel)
class UnmappedChannelAdmin(ReadOnlyAdmin):
    area = Area.PLATFORM
    list_display = (
        "__str__",
        "installation",
        "events",
        "last_event",
        "first_seen_at",
        "last_seen_at",
    )
    list_filter = ("installation",)
    list_select_related = ("installation",)
    search_fields = ("=account_id", "=inbox_id")
    ordering = ("-last_seen_at", "-pk")
    fields = (
        "installation",
        "account_id",
        "inbox_id",
        "events",
        "last_event",
        "first_seen_at",
        "last_seen_at",
    )
    actions_detail = ("create_mapping",)
    export_fields = ("installation", "account_id", "inbox_id", "events", "last_seen_at")

    @action(description=_("Give it to a company"), url_path="map", permissions=["view"])
    def create_mapping(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        known = {"installation": row.installation_id, "account_id": row.account_id}
        inbox = {"inbox_id": row.inbox_id} if row.inbox_id else {}
        address = reverse("admin:tenants_channelmapping_add")
        return redirect(f"{address}?{urlencode({**known, **inbox})}")
