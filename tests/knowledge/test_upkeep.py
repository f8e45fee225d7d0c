"""Index and rows are compared both ways, and put right."""

import json

import pytest
from django.core.management import CommandError, call_command

from knowledge import indexing, spaces, upkeep
from knowledge.engines.interface import Scope
from knowledge.models import Faq, Passage, PassageState, Space

pytestmark = pytest.mark.django_db


def alias():
    return spaces.alias_of(Space.objects.get())


def take_out_of_the_index(engine, passage):
    engine.delete(alias(), Scope(tenant_id=passage.tenant_id, ids=[str(passage.pk)]))


def forget_in_the_database(passage):
    Passage.objects.filter(pk=passage.pk).delete()


def make_old(passage):
    Passage.objects.filter(pk=passage.pk).update(revision="other")


def test_what_agrees_is_not_named(known, moveis):
    found = upkeep.check(moveis)

    assert (found["passages"], found["counts"]) == (4, {})


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (lambda engine, row: take_out_of_the_index(engine, row), "lacking"),
        (lambda engine, row: forget_in_the_database(row), "foreign"),
        (lambda engine, row: make_old(row), "stale"),
    ],
    ids=["lacking", "foreign", "stale"],
)
def test_what_differs_is_named_and_put_right(known, moveis, cosmeticos, engine, damage, kind):
    row = Passage.objects.for_tenant(moveis).first()
    damage(engine, row)

    assert upkeep.check(moveis, repair=True)["counts"] == {kind: 1}
    indexing.sync(moveis)

    assert upkeep.check(moveis)["counts"] == {}
    assert upkeep.check(cosmeticos)["counts"] == {}


def test_what_is_on_its_way_is_no_difference(known, moveis):
    Faq.objects.for_tenant(moveis).first().delete()
    Faq.objects.create(tenant=moveis, question="Abrem domingo?", answer="Não.")

    assert upkeep.check(moveis)["counts"] == {}


def test_rows_are_asked_for_once_however_many_differ(
    known, moveis, engine, django_assert_num_queries
):
    for row in Passage.objects.for_tenant(moveis):
        take_out_of_the_index(engine, row)

    with django_assert_num_queries(3):
        assert upkeep.check(moveis)["counts"] == {"lacking": 4}


def test_everything_is_indexed_again_on_demand(known, moveis):
    assert upkeep.sync(moveis, everything=True)["indexed"] == 4


class TestCommands:
    def test_a_difference_ends_with_an_error_until_it_is_repaired(
        self, known, moveis, engine, capsys
    ):
        take_out_of_the_index(engine, Passage.objects.for_tenant(moveis).first())

        with pytest.raises(CommandError, match="moveis"):
            call_command("check_index", "moveis")
        call_command("check_index", "moveis", repair=True)
        call_command("sync_index", "moveis")
        call_command("check_index", "moveis")

        assert not Passage.objects.exclude(state=PassageState.READY).exists()

    def test_each_company_has_its_line(self, known, capsys):
        call_command("check_index", json=True)

        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert {line["tenant"]: line["passages"] for line in lines} == {
            "moveis": 4,
            "cosmeticos": 1,
        }

    def test_an_unknown_space_is_named_with_those_there_are(self, known):
        with pytest.raises(CommandError, match=r"magic.*words"):
            call_command("rebuild_index", "magic")

    def test_a_space_is_built_anew(self, known, engine, monkeypatch):
        monkeypatch.setattr(indexing, "DRAIN_SECONDS", 0)
        before = engine.alias_target(alias())

        call_command("rebuild_index")

        assert engine.alias_target(alias()) != before
