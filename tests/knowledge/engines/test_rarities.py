"""Frequencies that are asked once for each state of an index."""

import pytest

from knowledge.engines import rarities
from knowledge.engines.interface import Frequencies
from tests.knowledge.engines.points import COSMETICOS, MOVEIS, point, terms

[SOFA], [MESA] = terms("sofá")[0], terms("mesa")[0]


class Counting:
    """An engine that counts what it is asked."""

    def __init__(self, points=10):
        self.points = points
        self.asked = []

    def frequencies(self, name, tenant_id, terms):
        self.asked.append((name, tenant_id, list(terms)))
        return Frequencies(self.points, {SOFA: 3})


@pytest.fixture
def counting():
    return Counting()


def ask(engine, terms, tenant_id=MOVEIS, version=1, name="kb"):
    return rarities.frequencies(engine, name, tenant_id, terms, version=version)


def test_a_term_is_asked_once(counting):
    first, second = ask(counting, [SOFA, MESA]), ask(counting, [MESA, SOFA])

    assert first == second == Frequencies(10, {SOFA: 3})
    assert counting.asked == [("kb", MOVEIS, [SOFA, MESA])]


def test_only_new_terms_are_asked(counting):
    ask(counting, [MESA])

    assert ask(counting, [MESA, SOFA]).counts == {SOFA: 3}
    assert counting.asked[1:] == [("kb", MOVEIS, [SOFA])]


def test_a_changed_index_is_asked_anew(counting):
    ask(counting, [SOFA])
    counting.points = 11

    assert ask(counting, [SOFA], version=2).points == 11
    assert len(counting.asked) == 2


def test_companies_and_collections_have_their_own(counting):
    for change in ({}, {"tenant_id": COSMETICOS}, {"name": "kb-2"}):
        ask(counting, [SOFA], **change)

    assert len(counting.asked) == 3


def test_engines_have_their_own(counting):
    ask(counting, [SOFA])

    assert ask(Counting(points=5), [SOFA]).points == 5


def test_what_is_kept_has_a_limit(monkeypatch, counting):
    monkeypatch.setattr(rarities, "MOST_COMPANIES", 2)
    monkeypatch.setattr(rarities, "MOST_TERMS", 2)
    for tenant_id in range(1, 6):
        for term in range(5):
            ask(counting, [term], tenant_id)

    kept = rarities._kept[counting]
    assert len(kept) == 2
    assert all(len(state.counts) <= 2 for state in kept.values())


def test_kept_frequencies_are_those_of_the_engine(kb):
    kb.upsert("kb", [point(n, f"sofá {'mesa' * (n < 2)}") for n in range(5)])

    for _ in range(2):
        found = ask(kb, [SOFA, MESA])
        assert (found.points, dict(found.counts)) == (5, {SOFA: 5, MESA: 2})
