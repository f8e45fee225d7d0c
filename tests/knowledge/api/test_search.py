"""Search over the API finds what the page finds, in one's own company."""

import pytest

from knowledge import support
from knowledge.engines.failures import OwnedElsewhereError, RateLimitedError, UnavailableError
from knowledge.models import Faq
from tenants.models import Domain
from tests.factories import BusinessRuleFactory

pytestmark = pytest.mark.django_db

QUESTION = "vcs entregam em salvador?"


def search(call, question=QUESTION, **narrower):
    return call("post", "search", {"question": question, **narrower})


@pytest.mark.parametrize("address", ["search", "/search"])
def test_a_question_finds_its_answer(address, call, known, moveis):
    status, body = call("post", address, {"question": QUESTION})

    best = body["results"][0]
    assert status == 200
    assert (best["rank"], best["kind"]) == (1, "faq")
    assert best["id"] == Faq.objects.get(tenant=moveis, question__startswith="Vocês").pk
    assert best["places"]["words"]["rank"] == 1
    assert (body["verdict"], body["support_needed"]) == ("answer", support.needed(moveis))
    assert body["support"] == best["support"] > body["support_needed"]
    assert body["not_asked"] == []


def test_companies_find_their_own(call, stranger, known):
    assert "perfume" not in str(search(call))
    assert [row["text"] for row in search(stranger)[1]["results"]] == [
        "Sim, o perfume chega em 5 dias."
    ]


def test_what_is_not_covered_is_named(call, known):
    _status, body = search(call, "consertam geladeira em salvador?")

    assert "geladeira" in body["not_covered"]
    assert body["verdict"] == "person"


def test_results_are_narrowed(call, known):
    def titles(**narrower):
        return [row["title"] for row in search(call, "sofá", **narrower)[1]["results"]]

    assert titles(kinds=["product"], languages=["pt"]) == ["Sofá Serrano"]
    assert titles(kinds=["product"], price_from="100", price_to=3000) == ["Sofá Serrano"]
    assert titles(kinds=["product"], price_to=100) == []
    assert titles(rule_types=["delivery"]) == []
    assert titles(categories=["none"]) == []
    assert len(titles(limit=1)) == 1


def test_a_domain_brings_its_rules(call, known, moveis, indexed):
    domain = Domain.objects.create(slug="atacado", name="Atacado")
    BusinessRuleFactory(tenant=moveis, title="Pedido mínimo", description="Dez.", domain=domain)
    indexed(moveis)

    assert "Pedido mínimo" not in str(search(call, "pedido mínimo"))
    assert "Pedido mínimo" in str(search(call, "pedido mínimo", domain="atacado"))


def test_price_is_a_decimal(call, known):
    body = search(call, "sofá serrano", kinds=["product"])[1]

    assert body["results"][0]["price"] == "2499.90"


@pytest.mark.parametrize(
    ("narrower", "name"),
    [
        ({"question": ""}, "question"),
        ({"question": None}, "question"),
        ({"question": ["a"]}, "question"),
        ({"question": "a" * 2_001}, "question"),
        ({"question": "a\0b"}, "question"),
        ({"question": "\ud800"}, "question"),
        ({"kinds": ["nonsense"]}, "kinds"),
        ({"kinds": "faq"}, "kinds"),
        ({"kinds": []}, "kinds"),
        ({"kinds": ["faq"] * 100}, "kinds"),
        ({"kinds": [{}]}, "kinds"),
        ({"languages": ["xx"]}, "languages"),
        ({"language": "xx"}, "language"),
        ({"categories": ["a" * 121]}, "categories"),
        ({"categories": ["a"] * 51}, "categories"),
        ({"domain": "nowhere"}, "domain"),
        ({"price_from": "NaN"}, "price_from"),
        ({"price_to": -1}, "price_to"),
        ({"price_to": "Infinity"}, "price_to"),
        ({"limit": 0}, "limit"),
        ({"limit": 25}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"tenant": 1}, "tenant"),
        ({"tenant_id": 1}, "tenant_id"),
    ],
    ids=str,
)
def test_hostile_values_are_refused_with_the_field(narrower, name, call, known):
    status, refusal = call("post", "search", {"question": QUESTION, **narrower})

    assert (status, list(refusal["fields"])) == (400, [name])


def test_a_company_without_an_index_finds_nothing(stranger, engine):
    status, body = search(stranger)

    assert (status, body["results"], body["verdict"]) == (200, [], "person")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UnavailableError("http://secret"), "does not answer"),
        (OwnedElsewhereError("secret"), "Another process"),
        (RateLimitedError("secret", retry_after=7), "too much to do"),
    ],
)
def test_troubles_of_the_engine_are_503_with_the_next_step(
    error, words, call, known, engine, monkeypatch
):
    def down(*_args, **_options):
        raise error

    monkeypatch.setattr(engine, "legs", down)
    status, refusal = search(call, "frete?")

    assert status == 503
    assert words in refusal["error"]
    assert "secret" not in str(refusal)


def test_searching_takes_the_right_to_read(writer, reader, known):
    assert search(reader)[0] == 200
    assert search(writer)[0] == 403


def test_a_search_takes_few_queries(call, known, django_assert_max_num_queries):
    search(call)

    with django_assert_max_num_queries(12):
        search(call, "defeito")
