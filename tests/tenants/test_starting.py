"""Companies begin with a starter or as a copy, and see what they still need."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from integrations.models import Provider
from tenants import configuration, credentials, layers, onboarding, starting
from tenants.access import Role
from tenants.models import (
    ApiToken,
    AuditEntry,
    Budget,
    ChannelMapping,
    Configuration,
    Credential,
    Domain,
    Membership,
    Tenant,
)
from tests.factories import BudgetFactory, ChannelMappingFactory, ProviderFactory, member, token_for

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("starter", starting.STARTERS)
def test_each_starter_gives_hours_and_holidays(starter):
    tenant = starting.make("nova", name="Nova", starter=starter)

    config = configuration.effective(tenant.pk)
    assert config.get("holidays", "12-25") == "Natal"
    assert config.get("business_hours", "monday") == ("08:00-18:00",)
    assert config.domain


def test_health_covers_personal_data_from_the_start():
    tenant = starting.make("clinica", starter="health")

    assert configuration.effective(tenant.pk).setting("mask_personal_data") is True


def test_domain_that_exists_stays_as_staff_made_it():
    Domain.objects.create(slug="brasil", name="Mine")

    starting.make("nova", starter="blank")

    assert Domain.objects.get(slug="brasil").name == "Mine"


def test_command_prints_the_next_step_as_json(capsys):
    call_command("init_tenant", "nova", "--name", "Nova", "--template", "retail", "--json")

    said = json.loads(capsys.readouterr().out)
    assert (said["tenant"], said["name"]) == ("nova", "Nova")
    assert said["next"].endswith("/getting-started/")


@pytest.mark.parametrize(
    "arguments", [["Nova Loja"], ["moveis"], ["nova", "--template", "spaceship"]]
)
def test_command_refuses_in_words_and_makes_nothing(arguments, moveis):
    with pytest.raises(CommandError):
        call_command("init_tenant", *arguments)

    assert Tenant.objects.count() == 1


def test_copy_has_configuration_and_budgets_and_nothing_personal(moveis, helena):
    configuration.write(moveis, {"tables": {"a": "b"}, "business_hours": {"monday": []}})
    ChannelMappingFactory(tenant=moveis)
    BudgetFactory(tenant=moveis, alert_emails=["helena@moveis.example"])
    credentials.store(moveis, "odoo", "s3cret", kind="odoo")
    token_for(moveis, "team:read")

    copy = starting.copy(moveis, slug="copia", name="Cópia")

    document = layers.document_of_tenant(copy)
    assert (document["name"], document["tables"]) == ("Cópia", {"a": "b"})
    budget = Budget.objects.get(tenant=copy)
    assert (budget.alert_emails, budget.alert_webhook_url) == ([], "")
    for model in (ChannelMapping, Credential, ApiToken, Membership):
        assert not model.objects.filter(tenant=copy).exists()


def test_copy_does_not_tell_its_people_of_whom_it_is_a_copy(moveis):
    copy = starting.copy(moveis, slug="copia", name="Cópia")

    said = [
        *copy.configurationversion_set.values_list("note", flat=True),
        *map(str, AuditEntry.objects.filter(tenant=copy).values_list("changes", flat=True)),
    ]
    assert not any("moveis" in text or moveis.name in text for text in said)


def test_copy_does_not_speak_to_a_server_of_the_other_company(moveis):
    ProviderFactory(tenant=moveis, name="Own", kind="compatible", base_url="https://moveis.example")
    ProviderFactory(tenant=moveis, name="OpenAI", kind="openai", base_url="")

    copy = starting.copy(moveis, slug="copia", name="Cópia")

    rows = Provider.objects.for_tenant(copy)
    assert dict(rows.values_list("name", "is_active")) == {"Own": False, "OpenAI": True}


def test_copy_is_for_the_platform_alone(moveis, helena, signed_in):
    page = signed_in(helena)

    answer = page.post(
        f"/admin/tenants/tenant/{moveis.pk}/copy/", {"name": "Cópia", "slug": "copia"}
    )

    assert answer.status_code == 403
    assert not Tenant.objects.filter(slug="copia").exists()


def test_admin_copies_and_leads_to_the_first_steps(moveis, platform_admin, signed_in):
    page = signed_in(platform_admin)

    answer = page.post(
        f"/admin/tenants/tenant/{moveis.pk}/copy/", {"name": "Cópia", "slug": "copia"}
    )

    copy = Tenant.objects.get(slug="copia")
    assert answer.url == f"/admin/tenants/tenant/{copy.pk}/getting-started/"


def test_new_company_has_open_points_and_a_finished_one_has_none():
    tenant = starting.make("nova", starter="blank")
    before = {point.key for point in onboarding.points_of(tenant) if not point.is_done}

    member(tenant, Role.OWNER)
    ChannelMappingFactory(tenant=tenant)
    credentials.store(tenant, "odoo", "s3cret", kind="odoo")
    BudgetFactory(tenant=tenant)

    after = {point.key for point in onboarding.points_of(tenant) if not point.is_done}
    assert before >= {"channels", "team", "secrets", "budget"}
    assert not after & {"domain", "business_hours", "channels", "team", "secrets", "budget"}


def test_point_is_tried_and_says_how_it_went(moveis):
    ChannelMappingFactory(tenant=moveis)
    assert "1" in onboarding.try_point(moveis, "channels")

    configuration.write(moveis, {"business_hours": {"monday": []}})

    with pytest.raises(onboarding.TestFailedError):
        onboarding.try_point(moveis, "business_hours")
    with pytest.raises(onboarding.TestFailedError):
        onboarding.try_point(moveis, "team")


def test_secret_that_cannot_be_read_is_named(moveis):
    credentials.store(moveis, "odoo", "s3cret", kind="odoo")
    Credential.objects.filter(ref="odoo").update(ciphertext=b"broken")

    with pytest.raises(onboarding.TestFailedError, match="odoo"):
        onboarding.try_point(moveis, "secrets")


def test_viewer_sees_the_steps_and_tries_nothing(moveis, signed_in):
    page = signed_in(member(moveis, Role.VIEWER))

    answer = page.post(f"/admin/tenants/tenant/{moveis.pk}/getting-started/", {"point": "domain"})

    assert answer.status_code == 200
    assert answer.context["tried"] == ""


def test_every_point_leads_to_a_page_that_exists(moveis, platform_admin, signed_in):
    page = signed_in(platform_admin)

    answer = page.get(f"/admin/tenants/tenant/{moveis.pk}/getting-started/")

    assert all(page.get(address).status_code == 200 for _point, address in answer.context["points"])


def test_plan_limits_people(moveis, helena):
    moveis.most_people = 1
    moveis.save()

    with pytest.raises(ValidationError, match="1"):
        Membership(tenant=moveis, user=helena, role=Role.AGENT).full_clean()


def test_flushing_makes_every_process_read_anew(moveis, capsys):
    before = configuration.effective(moveis.pk)

    call_command("flush_cache", "--tenant", "moveis")

    assert configuration.effective(moveis.pk) is not before
    assert Configuration.objects.get(tenant=moveis).version == before.version[0] + 1


def test_keys_are_listed_only_where_there_is_a_redis():
    with pytest.raises(CommandError, match="REDIS_URL"):
        call_command("cache_keys")
