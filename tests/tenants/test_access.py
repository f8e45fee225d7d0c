"""Which role may do what, as one table to read."""

import itertools

import pytest

from tenants.access import NO_ACCESS, RIGHTS, Access, Area, Role, Verb
from tenants.models import Tenant

LETTERS = {"v": Verb.VIEW, "a": Verb.ADD, "c": Verb.CHANGE, "d": Verb.DELETE}

TABLE = {
    #                      owner   editor  agent   viewer
    Area.COMPANY:         ("v-c-", "v---", "v---", "v---"),
    Area.CONFIGURATION:   ("vacd", "vacd", "v---", "v---"),
    Area.CONVERSATIONS:   ("vacd", "vacd", "v-c-", "v---"),
    Area.KNOWLEDGE:       ("vacd", "vacd", "v-c-", "v---"),
    Area.PEOPLE:          ("vacd", "v---", "----", "----"),
    Area.SECRETS:         ("vacd", "----", "----", "----"),
    Area.AUDIT:           ("v---", "----", "----", "----"),
    Area.PLATFORM:        ("----", "----", "----", "----"),
}  # fmt: skip

CASES = [
    pytest.param(role, area, letters, id=f"{role}-{area}")
    for area, row in TABLE.items()
    for role, letters in zip(Role, row, strict=True)
]


@pytest.mark.parametrize(("role", "area", "letters"), CASES)
def test_role_may_do_what_the_table_says(role, area, letters):
    access = Access(tenant=Tenant(pk=1), role=role)

    allowed = {verb for verb in Verb if access.may(verb, area)}

    assert allowed == {LETTERS[letter] for letter in letters if letter != "-"}


def test_table_names_every_area_and_role():
    assert set(TABLE) == set(Area)
    assert set(RIGHTS) == set(Role)


@pytest.mark.parametrize("area", Area)
def test_platform_admin_may_do_everything(area):
    access = Access(is_platform=True)

    assert all(access.may(verb, area) for verb in Verb)


@pytest.mark.parametrize("area", Area)
def test_person_of_no_company_may_do_nothing(area):
    assert not any(NO_ACCESS.may(verb, area) for verb in Verb)


@pytest.mark.parametrize(
    "access",
    [Access(role=Role.OWNER), Access(tenant=Tenant(pk=1))],
    ids=["role without company", "company without role"],
)
def test_half_an_access_is_none(access):
    assert not any(access.may(verb, area) for verb in Verb for area in Area)


def test_each_role_may_do_no_more_than_the_one_above():
    ranked = list(Role)

    for higher, lower in itertools.pairwise(ranked):
        for area, verbs in RIGHTS[lower].items():
            assert verbs <= RIGHTS[higher].get(area, frozenset())


def test_platform_admin_at_a_company_reaches_that_company_alone():
    assert Access(is_platform=True).reaches_everything
    assert not Access(is_platform=True, tenant=Tenant(pk=1)).reaches_everything
    assert not NO_ACCESS.reaches_everything
