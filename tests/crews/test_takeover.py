"""A person speaks, and the bot is silent from that moment on."""

import pytest

from crews import control
from crews.models import Control, OutboundMessage, OutboundState
from crews.questions import Answer
from tests.fakes import chatwoot as fakes

TAKEOVERS = {
    "replies": lambda stage, talk: stage.does("agent_replies", talk, "Oi, assumo daqui"),
    "replies on the phone": lambda stage, talk: stage.does(
        "agent_replies_on_phone", talk, "Respondi pelo celular"
    ),
    "is assigned": lambda stage, talk: stage.does(
        "assign", talk, stage.world.users[stage.chatwoot.agent.id]
    ),
    "opens it": lambda stage, talk: stage.does(
        "change_status", talk, "open", by=stage.chatwoot.agent
    ),
    "snoozes it": lambda stage, talk: stage.does("agent_snoozes", talk),
    "presses the button": lambda stage, talk: control.take_over(stage.talk(talk.messages[0])),
}


@pytest.mark.parametrize("take_over", TAKEOVERS.values(), ids=TAKEOVERS.keys())
def test_a_person_who(stage, take_over):
    message = stage.writes("Oi")
    take_over(stage, message.conversation)

    stage.works()

    assert stage.replies(message) == []
    assert stage.outcome(message) == ("handed_off", "person_came")
    assert stage.talk(message).control == Control.HUMAN


@pytest.mark.parametrize("take_over", TAKEOVERS.values(), ids=TAKEOVERS.keys())
def test_while_the_crew_thinks_a_person_who(stage, script, take_over):
    message = stage.writes("Oi")

    def think(question):
        take_over(stage, message.conversation)
        return "Tarde demais"

    script.say(think)
    stage.works()

    assert stage.replies(message) == []
    assert stage.outcome(message) == ("handed_off", "person_came")


def test_a_takeover_whose_webhook_is_lost_is_seen_before_sending(stage, script):
    message = stage.writes("Oi")

    def think(question):
        stage.world.agent_replies(message.conversation, "Assumo")
        stage.lose()
        return "Tarde demais"

    script.say(think)
    stage.works()

    assert stage.replies(message) == []
    assert stage.talk(message).control == Control.HUMAN


def test_a_takeover_below_a_newer_customer_message_is_seen(stage, script):
    message = stage.writes("Oi")

    def think(question):
        stage.world.agent_replies(message.conversation, "Assumo")
        stage.world.customer_writes("obrigada", message.conversation)
        stage.lose()
        return "Tarde demais"

    script.say(think)
    stage.works()

    assert stage.replies(message) == []


def test_the_rest_of_an_answer_is_cancelled_when_a_person_comes_in_between(stage, script):
    message = stage.writes("Oi")
    script.say("Primeira parte.\n\nSegunda parte.\n\nTerceira parte.")
    stage.chatwoot.next(
        fakes.meanwhile(
            lambda: stage.world.agent_replies(message.conversation, "Assumo"),
            moment="after",
            path="/messages$",
            method="POST",
        )
    )

    stage.works()

    states = OutboundMessage.objects.order_by("position").values_list("state", flat=True)
    assert stage.replies(message) == ["Primeira parte."]
    assert list(states) == [OutboundState.SENT, OutboundState.CANCELLED, OutboundState.CANCELLED]
    assert stage.outcome(message) == ("answered", "replied")


def test_a_conversation_in_which_a_person_writes_is_opened_for_people(stage):
    message = stage.writes("Oi")
    stage.works()
    stage.does("agent_replies", message.conversation, "Assumo")

    stage.works()

    assert message.conversation.status == "open"
    assert stage.talk(message).control == Control.HUMAN
    assert len(stage.replies(message)) == 1


def test_a_person_s_answer_that_is_told_before_the_question_silences_the_bot(stage):
    message = stage.world.customer_writes("Oi", inbox=stage.chatwoot.inbox)
    stage.world.agent_replies_on_phone(message.conversation, "Assumo")

    stage.deliver(is_reversed=True)
    stage.works()

    assert stage.replies(message) == []
    assert stage.talk(message).control == Control.HUMAN


def test_where_nothing_is_answered_nothing_is_opened(make_stage):
    stage = make_stage(mode="off")
    message = stage.writes("Oi")
    stage.does("agent_replies", message.conversation, "Assumo")

    stage.works()

    assert message.conversation.status == "pending"


def test_a_bot_as_assignee_is_no_person(stage):
    message = stage.writes("Oi")
    stage.does("assign", message.conversation, stage.chatwoot.bot)

    stage.works()

    assert stage.replies(message) == ["re: Oi"]


def test_a_private_note_takes_nothing_over(stage):
    message = stage.writes("Oi")
    stage.does("agent_replies", message.conversation, "cliente VIP", is_private=True)

    stage.works()

    assert stage.replies(message) == ["re: Oi"]


def test_what_comes_after_a_takeover_is_left_to_the_person(stage):
    message = stage.writes("Oi")
    stage.works()
    stage.does("agent_replies", message.conversation, "Assumo daqui")
    later = stage.writes("Obrigada", message.conversation)

    stage.works()

    assert len(stage.replies(message)) == 1
    assert stage.outcome(later) == ("ignored", "with_person")


def test_a_paused_conversation_is_not_answered(stage):
    message = stage.writes("Oi")
    stage.works()
    control.pause(stage.talk(message))
    later = stage.writes("Alguém?", message.conversation)

    stage.works()

    assert stage.outcome(later) == ("ignored", "paused")


def test_the_button_gives_it_back_and_tells_chatwoot(stage):
    message = stage.writes("Oi")
    stage.does("agent_takes_over", message.conversation)
    control.give_back(stage.talk(message))
    stage.works()

    later = stage.writes("E agora?", message.conversation)
    stage.works()

    assert message.conversation.status == "pending"
    assert stage.outcome(later) == ("answered", "replied")


GIVEN_BACK = {
    ("never", "resolve"): False,
    ("never", "pending"): False,
    ("on_resolve", "resolve"): True,
    ("on_resolve", "pending"): False,
    ("on_pending", "resolve"): True,
    ("on_pending", "pending"): True,
    ("after_hours", "resolve"): False,
    ("after_hours", "hours"): True,
}


@pytest.mark.parametrize(("rule", "event"), GIVEN_BACK, ids=lambda value: str(value))
def test_the_bot_comes_back(make_stage, rule, event):
    from datetime import timedelta

    from django.db.models import F

    from crews.models import Conversation

    stage = make_stage(resume=rule, answer_open=event == "hours")
    message = stage.writes("Oi")
    stage.works()
    stage.does("agent_replies", message.conversation, "Assumo daqui")
    if event == "resolve":
        stage.does("agent_resolves", message.conversation)
    elif event == "pending":
        stage.does("agent_takes_over", message.conversation)
        stage.does("agent_gives_back", message.conversation)
        stage.does("assign", message.conversation, None)
    else:
        Conversation.objects.update(human_until=F("human_until") - timedelta(days=2))
    later = stage.writes("Tem mais?", message.conversation)

    stage.works()

    came_back = stage.outcome(later) == ("answered", "replied")
    assert came_back is GIVEN_BACK[rule, event]


def test_the_crew_may_ask_whether_anybody_still_wants_its_answer(stage, script):
    message = stage.writes("Oi")

    def think(question):
        question.checkpoint()
        stage.does("agent_replies", message.conversation, "Assumo")
        question.checkpoint()
        raise AssertionError("It should have been stopped.")

    script.say(think)
    stage.works()

    assert stage.outcome(message) == ("handed_off", "person_came")


def test_a_reply_that_a_takeover_cancelled_is_no_answer(stage, script):
    message = stage.writes("Oi")
    stage.chatwoot.next(fakes.refuses(429, retry_after=1, path="/messages$", method="POST"))
    stage.works(seconds=10)
    stage.does("agent_replies", message.conversation, "Assumo")

    stage.works()

    assert stage.outcome(message) == ("handed_off", "person_came")
    assert stage.replies(message) == []


def test_newer_messages_overtake_an_answer_that_is_not_sent(stage, script):
    message = stage.writes("Quero a mesa")

    def think(question):
        stage.writes("aliás, a cadeira", message.conversation)
        return Answer(text="A mesa custa 100")

    script.say(think)
    stage.works()
    stage.works()

    assert stage.replies(message) == ["re: Quero a mesa / re: aliás, a cadeira"]
    assert [turn.state for turn in stage.turns()] == ["superseded", "done"]
