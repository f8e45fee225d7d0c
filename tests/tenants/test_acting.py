"""A person chooses for whom and as whom to work; the choice can only take rights away."""

import itertools

import pytest

from tenants.access import RIGHTS, Role
from tenants.models import AuditEntry, Membership
from tenants.people import acting
from tests.factories import MembershipFactory, UserFactory, member

HIGHER_OR_SAME = [
    (own, wanted)
    for own, wanted in itertools.product(Role, Role)
    if acting.RANK[wanted] <= acting.RANK[own]
]
LOWER = [
    (own, wanted)
    for own, wanted in itertools.product(Role, Role)
    if acting.RANK[wanted] > acting.RANK[own]
]


@pytest.fixture
def consultant(moveis, cosmeticos):
    """Owner of Móveis, viewer of Cosméticos."""
    user = member(moveis, Role.OWNER, email="nina@agency.example", name="Nina")
    MembershipFactory(tenant=cosmeticos, user=user, role=Role.VIEWER)
    return user


def test_without_a_choice_the_first_company_by_name_counts(consultant, cosmeticos):
    access = acting.access_of(consultant, {})

    assert (access.tenant, access.role) == (cosmeticos, Role.VIEWER)


def test_chosen_company_brings_its_own_role(consultant, moveis):
    session = {}

    assert acting.choose(consultant, session, tenant="moveis", role="")

    access = acting.access_of(consultant, session)
    assert (access.tenant, access.role) == (moveis, Role.OWNER)


@pytest.mark.parametrize("slug", ["cosmeticos", "nowhere", ""])
def test_company_of_others_cannot_be_chosen(helena, moveis, cosmeticos, slug):
    session = {}

    assert not acting.choose(helena, session, tenant=slug, role="")
    assert acting.access_of(helena, session).tenant == moveis


def test_refused_choice_keeps_the_earlier_one(consultant, moveis):
    session = {}
    acting.choose(consultant, session, tenant="moveis", role="viewer")

    acting.choose(consultant, session, tenant="nowhere", role="")

    access = acting.access_of(consultant, session)
    assert (access.tenant, access.role) == (moveis, Role.VIEWER)


@pytest.mark.parametrize(("own", "wanted"), LOWER)
def test_lower_role_can_be_looked_through(moveis, own, wanted):
    user, session = member(moveis, own), {}

    assert acting.choose(user, session, tenant="moveis", role=wanted.value)
    assert acting.access_of(user, session).role == wanted


@pytest.mark.parametrize(("own", "wanted"), HIGHER_OR_SAME)
def test_role_with_as_many_rights_or_more_is_refused(moveis, own, wanted):
    user, session = member(moveis, own), {}

    assert not acting.choose(user, session, tenant="moveis", role=wanted.value)
    assert acting.access_of(user, session).role == own


@pytest.mark.parametrize(("own", "forged"), list(itertools.product(Role, [*Role, "god", None, 7])))
def test_forged_session_never_gains_rights(moveis, own, forged):
    user = member(moveis, own)

    access = acting.access_of(user, {acting.TENANT_KEY: moveis.pk, acting.ROLE_KEY: forged})

    assert access.tenant == moveis
    for area, verbs in RIGHTS[access.role].items():
        assert verbs <= RIGHTS[own].get(area, frozenset())


def test_forged_session_leads_to_no_other_company(helena, moveis, cosmeticos):
    access = acting.access_of(helena, {acting.TENANT_KEY: cosmeticos.pk})

    assert access.tenant == moveis


def test_borrowed_role_of_one_company_does_not_follow_to_the_next(consultant, moveis):
    session = {}
    acting.choose(consultant, session, tenant="moveis", role="agent")

    acting.choose(consultant, session, tenant="cosmeticos", role="")
    acting.choose(consultant, session, tenant="moveis", role="")

    assert acting.access_of(consultant, session).role == Role.OWNER


def test_own_role_comes_back(helena, moveis):
    session = {}
    acting.choose(helena, session, tenant="moveis", role="viewer")

    assert acting.choose(helena, session, tenant="moveis", role="")
    assert acting.access_of(helena, session).role == Role.OWNER


def test_demotion_counts_at_once(helena, moveis):
    session = {}
    acting.choose(helena, session, tenant="moveis", role="editor")

    Membership.objects.filter(user=helena).update(role=Role.VIEWER)

    assert acting.access_of(helena, session).role == Role.VIEWER


def test_deactivated_company_is_left(consultant, moveis, cosmeticos):
    session = {}
    acting.choose(consultant, session, tenant="moveis", role="")

    moveis.is_active = False
    moveis.save()

    assert acting.access_of(consultant, session).tenant == cosmeticos
    assert not acting.choose(consultant, session, tenant="moveis", role="")


def test_person_of_a_deactivated_company_alone_reaches_nothing(helena, moveis):
    moveis.is_active = False
    moveis.save()

    access = acting.access_of(helena, {acting.TENANT_KEY: moveis.pk})

    assert (access.tenant, access.role, access.is_platform) == (None, None, False)


def test_removed_member_falls_back_to_the_other_company(consultant, moveis, cosmeticos):
    session = {}
    acting.choose(consultant, session, tenant="moveis", role="agent")

    Membership.objects.get(user=consultant, tenant=moveis).delete()

    access = acting.access_of(consultant, session)
    assert (access.tenant, access.role) == (cosmeticos, Role.VIEWER)


def test_removed_member_of_one_company_reaches_nothing(helena):
    helena.memberships.all().delete()

    assert acting.access_of(helena, {}).tenant is None


def test_platform_admin_reaches_every_company_until_one_is_chosen(platform_admin, moveis):
    session = {}
    everything = acting.access_of(platform_admin, session)

    acting.choose(platform_admin, session, tenant="moveis", role="")
    one = acting.access_of(platform_admin, session)

    assert everything.reaches_everything
    assert (one.tenant, one.is_platform) == (moveis, True)


@pytest.mark.parametrize("role", Role)
def test_platform_admin_who_borrows_a_role_has_its_rights_alone(platform_admin, moveis, role):
    session = {}

    assert acting.choose(platform_admin, session, tenant="moveis", role=role.value)

    access = acting.access_of(platform_admin, session)
    assert (access.role, access.is_platform) == (role, False)


def test_platform_admin_comes_back_to_everything(platform_admin, moveis):
    session = {}
    acting.choose(platform_admin, session, tenant="moveis", role="viewer")

    assert acting.choose(platform_admin, session, tenant="", role="")
    assert acting.access_of(platform_admin, session).reaches_everything


def test_platform_admin_without_a_company_borrows_no_role(platform_admin, moveis):
    session = {}

    assert not acting.choose(platform_admin, session, tenant="", role="viewer")
    assert acting.access_of(platform_admin, session).reaches_everything


@pytest.mark.parametrize("role", ["", "viewer"])
def test_platform_admin_whose_company_is_deleted_reaches_no_less_than_before(
    platform_admin, moveis, role
):
    session = {}
    acting.choose(platform_admin, session, tenant="moveis", role=role)

    moveis.delete()

    assert acting.access_of(platform_admin, session).reaches_everything


def test_roles_offered_are_those_below(consultant, moveis, cosmeticos):
    session = {}
    acting.choose(consultant, session, tenant="moveis", role="")
    at_moveis = acting.roles_below(consultant, acting.access_of(consultant, session))
    acting.choose(consultant, session, tenant="cosmeticos", role="")
    at_cosmeticos = acting.roles_below(consultant, acting.access_of(consultant, session))

    assert at_moveis == [Role.EDITOR, Role.AGENT, Role.VIEWER]
    assert at_cosmeticos == []


def test_switch_in_the_header_changes_what_pages_show(signed_in, consultant):
    client = signed_in(consultant)

    client.post("/admin/act-as/", {"tenant": "moveis", "role": ""})
    as_owner = client.get("/admin/tenants/apitoken/")
    client.post("/admin/act-as/", {"tenant": "moveis", "role": "viewer"})
    as_viewer = client.get("/admin/tenants/apitoken/")

    assert (as_owner.status_code, as_viewer.status_code) == (200, 403)


def test_switch_to_a_foreign_company_is_refused_in_words(signed_in, helena, cosmeticos):
    page = signed_in(helena).post("/admin/act-as/", {"tenant": "cosmeticos"}, follow=True)

    assert "Você não tem acesso a essa empresa" in page.content.decode()
    assert page.wsgi_request.access.tenant.slug == "moveis"


def test_switch_needs_a_post(signed_in, helena):
    assert signed_in(helena).get("/admin/act-as/", {"tenant": "moveis"}).status_code == 405


def test_stranger_cannot_switch(client, moveis):
    answer = client.post("/admin/act-as/", {"tenant": "moveis"})

    assert answer.status_code == 302
    assert answer.url.startswith("/admin/login/")


def test_work_while_borrowing_a_role_is_recorded_under_the_own_name(
    signed_in, platform_admin, moveis
):
    client = signed_in(platform_admin)
    client.post("/admin/act-as/", {"tenant": "moveis", "role": "owner"})

    client.post(
        "/admin/tenants/membership/add/",
        {"email": "new@moveis.example", "name": "", "role": "agent"},
    )

    entry = AuditEntry.objects.filter(object_type="tenants.membership").latest("pk")
    assert (entry.actor_id, entry.tenant_id) == (platform_admin.pk, moveis.pk)


def test_inactive_person_of_a_session_is_out(signed_in, helena):
    client = signed_in(helena)
    helena.is_active = False
    helena.save()

    assert client.get("/admin/").status_code == 302


def test_company_chosen_by_one_person_is_not_anothers_choice(consultant, moveis):
    session = {}
    acting.choose(consultant, session, tenant="moveis", role="viewer")
    outsider = UserFactory()

    access = acting.access_of(outsider, session)

    assert (access.tenant, access.role) == (None, None)
