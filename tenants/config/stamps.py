"""Versions of configuration: the numbers by which every process notices a change.

The rows are the truth. With Redis their numbers are copied there, so that asking costs one round
trip; a number never goes back, whoever writes last. Without Redis the rows are read.
"""

import logging
from collections.abc import Iterable
from typing import Any

import redis
from django.conf import settings
from django.db import connection, models, transaction
from django_redis import get_redis_connection

from tenants.models import Configuration, DomainsVersion, Tenant

logger = logging.getLogger(__name__)

# A copy that missed its update (Redis away for a moment) is wrong for no longer than this.
COPY_SECONDS = 300
DOMAINS_KEY = "chatwootai:domains-version"
_RAISE = """
for i, key in ipairs(KEYS) do
  local known = tonumber(redis.call('GET', key) or '0')
  if tonumber(ARGV[i + 1]) >= known then redis.call('SET', key, ARGV[i + 1], 'EX', ARGV[1]) end
end
"""

Version = tuple[int, int]


def of_tenant(tenant_id: int) -> Version:
    """The number of the company's own configuration, and the one of all domains."""
    if not settings.REDIS_URL:
        return _in_database(tenant_id)
    keys = [_key(tenant_id), DOMAINS_KEY]
    try:
        own, domains = get_redis_connection("default").mget(keys)
        if own is not None and domains is not None:
            return int(own), int(domains)
    except redis.RedisError:
        return _in_database(tenant_id)
    found = _in_database(tenant_id)
    _copy(dict(zip(keys, found, strict=True)))
    return found


def of_domains() -> int:
    number = DomainsVersion.objects.filter(pk=1).values_list("number", flat=True).first()
    return number or 0


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
    if not numbers:
        return
    try:
        get_redis_connection("default").eval(
            _RAISE, len(numbers), *numbers, COPY_SECONDS, *numbers.values()
        )
    except redis.RedisError as error:
        logger.warning("Versions of configuration not copied: %s", type(error).__name__)


def _key(tenant_id: int) -> str:
    return f"chatwootai:config-version:{tenant_id}"
