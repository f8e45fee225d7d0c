"""Vectors: in batches, never paid twice, never shared; and spoken messages as text."""

import pytest
from django.core.cache import caches

from integrations import llm
from integrations.llm import embedding, failures
from integrations.models import LlmCall
from integrations.models.llm_call import State
from tests.conftest import REDIS_URL
from tests.factories import BudgetFactory
from tests.fakes.models import Answer, fail, say

MODEL = "text-embedding-3-small"


@pytest.fixture
def search(moveis, make_profile):
    return make_profile(moveis, use="embeddings", model=MODEL, dimension=8)


def test_vectors_come_in_the_order_of_the_texts(search, moveis, models):
    one, other = llm.embed(moveis, ["mesa", "cadeira"])
    swapped = llm.embed(moveis, ["cadeira", "mesa"])

    assert swapped == [other, one]
    assert len(one) == 8
    assert models.bodies[0]["dimensions"] == 8


def test_known_text_is_not_asked_again(search, moveis, models):
    llm.embed(moveis, ["mesa", "cadeira"])
    again = llm.embed(moveis, ["mesa", "sofá", "mesa"])

    assert [body["input"] for body in models.bodies] == [["mesa", "cadeira"], ["sofá"]]
    assert again[0] == again[2]


def test_other_company_pays_for_its_own(search, moveis, cosmeticos, make_profile, models):
    make_profile(cosmeticos, use="embeddings", model=MODEL, dimension=8)

    llm.embed(moveis, ["mesa"])
    llm.embed(cosmeticos, ["mesa"])

    assert len(models.heard) == 2


@pytest.mark.parametrize("change", [{"model": "another"}, {"dimension": 4}], ids=str)
def test_other_space_is_asked_anew(change, search, moveis, models):
    llm.embed(moveis, ["mesa"])
    for name, value in change.items():
        setattr(search, name, value)
    search.save()
    llm.embed(moveis, ["mesa"])

    assert len(models.heard) == 2


def test_many_texts_go_in_batches(search, moveis, models):
    llm.embed(moveis, [f"produto {number}" for number in range(258)])

    assert [len(body["input"]) for body in models.bodies] == [128, 128, 2]
    assert LlmCall.objects.count() == 3


def test_long_texts_make_small_batches(search, moveis, models, monkeypatch):
    monkeypatch.setattr(embedding, "TOKENS_PER_BATCH", 10)

    llm.embed(moveis, ["a" * 24, "b" * 24, "c"])

    assert [len(body["input"]) for body in models.bodies] == [1, 2]


@pytest.mark.services
def test_known_text_is_found_in_redis(search, moveis, models, settings):
    redis = {"BACKEND": "chatwoot_ai.cache.RedisCache", "LOCATION": REDIS_URL}
    settings.CACHES = {**settings.CACHES, "embeddings": {**redis, "KEY_PREFIX": "test-vectors"}}
    caches["embeddings"].clear()

    first = llm.embed(moveis, ["mesa", "cadeira"])
    again = llm.embed(moveis, ["cadeira", "mesa"])

    assert again == first[::-1]
    assert len(models.heard) == 1


def test_what_came_before_a_failure_is_kept(search, moveis, models):
    texts = [f"produto {number}" for number in range(200)]
    models.script(Answer(), fail(400))
    with pytest.raises(failures.RequestRefusedError):
        llm.embed(moveis, texts)

    llm.embed(moveis, texts)

    assert [len(body["input"]) for body in models.bodies] == [128, 72, 72]


def test_nothing_costs_nothing(search, moveis, models):
    assert llm.embed(moveis, []) == []
    assert models.heard == []


def test_empty_text_has_a_vector_too(search, moveis):
    assert len(llm.embed(moveis, [""])[0]) == 8


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": []}',
        b'{"data": [{"index": 0, "embedding": []}]}',
        b'{"data": [{"index": 0, "embedding": [1, 2]}]}',
        b'{"data": [{"index": 0, "embedding": ["x"]}]}',
        b'{"data": [{"index": 0}]}',
    ],
    ids=repr,
)
def test_wrong_vectors_are_refused(body, search, moveis, models):
    models.always(Answer(body=body))

    with pytest.raises(failures.UnusableAnswerError):
        llm.embed(moveis, ["mesa"])


def test_budget_holds_for_vectors_too(search, moveis, models):
    BudgetFactory(tenant=moveis, token_limit=1)

    with pytest.raises(llm.BudgetStoppedError):
        llm.embed(moveis, ["uma mesa de jantar"])

    assert models.heard == []
    assert LlmCall.objects.get().state == State.BUDGET


def test_replacement_with_another_model_is_never_asked(moveis, make_profile, models):
    other = make_profile(moveis, use="spare", model="another-space")
    make_profile(moveis, provider=other.provider, use="embeddings", model=MODEL, fallback=other)
    models.always(fail(401))

    with pytest.raises(failures.KeyRefusedError):
        llm.embed(moveis, ["mesa"])

    assert [heard.model for heard in models.heard] == [MODEL]


def test_recording_becomes_text(moveis, make_profile, models):
    make_profile(moveis, use="transcription", model="whisper-1")
    models.script(say("quero uma mesa"))

    done = llm.transcribe(moveis, b"OggS" * 100, name="voice.ogg", language="pt-br", turn=3)

    body = models.bodies[0]
    assert (done.text, done.cost) == ("quero uma mesa", None)
    assert (body["model"], body["language"], body["file"]) == (
        "whisper-1",
        "pt",
        b"OggS" * 100,
    )
    assert LlmCall.objects.get().turn == 3


def test_recording_paid_by_tokens_has_a_price(moveis, make_profile, models):
    make_profile(moveis, use="transcription", model="own", price_in=1, price_out=1)
    usage = {"type": "tokens", "input_tokens": 500_000, "output_tokens": 500_000}
    models.script(say("oi", usage=usage))

    assert llm.transcribe(moveis, b"OggS", name="voice.ogg").cost == 1


@pytest.mark.parametrize("audio", [b"", b"x" * 25_000_001], ids=["empty", "large"])
def test_unfit_recording_is_refused_before_it_costs(audio, moveis, make_profile, models):
    make_profile(moveis, use="transcription", model="whisper-1")

    with pytest.raises(failures.UnfitAudioError):
        llm.transcribe(moveis, audio, name="voice.ogg")

    assert models.heard == []
