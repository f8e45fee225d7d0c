"""`manage.py model_provider`: one command from nothing to answers; run again, it changes them."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from integrations import llm
from integrations.models import ModelProfile, Provider
from tenants import credentials
from tests.integrations.conftest import KEY


def run(*arguments):
    out = io.StringIO()
    call_command("model_provider", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_sets_up_everything_that_answers_need(moveis, models):
    found = run(
        *("moveis", "--base-url", models.url, "--api-key", KEY, "--model", "main"),
        *("--fallback-model", "spare", "--embedding-model", "vectors", "--dimension", "8"),
    )

    assert found == {
        "tenant": "moveis",
        "provider": "model_provider",
        "base_url": models.url,
        "credential": "model_provider",
        "model": "main",
        "fallback_model": "spare",
        "embedding_model": "vectors",
        "dimension": 8,
    }
    assert llm.complete(moveis, [{"role": "user", "content": "oi"}]).model == "main"
    assert len(llm.embed(moveis, ["oi"])[0]) == 8
    assert models.heard[0].headers["Authorization"] == f"Bearer {KEY}"


def test_run_again_it_changes_what_is_there(moveis, models):
    first = ("--api-key", KEY, "--model", "main", "--fallback-model", "spare")
    run("moveis", "--base-url", models.url, *first)
    run("moveis", "--base-url", models.url, *first)
    run("moveis", "--base-url", models.url, "--api-key", "sk-the-second-key", "--model", "new")

    assert Provider.objects.count() == 1
    assert [(p.use, p.model, p.fallback) for p in ModelProfile.objects.all()] == [
        ("answers", "new", None)
    ]
    secret = credentials.reveal(moveis, "model_provider", purpose="test")
    assert secret.text == "sk-the-second-key"


def test_search_stays_until_another_model_is_named(moveis, models):
    start = ("moveis", "--base-url", models.url, "--model", "main")
    run(*start, "--embedding-model", "vectors", "--dimension", "8")

    assert run(*start)["embedding_model"] == "vectors"


def test_server_without_a_key_needs_none(moveis, models):
    found = run("moveis", "--base-url", models.url, "--model", "main")

    assert found["credential"] is None
    assert llm.complete(moveis, [{"role": "user", "content": "oi"}]).text


def test_address_of_openai_is_openai_itself(moveis):
    found = run(
        *("moveis", "--base-url", "https://api.openai.com/v1/", "--api-key", KEY),
        *("--model", "gpt-4o-mini"),
    )

    assert found["base_url"] == "https://api.openai.com/v1"
    assert Provider.objects.get().is_openai_itself


def test_key_may_come_from_standard_input(moveis, models, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{KEY}\n"))

    run("moveis", "--base-url", models.url, "--api-key-stdin", "--model", "main")

    assert credentials.reveal(moveis, "model_provider", purpose="test").text == KEY


@pytest.mark.parametrize(
    "arguments",
    [
        ("nobody", "--base-url", "https://x.example/v1", "--model", "m"),
        ("moveis", "--base-url", "https://10.0.0.1/v1", "--model", "m", "--api-key", KEY),
        ("moveis", "--base-url", "nonsense", "--model", "m", "--api-key", KEY),
        ("moveis", "--base-url", "https://api.openai.com/v1", "--model", "m"),
        ("moveis", "--base-url", "https://api.openai.com/v1", "--model", "m", "--dimension", "8"),
        ("moveis", "--base-url", "https://api.openai.com/v1", "--model", "m", "--api-key", " "),
    ],
    ids=["company", "private", "address", "key", "dimension", "blank key"],
)
def test_what_cannot_work_is_refused_and_nothing_is_kept(arguments, moveis):
    with pytest.raises(CommandError) as caught:
        run(*arguments)

    assert KEY not in str(caught.value)
    assert not Provider.objects.exists()
    assert not moveis.credential_set.exists()


def test_companies_do_not_touch_each_other(moveis, cosmeticos, models):
    run("moveis", "--base-url", models.url, "--api-key", KEY, "--model", "a")
    run("cosmeticos", "--base-url", models.url, "--api-key", "sk-of-the-other", "--model", "b")

    assert ModelProfile.objects.get(tenant=moveis).model == "a"
    assert credentials.reveal(moveis, "model_provider", purpose="test").text == KEY
