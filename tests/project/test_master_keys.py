"""A wrong master key is noticed at the start, with what to set, not in the middle of work."""

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from chatwoot_ai import checks
from tenants.models import DataKey, InstallationKey
from tenants.vault import encryption
from tests.factories import CredentialFactory

OTHER = b"o" * 32


@pytest.fixture
def started(db):
    """An installation that was started before."""
    checks.stop_on_wrong_master_keys()


@pytest.fixture
def lost(started, settings):
    settings.MASTER_KEYS = (("other", OTHER),)


@pytest.mark.django_db
def test_first_start_makes_the_key_that_later_starts_compare_with():
    checks.stop_on_wrong_master_keys()
    checks.stop_on_wrong_master_keys()

    assert InstallationKey.objects.count() == 1


def test_a_missing_key_stops_the_start(lost, capsys):
    with pytest.raises(SystemExit):
        checks.stop_on_wrong_master_keys()

    printed = capsys.readouterr().err
    assert "chatwootai.E011" in printed
    assert "Set MASTER_KEYS" in printed


def test_another_key_under_the_same_id_stops_the_start(started, settings, capsys):
    settings.MASTER_KEYS = ((settings.MASTER_KEYS[0][0], OTHER),)
    with pytest.raises(SystemExit):
        checks.stop_on_wrong_master_keys()

    assert "chatwootai.E011" in capsys.readouterr().err


def test_a_key_that_only_companies_still_need_stops_the_start(started, moveis, settings):
    """Taken away in the middle of a rotation."""
    CredentialFactory(tenant=moveis)
    former = settings.MASTER_KEYS
    settings.MASTER_KEYS = (("other", OTHER), *former)
    for key in InstallationKey.objects.all():
        encryption.fill_key(key, encryption.open_key(key))
        key.save()
    checks.stop_on_wrong_master_keys()
    settings.MASTER_KEYS = settings.MASTER_KEYS[:1]

    with pytest.raises(SystemExit):
        checks.stop_on_wrong_master_keys()


def test_a_start_asks_once_per_master_key_however_many_companies(
    started, moveis, cosmeticos, django_assert_num_queries
):
    for tenant in (moveis, cosmeticos):
        CredentialFactory(tenant=tenant)

    assert DataKey.objects.count() == 2
    with django_assert_num_queries(4):
        encryption.check_keys()


def test_a_damaged_key_of_one_company_does_not_stop_all(started, moveis, cosmeticos):
    for tenant in (moveis, cosmeticos):
        CredentialFactory(tenant=tenant)
    DataKey.objects.filter(tenant=cosmeticos).update(wrapped=b"broken")

    checks.stop_on_wrong_master_keys()


def test_a_database_that_does_not_answer_is_no_reason_to_stop(db, caplog):
    def down(*_args):
        raise OperationalError("no answer")

    with connection.execute_wrapper(down):
        checks.stop_on_wrong_master_keys()

    assert "MASTER_KEYS was not checked" in caplog.text


def test_check_with_the_database_tells_it(lost):
    call_command("check")
    with pytest.raises(CommandError, match="E011"):
        call_command("check", databases=["default"])


def test_check_before_the_tables_exist_tells_nothing(db):
    def down(*_args):
        raise OperationalError("no such table")

    with connection.execute_wrapper(down):
        assert checks.check_master_keys(None, databases=["default"]) == []


def test_health_goes_on_and_tells_it(lost, client):
    answer = client.get("/health/ready")

    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["checks"]["keys"]["ok"] is False


def test_health_is_well_with_the_right_key(started, client):
    assert client.get("/health/ready").json()["checks"]["keys"]["ok"] is True
