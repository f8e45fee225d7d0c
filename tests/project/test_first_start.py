"""What an installation does before it serves for the first time, and never again."""

import stat
from datetime import timedelta

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.management import call_command
from django.utils import timezone

from chatwoot_ai import demo, first_start
from chatwoot_ai.models import Pulse
from tenants.access import Role
from tenants.models import AuditEntry, Membership, Tenant, User
from tests.factories import TenantFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


def test_first_login_is_made_and_works(client):
    login = first_start.prepare()

    client.post("/admin/login/", {"username": login["email"], "password": login["password"]})
    assert client.get("/admin/status/").status_code == 200


def test_first_login_is_kept_in_a_file_for_this_user_alone(data_folder):
    login = first_start.prepare()

    file = data_folder / "first-login"
    assert file.read_text() == f"{login['email']}\n{login['password']}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_file_of_an_earlier_installation_is_replaced_not_written_through(data_folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    (data_folder / "first-login").symlink_to(elsewhere)

    first_start.prepare()

    assert elsewhere.read_text() == "untouched"
    assert not (data_folder / "first-login").is_symlink()


def test_password_is_strong_and_new_each_time():
    first = first_start.prepare()["password"]
    User.objects.all().delete()
    second = first_start.prepare()["password"]

    assert first != second
    validate_password(first)


def test_first_login_is_made_once(data_folder):
    first_start.prepare()
    (data_folder / "first-login").unlink()

    assert first_start.prepare() is None
    assert User.objects.filter(is_superuser=True).count() == 1
    assert not (data_folder / "first-login").exists()


def test_installation_with_people_gets_none():
    UserFactory()

    assert first_start.prepare() is None
    assert not User.objects.filter(is_superuser=True).exists()


def test_password_is_in_no_audit_entry():
    password = first_start.prepare()["password"]

    assert password not in str(list(AuditEntry.objects.values()))


def test_demo_comes_with_the_first_login():
    first_start.prepare()

    assert set(Tenant.objects.values_list("slug", flat=True)) == {"moveis", "cosmeticos"}


def test_demo_that_was_deleted_does_not_come_back():
    first_start.prepare()
    Tenant.objects.all().delete()

    first_start.prepare()

    assert not Tenant.objects.exists()


def test_demo_can_be_switched_off(settings):
    settings.DEMO = False

    assert first_start.prepare()
    assert not Tenant.objects.exists()


def test_demo_does_not_come_where_companies_are():
    TenantFactory(slug="real")

    first_start.prepare()

    assert list(Tenant.objects.values_list("slug", flat=True)) == ["real"]


def test_demo_has_two_companies_with_every_role_and_an_agency_for_both():
    demo.seed()

    roles = set(Membership.objects.values_list("role", flat=True))
    agency = User.objects.get(email=demo.AGENCY[0])
    assert roles == set(Role.values)
    assert agency.memberships.count() == 2


def test_nobody_of_the_demo_can_sign_in():
    demo.seed()

    assert not any(person.has_usable_password() for person in User.objects.all())
    assert not User.objects.filter(is_superuser=True).exists()


def test_demo_can_be_added_again_without_a_change(capsys):
    call_command("seed_demo")
    before = AuditEntry.objects.count()
    Tenant.objects.filter(slug="moveis").update(name="Renamed")

    call_command("seed_demo")

    assert AuditEntry.objects.count() == before + 1
    assert Tenant.objects.get(slug="moveis").name == "Renamed"
    assert "moveis, cosmeticos" in capsys.readouterr().out


def test_workers_of_an_earlier_life_are_not_taken_for_living_ones(client):
    Pulse.objects.create(
        queue="chat", ran_at=timezone.now() - timedelta(days=1), waited_seconds=0.0
    )

    first_start.prepare()

    assert not client.get("/health/ready").json()["checks"]["workers"]["ok"]
