"""Records of calls are dropped after the time the operator chose."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import tasks
from integrations.models import RemoteCall
from tests.factories import RemoteCallFactory


def call_of(tenant, days):
    return RemoteCallFactory(tenant=tenant, created_at=timezone.now() - timedelta(days=days))


@pytest.mark.django_db
class TestOldCalls:
    def test_those_of_every_company_are_dropped(self, moveis, cosmeticos):
        kept = [call_of(moveis, 29), call_of(cosmeticos, 1)]
        call_of(moveis, 31)
        call_of(cosmeticos, 400)
        tasks.drop_old_remote_calls()

        assert set(RemoteCall.objects.all()) == set(kept)

    def test_the_operator_chooses_the_time(self, moveis, settings):
        settings.REMOTE_CALL_DAYS = 7
        call_of(moveis, 8)
        tasks.drop_old_remote_calls()

        assert not RemoteCall.objects.exists()

    def test_many_are_dropped_in_chunks(self, moveis, monkeypatch):
        monkeypatch.setattr(tasks, "CHUNK", 2)
        for _ in range(5):
            call_of(moveis, 31)
        tasks.drop_old_remote_calls()

        assert not RemoteCall.objects.exists()
