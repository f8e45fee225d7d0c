"""What it costs to know the configuration of a company, once for each message."""

import itertools
import random
import time

import redis
from django.conf import settings
from django.db import connection
from django.test import override_settings

from tenants import configuration, starting
from tenants.models import Tenant
from tests.benchmarks.measure import compare
from tests.conftest import REDIS_URL

COMPANIES = 1_000


def many_companies():
    """In an order that no cache of a processor likes."""
    missing = COMPANIES - Tenant.objects.filter(slug__startswith="bench-").count()
    for number in range(missing):
        starting.make(f"bench-{number}", starter="furniture")
    ids = list(Tenant.objects.filter(slug__startswith="bench-").values_list("pk", flat=True))
    random.Random(7).shuffle(ids)
    return itertools.cycle(ids)


def in_full_mode():
    """The version is asked of Redis; the floor asks Redis for one value."""
    ids = many_companies()
    client = redis.Redis.from_url(REDIS_URL)
    client.set("bench", "1")
    caches = {
        "default": {
            "BACKEND": "chatwoot_ai.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "bench",
        }
    }
    with override_settings(REDIS_URL=REDIS_URL, CACHES=caches):
        for _ in range(COMPANIES):
            configuration.effective(next(ids))
        return compare_with(ids, "one Redis GET", lambda: client.get("bench"))


def embedded():
    """The version is read from the database; the floor reads one row by hand."""
    ids = many_companies()
    for _ in range(COMPANIES):
        configuration.effective(next(ids))

    def read_one_row():
        with connection.cursor() as cursor:
            cursor.execute("SELECT slug FROM tenants_tenant WHERE id = %s", [next(ids)])
            return cursor.fetchone()

    return compare_with(ids, "one row of SQLite", read_one_row)


def compare_with(ids, floor_name, floor):
    kind = "full mode" if settings.REDIS_URL else "embedded"
    return compare(
        f"effective configuration, 1 of {COMPANIES:,} companies, {kind}",
        lambda: configuration.effective(next(ids)),
        floor_name,
        floor,
        calls=1_000,
        clock=time.perf_counter,
    )


BENCHMARKS = [in_full_mode, embedded]
