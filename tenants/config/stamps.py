"""Versions of configuration: the numbers by which every process notices a change.

The rows are the truth. With Redis their numbers are copied there, so that asking costs one round
trip; a number never goes back, whoever writes last. Without Redis the rows are read.
"""

import logging
import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import redis
from django.conf import settings
from django.db import connection, models, transaction
from django_redis import get_redis_connection

from tenants.models import Configuration, DomainsVersion, Tenant

logger = logging.getLogger(__name__)

# A copy that missed its update (Redis away for a moment) is wrong for no longer than this.
COPY_SECONDS = 300
# Under load Redis is asked once in so long whether anything changed, not for every message.
LOOK_SECONDS = 0.05
DOMAINS_KEY = "chatwootai:domains-version"
CHANGES_KEY = "chatwootai:config-changes"
_RAISE = """
local seconds, mark = ARGV[1], ARGV[2]
redis.call('SET', '{changes}', mark, 'EX', seconds)
for i, key in ipairs(KEYS) do
  local known = tonumber(redis.call('GET', key) or '0')
  if tonumber(ARGV[i + 2]) >= known then redis.call('SET', key, ARGV[i + 2], 'EX', seconds) end
end
""".replace("{changes}", CHANGES_KEY)

Version = tuple[int, int]


def of_tenant(tenant_id: int) -> Version:
    """The number of the company's own configuration, and the one of all domains."""
    if not settings.REDIS_URL:
        return _in_database(tenant_id)
    looked = _looked
    if time.monotonic() - looked.at < LOOK_SECONDS and tenant_id in looked.versions:
        return looked.versions[tenant_id]
    try:
        return _look(tenant_id, looked)
    except redis.RedisError:
        _of_thread.client = None
        return _in_database(tenant_id)


def _look(tenant_id: int, before: "_Looked") -> Version:
    """What was found before stays true while nobody left a new mark."""
    global _looked
    at = time.monotonic()
    mark, own, domains = _own_line().mget([CHANGES_KEY, _key(tenant_id), DOMAINS_KEY])
    if own is None or domains is None:
        return _copied_anew(tenant_id)
    looked = before if mark == before.mark else _Looked(mark)
    looked.versions[tenant_id] = version = int(own), int(domains)
    looked.at = at
    _looked = looked
    return version


def _copied_anew(tenant_id: int) -> Version:
    found = _in_database(tenant_id)
    _copy(dict(zip([_key(tenant_id), DOMAINS_KEY], found, strict=True)))
    return found


@dataclass(slots=True)
class _Looked:
    """What Redis said, and when; a thread that comes late changes an object nobody asks."""

    mark: bytes | str | None = None
    at: float = -LOOK_SECONDS
    versions: dict[int, Version] = field(default_factory=dict)


_looked = _Looked()


def of_domains() -> int:
    number = DomainsVersion.objects.filter(pk=1).values_list("number", flat=True).first()
    return number or 0


_of_thread = threading.local()


def _own_line() -> redis.Redis:
    """A connection of this thread: taking one out of the pool costs as much as asking."""
    client: redis.Redis | None = getattr(_of_thread, "client", None)
    if client is None:
        pool = get_redis_connection("default").connection_pool
        client = redis.Redis(connection_pool=pool, single_connection_client=True)
        _of_thread.client = client
    return client


def keys_of(tenant: Tenant) -> list[str]:
    """What Redis holds about one company."""
    return [_key(tenant.pk)]


def raise_for_tenants(tenant_ids: Iterable[int]) -> None:
    """Part of the change itself: a rollback takes it back."""
    ids = list(tenant_ids)
    rows = Configuration.objects.filter(tenant__in=ids)
    models.QuerySet.update(rows, version=models.F("version") + 1)
    transaction.on_commit(lambda: _copy_tenants(ids), robust=True)


def raise_for_domains() -> None:
    row = DomainsVersion.objects.filter(pk=1)
    raised = {"number": models.F("number") + 1}
    if not row.update(**raised) and not DomainsVersion.objects.get_or_create(pk=1)[1]:
        row.update(**raised)
    transaction.on_commit(_copy_domains, robust=True)


def _in_database(tenant_id: int) -> Version:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT version, (SELECT number FROM tenants_domainsversion WHERE id = 1)"
            " FROM tenants_configuration WHERE tenant_id = %s",
            [tenant_id],
        )
        row: Any = cursor.fetchone() or (0, 0)
    return row[0], row[1] or 0


def _copy_tenants(tenant_ids: list[int]) -> None:
    if settings.REDIS_URL:
        rows = Configuration.objects.filter(tenant__in=tenant_ids)
        _copy({_key(pk): number for pk, number in rows.values_list("tenant_id", "version")})


def _copy_domains() -> None:
    if settings.REDIS_URL:
        number = DomainsVersion.objects.values_list("number", flat=True).get(pk=1)
        _copy({DOMAINS_KEY: number})


def _copy(numbers: dict[str, int]) -> None:
    global _looked
    if not numbers:
        return
    _looked = _Looked()
    try:
        get_redis_connection("default").eval(
            _RAISE, len(numbers), *numbers, COPY_SECONDS, uuid.uuid4().hex, *numbers.values()
        )
    except redis.RedisError as error:
        logger.warning("Versions of configuration not copied: %s", type(error).__name__)


def _key(tenant_id: int) -> str:
    return f"chatwootai:config-version:{tenant_id}"
