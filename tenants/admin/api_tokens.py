"""Tokens with which a company's machines call the API."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from tenants.access import Area
from tenants.admin.base import ScopedAdmin, ScopedForm, confirmed_action, shown_once
from tenants.admin.time_filters import DayFilter
from tenants.models import ApiToken
from tenants.models.api_token import Scope


class ApiTokenForm(ScopedForm):
    scopes = forms.MultipleChoiceField(
        label=_("Rights"), choices=Scope.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = ApiToken
        fields: ClassVar[Any] = ("tenant", "name", "scopes", "expires_at")


@admin.register(ApiToken)
class ApiTokenAdmin(ScopedAdmin):
    area = Area.SECRETS
    form = ApiTokenForm
    list_display = ("name", "begins_with", "state", "last_used_at", "expires_at", "tenant")
    list_filter = ("tenant", ("last_used_at", DayFilter))
    list_select_related = ("tenant",)
    search_fields = ("name", "prefix")
    ordering = ("name", "pk")
    fieldsets = (
        (None, {"fields": ("tenant", "name", "scopes", "expires_at")}),
        (_("Use"), {"fields": ("begins_with", "present_state", "last_used_at", "created_at")}),
    )
    add_fieldsets = ((None, {"fields": ("tenant", "name", "scopes", "expires_at")}),)
    readonly_fields = ("begins_with", "present_state", "last_used_at", "created_at")
    export_fields = ("name", "begins_with", "last_used_at", "expires_at", "tenant")
    actions_detail = ("rotate", "revoke")

    @admin.display(description=_("begins with"), ordering="prefix")
    def begins_with(self, token: ApiToken) -> str:
        return f"{token.prefix}…"

    @display(
        description=_("state"),
        label={"valid": "success", "revoked": "danger", "expired": "warning"},
    )
    def state(self, token: ApiToken) -> tuple[str, Any]:
        if token.revoked_at:
            return "revoked", _("revoked")
        if token.expires_at and token.expires_at <= timezone.now():
            return "expired", _("expired")
        return "valid", _("valid")

    @admin.display(description=_("state"))
    def present_state(self, token: ApiToken) -> Any:
        """The list colours its words; here they are plain."""
        return self.state(token)[1]

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        if not change:
            request.new_secret = obj.make_secret()  # type: ignore[attr-defined]  # shown once
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        return self._show_once(request, obj, request.new_secret)  # type: ignore[attr-defined]

    @action(description=_("New secret"), url_path="rotate", permissions=["change"])
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        token = self.object_or_404(request, object_id)
        question = _("Make a new secret for “%(name)s”? The present one stops working at once.")
        return confirmed_action(
            self,
            request,
            token,
            question=question % {"name": token.name},
            act=lambda: self._rotate(request, token),
        )

    @action(description=_("Revoke"), url_path="revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        token = self.object_or_404(request, object_id)
        question = _("Revoke “%(name)s”? Whoever uses it is refused at once.")
        return confirmed_action(
            self,
            request,
            token,
            question=question % {"name": token.name},
            act=lambda: token.revoke(now=timezone.now()),
            done=_("The token was revoked."),
        )

    def _rotate(self, request: HttpRequest, token: ApiToken) -> HttpResponse:
        secret = token.make_secret()
        token.save()
        return self._show_once(request, token, secret)

    def _show_once(self, request: HttpRequest, token: ApiToken, secret: str) -> HttpResponse:
        return shown_once(
            self,
            request,
            title=_("Secret of “%(name)s”") % {"name": token.name},
            explanation=_("Send it as “Authorization: Bearer …” with each call of the API."),
            secret=secret,
        )
