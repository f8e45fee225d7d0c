"""What operators type about conversations: lists for programs and people, replays, questions."""

import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from crews import chunks, control
from crews.models import Conversation, InboundEvent, OutboundMessage, Turn, TurnState
from crews.questions import Answer, HandOff, Reason
from tenants import context
from tests.factories import (
    ChannelMappingFactory,
    ChatwootInstallationFactory,
    ConnectionFactory,
    ConversationFactory,
    InboundEventFactory,
    LlmCallFactory,
    OutboundMessageFactory,
    TurnFactory,
)


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def run(*words):
    output = io.StringIO()
    call_command(*map(str, words), stdout=output)
    return output.getvalue()


def lines(*words):
    return [json.loads(line) for line in run(*words, "--json").splitlines()]


def document(*words):
    return json.loads(run(*words, "--json"))


class TestTurns:
    def test_a_turn_is_told_with_its_messages_replies_and_model_calls(self, stage):
        message = stage.writes("Tem mesa?")
        stage.works()
        turn, reply = Turn.objects.get(), OutboundMessage.objects.get()
        for cost in ("0.5", "0.25"):
            LlmCallFactory(tenant=stage.tenant, turn=turn.pk, cost=Decimal(cost))

        [told] = lines("turns", "moveis")

        assert list(told) == [
            "tenant",
            "account",
            "conversation",
            "turn",
            "state",
            "outcome",
            "reason",
            "messages",
            "replies",
            "model_calls",
            "tokens_in",
            "tokens_out",
            "cost",
            "started_at",
            "finished_at",
        ]
        assert told | {"started_at": "", "finished_at": ""} == {
            "tenant": "moveis",
            "account": stage.chatwoot.account.id,
            "conversation": message.conversation.id,
            "turn": turn.pk,
            "state": "done",
            "outcome": "answered",
            "reason": "replied",
            "messages": [message.id],
            "replies": [
                {"key": reply.key, "position": 0, "state": "sent", "remote_id": reply.remote_id}
            ],
            "model_calls": 2,
            "tokens_in": 200,
            "tokens_out": 40,
            "cost": "0.750000",
            "started_at": "",
            "finished_at": "",
        }
        assert datetime.fromisoformat(told["started_at"]).tzinfo is not None

    def test_a_turn_without_end_has_no_outcome_and_costs_nothing_yet(self, moveis):
        TurnFactory(tenant=moveis, state=TurnState.RUNNING, outcome="", reason="", finished_at=None)

        [told] = lines("turns", "moveis")

        assert (told["outcome"], told["reason"], told["finished_at"]) == (None, None, None)
        assert (told["model_calls"], told["cost"]) == (0, "0.000000")

    def test_without_any_known_price_the_cost_is_unknown(self, moveis):
        turn = TurnFactory(tenant=moveis)
        LlmCallFactory(tenant=moveis, turn=turn.pk, cost=None)

        assert lines("turns", "moveis")[0]["cost"] is None
        assert "unknown" in run("turns", "moveis")

    def test_people_read_how_a_turn_ended_in_words(self, moveis):
        TurnFactory(tenant=moveis, conversation__number=77, conversation__connection__account_id=5)

        line = run("turns", "moveis")

        assert "5/77" in line
        assert "answered: a reply was sent" in line

    def test_many_turns_are_read_with_as_many_queries_as_few(self, moveis):
        def queries():
            with CaptureQueriesContext(
                connection,
            ) as queries:
                assert len(lines("turns", "moveis")) == Turn.objects.count()
            return len(queries)

        def add(number):
            for _n in range(number):
                reply = OutboundMessageFactory(tenant=moveis)
                InboundEventFactory(tenant=moveis, turn=reply.turn, conversation=reply.conversation)
                LlmCallFactory(tenant=moveis, turn=reply.turn.pk)

        add(2)
        few = queries()
        add(18)

        assert queries() == few

    def test_the_oldest_comes_first_and_none_twice_from_chunk_to_chunk(self, moveis, monkeypatch):
        monkeypatch.setattr(chunks, "CHUNK", 2)
        noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
        late = TurnFactory(tenant=moveis, started_at=noon + timedelta(hours=1)).pk
        same = [TurnFactory(tenant=moveis, started_at=noon).pk for _n in range(5)]

        assert [told["turn"] for told in lines("turns", "moveis")] == [*same, late]

    def test_since_is_the_companys_own_time_unless_it_has_an_offset(self, moveis):
        turn = TurnFactory(tenant=moveis, started_at=datetime(2026, 11, 20, 12, tzinfo=UTC))

        assert [t["turn"] for t in lines("turns", "moveis", "--since", "2026-11-20T09:00")] == [
            turn.pk
        ]
        assert lines("turns", "moveis", "--since", "2026-11-20T09:01") == []
        assert len(lines("turns", "moveis", "--since", "2026-11-20T12:00Z")) == 1
        assert len(lines("turns", "moveis", "--since", "2026-11-20")) == 1

    @pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "0001-01-01T00:00+14:00"])
    def test_a_wrong_time_is_refused_with_an_example(self, text, moveis):
        with pytest.raises(CommandError, match="Write one such as 2026-11-20"):
            run("turns", "moveis", "--since", text)

    def test_one_conversation_can_be_chosen(self, moveis):
        turn = TurnFactory(tenant=moveis, conversation__number=12)
        TurnFactory(tenant=moveis, conversation__number=13)

        assert [t["turn"] for t in lines("turns", "moveis", "--conversation", 12)] == [turn.pk]

    def test_rows_of_another_company_are_not_told(self, moveis, cosmeticos):
        TurnFactory(tenant=cosmeticos)
        InboundEventFactory(tenant=cosmeticos)
        LlmCallFactory(tenant=cosmeticos, turn=TurnFactory(tenant=moveis).pk)

        assert [(t["tenant"], t["model_calls"]) for t in lines("turns", "moveis")] == [
            ("moveis", 0)
        ]
        assert lines("events", "moveis") == []


class TestEvents:
    def test_an_event_is_told_with_its_outcome(self, stage):
        message = stage.writes("Oi")
        stage.works()

        asked, _echo = lines("events", "moveis")

        assert list(asked) == [
            "id",
            "event",
            "message",
            "conversation",
            "via",
            "received_at",
            "outcome",
            "reason",
            "turn",
        ]
        assert (asked["event"], asked["message"]) == ("message_created", message.id)
        assert (asked["conversation"], asked["via"]) == (message.conversation.id, "webhook")
        assert (asked["outcome"], asked["reason"]) == ("answered", "replied")
        assert asked["turn"] == Turn.objects.get().pk

    def test_what_waits_has_no_outcome(self, stage):
        stage.writes("Oi")

        [told] = lines("events", "moveis")

        assert (told["outcome"], told["reason"], told["turn"]) == (None, None, None)
        assert "waiting" in run("events", "moveis")

    def test_events_since_a_moment_in_one_conversation(self, moveis):
        old, new = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
        conversation = ConversationFactory(tenant=moveis, number=12)
        InboundEventFactory(tenant=moveis, conversation=conversation, received_at=old)
        row = InboundEventFactory(tenant=moveis, conversation=conversation, received_at=new)
        InboundEventFactory(tenant=moveis, received_at=new)

        told = lines("events", "moveis", "--conversation", 12, "--since", "2026-11-10")

        assert [event["id"] for event in told] == [row.pk]

    def test_the_name_of_an_event_cannot_steer_the_terminal(self, moveis):
        InboundEventFactory(
            tenant=moveis,
            event="x\x1b[2J",
            outcome="ignored",
            conversation=None,
            connection=ConnectionFactory(tenant=moveis),
        )

        assert "\x1b" not in run("events", "moveis")
        assert "x[U+001B][2J" in run("events", "moveis")


class TestConversation:
    def test_a_conversation_is_shown_whole(self, stage):
        message = stage.writes("Meu CPF é 529.982.247-25")
        stage.works()

        told = document("conversation", "moveis", message.conversation.id)

        assert (told["tenant"], told["account"]) == ("moveis", stage.chatwoot.account.id)
        assert (told["status"], told["control"], told["due_at"]) == ("pending", "bot", None)
        assert [event["author"] for event in told["events"]] == ["customer", "bot"]
        assert [turn["outcome"] for turn in told["turns"]] == ["answered"]
        assert [(sent["part"], sent["state"]) for sent in told["outbox"]] == [("reply", "sent")]
        assert "529.982" not in json.dumps(told)

    def test_people_read_who_answers_why_and_what_is_due(self, moveis):
        ConversationFactory(
            tenant=moveis,
            number=12,
            contact_name="Ana\x1b]0;x",
            control="human",
            control_reason="status open",
            due_at=datetime(2026, 11, 20, 12, tzinfo=UTC),
        )

        shown = run("conversation", "moveis", 12)

        assert "Who answers: person, it was opened in Chatwoot, " in shown
        assert "Next due: 2026-11-20 09:00:00" in shown
        assert "Ana[U+001B]" in shown

    def test_lines_of_a_customer_do_not_look_like_ours(self, moveis):
        row = ConversationFactory(tenant=moveis, number=12)
        InboundEventFactory(tenant=moveis, conversation=row, text="Oi\nTurns\r\nNext due: never")

        shown = run("conversation", "moveis", 12).splitlines()

        assert shown.count("Turns") == 1
        assert "    Next due: never" in shown

    def test_a_conversation_of_another_company_does_not_exist(self, moveis, cosmeticos):
        ConversationFactory(tenant=cosmeticos, number=12)

        with pytest.raises(CommandError, match="There is no conversation 12"):
            run("conversation", "moveis", 12)

    def test_of_several_with_the_same_number_one_has_to_be_named(self, moveis):
        for name, account in (("Loja", 1), ("Loja", 2), ("Matriz", 2)):
            installation = ChatwootInstallationFactory._meta.model.objects.filter(name=name).first()
            place = ConnectionFactory(
                tenant=moveis,
                installation=installation or ChatwootInstallationFactory(name=name),
                account_id=account,
            )
            ConversationFactory(tenant=moveis, connection=place, number=12)

        with pytest.raises(CommandError, match=r"1 \(Loja\), 2 \(Loja\), 2 \(Matriz\)"):
            run("conversation", "moveis", 12)
        with pytest.raises(CommandError, match=r"2 \(Loja\), 2 \(Matriz\)"):
            run("conversation", "moveis", 12, "--account", 2)
        assert document("conversation", "moveis", 12, "--account", 1)["account"] == 1
        assert (
            document("conversation", "moveis", 12, "--account", 2, "--installation", "Matriz")[
                "account"
            ]
            == 2
        )


class TestReplay:
    def test_what_was_ignored_is_answered_after_a_correction(self, make_stage):
        stage = make_stage(mode="off")
        message = stage.writes("Tem mesa?")
        stage.choose(mode="automatic")

        shown = run("replay_events", "moveis", "--reason", "mode_off")
        stage.works()

        assert "1  It will be answered." in shown
        assert stage.replies(message) == ["re: Tem mesa?"]
        assert stage.outcome(message) == ("answered", "replied")

    def test_what_is_ignored_again_is_taken_once(self, make_stage):
        stage = make_stage(mode="off")
        for _n in range(3):
            stage.writes("Oi")

        shown = run("replay_events", "moveis")

        assert "3  It was ignored: answering is switched off." in shown
        assert set(InboundEvent.objects.values_list("via", flat=True)) == {"replay"}

    def test_a_dry_run_changes_nothing(self, make_stage):
        stage = make_stage(mode="off")
        stage.writes("Oi")
        stage.choose(mode="automatic")
        before = list(InboundEvent.objects.values())

        shown = run("replay_events", "moveis", "--dry-run")

        assert "1  It would be taken again." in shown
        assert list(InboundEvent.objects.values()) == before

    def test_answered_messages_and_the_bots_own_stay(self, stage):
        message = stage.writes("Oi")
        stage.works()

        assert "There is no such message." in run("replay_events", "moveis")
        assert len(stage.replies(message)) == 1

    def test_an_old_change_of_status_is_not_repeated(self, make_stage):
        stage = make_stage(resume="never")
        message = stage.writes("Oi")
        stage.works()
        stage.does("change_status", message.conversation, "open")
        control.give_back(stage.talk(message))

        run("replay_events", "moveis")

        assert stage.talk(message).control == "bot"

    def test_only_messages_since_a_moment_are_taken(self, moveis):
        InboundEventFactory(
            tenant=moveis,
            outcome="ignored",
            reason="unmapped",
            received_at=datetime(2026, 11, 1, tzinfo=UTC),
        )

        chosen = ("replay_events", "moveis", "--dry-run", "--reason", "unmapped")
        assert "1  It would" in run(*chosen, "--since", "2026-10-31")
        assert "no such message" in run(*chosen, "--since", "2026-11-02")


class TestAsk:
    @pytest.fixture(autouse=True)
    def _scripted(self, script):
        pass

    def test_a_question_is_answered_and_nothing_is_sent_or_kept(self, moveis):
        told = document("ask", "moveis", "Tem mesa?")

        assert told == {
            "answer": "re: Tem mesa?",
            "outcome": "answered",
            "reason": "replied",
            "model_calls": 0,
            "sources": [],
        }
        for model in (Conversation, Turn, InboundEvent, OutboundMessage):
            assert not model.objects.exists()

    def test_a_hand_over_names_its_reason(self, moveis, script):
        script.say(Answer(handoff=HandOff(Reason.CREW_ASKED)))

        told = document("ask", "moveis", "Quero trocar a mesa")

        assert (told["answer"], told["outcome"], told["reason"]) == ("", "handed_off", "crew_asked")

    def test_rules_come_before_the_crew(self, moveis, script):
        told = document("ask", "moveis", "quero falar com um atendente")

        assert told["reason"] == "asked_for_person"
        assert script.asked == []

    def test_without_a_crew_a_person_goes_on(self, moveis, settings):
        settings.ANSWERER = ""

        shown = run("ask", "moveis", "Oi")

        assert "handed to a person: nothing is set up to answer yet" in shown

    def test_model_calls_of_this_question_are_counted(self, moveis, cosmeticos, script):
        def thinks(question):
            request_id = context.current().request_id
            assert request_id
            LlmCallFactory(tenant=question.tenant, request_id=request_id)
            LlmCallFactory(tenant=question.tenant, request_id="another-one")
            return "Temos."

        script.say(thinks)

        assert document("ask", "moveis", "Tem mesa?")["model_calls"] == 1

    def test_the_settings_of_an_inbox_hold(self, moveis, script):
        ChannelMappingFactory(tenant=moveis, inbox_id=5, settings={"languages": "es"})

        run("ask", "moveis", "Hola", "--inbox", 5)

        question = script.asked[0]
        assert question.config.setting("languages") == "es"
        assert (question.talk.inbox_id, question.talk.id) == (5, None)

    def test_an_empty_question_is_refused(self, moveis):
        with pytest.raises(CommandError, match="Write a question"):
            run("ask", "moveis", "  ")


@pytest.mark.parametrize(
    "command",
    [("turns",), ("events",), ("conversation", 1), ("replay_events",), ("ask", "Oi")],
    ids=lambda words: words[0],
)
def test_an_unknown_company_is_refused_with_those_that_are_known(command, moveis):
    name, *rest = command

    with pytest.raises(CommandError, match="Known: moveis"):
        run(name, "nobody", *rest)
