"""Budgets: asked before each call, settled after it however it ends, also after a crash."""

import json
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from integrations import llm, tasks
from integrations.llm import calls, failures, profiles
from integrations.llm.calls import Purpose
from integrations.models import LlmCall
from integrations.models.llm_call import State
from tenants.models import Spending
from tenants.models.budget import OnExceed
from tests.conftest import POSTGRES_URL
from tests.factories import BudgetFactory
from tests.fakes.models import Answer, fail, say
from tests.servers import ROOT, clean_environment

QUESTION = [{"role": "user", "content": "Tem mesa de jantar?"}]
USAGE = {"prompt_tokens": 10, "completion_tokens": 20}


def ask(tenant, **options):
    return llm.complete(tenant, QUESTION, **{"seconds": 10, **options})


def counted():
    row = Spending.objects.get()
    return row.used_tokens, row.reserved_tokens


class TestSpending:
    def test_what_the_call_took_is_counted(self, moveis, make_profile, models):
        BudgetFactory(tenant=moveis, token_limit=10_000, money_limit=1)
        make_profile(moveis)
        models.script(say("Sim.", usage=USAGE))

        done = ask(moveis)

        assert counted() == (30, 0)
        assert Spending.objects.get().used_money == done.cost == Decimal("0.000014")

    @pytest.mark.parametrize("status", [400, 401, 503])
    def test_refused_call_takes_nothing(self, status, moveis, make_profile, models):
        BudgetFactory(tenant=moveis, token_limit=10_000)
        make_profile(moveis)
        models.always(fail(status))

        with pytest.raises(llm.ModelError):
            ask(moveis)

        assert counted() == (0, 0)

    def test_call_that_the_budget_does_not_cover_is_counted_and_told(self, moveis, make_profile):
        BudgetFactory(tenant=moveis, token_limit=1)
        make_profile(moveis)

        with pytest.raises(llm.BudgetStoppedError):
            ask(moveis)

        row = Spending.objects.get()
        assert row.refused == 1
        assert row.exceeded_at is not None
        assert counted() == (0, 0)

    def test_call_without_an_answer_takes_what_was_reserved(self, moveis, make_profile, models):
        BudgetFactory(tenant=moveis, token_limit=10_000)
        make_profile(moveis, max_tokens=100)
        models.always(Answer(wait=5))

        with pytest.raises(failures.TooSlowError):
            ask(moveis, seconds=0.2)

        row = LlmCall.objects.get()
        assert counted() == (row.reservation["tokens"], 0)
        assert row.cost > 0
        assert row.tokens_are_estimated

    def test_error_in_the_caller_leaves_nothing_reserved(self, moveis, make_profile):
        BudgetFactory(tenant=moveis, token_limit=10_000)
        make_profile(moveis)

        def interrupt(_piece):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            ask(moveis, on_text=interrupt)

        assert counted()[1] == 0
        assert LlmCall.objects.get().state == State.FAILED

    def test_budget_of_a_conversation_counts_it_alone(self, moveis, make_profile, models):
        BudgetFactory(tenant=moveis, period="conversation", token_limit=1100)
        make_profile(moveis, max_tokens=1000)
        models.always(say("Sim.", usage={"prompt_tokens": 100, "completion_tokens": 100}))

        ask(moveis, conversation=1)
        ask(moveis, conversation=2)

        with pytest.raises(llm.BudgetStoppedError):
            ask(moveis, conversation=1)

    def test_dearest_candidate_decides_what_is_reserved(self, moveis, make_profile):
        dear = make_profile(moveis, use="spare", model="gpt-4o", max_tokens=1000)
        make_profile(moveis, provider=dear.provider, fallback=dear, max_tokens=1000)

        ask(moveis)

        assert Decimal(LlmCall.objects.get().reservation["money"]) > Decimal("0.01")


class TestReactions:
    @pytest.mark.parametrize("reaction", [OnExceed.OFFLINE, OnExceed.PERSON, OnExceed.STOP])
    def test_refusal_tells_what_happens_instead(self, reaction, moveis, make_profile, models):
        BudgetFactory(tenant=moveis, token_limit=10, on_exceed=reaction)
        make_profile(moveis)

        with pytest.raises(llm.BudgetStoppedError) as caught:
            ask(moveis, turn=5)

        row = LlmCall.objects.get()
        assert caught.value.reaction == reaction
        assert caught.value.permanent
        assert models.heard == []
        assert (row.state, row.turn, row.cost, row.error) == (
            State.BUDGET,
            5,
            0,
            str(caught.value),
        )

    def test_cheaper_model_goes_on(self, moveis, make_profile, models):
        BudgetFactory(tenant=moveis, token_limit=10, on_exceed=OnExceed.CHEAPER)
        cheaper = make_profile(moveis, use="spare", model="tiny")
        make_profile(moveis, provider=cheaper.provider, cheaper=cheaper, model="big")

        done = ask(moveis)

        row = LlmCall.objects.get()
        assert [heard.model for heard in models.heard] == ["tiny"]
        assert done.model == "tiny"
        assert (row.was_cheaper, row.was_fallback, row.model) == (True, False, "tiny")
        assert row.note

    def test_without_a_cheaper_model_it_is_answered_offline(self, moveis, make_profile, models):
        BudgetFactory(tenant=moveis, token_limit=10, on_exceed=OnExceed.CHEAPER)
        make_profile(moveis)

        with pytest.raises(llm.BudgetStoppedError) as caught:
            ask(moveis)

        assert caught.value.reaction == OnExceed.OFFLINE

    def test_cheaper_model_is_still_held_to_the_other_budgets(self, moveis, make_profile, models):
        BudgetFactory(tenant=moveis, token_limit=10, on_exceed=OnExceed.CHEAPER)
        BudgetFactory(tenant=moveis, period="month", token_limit=20, on_exceed=OnExceed.STOP)
        cheaper = make_profile(moveis, use="spare", model="tiny")
        make_profile(moveis, provider=cheaper.provider, cheaper=cheaper, model="big")

        with pytest.raises(llm.BudgetStoppedError) as caught:
            ask(moveis)

        assert caught.value.reaction == OnExceed.STOP
        assert models.heard == []

    def test_budget_of_another_company_does_not_matter(
        self, moveis, cosmeticos, make_profile, models
    ):
        BudgetFactory(tenant=cosmeticos, token_limit=1)
        make_profile(moveis)

        assert ask(moveis).text


class TestCrashes:
    @pytest.fixture
    def left(self, moveis, make_profile):
        """A call whose process died while the model was asked, twenty minutes ago."""
        BudgetFactory(tenant=moveis, token_limit=10_000)
        profile = make_profile(moveis, max_tokens=100)
        call = calls.begin(Purpose(moveis, "answers", tokens_in=50), profile)
        LlmCall.objects.update(created_at=timezone.now() - timedelta(minutes=20))
        return call

    def test_call_is_written_down_before_the_model_is_asked(self, left):
        row = LlmCall.objects.get()

        assert (row.state, counted()) == (State.RUNNING, (0, 150))

    def test_sweep_charges_what_was_reserved(self, left):
        tasks.settle_model_calls_left_running()

        row = LlmCall.objects.get()
        assert counted() == (150, 0)
        assert (row.state, row.tokens_in, row.tokens_out) == (State.LOST, 50, 100)
        assert row.tokens_are_estimated
        assert row.cost == Decimal(row.reservation["money"]) > 0

    def test_sweep_charges_once(self, left):
        tasks.settle_model_calls_left_running()
        tasks.settle_model_calls_left_running()

        assert counted() == (150, 0)

    def test_process_that_comes_back_late_counts_nothing_more(self, left):
        tasks.settle_model_calls_left_running()

        calls.finish(left, left.candidates[0])

        assert counted() == (150, 0)
        assert LlmCall.objects.get().state == State.LOST

    def test_call_under_way_is_left_alone(self, left):
        LlmCall.objects.update(created_at=timezone.now() - timedelta(minutes=14))

        tasks.settle_model_calls_left_running()

        assert LlmCall.objects.get().state == State.RUNNING

    def test_unknown_price_stays_unknown(self, moveis, make_profile):
        profile = make_profile(moveis, model="house-model")
        calls.begin(Purpose(moveis, "answers", tokens_in=50), profile)
        LlmCall.objects.update(created_at=timezone.now() - timedelta(minutes=20))

        tasks.settle_model_calls_left_running()

        assert LlmCall.objects.get().cost is None


def test_old_calls_are_dropped(moveis, make_profile, settings):
    make_profile(moveis)
    settings.LLM_CALL_DAYS = 100
    old, young = ask(moveis).call_id, ask(moveis).call_id
    LlmCall.objects.filter(pk=old).update(created_at=timezone.now() - timedelta(days=101))

    tasks.drop_old_model_calls()

    assert [row.pk for row in LlmCall.objects.all()] == [young]


def test_cheaper_and_replacement_of_a_provider_out_of_use_are_passed_over(moveis, make_profile):
    from tests.integrations.conftest import provider_of

    off = provider_of(moveis, "https://models.example.com/v1", is_active=False)
    spare = make_profile(moveis, provider=off, use="spare", model="off")
    profile = make_profile(moveis, fallback=spare, cheaper=spare)

    assert profiles.with_replacements(profile) == [profile]
    assert profiles.cheaper_than(profile) is None


def sixteen_at_once(tmp_path, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "tests.integrations.sixteen_at_once"],
        cwd=ROOT,
        env=clean_environment(DATA_DIR=str(tmp_path), **environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def check_together(found):
    """Each call that went through took 30 tokens of 2000, and had to reserve 100 and some."""
    assert found["ok"] + found["refused"] == 64
    assert found["other"] == []
    assert found["used"] == 30 * found["ok"] <= 2000
    assert found["refused"] > 0
    assert (found["reserved"], found["running"]) == (0, 0)
    assert found["clients"] == 1
    assert found["rows"] == 64


def test_sixteen_threads_stay_within_a_budget(tmp_path):
    check_together(sixteen_at_once(tmp_path))


@pytest.mark.services
def test_sixteen_threads_stay_within_a_budget_on_postgresql(tmp_path):
    import psycopg

    name = f"parallel_{tmp_path.name.replace('-', '_')}"
    base = POSTGRES_URL.rpartition("/")[0]
    with psycopg.connect(POSTGRES_URL, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            check_together(sixteen_at_once(tmp_path, DATABASE_URL=f"{base}/{name}"))
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
