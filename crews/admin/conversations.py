"""Conversations: who answers, how it went, and the buttons that change who speaks."""

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from crews import control
from crews.admin import timeline, words
from crews.admin.filters import TELLING, WaitingFilter
from crews.admin.pages import RecordWithParts
from crews.models import Control, Conversation
from tenants.access import Access
from tenants.admin.base import confirmed_action
from tenants.admin.time_filters import MomentFilter
from tenants.models import Domain
from tenants.showing import visible

LONGEST_NAME = 40
# Which buttons make sense while who answers.
OFFERED: dict[str, tuple[str, ...]] = {
    Control.BOT: ("take_over", "pause"),
    Control.HANDING_OVER: ("take_over", "give_back"),
    Control.HUMAN: ("give_back", "pause"),
    Control.PAUSED: ("give_back", "take_over"),
}


class DomainForm(forms.Form):
    domain = forms.ModelChoiceField(
        Domain.objects.none(),
        label=_("domain"),
        required=False,
        empty_label=_("The company's own"),
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, conversation: Conversation, data: Any = None) -> None:
        super().__init__(data, initial={"domain": conversation.domain_id})
        offered = Domain.objects.visible_to(Access(tenant=conversation.tenant))
        self.fields["domain"].queryset = offered.order_by("name", "pk")  # type: ignore[attr-defined]


@admin.register(Conversation)
class ConversationAdmin(RecordWithParts):
    is_in_palette: ClassVar[bool] = True
    change_form_outer_before_template = "crews/talk.html"
    list_display = (
        "shown_number",
        "contact_and_channel",
        "who_answers",
        "standing",
        "waits",
        "wrote_at",
        "tenant",
    )
    list_display_links = ("shown_number", "wrote_at")
    list_filter = (
        "tenant",
        ("control", ChoicesDropdownFilter),
        WaitingFilter,
        ("status", ChoicesDropdownFilter),
        "channel",
        ("last_customer_at", MomentFilter),
    )
    list_select_related = ("tenant", "channel")
    search_fields = ("=number", "contact_name", "=contact_id")
    search_help_text = _("Searches by number, name of the contact and number of the contact.")
    # Who never wrote stands last, which is not the same in every database.
    ordering = (F("last_customer_at").desc(nulls_last=True), "-pk")
    fieldsets = (
        (_("Customer"), {"fields": ("contact", "contact_number", "language", "can_reply")}),
        (
            _("Conversation"),
            {"fields": ("company", "channel", "channel_kind", "inbox", "domain_name")},
        ),
        (
            _("Who answers"),
            {"fields": ("control", "why", "control_at", "status", "waits", "unhelped")},
        ),
        (
            _("Times"),
            {"fields": ("created_at", "last_customer_at", "disclosed_at", "due_at", "lease_until")},
        ),
    )
    readonly_fields = ("contact", "contact_number", "inbox", "domain_name", "why", "waits")
    export_fields = (
        "number",
        "contact_name",
        "channel",
        "status",
        "control",
        "control_reason",
        "control_at",
        "last_customer_at",
        "tenant",
    )
    actions_detail = ("take_over", "pause", "give_back", "choose_domain")
    nothing_yet = _(
        "No customer has written yet. Connect a Chatwoot under “Set up”, give its inboxes to a"
        " company, and write to one of them."
    )

    @display(description=_("number"), ordering="number")
    def shown_number(self, row: Conversation) -> str:
        return f"#{row.number}"

    @display(description=_("contact"))
    def contact(self, row: Conversation) -> str:
        return visible(row.contact_name) or words.NOTHING

    @display(description=_("contact"), ordering="contact_name")
    def contact_and_channel(self, row: Conversation) -> SafeString:
        name = Truncator(self.contact(row)).chars(LONGEST_NAME)
        return words.over(words.link_to(row, name), row.channel or row.channel_kind)

    @display(description=_("customer wrote at"), ordering="last_customer_at")
    def wrote_at(self, row: Conversation) -> datetime | None:
        return row.last_customer_at

    @display(description=_("contact number"))
    def contact_number(self, row: Conversation) -> str:
        return words.NOTHING if row.contact_id is None else str(row.contact_id)

    @display(description=_("inbox number"))
    def inbox(self, row: Conversation) -> str:
        return words.NOTHING if row.inbox_id is None else str(row.inbox_id)

    @display(description=_("domain"))
    def domain_name(self, row: Conversation) -> Any:
        return _("The company's own") if row.domain is None else row.domain.name

    @display(description=_("in Chatwoot"), ordering="status", label=words.STATUS_LABELS)
    def standing(self, row: Conversation) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description=_("who answers"), ordering="control")
    def who_answers(self, row: Conversation) -> SafeString:
        """With the reason, and since when."""
        since = _("for %(ago)s") % {"ago": timesince(row.control_at)}
        reason = words.reason_of(row.control_reason)
        label = words.labelled(_control(row), words.CONTROL_LABELS)
        return words.over(label, f"{reason}, {since}" if reason else since)

    @display(description=_("because"))
    def why(self, row: Conversation) -> str:
        return words.reason_of(row.control_reason) or words.NOTHING

    @display(description=_("waiting for"), ordering="due_at")
    def waits(self, row: Conversation) -> str:
        """How long the bot has left something undone."""
        since = _waiting_since(row)
        return words.NOTHING if since is None else timesince(since)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Only what changes something."""
        actions = super().get_actions_detail(request, object_id)
        row = self.get_object(request, str(object_id))
        if row is None:
            return actions
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        offered = {f"{name}_{one}" for one in (*OFFERED[row.control], "choose_domain")}
        return [one for one in actions if one.action_name in offered]

    def parts_of(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {
            "talk": timeline.page_of(row, _page_number(request)),
            "who": words.labelled(_control(row), words.CONTROL_LABELS),
            "standing": words.labelled(self.standing(row), words.STATUS_LABELS),
            "because": words.reason_of(row.control_reason),
            "control_at": row.control_at,
            "waiting_since": _waiting_since(row),
            "address_in_chatwoot": address_in_chatwoot(row),
        }

    @action(description=_("Take over"), url_path="take-over", permissions=["act"])
    def take_over(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        return confirmed_action(
            self,
            request,
            row,
            question=_(
                "Shall a person go on? The bot is silent from that moment on, and what it has not"
                " sent yet is cancelled."
            ),
            act=lambda: control.take_over(row),
            done=_("The bot is silent. Answer the customer in Chatwoot."),
        )

    @action(description=_("Pause"), url_path="pause", permissions=["act"])
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        return confirmed_action(
            self,
            request,
            row,
            question=_(
                "Shall the bot be silent here until somebody gives the conversation back to it?"
            ),
            act=lambda: control.pause(row),
            done=_("The conversation is paused."),
        )

    @action(description=_("Give back to the bot"), url_path="give-back", permissions=["act"])
    def give_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        return confirmed_action(
            self,
            request,
            row,
            question=_("Shall the bot answer this customer again, from the next message on?"),
            act=lambda: control.give_back(row),
            done=_("The bot answers again."),
        )

    @action(description=_("Choose domain"), url_path="domain", permissions=["act"])
    def choose_domain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.object_or_404(request, object_id)
        form = DomainForm(row, request.POST or None)
        if form.is_valid():
            control.choose_domain(row, form.cleaned_data["domain"])
            self.message_user(request, _("The next answer follows this domain."), messages.SUCCESS)
            return redirect(words.address_of(row))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": row,
            "title": str(row),
            "form": form,
        }
        return TemplateResponse(request, "crews/choose_domain.html", context)


def address_in_chatwoot(row: Conversation) -> str:
    connection = row.connection
    base_url = connection.installation.base_url
    if not base_url:
        return ""
    return f"{base_url}/app/accounts/{connection.account_id}/conversations/{row.number}"


def _waiting_since(row: Conversation) -> datetime | None:
    """None where nothing is due, or where only Chatwoot has to be told something."""
    is_waiting = row.due_at is not None and row.chore not in TELLING
    return row.burst_at or row.due_at if is_waiting else None


def _control(row: Conversation) -> tuple[str, str]:
    return row.control, row.get_control_display()


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("p", "")
    is_number = text.isascii() and text.isdigit() and len(text) < 6
    return max(int(text), 1) if is_number else 1
