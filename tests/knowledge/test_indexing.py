"""Rows are the truth: what changed is indexed, what did not costs nothing, what is gone is gone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from integrations import llm
from integrations.llm.failures import ProviderFailedError
from knowledge import indexing, passages, search, spaces
from knowledge.engines.failures import UnavailableError
from knowledge.engines.interface import Scope
from knowledge.models import (
    Article,
    BusinessRule,
    Faq,
    Index,
    Passage,
    PassageState,
    PieceState,
    Space,
)
from knowledge.search import Wanted


def titles(tenant, text, **narrower):
    result = search.search(tenant, Wanted(text=text, **narrower))
    return [one.passage.title for one in result.found]


@pytest.mark.django_db
class TestPassages:
    def test_a_row_is_found_after_it_was_indexed(self, known, moveis):
        assert titles(moveis, "entrega salvador")[0] == "Vocês entregam em Salvador?"

    def test_an_unchanged_row_is_not_indexed_again(self, known, moveis, indexed):
        faq = Faq.objects.for_tenant(moveis).first()
        faq.save()

        report = indexed(moveis)

        assert (report.indexed, report.taken_out) == (0, 0)

    def test_only_the_changed_row_is_indexed(self, known, moveis, indexed):
        faq = Faq.objects.for_tenant(moveis).get(question__startswith="Como lavo")
        faq.answer = "Na máquina, a 30 graus."
        faq.save()

        assert indexed(moveis).indexed == 1

    def test_the_same_moment_in_another_time_zone_is_no_change(self, moveis, indexed):
        ends = datetime(2030, 1, 1, 12, tzinfo=UTC)
        rule = BusinessRule.objects.create(
            tenant=moveis, title="Natal", description="Frete grátis.", valid_until=ends
        )
        indexed(moveis)
        rule.valid_until = ends.astimezone(ZoneInfo("America/Sao_Paulo"))
        rule.save()

        assert indexed(moveis).indexed == 0

    @pytest.mark.parametrize("state", [PieceState.DRAFT, PieceState.ARCHIVED])
    def test_what_is_not_published_is_not_found(self, known, moveis, state):
        faq = Faq.objects.for_tenant(moveis).get(question__startswith="Vocês")
        faq.state = state
        faq.save()

        assert "Vocês entregam em Salvador?" not in titles(moveis, "entrega salvador")

    def test_a_deleted_row_is_not_found_from_that_moment_on(self, known, moveis):
        Faq.objects.for_tenant(moveis).get(question__startswith="Vocês").delete()

        assert "Vocês entregam em Salvador?" not in titles(moveis, "entrega salvador")

    def test_what_is_deleted_leaves_the_index(self, known, moveis, indexed, engine):
        before = engine.count(alias(), Scope(tenant_id=moveis.pk))
        Faq.objects.for_tenant(moveis).first().delete()

        assert indexed(moveis).taken_out == 1
        assert engine.count(alias(), Scope(tenant_id=moveis.pk)) == before - 1

    def test_what_becomes_shorter_loses_its_last_passages(self, moveis, indexed):
        long = "\n\n".join(f"# Parte {n}\n\n" + "Texto sobre prazos. " * 60 for n in range(4))
        article = Article.objects.create(tenant=moveis, title="Política", body=long)
        indexed(moveis)
        many = Passage.objects.of("article", article.pk).count()
        article.body = "# Parte 0\n\nCurto."
        article.save()

        indexed(moveis)

        assert many > 3
        assert Passage.objects.of("article", article.pk).count() == 1

    def test_what_comes_back_is_indexed_again(self, known, moveis, indexed):
        faq = Faq.objects.for_tenant(moveis).get(question__startswith="Vocês")
        for state in (PieceState.ARCHIVED, PieceState.PUBLISHED):
            faq.state = state
            faq.save()

        indexed(moveis)

        assert titles(moveis, "entrega salvador")[0] == "Vocês entregam em Salvador?"


@pytest.mark.django_db
class TestTroubles:
    def test_an_engine_that_is_away_leaves_everything_due(self, moveis, engine, monkeypatch):
        Faq.objects.create(tenant=moveis, question="Abrem domingo?", answer="Não.")

        def away(*_args):
            raise UnavailableError("nobody there")

        monkeypatch.setattr(engine, "upsert", away)
        report = indexing.sync(moveis)

        index = Index.objects.get(tenant=moveis)
        assert report.error == index.last_error == "nobody there"
        assert index.retry_at > timezone.now()
        assert Passage.objects.unfinished().count() == 1
        assert indexing.due_tenants(limit=10) == []

    def test_who_failed_is_due_again_after_the_pause(self, moveis, engine):
        Faq.objects.create(tenant=moveis, question="Abrem domingo?", answer="Não.")
        Index.objects.filter(tenant=moveis).update(retry_at=timezone.now() - timedelta(seconds=1))

        assert indexing.due_tenants(limit=10) == [moveis.pk]

    def test_two_do_not_index_one_company(self, moveis, engine):
        Faq.objects.create(tenant=moveis, question="Abrem domingo?", answer="Não.")
        Index.objects.filter(tenant=moveis).update(
            lease_until=timezone.now() + timedelta(minutes=1)
        )

        assert indexing.sync(moveis).was_busy
        assert Passage.objects.unfinished().count() == 1

    def test_a_lease_that_ran_out_is_nobodys(self, moveis, engine):
        Faq.objects.create(tenant=moveis, question="Abrem domingo?", answer="Não.")
        Index.objects.filter(tenant=moveis).update(
            lease_until=timezone.now() - timedelta(seconds=1)
        )

        assert indexing.sync(moveis).indexed == 1

    def test_a_change_in_the_middle_stays_due(self, moveis, engine, monkeypatch):
        faq = Faq.objects.create(tenant=moveis, question="Abrem domingo?", answer="Não.")
        write = engine.upsert

        def changes_meanwhile(name, points):
            write(name, points)
            faq.answer = "Sim, até as 14h."
            faq.save()

        monkeypatch.setattr(engine, "upsert", changes_meanwhile)
        indexing.sync(moveis)

        assert Passage.objects.get().state == PassageState.DUE


@pytest.mark.django_db
class TestLosses:
    def test_an_index_that_is_gone_is_made_anew(self, known, moveis, cosmeticos, engine):
        for name in engine.collections():
            engine.drop_collection(name)

        assert indexing.find_lost() == 5
        assert indexing.due_tenants(limit=9) == [moveis.pk, cosmeticos.pk]
        for tenant in (moveis, cosmeticos):
            indexing.sync(tenant)
        assert titles(moveis, "entrega salvador")[0] == "Vocês entregam em Salvador?"

    def test_an_index_that_is_there_is_left_alone(self, known):
        assert indexing.find_lost() == 0


@pytest.mark.django_db
class TestModels:
    """A company begins to use a model for search, whose vectors lie elsewhere."""

    @pytest.fixture
    def with_model(self, monkeypatch):
        monkeypatch.setattr(spaces, "wanted_by", lambda _tenant: spaces.Wanted("model-3-abc", 3))
        calls = []

        def embed(_tenant, texts, **_options):
            calls.append(list(texts))
            return [[1.0, 0.0, 0.0]] * len(texts)

        monkeypatch.setattr(llm, "embed", embed)
        return calls

    def test_everything_moves_and_leaves_the_old_space(self, known, moveis, with_model, engine):
        old = Space.objects.get()

        assert indexing.sync(moveis).indexed == 4
        assert Index.objects.get(tenant=moveis).space.key == "model-3-abc"
        assert engine.count(spaces.alias_of(old), Scope(tenant_id=moveis.pk)) == 0
        assert titles(moveis, "entrega salvador")[0] == "Vocês entregam em Salvador?"

    def test_searches_stay_in_the_old_space_until_the_move_is_done(
        self, known, moveis, with_model, engine, monkeypatch
    ):
        def away(*_args):
            raise UnavailableError("nobody there")

        monkeypatch.setattr(engine, "upsert", away)
        indexing.sync(moveis)

        assert titles(moveis, "entrega salvador")[0] == "Vocês entregam em Salvador?"

    def test_words_are_indexed_while_the_model_is_down(
        self, known, moveis, with_model, monkeypatch
    ):
        indexing.sync(moveis)

        def down(*_args, **_options):
            raise ProviderFailedError

        monkeypatch.setattr(llm, "embed", down)
        Faq.objects.create(tenant=moveis, question="Abrem domingo?", answer="Não.")
        report = indexing.sync(moveis)

        assert report.error
        assert Passage.objects.unfinished().count() == 1
        assert "Abrem domingo?" in titles(moveis, "abrem domingo")

    def test_unchanged_rows_are_not_embedded_again(self, known, moveis, with_model):
        indexing.sync(moveis)
        with_model.clear()

        indexing.sync(moveis)

        assert with_model == []


@pytest.mark.django_db
class TestRebuilding:
    def test_everything_is_found_in_the_new_collection(self, known, moveis, monkeypatch, engine):
        monkeypatch.setattr(indexing, "DRAIN_SECONDS", 0)
        before = engine.alias_target(alias())

        indexing.rebuild(Space.objects.get())

        assert engine.alias_target(alias()) != before
        assert engine.collections() == [engine.alias_target(alias())]
        assert titles(moveis, "entrega salvador")[0] == "Vocês entregam em Salvador?"

    def test_searches_find_everything_at_every_step(self, known, moveis, monkeypatch, engine):
        monkeypatch.setattr(indexing, "DRAIN_SECONDS", 0)
        found = []

        def searching_around(name):
            call = getattr(engine, name)

            def searched(*args, **options):
                look()
                answer = call(*args, **options)
                look()
                return answer

            return searched

        def look():
            passages.raise_version(moveis)  # nothing is kept
            found.append(titles(moveis, "entrega salvador")[:1])

        for name in ("ensure_collection", "upsert", "count", "point_alias", "drop_collection"):
            monkeypatch.setattr(engine, name, searching_around(name))
        indexing.rebuild(Space.objects.get())

        assert len(found) >= 10
        assert all(first == ["Vocês entregam em Salvador?"] for first in found)

    def test_a_rebuild_that_fails_changes_nothing(self, known, moveis, monkeypatch, engine):
        before = engine.alias_target(alias())
        monkeypatch.setattr(engine, "upsert", lambda *_args: None)

        with pytest.raises(indexing.RebuildError):
            indexing.rebuild(Space.objects.get())

        assert engine.collections() == [before]
        assert Space.objects.get().building == ""
        assert titles(moveis, "entrega salvador")[0] == "Vocês entregam em Salvador?"

    def test_changes_meanwhile_are_in_both(self, known, moveis, indexed, engine):
        space = Space.objects.get()
        engine.ensure_collection("new", None)
        Space.objects.update(building="new")
        Faq.objects.create(tenant=moveis, question="Abrem domingo?", answer="Não.")

        indexed(moveis)

        of_moveis = Scope(tenant_id=moveis.pk)
        assert engine.count("new", of_moveis) == 1
        assert engine.count(space.collection, of_moveis) == 5


@pytest.mark.django_db
def test_a_company_that_is_deleted_leaves_nothing_behind(known, moveis, cosmeticos, engine):
    number = moveis.pk

    indexing.forget_company(number)

    assert engine.count(alias(), Scope(tenant_id=number)) == 0
    assert engine.count(alias(), Scope(tenant_id=cosmeticos.pk)) == 1


@pytest.mark.django_db
def test_many_rows_are_renewed_in_few_questions(moveis, django_assert_max_num_queries):
    rows = Faq.objects.bulk_create(
        Faq(tenant=moveis, question=f"Pergunta {n}?", answer="Resposta.") for n in range(200)
    )

    with django_assert_max_num_queries(20):
        passages.renew(moveis, rows)


def alias():
    return spaces.alias_of(Space.objects.get())


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["row", "rows"])
def test_a_company_with_knowledge_can_be_deleted(known, moveis, way):
    number = moveis.pk
    if way == "row":
        moveis.delete()
    else:
        type(moveis).objects.filter(pk=number).delete()

    assert not Passage.objects.filter(tenant=number).exists()
    assert not Index.objects.filter(tenant=number).exists()
