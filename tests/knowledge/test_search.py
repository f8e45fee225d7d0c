"""Questions as customers type them find what the company wrote, and nobody else's texts."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import llm
from integrations.llm.failures import ProviderFailedError
from knowledge import search
from knowledge.models import BusinessRule, Index, Space
from knowledge.search import Wanted
from tenants import configuration
from tenants.models import Domain

pytestmark = pytest.mark.django_db


def found(tenant, text, **narrower):
    return search.search(tenant, Wanted(text=text, **narrower)).found


def titles(tenant, text, **narrower):
    return [one.passage.title for one in found(tenant, text, **narrower)]


@pytest.mark.parametrize(
    "question",
    [
        "Vocês entregam em Salvador?",
        "vcs entregam em salvador",
        "oi bom dia, qto fica o frete p/ salvador?",
        "entrgam em slavador?",
        "VCS ENVIAM PRA SALVADOR??",
    ],
)
def test_questions_find_their_answer_however_they_are_typed(known, moveis, question):
    assert titles(moveis, question)[0] == "Vocês entregam em Salvador?"


@pytest.mark.parametrize("question", ["", "???", "👍", "de a o"])
def test_a_question_without_words_finds_nothing(known, moveis, question):
    assert found(moveis, question) == ()


def test_companies_find_their_own_texts_only(known, moveis, cosmeticos):
    assert all(one.passage.tenant_id == moveis.pk for one in found(moveis, "entrega salvador"))
    assert all(
        one.passage.tenant_id == cosmeticos.pk for one in found(cosmeticos, "entrega salvador")
    )
    assert found(cosmeticos, "sofá") == ()


def test_a_kept_result_of_one_company_is_not_anothers(known, moveis, cosmeticos):
    first = titles(moveis, "entrega salvador")
    second = [one.passage.text for one in found(cosmeticos, "entrega salvador")]

    assert first
    assert second == ["Sim, o perfume chega em 5 dias."]


def test_a_kept_result_is_not_asked_for_again(known, moveis, engine, monkeypatch):
    first = titles(moveis, "entrega salvador")
    monkeypatch.setattr(engine, "legs", None)

    assert titles(moveis, "entrega salvador") == first


def test_a_change_ends_what_was_kept(known, moveis, indexed):
    titles(moveis, "domingo")
    BusinessRule.objects.create(tenant=moveis, title="Domingo", description="Fechado.")
    indexed(moveis)

    assert titles(moveis, "domingo")[0] == "Domingo"


def test_results_are_narrowed_by_kind(known, moveis):
    assert titles(moveis, "sofá", kinds=("product",)) == ["Sofá Serrano"]


def test_results_are_narrowed_by_price(known, moveis):
    assert titles(moveis, "sofá", price_to=3000) == ["Sofá Serrano"]
    assert titles(moveis, "sofá", price_to=2000) == []


def test_results_are_narrowed_by_type_of_rule(known, moveis):
    assert titles(moveis, "defeito", rule_types=("exchange",)) == ["Troca por defeito"]
    assert titles(moveis, "defeito", rule_types=("delivery",)) == []


@pytest.mark.parametrize(("begins", "ends"), [(1, 2), (-2, -1)], ids=["not yet", "no longer"])
def test_a_rule_is_found_while_it_holds(known, moveis, indexed, begins, ends):
    now = timezone.now()
    BusinessRule.objects.create(
        tenant=moveis,
        title="Frete grátis",
        description="Em todo o país.",
        valid_from=now + timedelta(days=begins),
        valid_until=now + timedelta(days=ends),
    )
    indexed(moveis)

    assert "Frete grátis" not in titles(moveis, "frete gratis")


def test_a_rule_that_ends_is_not_found_though_the_result_was_kept(known, moveis, indexed):
    rule = BusinessRule.objects.create(
        tenant=moveis,
        title="Frete grátis",
        description="Em todo o país.",
        valid_until=timezone.now() + timedelta(days=1),
    )
    indexed(moveis)
    assert "Frete grátis" in titles(moveis, "frete gratis")

    type(rule).objects.filter(pk=rule.pk).update(valid_until=timezone.now())
    rule.refresh_from_db()
    rule.save()

    assert "Frete grátis" not in titles(moveis, "frete gratis")


def test_a_rule_of_a_domain_is_for_its_conversations(known, moveis, indexed):
    domain = Domain.objects.create(slug="atacado", name="Atacado")
    BusinessRule.objects.create(
        tenant=moveis, title="Atacado", description="Mínimo de 10 peças.", domain=domain
    )
    indexed(moveis)

    assert "Atacado" not in titles(moveis, "atacado")
    assert titles(moveis, "atacado", domain=domain.slug)[0] == "Atacado"


def test_the_support_of_what_is_answered_is_higher(known, moveis):
    answered = search.search(moveis, Wanted(text="entrega em salvador?"))
    strange = search.search(moveis, Wanted(text="vocês consertam geladeira em salvador?"))

    assert answered.support > 0.6
    assert strange.support < 0.4


def test_each_leg_tells_rank_and_score(known, moveis):
    best = found(moveis, "entrega em salvador")[0]

    assert set(best.places) == {"words", "chars", "cover"}
    assert best.places["words"].rank == 1


def test_a_leg_of_weight_nothing_is_left_out(known, moveis):
    configuration.write(moveis, {"settings": {"search_weight_chars": 0}})

    assert "chars" not in found(moveis, "entrega em salvador")[0].places


def test_without_the_vector_of_the_question_words_still_find(known, moveis, monkeypatch):
    Space.objects.update(dimension=3)

    def down(*_args, **_options):
        raise ProviderFailedError

    monkeypatch.setattr(llm, "embed", down)
    result = search.search(moveis, Wanted(text="entrega em salvador"))

    assert result.found[0].passage.title == "Vocês entregam em Salvador?"
    assert set(result.missing) == {"dense"}


def test_a_company_without_an_index_finds_nothing(moveis, engine):
    assert not Index.objects.filter(tenant=moveis).exists()
    assert found(moveis, "entrega") == ()


def test_a_search_asks_the_database_little(known, moveis, django_assert_num_queries):
    search.weights_of(moveis)  # configuration is kept by the process

    with django_assert_num_queries(3):
        search.search(moveis, Wanted(text="entrega em salvador"))
