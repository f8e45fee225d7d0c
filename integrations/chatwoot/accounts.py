"""Which account of which Chatwoot somebody means, and whether it is theirs to connect."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from integrations.addresses import check_url
from integrations.chatwoot import connections
from integrations.chatwoot.client import ChatwootClient
from integrations.models import Connection
from tenants import resolution
from tenants.credentials import Secret
from tenants.models import ChannelMapping, ChatwootInstallation, Tenant

IN_THE_BROWSER = re.compile(r"(?P<path>.*?)/app(?:/accounts/(?P<account>[0-9]{1,18}))?(?:/.*)?")


class NotYoursError(Exception):
    """The account was not given to the company, nor did a token show that it is its own."""


def address_in(text: str) -> tuple[str, int | None]:
    """The address of a Chatwoot and the account, from what the browser shows while it is open."""
    parts = urlsplit(text.strip())
    found = IN_THE_BROWSER.fullmatch(parts.path)
    path = found["path"] if found else parts.path
    number = found["account"] if found else None
    address = f"{parts.scheme.lower()}://{parts.netloc.lower()}{path.rstrip('/')}"
    return address, int(number) if number else None


def check_address(address: str) -> None:
    """ValidationError unless requests may go there."""
    longest = ChatwootInstallation._meta.get_field("base_url").max_length
    if longest is not None and len(address) > longest:
        raise ValidationError(_("This address is too long."))
    check_url(address)


def prove_ownership(
    tenant: Tenant, *, address: str, account_id: int, user_token: Secret | None
) -> None:
    """NotYoursError unless the account may be connected for this company without the platform.

    Whoever connects an account gets its messages, so it must be the company's: because the
    platform gave it that account, or because Chatwoot says that the token is of an administrator
    there. So companies may type new addresses too: one can speak about its own accounts only.
    """
    installation = ChatwootInstallation.objects.filter(base_url=address).first()
    if installation is not None:
        if resolution.has_account(tenant, installation=installation, account_id=account_id):
            return
        rows = resolution.channels_of(installation, account_id=account_id)
        if any(row.tenant_id != tenant.pk for row in rows):
            raise NotYoursError(
                _("Inboxes of this account belong to another company. Ask the platform admin.")
            )
    client = ChatwootClient(
        tenant,
        base_url=address,
        account_id=account_id,
        connection=f"chatwoot:{urlsplit(address).netloc}"[:120],
        user_token=user_token,
    )
    if not client.profile().is_administrator(account_id):
        raise NotYoursError(
            _(
                "The token is not of an administrator of the account %(number)s. Use such a token,"
                " or ask the platform admin to give the account to your company."
            )
            % {"number": account_id}
        )


def give_account(tenant: Tenant, installation: ChatwootInstallation, account_id: int) -> None:
    """So that the company may map its inboxes; those nobody chooses stay silent."""
    if not resolution.has_account(tenant, installation=installation, account_id=account_id):
        ChannelMapping(
            tenant=tenant,
            installation=installation,
            account_id=account_id,
            name=_("Other inboxes of the account %(number)s") % {"number": account_id},
            settings={"mode": "off"},
        ).save()


def connect_account(
    tenant: Tenant, *, address: str, account_id: int, is_platform: bool, **tokens: Any
) -> Connection:
    """The connection of this account, made or changed; `tokens` is what `connect` takes.

    NotYoursError or RemoteError when a company's own person may not, or cannot show that they may.
    """
    if not is_platform:
        token = tokens.get("user_token")
        secret = Secret(token) if token else None
        prove_ownership(tenant, address=address, account_id=account_id, user_token=secret)
    with transaction.atomic():
        installation = resolution.installation_at(
            address, tenant=tenant if is_platform else None, account_id=account_id
        )
        if not is_platform:
            give_account(tenant, installation, account_id)
        return connections.connect(
            tenant, installation=installation, account_id=account_id, **tokens
        )
