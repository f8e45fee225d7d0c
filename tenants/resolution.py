"""From an account and inbox of a Chatwoot to the company they belong to."""

from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from tenants.models import ChannelMapping, ChatwootInstallation, Tenant, UnmappedChannel

FIRST_INSTALLATION = "Chatwoot"


class UnknownInboxError(LookupError):
    """Nobody has this account or inbox; staff see it under the unmapped channels."""


def resolve(
    installation: ChatwootInstallation,
    *,
    account_id: int,
    inbox_id: int | None,
    event: str = "",
    now: datetime,
) -> ChannelMapping:
    """The mapping of the inbox, else of its account, with its company."""
    found = find(installation, account_id=account_id, inbox_id=inbox_id)
    if found is None:
        _note_unmapped(installation, account_id, inbox_id, event, now)
        raise UnknownInboxError(_("This account and inbox belong to no company yet."))
    return found


def find(
    installation: ChatwootInstallation, *, account_id: int, inbox_id: int | None
) -> ChannelMapping | None:
    rows = ChannelMapping.objects.of_source(
        installation=installation, account_id=account_id, inbox_id=inbox_id
    )
    found: ChannelMapping | None = rows.select_related("tenant").first()
    return found


def find_installation(name: str) -> ChatwootInstallation | None:
    """Without a name the only one is meant."""
    if name:
        return ChatwootInstallation.objects.filter(name=name).first()
    rows = list(ChatwootInstallation.objects.order_by("pk")[:2])
    return rows[0] if len(rows) == 1 else None


def installation_named(name: str) -> Any:
    """Made when it is new."""
    found = find_installation(name)
    return found or ChatwootInstallation.objects.get_or_create(name=name or FIRST_INSTALLATION)[0]


def installation_at(
    address: str, *, tenant: Tenant | None = None, account_id: int = 0
) -> ChatwootInstallation:
    """Made when it is new. With a company, one where its account already stands without an address
    is given this one, so it is for the platform to name the company.
    """
    found = ChatwootInstallation.objects.filter(base_url=address).first()
    if found is None and tenant is not None:
        found = _waiting_for_address(tenant, account_id)
    if found is None:
        found = ChatwootInstallation(name=_name_for(address))
    if found.base_url != address:
        found.base_url = address
        found.save()
    return found


def _waiting_for_address(tenant: Tenant, account_id: int) -> ChatwootInstallation | None:
    mapped = ChannelMapping.objects.for_tenant(tenant).filter(account_id=account_id)
    rows = ChatwootInstallation.objects.filter(base_url=None, pk__in=mapped.values("installation"))
    return rows.order_by("pk").first()


def _name_for(address: str) -> str:
    """Its host, unless another one has this name."""
    host = address.partition("://")[2][:80]
    is_taken = ChatwootInstallation.objects.filter(name=host).exists()
    return address[:80] if is_taken else host


def channels_of(installation: ChatwootInstallation, *, account_id: int) -> list[ChannelMapping]:
    """All of an account, whichever companies they lead to."""
    rows = ChannelMapping.objects.filter(installation=installation, account_id=account_id)
    return list(rows.select_related("tenant").order_by("inbox_id", "pk"))


def may_map(
    tenant: Tenant, *, installation: Any, account_id: int, inbox_id: int | None, is_platform: bool
) -> bool:
    """The platform hands out accounts; a company arranges the inboxes of its own."""
    if is_platform:
        return True
    return inbox_id is not None and has_account(
        tenant, installation=installation, account_id=account_id
    )


def has_account(tenant: Tenant, *, installation: Any, account_id: int) -> bool:
    """Whether the account as a whole was given to the company."""
    accounts = ChannelMapping.objects.for_tenant(tenant)
    accounts = accounts.filter(installation=installation, account_id=account_id, inbox_id=None)
    return bool(accounts.exists())


def forget_unmapped(tenant: Tenant) -> None:
    """What the company's channels cover is no longer unmapped."""
    same_account = models.Q(
        installation=models.OuterRef("installation"), account_id=models.OuterRef("account_id")
    )
    covers = models.Q(inbox_id=None) | models.Q(inbox_id=models.OuterRef("inbox_id"))
    channels = ChannelMapping.objects.for_tenant(tenant).filter(same_account, covers)
    UnmappedChannel.objects.filter(models.Exists(channels)).delete()


def _note_unmapped(
    installation: ChatwootInstallation,
    account_id: int,
    inbox_id: int | None,
    event: str,
    now: datetime,
) -> None:
    key = {"installation": installation, "account_id": account_id, "inbox_id": inbox_id or 0}
    row, _made = UnmappedChannel.objects.get_or_create(**key, defaults={"last_seen_at": now})
    UnmappedChannel.objects.filter(pk=row.pk).update(
        events=models.F("events") + 1, last_seen_at=now, last_event=event[:80]
    )
