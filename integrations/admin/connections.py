"""Connecting a Chatwoot: a form to begin with, and one page that leads through the rest."""

from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import action, display

from integrations.admin.connection_forms import ChangeForm, ConnectForm
from integrations.chatwoot import connecting, connections, rights
from integrations.chatwoot.accounts import NotYoursError
from integrations.chatwoot.client import SERVICE
from integrations.chatwoot.connections import ForeignConnectionError
from integrations.chatwoot.failures import TokenMissingError
from integrations.chatwoot.surveying import survey
from integrations.chatwoot.values import Inbox
from integrations.failures import RemoteError
from integrations.models import Breaker, Connection
from integrations.models.breaker import State
from tenants import configuration, resolution
from tenants.access import Area, Verb
from tenants.admin.base import ScopedAdmin, access_of, confirmed_action
from tenants.config.options import OPTIONS
from tenants.credentials import CredentialError

MOST_NUMBERS = 500
LABELS = {"on": "success", "waiting": "warning", "paused": "danger", "off": "info"}
KINDS = {
    "Channel::WebWidget": gettext_lazy("Website"),
    "Channel::Api": "API",
    "Channel::Whatsapp": "WhatsApp",
    "Channel::TwilioSms": "Twilio",
    "Channel::FacebookPage": "Facebook",
    "Channel::Instagram": "Instagram",
    "Channel::Tiktok": "TikTok",
    "Channel::Email": gettext_lazy("E-mail"),
    "Channel::Telegram": "Telegram",
    "Channel::Sms": "SMS",
    "Channel::Line": "Line",
}


@admin.register(Connection)
class ConnectionAdmin(ScopedAdmin):
    """Whoever changes a connection decides where secrets go, so that takes both rights.

    Chatwoot is asked outside of transactions, hence the forms here are not Django's own views.
    """

    area = Area.CONFIGURATION
    list_display = (
        "__str__",
        "standing",
        "tests",
        "last_event_at",
        "trouble",
        "tenant",
    )
    list_filter = ("tenant", ("is_enabled", BooleanRadioFilter), ("is_signed", BooleanRadioFilter))
    list_select_related = ("installation", "tenant")
    search_fields = ("name", "=account_id", "installation__name", "installation__base_url")
    ordering = ("installation__name", "account_id", "pk")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("tenant", "address", "account_id", "name")}),
        (gettext_lazy("Access"), {"fields": ("user_token", "bot_token")}),
        (gettext_lazy("Signatures"), {"fields": ("secrets", "is_signed")}),
    )
    change_fieldsets: ClassVar[Any] = (
        (None, {"fields": ("name",)}),
        (gettext_lazy("Access"), {"fields": ("user_token", "bot_token", "bot_id")}),
        (gettext_lazy("Signatures"), {"fields": ("secrets", "is_signed")}),
    )
    export_fields = (
        "installation",
        "account_id",
        "name",
        "is_enabled",
        "is_signed",
        "version",
        "last_event_at",
        "last_error",
        "tenant",
    )
    actions_detail = ("test", "edit", "renew", "switch", "seen", "inboxes")

    def _may(self, verb: Verb, request: HttpRequest, obj: Any) -> bool:
        may_handle_keys = verb == Verb.VIEW or access_of(request).may(verb, Area.SECRETS)
        return may_handle_keys and super()._may(verb, request, obj)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        key = Concat(models.Value(f"{SERVICE}:"), Cast(models.OuterRef("pk"), models.CharField()))
        paused = Breaker.objects.filter(
            tenant=models.OuterRef("tenant"), service=SERVICE, connection=key, state=State.OPEN
        )
        rows = super().get_queryset(request).annotate(is_paused=models.Exists(paused))
        return cast("models.QuerySet[Any]", rows)  # untyped in the stubs of the base

    @display(description=gettext_lazy("state"), label=LABELS)
    def standing(self, connection: Any) -> tuple[str, Any]:
        if not connection.is_enabled:
            return "off", _("switched off")
        if connection.is_paused:
            return "paused", _("calls are paused")
        if connection.webhook_seen_at is None:
            return "waiting", _("waits for the first event")
        return "on", _("receives events")

    @display(description=gettext_lazy("tests"), label={"ok": "success", "failed": "danger"})
    def tests(self, connection: Connection) -> tuple[str, Any]:
        if not connection.checks:
            return "", _("not tested")
        count = sum(row["ok"] is False for row in connection.checks)
        return (
            ("failed", _("%(count)d fail") % {"count": count}) if count else ("ok", _("all work"))
        )

    @admin.display(description=gettext_lazy("last error"), empty_value="–")
    def trouble(self, connection: Connection) -> str | None:
        return connection.last_error or None

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        if object_id is not None:
            return self._guide(request, self.object_or_404(request, object_id))
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ConnectForm(
            request.POST or None,
            access=access_of(request),
            initial={"tenant": request.GET.get("tenant")},
        )
        if request.method == "POST" and form.is_valid():
            try:
                connection = form.connect()
            except (NotYoursError, ForeignConnectionError, RemoteError, CredentialError) as error:
                form.add_error(None, str(error))
            except ValidationError as error:
                form.add_error(None, error)
            else:
                return self._tested(request, connection)
        return self._form_page(request, form, self.fieldsets, title=_("Connect a Chatwoot"))

    def _form_page(
        self, request: HttpRequest, form: Any, fieldsets: Any, *, title: str, row: Any = None
    ) -> HttpResponse:
        shown = [
            (name, {"fields": [field for field in about["fields"] if field in form.fields]})
            for name, about in fieldsets
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "adminform": helpers.AdminForm(form, shown, {}, model_admin=self),
            "media": self.media + form.media,
            "errors": helpers.AdminErrorList(form, []),
            "inline_admin_formsets": [],
            "is_popup": False,
            "show_save_and_continue": False,
            "show_save_and_add_another": False,
            "show_delete": False,
            "show_close": False,
            "original": row,
        }
        page: HttpResponse = self.render_change_form(
            request, context, add=row is None, change=row is not None, obj=row
        )
        return page

    def _tested(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        checks = {row.name: row.ok for row in rights.check(connection)}
        if False not in checks.values():
            text, level = _("Saved and tested: nothing fails."), messages.SUCCESS
        elif checks.get("role") and not connection.bot_token_ref:
            text = _("Connected. Now choose the inboxes below, and let the bot be created.")
            level = messages.SUCCESS
        else:
            text, level = _("Saved and tested: see below what is missing."), messages.WARNING
        self.message_user(request, text, level)
        return _to_guide(connection)

    def _guide(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        """All steps on one page. The admin lets no page be kept, nor this one with its address."""
        if not self.has_view_permission(request, connection):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET"])
        context = {
            **self.admin_site.each_context(request),
            **self._parts(request, connection),
            "opts": self.opts,
            "object": connection,
            "title": str(connection),
            "show_back_button": True,
            "can_delete": self.has_delete_permission(request, connection),
        }
        if context["can_change"]:
            context |= _address_of(connection)
        return render(request, "integrations/connection.html", context)

    def _parts(self, request: HttpRequest, connection: Connection) -> dict[str, Any]:
        """What the guide shows of the rows; its parts are also sent alone."""
        kind, word = self.standing(connection)
        return {
            "connection": connection,
            "can_change": self.has_change_permission(request, connection),
            "state": word,
            "state_label": LABELS[kind],
            "checks": [(rights.TITLES.get(row["name"]), row) for row in connection.checks],
            "modes": list(_modes(connection)),
        }

    @action(description=gettext_lazy("Test again"), url_path="test", permissions=["change"])
    def test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        connection = self.object_or_404(request, object_id)
        question = _("Ask Chatwoot now what the tokens of “%(name)s” may do?")
        return confirmed_action(
            self,
            request,
            connection,
            question=question % {"name": connection},
            act=lambda: self._test(request, connection),
        )

    def _test(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        count = len(rights.failed(rights.check(connection)))
        if count:
            text, level = _("%(count)d tests fail.") % {"count": count}, messages.ERROR
        else:
            text, level = _("No test fails."), messages.SUCCESS
        self.message_user(request, text, level)
        return _to_guide(connection)

    @action(description=gettext_lazy("Tokens and secrets"), url_path="edit", permissions=["change"])
    def edit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        connection = self.object_or_404(request, object_id)
        form = ChangeForm(request.POST or None, connection=connection)
        if request.method == "POST" and form.is_valid():
            try:
                form.save()
            except ValidationError as error:
                form.add_error(None, error)
            except CredentialError as error:
                form.add_error(None, str(error))
            else:
                return self._tested(request, connection)
        title = _("Tokens and secrets of %(name)s") % {"name": connection}
        return self._form_page(request, form, self.change_fieldsets, title=title, row=connection)

    @action(
        description=gettext_lazy("New webhook address"), url_path="renew", permissions=["change"]
    )
    def renew(self, request: HttpRequest, object_id: str) -> HttpResponse:
        connection = self.object_or_404(request, object_id)
        question = _(
            "Give “%(name)s” a new address for its webhook? The old one stops working at once. The"
            " bot is told the new one where the token allows it."
        )
        return confirmed_action(
            self,
            request,
            connection,
            question=question % {"name": connection},
            act=lambda: self._renew(request, connection),
        )

    def _renew(self, request: HttpRequest, connection: Connection) -> HttpResponse:
        report = connecting.renew_address(connection)
        for sentence in report.done:
            self.message_user(request, sentence, messages.SUCCESS)
        for sentence in report.steps:
            self.message_user(request, sentence, messages.WARNING)
        return _to_guide(connection)

    @action(description=gettext_lazy("Switch on or off"), url_path="switch", permissions=["change"])
    def switch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        connection = self.object_or_404(request, object_id)
        if connection.is_enabled:
            question = _(
                "Switch “%(name)s” off? What Chatwoot sends is refused then, so that it gives the"
                " conversations to people, and nothing is sent."
            )
            done = _("The connection is switched off.")
        else:
            question = _("Switch “%(name)s” on again?")
            done = _("The connection is switched on.")

        def act() -> None:
            connection.is_enabled = not connection.is_enabled
            connection.save()

        return confirmed_action(
            self,
            request,
            connection,
            question=question % {"name": connection},
            act=act,
            done=done,
        )

    @action(description=gettext_lazy("Webhook"), url_path="seen", permissions=["view"])
    def seen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A part of the guide, which asks for it until the first event has come."""
        connection = self.object_or_404(request, object_id)
        context = {**self._parts(request, connection), "is_alone": True}
        return render(request, "integrations/connection_seen.html", context)

    @action(description=gettext_lazy("Inboxes"), url_path="inboxes", permissions=["change"])
    def inboxes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A part of the guide, which asks for it: Chatwoot may be slow. Posted, it attaches."""
        connection = self.object_or_404(request, object_id)
        context: dict[str, Any] = {}
        try:
            if request.method == "POST":
                context["report"] = self._attach(request, connection)
                connection = self.object_or_404(request, object_id)
            context["survey"] = seen = survey(connection)
            context["places"] = [(place, _kind(place.inbox)) for place in seen.places]
        except (RemoteError, CredentialError) as error:
            context["trouble"] = str(error)
            if isinstance(error, TokenMissingError):
                context["steps"] = connecting.steps_unseen(connection)
        context |= self._parts(request, connection)
        return render(request, "integrations/connection_inboxes.html", context)

    def _attach(self, request: HttpRequest, connection: Connection) -> connecting.Report:
        report = connecting.attach_bot(
            connection,
            _numbers(request, "inbox"),
            may_replace=_numbers(request, "replace"),
            may_redirect="redirect" in request.POST,
            is_platform=access_of(request).is_platform,
        )
        rights.check(connection)
        return report

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        connections.disconnect(obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        for connection in queryset:
            connections.disconnect(connection)


def _to_guide(connection: Connection) -> HttpResponse:
    return redirect("admin:integrations_connection_change", connection.pk)


def _address_of(connection: Connection) -> dict[str, Any]:
    try:
        return {"address": connections.webhook_address(connection)}
    except CredentialError as error:
        return {"address_trouble": str(error)}


def _kind(inbox: Inbox) -> Any:
    return KINDS.get(inbox.channel) or inbox.channel.removeprefix("Channel::")


def _numbers(request: HttpRequest, name: str) -> set[int]:
    texts = request.POST.getlist(name)[:MOST_NUMBERS]
    return {int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19}


def _modes(connection: Connection) -> Any:
    """The company's own channels of the account, and how each of them answers."""
    words = dict(OPTIONS["mode"].choices)
    rows = resolution.channels_of(connection.installation, account_id=connection.account_id)
    for row in rows:
        if row.tenant_id == connection.tenant_id:
            mode = configuration.effective(row.tenant_id, channel_id=row.pk).setting("mode")
            yield row, words[mode]
