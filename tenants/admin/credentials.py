"""Secrets for other systems: written, replaced and tested here, never shown."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import formats, timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
)
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminPasswordWidget

from tenants import credentials
from tenants.access import Area
from tenants.admin.base import ReadOnlyAdmin, ScopedAdmin, ScopedForm, confirmed_action
from tenants.admin.time_filters import DayFilter, MomentFilter
from tenants.credentials import CredentialError
from tenants.models import Credential, CredentialAccess, InstallationCredential
from tenants.models.credential import CheckResult

CHECK_LABELS = {CheckResult.OK: "success", CheckResult.FAILED: "danger", "": "info"}


class SecretForm(ScopedForm):
    """The secret goes in and never comes out: the field is empty whenever it is shown."""

    secret = forms.CharField(
        label=_("Secret"),
        max_length=credentials.LONGEST_SECRET,
        widget=UnfoldAdminPasswordWidget(
            attrs={"autocomplete": "new-password"}, render_value=False
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "secret" in self.fields and not self.instance._state.adding:
            self.fields["secret"].required = False
            self.fields["secret"].help_text = _set_since(self.instance)

    def _post_clean(self) -> None:
        super()._post_clean()
        secret = self.cleaned_data.pop("secret", "")
        if not secret or self.errors:
            return
        try:
            credentials.put(self.instance, secret)
        except CredentialError as error:
            self.add_error("secret", str(error))
        except ValidationError as error:
            self.add_error(None, error)


class SecretAdmin(ScopedAdmin):
    """What the pages of both kinds of owners share."""

    form = SecretForm
    search_fields = ("ref", "label")
    ordering = ("ref", "pk")
    readonly_fields = ("check_result", "last_checked_at", "last_check_message")
    actions_detail = ("check_now",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Configurations name the reference, so it stays as it was given."""
        return self.readonly_fields if obj is None else ("ref", *self.readonly_fields)

    @admin.display(description=_("ends in"), ordering="ends_with", empty_value="–")
    def hint(self, row: Credential) -> str:
        return f"…{row.ends_with}" if row.ends_with else ""

    @display(description=_("test"), ordering="last_check", label=CHECK_LABELS)
    def check_state(self, row: Credential) -> tuple[str, Any]:
        return row.last_check, row.get_last_check_display() or _("not tested")

    @admin.display(description=_("test"))
    def check_result(self, row: Credential) -> Any:
        """In words, for the page of one row."""
        return self.check_state(row)[1]

    def has_check_now_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Offered where there is a way to test this kind of secret."""
        is_row = obj is None or isinstance(obj, Model)
        row: Any = obj if is_row else self.get_object(request, str(obj))
        is_possible = row is None or credentials.can_be_tested(row.kind)
        return is_possible and self.has_change_permission(request, row)

    @action(description=_("Test"), url_path="check", permissions=["check_now"])
    def check_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        question = _("Test “%(name)s” now? The secret is sent to the system it is for.")
        return confirmed_action(
            self,
            request,
            row,
            question=question % {"name": row},
            act=lambda: self._check(request, row),
        )

    def _check(self, request: HttpRequest, row: Any) -> HttpResponse:
        tenant = row.tenant if isinstance(row, Credential) else None
        result = credentials.check(row, tenant=tenant)
        level = messages.SUCCESS if result == CheckResult.OK else messages.ERROR
        self.message_user(request, row.last_check_message, level)
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", row.pk)


@admin.register(Credential)
class CredentialAdmin(SecretAdmin):
    area = Area.SECRETS
    list_display = (
        "ref",
        "label",
        "kind",
        "hint",
        "updated_at",
        "last_used_at",
        "check_state",
        "tenant",
    )
    list_filter = (
        "tenant",
        ("kind", ChoicesDropdownFilter),
        ("last_check", ChoicesDropdownFilter),
        ("last_used_at", DayFilter),
    )
    list_select_related = ("tenant",)
    fieldsets = (
        (None, {"fields": ("tenant", "ref", "kind", "label", "secret")}),
        (_("Last test"), {"fields": ("check_result", "last_checked_at", "last_check_message")}),
    )
    add_fieldsets = ((None, {"fields": ("tenant", "ref", "kind", "label", "secret")}),)
    export_fields = ("ref", "label", "kind", "hint", "updated_at", "last_used_at", "tenant")


@admin.register(InstallationCredential)
class InstallationCredentialAdmin(SecretAdmin):
    area = Area.PLATFORM
    list_display = (
        "ref",
        "label",
        "kind",
        "offer",
        "hint",
        "updated_at",
        "last_used_at",
        "check_state",
    )
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("offer", ChoicesDropdownFilter),
        ("last_check", ChoicesDropdownFilter),
    )
    autocomplete_fields = ("tenants",)
    fieldsets = (
        (None, {"fields": ("ref", "kind", "label", "secret")}),
        (_("For whom"), {"fields": ("offer", "tenants")}),
        (_("Last test"), {"fields": ("check_result", "last_checked_at", "last_check_message")}),
    )
    add_fieldsets = (
        (None, {"fields": ("ref", "kind", "label", "secret")}),
        (_("For whom"), {"fields": ("offer", "tenants")}),
    )
    export_fields = ("ref", "label", "kind", "offer", "hint", "updated_at", "last_used_at")


@admin.register(CredentialAccess)
class CredentialAccessAdmin(ReadOnlyAdmin):
    area = Area.SECRETS
    list_display = ("created_at", "ref", "kind", "source", "purpose", "actor", "via", "tenant")
    list_filter = (
        "tenant",
        ("kind", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        ("created_at", MomentFilter),
    )
    list_select_related = ("tenant",)
    search_fields = ("ref", "actor", "purpose", "request_id")
    search_help_text = _("Searches reference, who, what for and request.")
    ordering = ("-created_at", "-pk")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("created_at", "ref", "kind", "source", "purpose")}),
        (_("Where from"), {"fields": ("actor", "via", "request_id", "tenant")}),
    )
    export_fields = (
        "created_at",
        "ref",
        "kind",
        "source",
        "purpose",
        "actor",
        "via",
        "request_id",
        "tenant",
    )


def _set_since(row: Credential | InstallationCredential) -> str:
    """What may be said about a secret."""
    parts = [gettext("Set, ends in …%s.") % row.ends_with if row.ends_with else gettext("Set.")]
    parts.append(gettext("Changed on %s.") % _moment(row.updated_at))
    if row.last_used_at:
        parts.append(gettext("Last used on %s.") % _moment(row.last_used_at))
    parts.append(gettext("Leave the field empty to keep it."))
    return " ".join(parts)


def _moment(when: Any) -> str:
    return formats.date_format(timezone.localtime(when), "SHORT_DATETIME_FORMAT")
