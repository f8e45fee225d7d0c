"""What every engine does, whichever it is."""

import threading

import pytest

from knowledge.engines.failures import NotFoundError, RejectedError
from knowledge.engines.interface import CHARS, DENSE, WORDS, Leg, Scope, rarity
from knowledge.texts.token_ids import token_id
from tests.knowledge.engines.points import (
    COSMETICOS,
    MOVEIS,
    found_by,
    legs,
    of,
    point,
    point_id,
)


def test_a_collection_that_is_there_is_left_alone(kb):
    kb.upsert("kb", [point(1, "frete grátis")])

    kb.ensure_collection("kb", 4)

    assert kb.count("kb", of(MOVEIS)) == 1
    assert kb.collections() == ["kb"]


@pytest.mark.parametrize("dimension", [None, 5])
def test_a_collection_of_another_dimension_is_refused(kb, dimension):
    with pytest.raises(RejectedError):
        kb.ensure_collection("kb", dimension)


def test_storing_a_point_twice_keeps_one(kb):
    for text in ("frete para salvador", "montagem de armários"):
        kb.upsert("kb", [point(1, text)])

    assert kb.count("kb", of(MOVEIS)) == 1
    assert found_by(kb, "montagem") == [point_id(1)]
    assert found_by(kb, "frete") == []


def test_more_points_than_fit_into_one_request_are_stored(kb):
    kb.upsert("kb", [point(number, f"sofá modelo {number}") for number in range(300)])

    assert kb.count("kb", of(MOVEIS)) == 300


def test_nothing_to_store_is_fine(kb):
    kb.upsert("kb", [])

    assert kb.count("kb", of(MOVEIS)) == 0


def test_each_leg_finds_in_its_own_way(kb):
    kb.upsert(
        "kb",
        [
            point(1, "a entrega leva cinco dias", dense=[1, 0, 0, 0]),
            point(2, "aceitamos cartão", dense=[0, 1, 0, 0]),
        ],
    )

    words, chars, dense = kb.legs("kb", of(MOVEIS), legs("entrwga", dense=[0, 1, 0, 0]))

    assert words == []
    assert [hit.id for hit in chars] == [point_id(1)]
    assert dense[0] == (point_id(2), pytest.approx(1))


def test_legs_without_a_vector_find_nothing(kb):
    kb.upsert("kb", [point(1, "frete")])

    assert kb.legs("kb", of(MOVEIS), legs("??? !!!")) == [[], []]
    assert kb.legs("kb", of(MOVEIS), []) == []
    assert [len(hits) for hits in kb.legs("kb", of(MOVEIS), [*legs("?"), *legs("frete")])] == [
        0,
        0,
        1,
        1,
    ]


def test_a_leg_finds_no_more_than_it_is_asked_for(kb):
    kb.upsert("kb", [point(number, "frete") for number in range(5)])

    assert [len(hits) for hits in kb.legs("kb", of(MOVEIS), legs("frete", limit=2))] == [2, 2]


def test_points_may_lack_vectors(kb):
    kb.upsert("kb", [point(1, "frete"), point(2, "", dense=[1, 0, 0, 0]), point(3, "")])

    words, _chars, dense = kb.legs("kb", of(MOVEIS), legs("frete", dense=[1, 0, 0, 0]))

    assert [hit.id for hit in words] == [point_id(1)]
    assert [hit.id for hit in dense] == [point_id(2)]
    assert kb.count("kb", of(MOVEIS)) == 3


def test_a_dense_vector_can_follow_later(kb):
    kb.upsert("kb", [point(1, "frete")])
    kb.upsert("kb", [point(1, "frete", dense=[1, 0, 0, 0])])

    assert len(kb.legs("kb", of(MOVEIS), [Leg(DENSE, [1, 0, 0, 0], 5)])[0]) == 1


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("Informações sobre a garantia", "informacao"),
        ("Informação sobre a garantia", "informacoes garantias"),
        ("prazo de troca", "PRAZOS DE TROCAS"),
        ("colchão", "colchoes"),
        ("peças de reposição", "peca"),
    ],
)
def test_accents_capitals_and_plurals_do_not_matter(kb, stored, asked):
    kb.upsert("kb", [point(1, stored)])

    assert found_by(kb, asked) == [point_id(1)]


def test_rarity_of_a_word_is_that_in_the_company(kb):
    """Everybody else writes of "sofá", this company once."""
    kb.upsert("kb", [point(number, "sofá", COSMETICOS) for number in range(50)])
    kb.upsert("kb", [point(number, "entrega", MOVEIS) for number in range(9)])
    kb.upsert("kb", [point(9, "sofá", MOVEIS)])

    words, chars = kb.legs("kb", of(MOVEIS), legs("sofa"))
    stored = point(9, "sofá")

    weight = rarity(10, 1)
    assert words == [(point_id(9), pytest.approx(weight * sum(stored.words.values())))]
    assert chars == [(point_id(9), pytest.approx(weight * sum(stored.chars.values())))]


def test_a_narrower_scope_does_not_change_rarity(kb):
    kb.upsert("kb", [point(n, "sofá", kind="product") for n in range(5)])
    kb.upsert("kb", [point(9, "sofá e mesa", kind="faq")])

    everywhere = {hit.id: hit.score for hit in kb.legs("kb", of(MOVEIS), legs("mesa"))[0]}
    narrower = kb.legs("kb", of(MOVEIS, kinds=["faq"]), legs("mesa"))[0]

    assert {hit.id: hit.score for hit in narrower} == pytest.approx(everywhere)


def test_frequencies_are_counts_of_the_company(kb):
    kb.upsert("kb", [point(number, f"sofá {'mesa' * (number < 3)}") for number in range(7)])
    kb.upsert("kb", [point(number, "sofá mesa cama", COSMETICOS) for number in range(5)])
    kb.upsert("kb", [point(8, "")])
    sofa, mesa, cama = token_id("sof"), token_id("mes"), token_id("cam")

    found = kb.frequencies("kb", MOVEIS, [sofa, mesa, cama, sofa])

    assert found.points == 7
    assert {term: found.counts.get(term, 0) for term in (sofa, mesa, cama)} == {
        sofa: 7,
        mesa: 3,
        cama: 0,
    }
    assert found.rarity(mesa) == pytest.approx(rarity(7, 3))


def test_frequencies_follow_what_is_stored_and_deleted(kb):
    sofa = token_id("sof")
    seen = []
    for number in range(3):
        kb.upsert("kb", [point(number, "sofá")])
        seen.append(kb.frequencies("kb", MOVEIS, [sofa]))
    kb.delete("kb", of(MOVEIS, pieces=["faq:0"]))
    seen.append(kb.frequencies("kb", MOVEIS, [sofa]))

    assert [(found.points, found.counts[sofa]) for found in seen] == [
        (1, 1),
        (2, 2),
        (3, 3),
        (2, 2),
    ]


def test_frequencies_of_an_empty_company_are_none(kb):
    found = kb.frequencies("kb", MOVEIS, [token_id("sof")])

    assert (found.points, dict(found.counts)) == (0, {})
    assert kb.frequencies("kb", MOVEIS, []).counts == {}


def test_every_filter_narrows(kb):
    kb.upsert(
        "kb",
        [
            point(1, "sofá", kind="product", category="sala", price=1999.0, domain="furniture"),
            point(2, "sofá", kind="rule", rule_type="promotion", valid_from=100, valid_until=200),
            point(3, "sofá", language="en", revision="r2"),
        ],
    )
    expected = {
        ("kinds", ("product", "rule")): {1, 2},
        ("kinds", ()): set(),
        ("pieces", ("faq:3",)): {3},
        ("ids", (point_id(2), point_id(7))): {2},
        ("ids", ()): set(),
        ("languages", ("pt",)): {1, 2},
        ("rule_types", ("promotion",)): {2},
        ("domains", ("furniture",)): {1},
        ("categories", ("sala", "quarto")): {1},
        ("other_than_revision", "r2"): {1, 2},
        ("price_from", 1999.0): {1},
        ("price_from", 2000): set(),
        ("price_to", 1999.0): {1},
        ("valid_at", 99): {1, 3},
        ("valid_at", 100): {1, 2, 3},
        ("valid_at", 200): {1, 3},
    }
    for (name, value), numbers in expected.items():
        scope = of(MOVEIS, **{name: value})
        ids = {point_id(number) for number in numbers}
        assert {stored.id for stored in kb.stored("kb", scope).points} == ids, name
        assert kb.count("kb", scope) == len(ids), name
        assert set(found_by(kb, "sofá", **{name: value})) == ids, name


@pytest.mark.parametrize("chunks", [1, 4])
def test_a_document_is_replaced_by_more_or_fewer_passages(kb, chunks):
    kb.upsert("kb", [point(1, "texto antigo", chunk=n) for n in range(2)])
    kb.upsert("kb", [point(2, "texto antigo")])

    kb.upsert("kb", [point(1, "texto novo", chunk=n, revision="r2") for n in range(chunks)])
    kb.delete("kb", of(MOVEIS, pieces=["faq:1"], other_than_revision="r2"))

    assert kb.count("kb", of(MOVEIS, pieces=["faq:1"])) == chunks
    assert found_by(kb, "antigo") == [point_id(2)]


def test_a_company_can_be_deleted(kb):
    for tenant_id in (MOVEIS, COSMETICOS):
        kb.upsert("kb", [point(number, "sofá", tenant_id) for number in range(10)])

    kb.delete("kb", of(MOVEIS))

    assert kb.count("kb", of(MOVEIS)) == 0
    assert kb.count("kb", of(COSMETICOS)) == 10


def test_stored_points_come_in_pages(kb):
    kb.upsert("kb", [point(number, "sofá") for number in range(7)])
    seen, start = [], None
    for _ in range(3):
        page = kb.stored("kb", of(MOVEIS), start=start, limit=3)
        seen += page.points
        start = page.next

    assert start is None
    assert sorted(stored.piece for stored in seen) == [f"faq:{n}" for n in range(7)]
    assert {stored.revision for stored in seen} == {"r1"}
    assert len({stored.id for stored in seen}) == 7


def test_an_alias_leads_to_one_collection_at_a_time(kb):
    kb.ensure_collection("kb-2", None)
    kb.upsert("kb-2", [point(1, "sofá")])

    assert kb.alias_target("live") is None
    kb.point_alias("live", "kb")
    assert (kb.alias_target("live"), kb.count("live", of(MOVEIS))) == ("kb", 0)
    kb.point_alias("live", "kb-2")
    assert (kb.alias_target("live"), kb.count("live", of(MOVEIS))) == ("kb-2", 1)
    assert found_by(kb, "sofá", name="live") == [point_id(1)]


def test_readers_never_miss_an_alias_that_is_switched(kb):
    kb.ensure_collection("kb-2", 4)
    for name in ("kb", "kb-2"):
        kb.upsert(name, [point(1, "sofá")])
    kb.point_alias("live", "kb")
    stop, missed = threading.Event(), []

    def read():
        while not stop.is_set():
            try:
                if found_by(kb, "sofá", name="live") != [point_id(1)]:
                    missed.append("found nothing")
            except Exception as error:  # noqa: BLE001  all of them are shown
                missed.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(20):
        kb.point_alias("live", ("kb-2", "kb")[number % 2])
    stop.set()
    for reader in readers:
        reader.join()

    assert missed == []


def test_a_dropped_collection_takes_its_aliases_along(kb):
    kb.point_alias("live", "kb")

    kb.drop_collection("kb")
    kb.drop_collection("kb")

    assert kb.collections() == []
    assert kb.alias_target("live") is None
    with pytest.raises(NotFoundError):
        kb.count("live", of(MOVEIS))


def test_a_collection_can_come_back_empty(kb):
    kb.upsert("kb", [point(1, "sofá")])

    kb.drop_collection("kb")
    kb.ensure_collection("kb", None)

    assert kb.count("kb", of(MOVEIS)) == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda engine: engine.count("gone", of(MOVEIS)),
        lambda engine: engine.upsert("gone", [point(1, "sofá")]),
        lambda engine: engine.delete("gone", of(MOVEIS)),
        lambda engine: engine.stored("gone", of(MOVEIS)),
        lambda engine: engine.legs("gone", of(MOVEIS), legs("sofá")),
        lambda engine: engine.frequencies("gone", MOVEIS, [1]),
        lambda engine: engine.point_alias("live", "gone"),
    ],
    ids=["count", "upsert", "delete", "stored", "legs", "frequencies", "point_alias"],
)
def test_an_unknown_collection_is_said_to_be_missing(engine, call):
    with pytest.raises(NotFoundError) as refused:
        call(engine)

    assert refused.value.permanent


@pytest.mark.parametrize(
    "call",
    [
        lambda engine: engine.upsert("kb", [point(1, "a"), point(2, "b", dense=[1.0, 2.0])]),
        lambda engine: engine.legs("kb", of(MOVEIS), [Leg(DENSE, [1.0, 2.0], 5)]),
        lambda engine: engine.legs("sparse", of(MOVEIS), [Leg(DENSE, [1.0, 2.0], 5)]),
    ],
    ids=["stored", "asked", "asked where there are none"],
)
def test_what_does_not_fit_is_refused(kb, call):
    kb.upsert("kb", [point(1, "frete", dense=[1, 0, 0, 0])])
    kb.ensure_collection("sparse", None)
    kb.upsert("sparse", [point(1, "frete")])

    with pytest.raises(RejectedError):
        call(kb)


def test_points_and_scopes_without_a_company_cannot_be_made():
    for tenant_id in (None, 0, "", False):
        with pytest.raises(ValueError, match="tenant"):
            Scope(tenant_id=tenant_id)
        with pytest.raises(ValueError, match="tenant"):
            point(1, "sofá", tenant_id)


def test_all_engines_rank_alike(inside, over_http, in_memory):
    texts = [f"{'sofá ' * (n % 4)}{'mesa ' * (n % 3)}cadeira {n}" for n in range(40)]
    answers = []
    for engine in (inside, over_http, in_memory):
        engine.ensure_collection("kb", None)
        engine.upsert("kb", [point(n, text) for n, text in enumerate(texts)])
        engine.upsert("kb", [point(n, "sofá", COSMETICOS) for n in range(30)])
        answers.append(engine.legs("kb", of(MOVEIS), legs("sofas e mesa 17", limit=50)))

    for other in answers[1:]:
        for leg, mine in zip(other, answers[0], strict=True):
            assert dict(leg) == pytest.approx(dict(mine), rel=1e-5)
    assert {WORDS, CHARS} == {leg.kind for leg in legs("x")}
