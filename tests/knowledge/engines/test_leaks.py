"""No call of one company reaches points of another, on any engine."""

import pytest

from knowledge.engines.interface import Scope
from knowledge.texts.token_ids import token_id
from tests.knowledge.engines.points import COSMETICOS, MOVEIS, legs, of, point, point_id

NARROWER = {
    "nothing": {},
    "kinds": {"kinds": ["faq"]},
    "pieces": {"pieces": ["faq:1", "faq:2"]},
    "ids": {"ids": [point_id(n, tenant_id) for n in (1, 2) for tenant_id in (MOVEIS, COSMETICOS)]},
    "languages": {"languages": ["pt"]},
    "other revision": {"other_than_revision": "none"},
    "price": {"price_from": 0, "price_to": 100},
    "validity": {"valid_at": 5},
}


@pytest.fixture
def shared(kb):
    """The same pieces with the same texts, and ids of their own."""
    for tenant_id in (MOVEIS, COSMETICOS):
        dense = [1.0, 0, 0, 0]
        kb.upsert("kb", [point(n, "frete", tenant_id, dense=dense, price=10.0) for n in (1, 2)])
    return kb


def ids_of(tenant_id):
    return {point_id(number, tenant_id) for number in (1, 2)}


@pytest.mark.parametrize("narrower", NARROWER.values(), ids=NARROWER.keys())
@pytest.mark.parametrize("tenant_id", [MOVEIS, COSMETICOS])
def test_searches_and_lists_stay_inside(shared, tenant_id, narrower):
    scope = of(tenant_id, **narrower)

    for hits in shared.legs("kb", scope, legs("frete", dense=[1.0, 0, 0, 0])):
        assert {hit.id for hit in hits} == ids_of(tenant_id)
    assert {stored.id for stored in shared.stored("kb", scope).points} == ids_of(tenant_id)
    assert shared.count("kb", scope) == 2


@pytest.mark.parametrize("narrower", NARROWER.values(), ids=NARROWER.keys())
def test_deleting_stays_inside(shared, narrower):
    shared.delete("kb", of(MOVEIS, **narrower))

    assert shared.count("kb", of(MOVEIS)) == 0
    assert {stored.id for stored in shared.stored("kb", of(COSMETICOS)).points} == ids_of(
        COSMETICOS
    )


def test_frequencies_stay_inside(shared):
    shared.upsert("kb", [point(3, "garantia", COSMETICOS)])

    found = shared.frequencies("kb", MOVEIS, [token_id("fret"), token_id("garant")])

    assert found.points == 2
    assert found.counts.get(token_id("garant"), 0) == 0


def test_a_page_started_at_a_foreign_point_stays_inside(shared):
    for foreign in sorted(ids_of(COSMETICOS)):
        page = shared.stored("kb", of(MOVEIS), start=foreign)

        assert {stored.id for stored in page.points} <= ids_of(MOVEIS)


@pytest.mark.parametrize("name", ["1", " 1", "1 ", "01", "*", "None", "1,2"])
def test_a_company_is_not_found_by_a_name_like_its_own(shared, name):
    expected = 2 if name == "1" else 0

    assert shared.count("kb", Scope(tenant_id=name)) == expected
