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


def may_map(
    tenant: Tenant, *, installation: Any, account_id: int, inbox_id: int | None, is_platform: bool
) -> bool:
    """The platform hands out accounts; a company arranges the inboxes of its own."""
    if is_platform:
        return True
    accounts = ChannelMapping.objects.for_tenant(tenant)
    accounts = accounts.filter(installation=installation, account_id=account_id, inbox_id=None)
    return inbox_id is not None and bool(accounts.exists())


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
