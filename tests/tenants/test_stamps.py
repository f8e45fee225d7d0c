"""Versions of configuration, asked of a Redis that is there."""

from uuid import uuid4

import pytest
import redis

from tenants import configuration
from tenants.config import stamps
from tests.conftest import REDIS_URL

pytestmark = pytest.mark.services


class CountingRedis:
    """What is asked of it is counted."""

    def __init__(self, client):
        self.client = client
        self.looks = 0

    def mget(self, keys):
        self.looks += 1
        return self.client.mget(keys)


@pytest.fixture
def line(settings, monkeypatch):
    settings.REDIS_URL = REDIS_URL
    client = redis.Redis.from_url(REDIS_URL)
    prefix = f"test-{uuid4().hex}"
    monkeypatch.setattr(stamps, "DOMAINS_KEY", f"{prefix}:domains")
    monkeypatch.setattr(stamps, "_key", lambda tenant_id: f"{prefix}:{tenant_id}")
    counting = CountingRedis(client)
    monkeypatch.setattr(stamps, "_own_line", lambda: counting)
    monkeypatch.setattr(stamps, "get_redis_connection", lambda _alias: client)
    monkeypatch.setattr(stamps, "_looked", stamps._Looked())
    monkeypatch.setattr(stamps, "LOOK_SECONDS", 3600)
    yield counting
    client.delete(*client.keys(f"{prefix}:*"))


@pytest.fixture
def known(line, moveis, cosmeticos):
    for tenant in (moveis, cosmeticos, moveis, cosmeticos):
        stamps.of_tenant(tenant.pk)
    return line


def test_redis_is_asked_once_for_many_messages(known, moveis, cosmeticos):
    before = known.looks

    for _message in range(5):
        stamps.of_tenant(moveis.pk)
        stamps.of_tenant(cosmeticos.pk)

    assert known.looks == before


def test_a_change_of_this_process_is_seen_at_once(
    known, moveis, django_capture_on_commit_callbacks
):
    before = stamps.of_tenant(moveis.pk)

    with django_capture_on_commit_callbacks(execute=True):
        configuration.write(moveis, {"tables": {"products": "x"}})

    assert stamps.of_tenant(moveis.pk)[0] > before[0]


def test_a_change_elsewhere_is_seen_when_redis_is_asked_again(
    known, moveis, cosmeticos, monkeypatch
):
    before = stamps.of_tenant(moveis.pk)
    elsewhere = known.client
    elsewhere.set(stamps._key(moveis.pk), before[0] + 1)
    elsewhere.set(stamps.CHANGES_KEY, uuid4().hex, ex=60)
    assert stamps.of_tenant(moveis.pk) == before

    monkeypatch.setattr(stamps._looked, "at", float("-inf"))
    stamps.of_tenant(cosmeticos.pk)

    assert stamps.of_tenant(moveis.pk)[0] == before[0] + 1
