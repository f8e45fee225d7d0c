"""Companies begin with a starter or as a copy, and see what they still need."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from integrations.models import Provider
from tenants import configuration, credentials, onboarding, starting
from tenants.access import Role
from tenants.config import layers
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
from tenants.models.tenant import SHORT_NAME_RULE
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


def test_wrong_short_name_is_told_what_is_allowed(platform_admin, signed_in):
    given = {"name": "Nova", "slug": "Nova Loja", "starter": "blank"}

    answer = signed_in(platform_admin).post("/admin/tenants/tenant/add/", given)

    assert answer.context["adminform"].form.errors["slug"] == [str(SHORT_NAME_RULE)]


@pytest.mark.parametrize("person", ["platform_admin", "helena"])
def test_every_point_leads_to_a_page_that_exists(person, request, moveis, signed_in):
    page = signed_in(request.getfixturevalue(person))

    answer = page.get(f"/admin/tenants/tenant/{moveis.pk}/getting-started/")

    addresses = [address for _point, address, _has_test in answer.context["points"]]
    assert [page.get(address).status_code for address in addresses if address] == [
        200 for address in addresses if address
    ]


def test_open_point_leads_to_a_form_for_this_company(moveis, platform_admin, signed_in):
    page = signed_in(platform_admin)

    answer = page.get(f"/admin/tenants/tenant/{moveis.pk}/getting-started/")

    by_key = {point.key: address for point, address, _has_test in answer.context["points"]}
    form = page.get(by_key["channels"]).context["adminform"].form
    assert form.initial["tenant"] == str(moveis.pk)


def test_done_point_leads_to_the_rows_of_this_company(
    moveis, cosmeticos, platform_admin, signed_in
):
    ChannelMappingFactory(tenant=cosmeticos)
    own = ChannelMappingFactory(tenant=moveis)
    page = signed_in(platform_admin)

    answer = page.get(f"/admin/tenants/tenant/{moveis.pk}/getting-started/")

    by_key = {point.key: address for point, address, _has_test in answer.context["points"]}
    assert list(page.get(by_key["channels"]).context["cl"].result_list) == [own]


def test_looking_at_the_steps_tries_none_of_them(moveis, helena, signed_in, settings):
    settings.ONBOARDING_POINTS = [f"{__name__}.point_that_fails"]
    page = signed_in(helena)

    answer = page.get(f"/admin/tenants/tenant/{moveis.pk}/getting-started/")

    assert tried == []
    assert 'name="point" value="failing"' in answer.text


tried: list[str] = []


def point_that_fails(tenant):
    def test():
        tried.append(tenant.slug)
        raise onboarding.TestFailedError("broken")

    return onboarding.Point("failing", "Failing", True, "", "tenants_budget_changelist", (), test)


def test_values_in_effect_name_the_domain_and_the_choice(helena, moveis, signed_in):
    starting.apply_starter(moveis, "retail")
    configuration.write(moveis, {"domain": "retail", "settings": {"outside_hours": "silent"}})
    row = Configuration.objects.get(tenant=moveis)

    answer = signed_in(helena).get(f"/admin/tenants/configuration/{row.pk}/effective/")

    by_path = {row.path: row for row in answer.context["rows"]}
    assert by_path["settings.outside_hours"].value == "Não dizer nada"
    assert by_path["business_hours.saturday"].source == "Domínio Varejo"


def test_viewer_reads_the_settings_of_the_company(moveis, signed_in):
    said = {"settings": {"outside_hours": "silent"}, "tables": {"products": "product.x"}}
    configuration.write(moveis, said)
    row = Configuration.objects.get(tenant=moveis)
    page = signed_in(member(moveis, Role.VIEWER))

    text = page.get(f"/admin/tenants/configuration/{row.pk}/change/").text

    assert "Fora do horário de atendimento" in text
    assert "Não dizer nada" in text
    assert "Como herdado" in text
    assert "  products: product.x" in text
    assert "Option outside" not in text
    assert "Note" not in text


@pytest.mark.parametrize(("role", "is_shown"), [(Role.EDITOR, True), (Role.AGENT, False)])
def test_overview_leads_those_who_set_up_to_the_first_steps(role, is_shown, moveis, signed_in):
    text = signed_in(member(moveis, role)).get("/admin/").text

    assert (f"/admin/tenants/tenant/{moveis.pk}/getting-started/" in text) is is_shown


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
