"""What the page shows of a search, and what it says would become of the question."""

import pytest

from knowledge import judging, search, trying
from knowledge.engines.failures import (
    OwnedElsewhereError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from knowledge.judging import Verdict
from knowledge.search import Wanted

pytestmark = pytest.mark.django_db


def tried(tenant, text, **narrower):
    return trying.try_out(tenant, Wanted(text=text, **narrower))


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ("vcs entregam em salvador?", Verdict.ANSWER),
        ("vocês consertam geladeira em salvador?", Verdict.PERSON),
        ("oi, bom dia", Verdict.GREETING),
    ],
)
def test_a_question_gets_the_verdict_that_its_support_deserves(known, moveis, question, verdict):
    assert tried(moveis, question).judgement.verdict == verdict


def test_what_is_near_is_asked_back(known, moveis):
    result = search.search(moveis, Wanted(text="vocês entregam em salvador?"))
    needed = result.support / 0.7

    assert judging.judge(result, needed).verdict == Verdict.ASK


def test_what_would_be_quoted_is_told(known, moveis):
    trial = tried(moveis, "vcs entregam em salvador?")

    assert trial.judgement.best.passage.title == "Vocês entregam em Salvador?"


def test_words_that_are_not_covered_are_named(known, moveis):
    trial = tried(moveis, "entregam geladeira em salvador?")

    assert "geladeira" in trial.missing
    assert "salvador" not in trial.missing
    assert "salvador" not in trial.rows[0].missing


def test_where_nothing_is_found_every_word_is_missing(known, cosmeticos):
    assert tried(cosmeticos, "geladeira azul").missing == ("geladeira", "azul")


def test_a_company_without_an_index_is_told_apart(known, moveis, engine):
    from tests.factories import TenantFactory

    assert trying.is_indexed(moveis)
    assert not trying.is_indexed(TenantFactory())


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OwnedElsewhereError("x"), "Another process"),
        (RateLimitedError("x"), "too much to do"),
        (RejectedError("x"), "check_index"),
        (UnavailableError("secret address"), "does not answer"),
    ],
)
def test_troubles_of_the_engine_are_sentences(error, words):
    from django.utils import translation

    with translation.override("en"):
        assert words in trying.explain(error)
        assert "secret" not in trying.explain(error)
