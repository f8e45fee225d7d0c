"""Calls of models: the right model, tries, replacements, time, shapes, tools, pieces."""

import json
import time
from decimal import Decimal

import pytest
from prometheus_client import REGISTRY
from pydantic import BaseModel

from integrations import llm
from integrations.llm import clients, failures
from integrations.models import Breaker, LlmCall, ModelPrice
from integrations.models.llm_call import State
from tests.factories import ModelProfileFactory
from tests.fakes.models import Answer, call_tool, fail, say
from tests.integrations.conftest import KEY, provider_of
from tests.servers import free_port

QUESTION = [{"role": "user", "content": "Tem mesa de jantar?"}]


class Mood(BaseModel):
    mood: str
    urgency: int


def ask(tenant, **options):
    return llm.complete(tenant, QUESTION, **{"seconds": 10, **options})


def the_call():
    return LlmCall.objects.get()


class TestChoosing:
    def test_profile_of_use_and_agent_goes_first(self, moveis, make_profile, models):
        make_profile(moveis, use="answers", model="common")
        make_profile(moveis, use="small", model="small")
        make_profile(moveis, use="small", agent="router", model="own")

        ask(moveis, use="small", agent="router")
        ask(moveis, use="small", agent="seller")
        ask(moveis, use="generation", agent="router")

        assert [heard.model for heard in models.heard] == ["own", "small", "common"]

    def test_company_without_a_profile_is_told_where_to_add_one(self, moveis, models):
        with pytest.raises(llm.NoProviderError, match=r"(?i)model profiles|perfis") as caught:
            ask(moveis)

        assert caught.value.permanent
        assert not LlmCall.objects.exists()

    def test_vectors_are_never_asked_of_a_model_of_answers(self, moveis, make_profile):
        make_profile(moveis)

        with pytest.raises(llm.NoProviderError):
            llm.embed(moveis, ["mesa"])

    def test_provider_out_of_use_is_not_asked(self, moveis, make_profile, models):
        make_profile(moveis, provider=provider_of(moveis, models.url, is_active=False))

        assert not llm.has_model(moveis)

    def test_profile_of_another_company_is_not_seen(self, moveis, cosmeticos, make_profile):
        make_profile(cosmeticos)

        assert not llm.has_model(moveis)
        assert llm.has_model(cosmeticos)


class TestAnswers:
    def test_answer_comes_with_tokens_cost_and_row(self, moveis, make_profile, models):
        make_profile(moveis)
        usage = {
            "prompt_tokens": 1000,
            "completion_tokens": 100,
            "prompt_tokens_details": {"cached_tokens": 400},
        }
        models.script(say("Sim.", usage=usage, model="gpt-4o-mini-2024-07-18"))

        done = ask(moveis, turn=7, conversation=8)

        row = the_call()
        assert (done.text, done.finish_reason, done.call_id) == ("Sim.", "stop", row.pk)
        assert (done.tokens.read, done.tokens.cached, done.tokens.written) == (1000, 400, 100)
        assert done.cost == row.cost == Decimal("0.000180")
        assert (row.state, row.turn, row.conversation, row.tries) == (State.OK, 7, 8, 1)
        assert row.model_answered == "gpt-4o-mini-2024-07-18"
        assert row.finished_at >= row.created_at

    @pytest.mark.parametrize("odd", ["\ud800", "\0"])
    def test_what_is_no_text_does_not_spoil_the_answer(self, odd, moveis, make_profile, models):
        make_profile(moveis)
        message = {"role": "assistant", "content": f"Sim{odd}."}
        function = {"name": f"search{odd}", "arguments": f'{{"a": "{odd}"}}'}
        message["tool_calls"] = [{"id": odd, "type": "function", "function": function}]
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = json.dumps({"model": f"model{odd}", "choices": [choice]}).encode()
        models.script(Answer(body=body))

        done = ask(moveis)

        (call,) = done.tool_calls
        assert the_call().state == State.OK
        for text in (done.text, done.model, call.id, call.name, call.arguments):
            assert "\0" not in text.encode().decode()

    def test_absurd_price_and_tokens_are_written_down_and_added_up(
        self, moveis, make_profile, models
    ):
        make_profile(moveis, price_in="999999999999", price_out=0)
        usage = {"prompt_tokens": 2**40 - 1, "completion_tokens": 1}
        models.script(*[say("Sim.", usage=usage)] * 3)

        for _time in range(3):
            ask(moveis)

        totals = LlmCall.objects.totals()
        assert set(LlmCall.objects.values_list("state", flat=True)) == {State.OK}
        assert totals["dollars"] == 3 * Decimal(1_000_000)

    def test_length_of_the_answer_is_always_limited(self, moveis, make_profile, models):
        make_profile(moveis, max_tokens=321, temperature="0.30")

        ask(moveis)

        assert models.bodies[0]["max_tokens"] == 321
        assert models.bodies[0]["temperature"] == 0.3

    def test_unknown_price_is_unknown_and_not_zero(self, moveis, make_profile):
        make_profile(moveis, model="house-model")

        assert ask(moveis).cost is None
        assert the_call().cost is None

    def test_own_price_goes_before_the_published_one(self, moveis, make_profile):
        make_profile(moveis, price_in=0, price_out=0)

        assert ask(moveis).cost == 0

    def test_longest_fitting_name_of_a_price_counts(self, moveis, make_profile, models):
        ModelPrice.objects.create(pattern="house-*", price_in=1, price_out=1)
        ModelPrice.objects.create(pattern="house-big-*", price_in=5, price_out=5)
        make_profile(moveis, model="house-big-1")
        models.script(say("a", usage={"prompt_tokens": 100_000, "completion_tokens": 100_000}))

        assert ask(moveis).cost == 1

    @pytest.mark.parametrize(
        "usage",
        [
            None,
            {},
            {"prompt_tokens": -5, "completion_tokens": 3},
            {"prompt_tokens": "many", "completion_tokens": 3},
            {"prompt_tokens": 10**30, "completion_tokens": 3},
            {"prompt_tokens": 0, "completion_tokens": 0},
            {"prompt_tokens": True, "completion_tokens": 1},
            ["nonsense"],
        ],
        ids=str,
    )
    def test_tokens_are_estimated_when_the_provider_does_not_tell_the_truth(
        self, usage, moveis, make_profile, models
    ):
        make_profile(moveis)
        models.script(say("Sim, temos.", usage=usage))

        done = ask(moveis)

        assert done.tokens.is_estimated
        assert done.tokens.read >= len(QUESTION[0]["content"]) // 3
        assert done.tokens.written == 4
        assert the_call().tokens_are_estimated

    def test_tools_are_offered_and_requests_for_them_returned(self, moveis, make_profile, models):
        make_profile(moveis)
        tool = {"type": "function", "function": {"name": "stock", "parameters": {}}}
        models.script(call_tool("stock", sku="M-1"))

        done = ask(moveis, tools=[tool])

        assert models.bodies[0]["tools"] == [tool]
        assert [(call.name, call.arguments) for call in done.tool_calls] == [
            ("stock", '{"sku": "M-1"}')
        ]
        assert (done.text, done.finish_reason) == ("", "tool_calls")

    def test_refusal_of_the_model_is_its_answer(self, moveis, make_profile, models):
        make_profile(moveis)
        models.script(say(None, refusal="Não posso.", tool_calls=(), usage=None))

        done = ask(moveis)

        assert done.finish_reason == "refusal"


class TestShapes:
    def test_answer_of_a_shape_is_parsed(self, moveis, make_profile, models):
        make_profile(moveis)
        models.script(say('{"mood": "calm", "urgency": 2}'))

        done = ask(moveis, schema=Mood)

        assert done.parsed == Mood(mood="calm", urgency=2)
        wanted = models.bodies[0]["response_format"]["json_schema"]
        assert (wanted["name"], wanted["schema"]) == ("Mood", Mood.model_json_schema())

    def test_wrong_shape_is_repaired_once(self, moveis, make_profile, models):
        make_profile(moveis)
        models.script(say('{"mood": "calm"}'), say('{"mood": "calm", "urgency": 1}'))

        done = ask(moveis, schema=Mood)

        assert done.parsed.urgency == 1
        assert "urgency" in models.bodies[1]["messages"][-1]["content"]
        row = the_call()
        assert (row.tries, row.tokens_in) == (2, done.tokens.read)

    def test_wrong_shape_twice_is_an_error(self, moveis, make_profile, models):
        make_profile(moveis)
        models.script(say("no json"), say("no json either"))

        with pytest.raises(failures.WrongShapeError, match="gpt-4o-mini"):
            ask(moveis, schema=Mood)

        assert the_call().state == State.FAILED
        assert the_call().tokens_out > 0


class TestPieces:
    def test_text_is_handed_out_as_it_comes(self, moveis, make_profile, models):
        make_profile(moveis)
        models.script(say("Sim, temos mesas."))
        pieces = []

        done = ask(moveis, on_text=pieces.append)

        assert pieces == ["Sim,", " temos", " mesas."]
        assert done.text == "Sim, temos mesas."
        assert models.bodies[0]["stream_options"] == {"include_usage": True}
        assert not done.tokens.is_estimated
        assert the_call().streamed

    def test_requests_for_tools_are_put_together(self, moveis, make_profile, models):
        make_profile(moveis)
        models.script(call_tool("stock", sku="M-1"))

        done = ask(moveis, on_text=print)

        assert done.tool_calls[0].arguments == '{"sku": "M-1"}'

    def test_provider_without_usage_is_estimated(self, moveis, make_profile, models):
        make_profile(moveis)
        models.script(say("Sim, temos.", usage=None))

        assert ask(moveis, on_text=print).tokens.is_estimated

    def test_what_was_handed_out_is_not_tried_again(self, moveis, make_profile, models):
        fallback = make_profile(moveis, use="spare", model="spare")
        make_profile(moveis, provider=fallback.provider, fallback=fallback)
        models.script(say("um dois três quatro", cut_after=2))
        pieces = []

        with pytest.raises(failures.NoAnswerFromModelError):
            ask(moveis, on_text=pieces.append)

        assert pieces == ["um", " dois"]
        assert len(models.heard) == 1
        assert the_call().tokens_out > 0

    def test_stream_cut_before_any_text_is_tried_again(self, moveis, make_profile, models):
        make_profile(moveis)
        models.script(say("um dois", cut_after=0), say("um dois"))

        assert ask(moveis, on_text=print).text == "um dois"
        assert the_call().tries == 2

    def test_error_of_the_listener_reaches_the_caller(self, moveis, make_profile):
        make_profile(moveis)

        def stop(_piece):
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            ask(moveis, on_text=stop)

        assert the_call().state == State.FAILED


class TestTries:
    @pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
    def test_passing_failure_is_tried_again(self, status, moveis, make_profile, models):
        make_profile(moveis)
        models.script(fail(status), fail(status), say("Sim."))

        assert ask(moveis).text == "Sim."
        assert the_call().tries == 3

    def test_after_three_tries_it_is_over(self, moveis, make_profile, models):
        make_profile(moveis)
        models.always(fail(503))

        with pytest.raises(failures.ProviderFailedError, match="503") as caught:
            ask(moveis)

        assert not caught.value.permanent
        assert len(models.heard) == 3
        assert (the_call().state, the_call().tries) == (State.FAILED, 3)

    def test_wish_for_a_pause_is_heard(self, moveis, make_profile, models):
        make_profile(moveis)
        models.script(fail(429, retry_after=1), say("Sim."))
        started = time.monotonic()

        ask(moveis)

        assert time.monotonic() - started >= 1

    def test_pause_longer_than_the_time_that_is_left_is_not_waited_for(
        self, moveis, make_profile, models
    ):
        make_profile(moveis)
        models.always(fail(429, retry_after=3000))

        with pytest.raises(failures.TooManyRequestsError) as caught:
            ask(moveis)

        assert caught.value.retry_after == 3000
        assert len(models.heard) == 1

    @pytest.mark.parametrize(
        "body",
        [b"{broken", b"[]", b'"text"', b"{}", b'{"choices": []}', b'{"choices": [7]}', b""],
        ids=repr,
    )
    def test_nonsense_is_tried_again_and_then_an_error(self, body, moveis, make_profile, models):
        make_profile(moveis)
        models.always(Answer(body=body))

        with pytest.raises(failures.UnusableAnswerError):
            ask(moveis)

        row = the_call()
        assert (row.tries, row.state) == (3, State.FAILED)
        assert row.tokens_are_estimated
        assert row.cost > 0

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (fail(400), failures.RequestRefusedError),
            (fail(422), failures.RequestRefusedError),
            (fail(400, "context_length_exceeded"), failures.TextTooLongError),
            (fail(400, "content_filter"), failures.ContentRefusedError),
            (fail(401), failures.KeyRefusedError),
            (fail(403), failures.KeyRefusedError),
            (fail(404), failures.UnknownModelError),
            (fail(429, "insufficient_quota"), failures.NoCreditError),
        ],
        ids=lambda value: getattr(value, "code", None) or getattr(value, "status", value.__class__),
    )
    def test_lasting_failure_is_not_tried_again(self, answer, kind, moveis, make_profile, models):
        make_profile(moveis)
        models.always(answer)

        with pytest.raises(kind) as caught:
            ask(moveis)

        assert caught.value.permanent
        assert len(models.heard) == 1
        assert the_call().cost == 0
        assert the_call().error == str(caught.value)


class TestTime:
    def test_slow_provider_ends_with_the_time_of_the_call(self, moveis, make_profile, models):
        make_profile(moveis)
        models.always(Answer(wait=5))

        with pytest.raises(failures.TooSlowError):
            ask(moveis, seconds=0.3)

        row = the_call()
        assert row.state == State.TIMED_OUT
        assert row.duration_ms < 3000
        assert row.tokens_out == 1000

    def test_dripping_provider_ends_with_the_time_of_the_call(self, moveis, make_profile, models):
        make_profile(moveis)
        models.always(say("a" * 500, drip=0.05))

        with pytest.raises(failures.TooSlowError):
            ask(moveis, seconds=0.4)

        assert the_call().duration_ms < 3000

    def test_dripping_stream_ends_with_the_time_of_the_call(self, moveis, make_profile, models):
        make_profile(moveis)
        models.always(say("a " * 500, drip=0.05))

        with pytest.raises(failures.TooSlowError):
            ask(moveis, seconds=0.4, on_text=lambda _piece: None)

        assert the_call().duration_ms < 3000

    def test_model_that_hangs_leaves_time_for_its_replacement(self, moveis, make_profile, models):
        fallback = make_profile(moveis, use="spare", model="spare")
        make_profile(moveis, provider=fallback.provider, fallback=fallback, model="slow")
        models.always(Answer(wait=5), model="slow")

        done = ask(moveis, seconds=1.5)

        assert done.model == "spare"

    def test_profile_may_be_less_patient_than_the_caller(self, moveis, make_profile, models):
        make_profile(moveis, seconds=1)
        models.always(Answer(wait=5))

        with pytest.raises(failures.TooSlowError):
            ask(moveis, seconds=30)

        assert the_call().duration_ms < 4000


class TestReplacements:
    @pytest.fixture
    def pair(self, moveis, make_profile):
        fallback = make_profile(moveis, use="spare", model="spare")
        return make_profile(moveis, provider=fallback.provider, fallback=fallback, model="first")

    @pytest.mark.parametrize(
        "answer",
        [fail(503), fail(401), fail(404), fail(429, "insufficient_quota"), Answer(body=b"{")],
        ids=["down", "key", "model", "credit", "nonsense"],
    )
    def test_replacement_answers_while_the_first_cannot(self, answer, pair, moveis, models):
        models.always(answer, model="first")

        done = ask(moveis)

        row = the_call()
        assert done.model == "spare"
        assert (row.model, row.was_fallback, row.state) == ("spare", True, State.OK)
        assert "first" in row.note

    def test_wrong_request_is_not_given_to_the_replacement(self, pair, moveis, models):
        models.always(fail(400), model="first")

        with pytest.raises(failures.RequestRefusedError):
            ask(moveis)

        assert len(models.heard) == 1

    def test_when_all_fail_the_last_failure_is_told(self, pair, moveis, models):
        models.always(fail(401), model="first")
        models.always(fail(503), model="spare")

        with pytest.raises(failures.ProviderFailedError):
            ask(moveis)

        assert (the_call().state, the_call().model) == (State.FAILED, "spare")

    def test_circle_of_replacements_ends(self, pair, moveis, models):
        pair.fallback.fallback = pair
        pair.fallback.save()
        models.always(fail(401))

        with pytest.raises(failures.KeyRefusedError):
            ask(moveis)

        assert [heard.model for heard in models.heard] == ["first", "spare"]

    def test_unreachable_provider_is_replaced_by_another(self, moveis, make_profile, models):
        dead = provider_of(moveis, f"http://127.0.0.1:{free_port()}/v1")
        fallback = make_profile(moveis, use="spare", model="spare")
        make_profile(moveis, provider=dead, fallback=fallback)

        assert ask(moveis).model == "spare"
        assert the_call().provider == fallback.provider


class TestBreaker:
    def test_provider_that_keeps_failing_is_left_alone(self, moveis, make_profile, models):
        make_profile(moveis)
        models.always(fail(503))
        for _time in range(5):
            with pytest.raises(failures.ProviderFailedError):
                ask(moveis)
        heard = len(models.heard)

        with pytest.raises(failures.LeftAloneError) as caught:
            ask(moveis)

        assert caught.value.retry_after > 0
        assert len(models.heard) == heard
        assert LlmCall.objects.order_by("-pk").first().state == State.HELD_BACK

    def test_another_company_with_the_same_key_is_not_held_back(
        self, moveis, cosmeticos, make_profile, models
    ):
        make_profile(moveis)
        make_profile(cosmeticos)
        models.always(fail(503))
        for _time in range(5):
            with pytest.raises(failures.ProviderFailedError):
                ask(moveis)
        models.forget()

        assert ask(cosmeticos).text
        assert set(Breaker.objects.values_list("tenant", flat=True)) == {moveis.pk}

    def test_replacement_at_the_same_provider_is_still_asked(self, moveis, make_profile, models):
        fallback = make_profile(moveis, use="spare", model="spare")
        make_profile(moveis, provider=fallback.provider, fallback=fallback, model="first")
        models.always(fail(503), model="first")
        for _time in range(6):
            ask(moveis)

        assert LlmCall.objects.filter(state=State.OK).count() == 6
        assert [heard.model for heard in models.heard].count("first") == 15

    def test_wrong_keys_do_not_open_it(self, moveis, make_profile, models):
        make_profile(moveis)
        models.always(fail(401))
        for _time in range(7):
            with pytest.raises(failures.KeyRefusedError):
                ask(moveis)

        assert len(models.heard) == 7


class TestClients:
    def test_client_is_kept_while_nothing_changes(self, moveis, make_profile):
        profile = make_profile(moveis)

        first = clients.client_for(moveis, profile.provider).client

        assert clients.client_for(moveis, profile.provider).client is first

    def test_new_key_is_used_from_the_next_call_on(self, moveis, make_profile, models):
        from tenants import credentials

        profile = make_profile(moveis)
        ask(moveis)
        ref = profile.provider.credential_ref
        credentials.store(moveis, ref, "sk-a-new-key-altogether", kind="openai")
        ask(moveis)

        sent = [heard.headers["Authorization"] for heard in models.heard]
        assert sent == [f"Bearer {KEY}", "Bearer sk-a-new-key-altogether"]

    def test_new_address_is_used_from_the_next_call_on(self, moveis, make_profile, models):
        profile = make_profile(
            moveis, provider=provider_of(moveis, f"http://127.0.0.1:{free_port()}/v1")
        )
        with pytest.raises(failures.NoAnswerFromModelError):
            ask(moveis)
        profile.provider.base_url = models.url
        profile.provider.save()

        assert ask(moveis).text

    def test_companies_never_share_a_client(self, moveis, cosmeticos, make_profile, models):
        one = make_profile(moveis).provider
        other = make_profile(cosmeticos).provider

        first = clients.client_for(moveis, one).client

        assert clients.client_for(cosmeticos, other).client is not first

    def test_removed_key_is_told_with_the_next_step(self, moveis, make_profile, models):
        profile = make_profile(moveis)
        ask(moveis)
        moveis.credential_set.all().delete()

        with pytest.raises(failures.KeyMissingError, match=profile.provider.credential_ref):
            ask(moveis)

    def test_server_without_a_key_gets_none(self, moveis, models):
        ModelProfileFactory(tenant=moveis, provider__base_url=models.url)

        ask(moveis)

        assert "Authorization" not in models.heard[0].headers

    def test_nothing_about_this_machine_is_told(self, moveis, make_profile, models, monkeypatch):
        monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-operator")
        make_profile(moveis)

        ask(moveis)

        headers = models.heard[0].headers
        told = {name.lower() for name in headers if name.lower().startswith("x-stainless")}
        assert told <= {"x-stainless-raw-response"}
        assert "org-of-the-operator" not in str(headers)
        assert headers["User-Agent"] == "ChatwootAI"

    def test_azure_is_asked_in_its_own_way(self, moveis, make_profile, models):
        address = models.url.removesuffix("/v1")
        provider = provider_of(moveis, address, kind="azure", api_version="2024-10-21")
        make_profile(moveis, provider=provider, model="my-deployment")

        ask(moveis)

        heard = models.heard[0]
        assert heard.path == (
            "/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21"
        )
        assert {name.lower(): value for name, value in heard.headers.items()}["api-key"] == KEY


def test_a_call_takes_few_queries(moveis, make_profile, django_assert_max_num_queries):
    make_profile(moveis)
    ask(moveis)

    with django_assert_max_num_queries(13):  # six of them are savepoints of the test's transaction
        ask(moveis)


def test_closed_address_is_told_with_the_next_step(moveis, make_profile, settings):
    make_profile(moveis)
    settings.OUTBOUND_ALLOW_CIDRS = []

    with pytest.raises(failures.AddressClosedError, match="OUTBOUND_ALLOW_CIDRS"):
        ask(moveis)


def test_calls_are_counted_for_monitoring(moveis, make_profile, models):
    def counted():
        labels = {"use": "answers", "outcome": "ok"}
        return REGISTRY.get_sample_value("chatwootai_model_calls_total", labels) or 0

    make_profile(moveis)
    before = counted()

    ask(moveis)

    assert counted() == before + 1
