"""The admin's pages: constant in queries, right for each role, exact in what they export."""

import csv
import io

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.access import Role
from tenants.models import ApiToken, Membership, Tenant, User
from tests.factories import FACTORIES, ApiTokenFactory, MembershipFactory, TenantFactory, member

LISTED = [
    model
    for model in FACTORIES
    if model._meta.app_label != "sample" and model in admin.site._registry
]


def list_of(model):
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


def queries_of(page, address):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert page.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("model", LISTED, ids=lambda model: model.__name__)
def test_a_list_takes_as_many_queries_for_thirty_rows_as_for_three(
    model, platform_admin, signed_in, moveis
):
    page = signed_in(platform_admin)
    address = list_of(model)
    page.get(address)
    FACTORIES[model].create_batch(3)
    few = queries_of(page, address)
    FACTORIES[model].create_batch(27)

    assert queries_of(page, address) == few


def test_the_overview_takes_as_many_queries_however_much_there_is(platform_admin, signed_in):
    page = signed_in(platform_admin)
    page.get("/admin/")
    few = queries_of(page, "/admin/")
    MembershipFactory.create_batch(20)

    assert queries_of(page, "/admin/") == few


CONFIGURATION = {
    "tenant",
    "configuration",
    "configurationversion",
    "channelmapping",
    "budget",
    "spending",
    "remotecall",
    "breaker",
    "connection",
    "llmcall",
    "modelprofile",
    "provider",
}
CONVERSATIONS = {"conversation", "turn", "inboundevent", "outboundmessage", "alarm"}
KNOWLEDGE = {
    "article",
    "businessrule",
    "document",
    "faq",
    "import",
    "index",
    "product",
    "searchcase",
    "webpage",
    "website",
}
OF_EVERYBODY = CONFIGURATION | CONVERSATIONS | KNOWLEDGE
SEEN = {
    Role.OWNER: {
        *OF_EVERYBODY,
        "membership",
        "apitoken",
        "auditentry",
        "credential",
        "credentialaccess",
    },
    Role.EDITOR: {*OF_EVERYBODY, "membership"},
    Role.AGENT: OF_EVERYBODY,
    Role.VIEWER: OF_EVERYBODY,
}


@pytest.mark.parametrize("role", Role)
def test_each_role_opens_its_pages_and_no_others(role, moveis, signed_in):
    page = signed_in(member(moveis, role))
    opened = {
        model._meta.model_name
        for model in LISTED
        if page.get(list_of(model), follow=True).status_code == 200
    }

    assert opened == SEEN[role]


def test_an_owner_edits_the_company_but_neither_short_name_nor_state(helena, signed_in, moveis):
    signed_in(helena).post(
        f"/admin/tenants/tenant/{moveis.pk}/change/",
        {
            "name": "Móveis Novos",
            "slug": "taken-over",
            "is_active": "",
            "language": "en",
            "time_zone": "America/Manaus",
            "membership_set-TOTAL_FORMS": 0,
            "membership_set-INITIAL_FORMS": 0,
        },
    )

    moveis.refresh_from_db()
    assert (moveis.name, moveis.slug, moveis.is_active) == ("Móveis Novos", "moveis", True)
    assert (moveis.language, moveis.time_zone) == ("en", "America/Manaus")


def test_a_wrong_time_zone_is_explained(platform_admin, signed_in):
    answer = signed_in(platform_admin).post(
        "/admin/tenants/tenant/add/",
        {"name": "A", "slug": "a", "language": "pt-br", "time_zone": "Sao Paulo"},
    )

    assert "não é um fuso horário" in answer.content.decode()


def test_nobody_changes_the_own_membership(helena, signed_in, moveis):
    own = Membership.objects.get(user=helena)
    page = signed_in(helena)
    page.post(f"/admin/tenants/membership/{own.pk}/change/", {"role": Role.VIEWER})
    page.post(f"/admin/tenants/membership/{own.pk}/delete/", {"post": "yes"})

    own.refresh_from_db()
    assert own.role == Role.OWNER


def test_an_owner_invites_a_person_who_is_new(helena, signed_in, moveis):
    answer = signed_in(helena).post(
        "/admin/tenants/membership/add/",
        {"email": "Nova@Moveis.example", "name": "Nova", "role": Role.EDITOR},
    )

    membership = Membership.objects.get(user__email="nova@moveis.example")
    assert (membership.tenant, membership.role) == (moveis, Role.EDITOR)
    assert "/admin/password/" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_an_owner_does_not_add_a_person_who_has_an_account(helena, signed_in, beatriz, moveis):
    answer = signed_in(helena).post(
        "/admin/tenants/membership/add/", {"email": beatriz.email, "role": Role.AGENT}
    )

    assert "Pedir a quem administra a plataforma" in answer.content.decode()
    assert not Membership.objects.filter(user=beatriz, tenant=moveis).exists()


def test_a_platform_admin_adds_a_person_who_has_an_account(
    platform_admin, signed_in, beatriz, moveis
):
    body = {"tenant": moveis.pk, "email": beatriz.email, "role": Role.AGENT}
    answer = signed_in(platform_admin).post("/admin/tenants/membership/add/", body, follow=True)

    assert Membership.objects.filter(user=beatriz, tenant=moveis).exists()
    assert "/admin/password/" not in answer.content.decode()


def test_a_password_that_another_company_may_know_ends_when_the_platform_adds_the_person(
    platform_admin, helena, signed_in, moveis, cosmeticos, client
):
    body = {"email": "ceo@cosmeticos.example", "role": Role.OWNER}
    signed_in(helena).post("/admin/tenants/membership/add/", body)
    person = User.objects.get(email="ceo@cosmeticos.example")
    person.set_password("known-to-helena")
    person.save()
    answer = signed_in(platform_admin).post(
        "/admin/tenants/membership/add/", {**body, "tenant": cosmeticos.pk}
    )

    person.refresh_from_db()
    assert not person.has_usable_password()
    assert person.is_confirmed
    assert "/admin/password/" in answer.content.decode()


def test_the_same_person_is_not_invited_twice(helena, signed_in, moveis):
    page = signed_in(helena)
    body = {"email": "nova@moveis.example", "role": Role.AGENT}
    page.post("/admin/tenants/membership/add/", body)
    answer = page.post("/admin/tenants/membership/add/", body)

    assert "já faz parte da equipe" in answer.content.decode()
    assert Membership.objects.filter(user__email="nova@moveis.example").count() == 1


def test_a_token_is_shown_once_and_kept_as_a_digest(helena, signed_in, moveis):
    page = signed_in(helena)
    answer = page.post(
        "/admin/tenants/apitoken/add/",
        {"name": "ERP", "scopes": ["team:read"], "expires_at_0": "", "expires_at_1": ""},
    )
    token = ApiToken.objects.get()
    secret = answer.context_data["secret"]

    assert secret in answer.content.decode()
    assert token.digest not in answer.content.decode()
    assert secret not in page.get(f"/admin/tenants/apitoken/{token.pk}/change/").content.decode()


def test_asking_for_a_new_secret_changes_nothing_until_it_is_confirmed(helena, signed_in, moveis):
    token = ApiTokenFactory(tenant=moveis)
    page = signed_in(helena)
    page.get(f"/admin/tenants/apitoken/{token.pk}/rotate/")
    before = ApiToken.objects.get(pk=token.pk).digest
    page.post(f"/admin/tenants/apitoken/{token.pk}/rotate/")

    assert before == token.digest
    assert ApiToken.objects.get(pk=token.pk).digest != before


def test_a_revoked_token_stays_revoked_since_the_first_time(helena, signed_in, moveis):
    token = ApiTokenFactory(tenant=moveis)
    page = signed_in(helena)
    page.post(f"/admin/tenants/apitoken/{token.pk}/revoke/")
    first = ApiToken.objects.get(pk=token.pk).revoked_at
    page.post(f"/admin/tenants/apitoken/{token.pk}/revoke/")

    assert first is not None
    assert ApiToken.objects.get(pk=token.pk).revoked_at == first


def test_an_export_holds_the_rows_and_no_formula(platform_admin, signed_in):
    TenantFactory(name="=HYPERLINK(1)", slug="formula")
    answer = signed_in(platform_admin).post(
        "/admin/tenants/tenant/",
        {
            "action": "export_as_csv",
            "_selected_action": list(Tenant.objects.values_list("pk", flat=True)),
            "index": 0,
        },
    )
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))

    assert rows[0][:2] == ["nome", "nome curto"]
    assert rows[1][:2] == ["'=HYPERLINK(1)", "formula"]


def test_search_forgets_what_it_found_for_another_company(
    signed_in, platform_admin, moveis, cosmeticos
):
    member(cosmeticos, Role.AGENT, name="Zuleica", email="zuleica@cosmeticos.example")
    page = signed_in(platform_admin)
    query = {"s": "zuleica", "extended": "1"}
    everywhere = page.get("/admin/search/", query).content.decode()
    page.post("/admin/act-as/", {"tenant": "moveis"})

    assert "Zuleica" in everywhere
    assert "Zuleica" not in page.get("/admin/search/", query).content.decode()


def test_every_page_has_search_and_order(db):
    for model in LISTED:
        page = admin.site._registry[model]
        assert page.search_fields, page
        assert page.ordering, page
