"""Connections to Chatwoot: made, opened as a client, and known to every process as a `Door`.

A door is what a process keeps of a connection: its secrets, its tokens and whose inboxes it has.
It is read anew when the number of its owner's configuration says so, hence reading it is the one
use of its secrets that is written down.
"""

import logging
import secrets as random
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.chatwoot.client import ChatwootClient
from integrations.failures import RemoteError
from integrations.models import Connection
from integrations.models.connection import digest_of
from tenants import credentials
from tenants.config import stamps
from tenants.config.stamps import Version
from tenants.credentials import CredentialError, Secret
from tenants.models import ChannelMapping, ChatwootInstallation, Credential, Tenant
from tenants.models.credential import Kind

logger = logging.getLogger(__name__)

ADDRESS_BYTES = 32
MOST_KEPT = 5_000
PURPOSE = "Chatwoot"
NOTED_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Channel:
    """Whose an inbox is. `id` is that of the mapping."""

    id: int
    tenant_id: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class Door:
    """A connection as a process knows it. `version` says of when."""

    connection_id: int
    tenant: Tenant
    installation_id: int
    account_id: int
    base_url: str
    key: str
    bot_id: int | None
    is_enabled: bool
    is_signed: bool
    listens_since: datetime
    digest: str
    version: Version
    channels: Mapping[int | None, Channel]
    secrets: tuple[Secret, ...] = field(default=(), repr=False)
    bot_token: Secret | None = field(default=None, repr=False)
    user_token: Secret | None = field(default=None, repr=False)

    def version_of(self, tenant_id: int) -> Version | None:
        """What was just asked about the configuration of this company, if it was asked."""
        return self.version if tenant_id == self.tenant.pk else None

    def channel_of(self, inbox_id: int | None) -> Channel | None:
        """The mapping of the inbox, else of its account."""
        return self.channels.get(inbox_id) or self.channels.get(None)

    def client(self, *, turn: int | None = None) -> ChatwootClient:
        return ChatwootClient(
            self.tenant,
            base_url=self.base_url,
            account_id=self.account_id,
            connection=self.key,
            bot_token=self.bot_token,
            user_token=self.user_token,
            turn=turn,
        )


def door_of(token: str) -> Door | None:
    """The connection whose webhook has this in its address."""
    return _fresh(digest_of(token))


def door_to(connection_id: int) -> Door:
    """Of a connection that exists."""
    digest = _digests.get(connection_id)
    door = _fresh(digest) if digest else None
    if door is None:
        row = Connection.objects.only("address_digest").get(pk=connection_id)
        door = _fresh(row.address_digest)
    if door is None:
        raise Connection.DoesNotExist
    return door


def client_of(connection: Connection, *, turn: int | None = None) -> ChatwootClient:
    return door_to(connection.pk).client(turn=turn)


def secrets_of(connection: Connection) -> tuple[Secret, ...]:
    found = (_revealed_if_any(connection, ref) for ref in connection.secret_refs)
    return tuple(secret for secret in found if secret is not None)


@transaction.atomic
def connect(
    tenant: Tenant,
    *,
    installation: ChatwootInstallation,
    account_id: int,
    bot_token: str | None = None,
    user_token: str | None = None,
    secrets: Iterable[str] | None = None,
    bot_id: int | None = None,
    is_signed: bool | None = None,
    name: str = "",
) -> Connection:
    """Make the connection of this account, or change it; what is None stays as it is."""
    row = Connection.objects.filter(installation=installation, account_id=account_id).first()
    if row is not None and row.tenant_id != tenant.pk:
        raise ForeignConnectionError
    if row is None:
        row = Connection(tenant=tenant, installation=installation, account_id=account_id)
        _give_address(row)
    row.name = name or row.name
    row.bot_id = row.bot_id if bot_id is None else bot_id
    row.is_signed = row.is_signed if is_signed is None else is_signed
    keep_tokens(row, bot_token=bot_token, user_token=user_token, secrets=secrets)
    row.full_clean(exclude=["checks", "secret_refs"])
    row.save()
    return row


def keep_tokens(
    row: Connection,
    *,
    bot_token: str | None = None,
    user_token: str | None = None,
    secrets: Iterable[str] | None = None,
) -> None:
    """Store them as credentials of the company and name them on the row, which is not saved."""
    if bot_token is not None:
        row.bot_token_ref = _store(row, "bot", bot_token, _("token of the agent bot"))
    if user_token is not None:
        row.user_token_ref = _store(row, "person", user_token, _("token of a person"))
    if secrets is not None:
        before = row.secret_refs
        row.secret_refs = [
            _store(row, f"secret-{number}", secret, _("secret of a webhook"))
            for number, secret in enumerate(secrets, start=1)
        ]
        gone = set(before) - set(row.secret_refs)
        for credential in Credential.objects.for_tenant(row.tenant).filter(ref__in=gone):
            credential.delete()


class ForeignConnectionError(ValueError):
    def __init__(self) -> None:
        super().__init__(
            _("This account is connected for another company. Ask the platform admin.")
        )


def renew_address(connection: Connection) -> None:
    """The old address stops working; Chatwoot has to be told the new one."""
    _give_address(connection)
    connection.webhook_seen_at = None
    connection.save()


def webhook_address(connection: Connection) -> str:
    """The whole address, secret part included."""
    token = _revealed(connection, connection.address_ref).text
    return f"{settings.PUBLIC_URL}{reverse('chatwoot_webhook', args=[token])}"


@transaction.atomic
def disconnect(connection: Connection) -> None:
    """With its secrets; conversations go with the connection."""
    refs = [connection.address_ref, connection.bot_token_ref, connection.user_token_ref]
    for row in Credential.objects.for_tenant(connection.tenant).filter(
        ref__in=[*refs, *connection.secret_refs]
    ):
        row.delete()
    connection.delete()


def note_event(door: Door, *, now: datetime) -> None:
    """That it sends, for staff to see. Now and then only: all events would wait for this row."""
    if time.monotonic() - _noted.get(door.connection_id, -NOTED_SECONDS) < NOTED_SECONDS:
        return
    _noted[door.connection_id] = time.monotonic()
    rows = Connection.objects.filter(pk=door.connection_id)
    rows.note(last_event_at=now)
    rows.filter(webhook_seen_at=None).note(webhook_seen_at=now)


def note_failure(door: Door, error: RemoteError) -> None:
    """The last one, in words, for staff to see."""
    Connection.objects.filter(pk=door.connection_id).note(
        last_error=str(error)[:300],
        last_error_at=timezone.now(),
        last_error_status=error.status,
    )


def forget_doors() -> None:
    """What this process knows, for tests and for a restored database."""
    for known in (_doors, _digests, _noted):
        known.clear()


def _give_address(row: Connection) -> None:
    token = random.token_urlsafe(ADDRESS_BYTES)
    row.address_digest = digest_of(token)
    row.address_ref = _store(row, "address", token, _("secret part of the webhook's address"))


def _store(row: Connection, what: str, secret: str, label: str) -> str:
    """Named after the account: the row may not have a number yet."""
    ref = f"chatwoot-{row.installation_id}-{row.account_id}-{what}"
    credentials.store(row.tenant, ref, secret, kind=Kind.CHATWOOT, label=label)
    return ref


_noted: dict[int, float] = {}
_doors: OrderedDict[str, Door] = OrderedDict()
_digests: dict[int, str] = {}


def _fresh(digest: str) -> Door | None:
    door = _doors.get(digest)
    if door is not None and stamps.of_tenant(door.tenant.pk) == door.version:
        return door
    door = _read(digest)
    if door is None:
        _doors.pop(digest, None)
        return None
    _doors[digest] = door
    _digests[door.connection_id] = digest
    while len(_doors) > MOST_KEPT:
        _digests.pop(_doors.popitem(last=False)[1].connection_id, None)
    return door


def _read(digest: str) -> Door | None:
    """The number is read first: a change that comes in between is then read once more."""
    rows = Connection.objects.select_related("tenant", "installation")
    row = rows.filter(address_digest=digest).first()
    if row is None:
        return None
    version = stamps.of_tenant(row.tenant_id)
    row.refresh_from_db()
    return Door(
        connection_id=row.pk,
        tenant=row.tenant,
        installation_id=row.installation_id,
        account_id=row.account_id,
        base_url=row.installation.base_url or "",
        key=row.key,
        bot_id=row.bot_id,
        is_enabled=row.is_enabled and row.tenant.is_active,
        is_signed=row.is_signed,
        listens_since=row.listens_since,
        digest=digest,
        version=version,
        channels=_channels_of(row),
        secrets=secrets_of(row),
        bot_token=_revealed_if_any(row, row.bot_token_ref),
        user_token=_revealed_if_any(row, row.user_token_ref),
    )


def _channels_of(row: Connection) -> Mapping[int | None, Channel]:
    mappings = ChannelMapping.objects.filter(
        installation=row.installation_id, account_id=row.account_id
    )
    found = mappings.values_list("inbox_id", "pk", "tenant_id", "tenant__is_active")
    return MappingProxyType({inbox: Channel(*rest) for inbox, *rest in found})


def _revealed(row: Connection, ref: str) -> Secret:
    return credentials.reveal_own(row.tenant, ref, purpose=PURPOSE)


def _revealed_if_any(row: Connection, ref: str) -> Secret | None:
    """A secret that is gone or cannot be read is missing: calls that need it say so."""
    try:
        return _revealed(row, ref) if ref else None
    except CredentialError as error:
        logger.warning("A secret of a connection is missing: %s", type(error).__name__)
        return None
