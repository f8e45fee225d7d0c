"""How well questions find what answers them, on texts that nobody else sees."""

import json
import math

import pytest
from django.core.management import CommandError, call_command

from knowledge import calibration, evaluation
from knowledge.evaluation import Answered, FileError, Query
from knowledge.models import Index, Passage, Space
from tenants.models import Tenant

DOCS = [
    {"id": "frete", "title": "Frete", "text": "Entregamos em Salvador por R$ 189,00."},
    {"id": "pix", "text": "No Pix há 10% de desconto.", "kind": "rule"},
    {"id": "capa", "title": "Como lavo a capa?", "text": "À mão, com sabão neutro.", "kind": "faq"},
]
QUERIES = [
    {"id": "q1", "text": "qto custa o frete p/ salvador", "relevant": ["frete"]},
    {"id": "q2", "text": "desconto no pix?", "relevant": ["pix"]},
    {"id": "q3", "text": "me conta uma piada", "relevant": []},
]


def written(path, rows):
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return str(path)


@pytest.fixture
def files(tmp_path):
    return (
        written(tmp_path / "docs.jsonl", DOCS),
        written(tmp_path / "queries.jsonl", QUERIES),
        tmp_path / "out.json",
    )


@pytest.mark.django_db
class TestCommand:
    def test_everything_is_told_of_each_question(self, files):
        docs, queries, out = files

        call_command("evaluate_search", docs, queries, json=str(out))

        found = json.loads(out.read_text())
        assert set(found["summary"]) == {
            *("hit@1", "recall@5", "recall@20", "ndcg@10", "mrr", "p50_ms", "p95_ms")
        }
        assert found["summary"]["hit@1"] == 1
        by_id = {row["id"]: row for row in found["queries"]}
        assert by_id["q1"]["found"][0] == "frete"
        assert by_id["q3"]["support"] < by_id["q2"]["support"]

    def test_nothing_is_left_behind(self, files):
        before = Tenant.objects.count()

        call_command("evaluate_search", *files[:2])

        assert Tenant.objects.count() == before
        for model in (Passage, Index, Space):
            assert not model.objects.exists()

    def test_what_a_killed_one_left_is_removed(self, files):
        Tenant.objects.create(slug="evaluation-dead", name="Evaluation")

        call_command("evaluate_search", *files[:2])

        assert not Tenant.objects.filter(slug__startswith="evaluation-").exists()

    def test_each_leg_is_measured_alone(self, files, capsys):
        call_command("evaluate_search", *files[:2], alone=True)

        names = [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]]
        assert names == ["words", "chars", "words+chars+cover"]

    @pytest.mark.parametrize(
        ("line", "complaint"),
        [("{", "1.*JSON"), ("{}", "1.*“id”"), ('{"id": "a"}', "1.*“text”")],
    )
    def test_a_line_that_cannot_be_used_is_named(self, files, tmp_path, line, complaint):
        (tmp_path / "docs.jsonl").write_text(line)

        with pytest.raises(CommandError, match=complaint):
            call_command("evaluate_search", *files[:2])

    def test_a_file_that_is_not_there_is_named(self, files):
        with pytest.raises(CommandError, match=r"missing\.jsonl"):
            call_command("evaluate_search", "missing.jsonl", files[1])

    def test_an_unknown_leg_is_named_with_those_there_are(self, files):
        with pytest.raises(CommandError, match=r"magic.*words"):
            call_command("evaluate_search", *files[:2], legs="magic")


def answered(found, relevant, *, support=0.0, seconds=0.001):
    return Answered(Query("q", "?", tuple(relevant)), tuple(found), support, seconds)


class TestMeasures:
    def test_the_first_place_is_worth_most(self):
        first = evaluation.summary([answered(["a", "b"], ["a"])])
        second = evaluation.summary([answered(["b", "a"], ["a"])])

        assert (first["ndcg@10"], first["mrr"], first["hit@1"]) == (1, 1, 1)
        assert second["ndcg@10"] == round(1 / math.log2(3), 4)
        assert (second["mrr"], second["hit@1"]) == (0.5, 0)

    def test_questions_without_an_answer_are_not_judged(self):
        found = evaluation.summary([answered(["a"], ["a"]), answered(["a"], [])])

        assert found["hit@1"] == 1

    def test_a_part_of_what_is_relevant_is_a_part(self):
        assert evaluation.summary([answered(["a"], ["a", "b"])])["recall@5"] == 0.5

    def test_nothing_found_is_nothing(self):
        found = evaluation.summary([answered([], ["a"])])

        assert (found["ndcg@10"], found["mrr"], found["recall@20"]) == (0, 0, 0)

    def test_shares_tell_what_would_be_answered_and_what_invented(self):
        answers = [
            answered(["a"], ["a"], support=0.8),
            answered(["a"], ["a"], support=0.3),
            answered(["a"], [], support=0.6),
        ]

        assert evaluation.answered_shares(answers, 0.5) == {"answered": 0.5, "invented": 1.0}


class TestCalibration:
    def test_more_is_needed_where_strange_questions_are_supported(self):
        calm, lively = [0.1] * 40, [0.1] * 36 + [0.6] * 4

        assert calibration.threshold(calm) == calibration.LEAST
        assert calibration.threshold(lively) == pytest.approx(0.6 + calibration.MARGIN)

    def test_one_question_by_chance_changes_nothing(self):
        assert calibration.threshold([0.1] * 39 + [0.7]) == calibration.LEAST

    @pytest.mark.django_db
    def test_a_company_that_repairs_fridges_needs_no_less(self, known, moveis):
        needed = calibration.calibrate(moveis)

        assert calibration.LEAST <= needed <= calibration.MOST
        assert Index.objects.get(tenant=moveis).support_needed == round(needed * 100)


def test_lines_are_named_by_their_number(tmp_path):
    path = tmp_path / "docs.jsonl"
    path.write_text('{"id": "a", "text": "b"}\n\nnonsense')

    with pytest.raises(FileError, match=r"3.*JSON"):
        evaluation.docs_in(path)
