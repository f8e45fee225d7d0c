"""Forms of a connection to Chatwoot. Tokens and secrets go in and never come out."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from integrations.chatwoot import accounts, connections
from integrations.models import Connection
from tenants import credentials
from tenants.access import Access
from tenants.models import ChatwootInstallation, Tenant

LARGEST_NUMBER = 2**63 - 1


def secret_field(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=credentials.LONGEST_SECRET,
        widget=UnfoldAdminPasswordWidget(
            attrs={"autocomplete": "new-password"}, render_value=False
        ),
    )


class TokensForm(forms.Form):
    """What may be said about a connection at any time. Empty tokens and secrets stay."""

    name = forms.CharField(
        label=_("Name"),
        help_text=_("For the lists here, for example “Chatwoot of the shop”."),
        required=False,
        max_length=120,
        widget=UnfoldAdminTextInputWidget(),
    )
    user_token = secret_field(
        _("Token of a person"),
        _(
            "From that person's profile page in Chatwoot, at the very bottom. With that of an"
            " administrator the bot is created from here. Best is an account of its own."
        ),
    )
    bot_token = secret_field(
        _("Token of the agent bot"),
        _("From Settings → Bots. Leave it empty to have the bot created from here."),
    )
    secrets = secret_field(
        _("Secrets"),
        _(
            "With which Chatwoot signs: from Settings → Bots, and of other webhooks if there are"
            " any, with blanks between them. A bot that is created from here brings its own."
        ),
    )
    is_signed = forms.BooleanField(
        label=_("Deliveries are signed"),
        help_text=_(
            "Chatwoot signs what bots get from 4.13.0 on. Switch it off for older ones only: then"
            " just the secret address protects the connection."
        ),
        required=False,
        initial=True,
        widget=UnfoldBooleanSwitchWidget(),
    )

    def clean_secrets(self) -> list[str] | None:
        return self.cleaned_data["secrets"].split() or None

    def tokens(self) -> dict[str, Any]:
        """For `connections.connect`; what was left empty is None and stays as it is."""
        values = self.cleaned_data
        return {
            "name": values["name"],
            "user_token": values["user_token"].strip() or None,
            "bot_token": values["bot_token"].strip() or None,
            "secrets": values["secrets"],
            "is_signed": values["is_signed"],
        }


class ConnectForm(TokensForm):
    """A new connection. The address may be what the browser shows while Chatwoot is open."""

    tenant = forms.ModelChoiceField(
        label=_("Company"), queryset=Tenant.objects.none(), widget=UnfoldAdminSelectWidget()
    )
    address = forms.CharField(
        label=_("Address of Chatwoot"),
        help_text=_(
            "Copy it from the browser while you look at Chatwoot, for example"
            " https://app.chatwoot.com/app/accounts/3/dashboard."
        ),
        max_length=1_000,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "url"}),
    )
    account_id = forms.IntegerField(
        label=_("Account number"),
        help_text=_("Stands in the address after /accounts/. Empty: as in the address above."),
        required=False,
        min_value=1,
        max_value=LARGEST_NUMBER,
        widget=UnfoldAdminIntegerFieldWidget(),
    )

    field_order = (
        "tenant",
        "address",
        "account_id",
        "name",
        "user_token",
        "bot_token",
        "secrets",
        "is_signed",
    )

    def __init__(self, data: Any = None, *, access: Access, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.access = access
        if access.tenant is not None:
            del self.fields["tenant"]
        else:
            companies: Any = self.fields["tenant"]
            companies.queryset = Tenant.objects.visible_to(access).order_by("name", "pk")
        known = ChatwootInstallation.objects.visible_to(access).exclude(base_url=None)
        addresses = list(known.values_list("base_url", flat=True)[:2])
        if len(addresses) == 1:
            self.fields["address"].initial = addresses[0]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "address" in cleaned:
            address, number = accounts.address_in(cleaned["address"])
            self._check_address(address)
            cleaned["address"] = address
            cleaned["account_id"] = cleaned.get("account_id") or number
            if not cleaned["account_id"] and not self.errors:
                self.add_error("account_id", _("Write the number of the account."))
        if not self.errors and not (cleaned["user_token"] or cleaned["bot_token"]):
            self.add_error("user_token", _("Enter at least one of the two tokens."))
        return cleaned

    def _check_address(self, address: str) -> None:
        try:
            accounts.check_address(address)
        except ValidationError as error:
            self.add_error("address", error)

    def connect(self) -> Connection:
        return accounts.connect_account(
            self.access.tenant or self.cleaned_data["tenant"],
            address=self.cleaned_data["address"],
            account_id=self.cleaned_data["account_id"],
            is_platform=self.access.is_platform,
            **self.tokens(),
        )


class ChangeForm(TokensForm):
    """Of a connection that is there; says what is set without showing it."""

    bot_id = forms.IntegerField(
        label=_("Number of the agent bot"),
        help_text=_(
            "Stands in the address of its page. Found by itself where the tokens allow it."
        ),
        required=False,
        min_value=1,
        max_value=LARGEST_NUMBER,
        widget=UnfoldAdminIntegerFieldWidget(),
    )

    field_order = ("name", "user_token", "bot_token", "bot_id", "secrets", "is_signed")

    def __init__(self, data: Any = None, *, connection: Connection) -> None:
        present = {name: getattr(connection, name) for name in ("name", "bot_id", "is_signed")}
        super().__init__(data, initial=present)
        self.connection = connection
        stored = {
            "user_token": connection.user_token_ref,
            "bot_token": connection.bot_token_ref,
            "secrets": connection.secret_refs,
        }
        for name, is_stored in stored.items():
            if is_stored:
                self.fields[name].help_text = _(
                    "Stored. Leave the field empty to keep it; what you write here replaces it."
                )

    def save(self) -> None:
        row, tokens = self.connection, self.tokens()
        row.name, row.is_signed = tokens.pop("name"), tokens.pop("is_signed")
        row.bot_id = self.cleaned_data["bot_id"]
        with transaction.atomic():
            connections.keep_tokens(row, **tokens)
            row.save()
