"""A reply arrives once, whatever Chatwoot does with it, and in order."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crews import answering, claims, outbox
from crews.models import Conversation, OutboundMessage, OutboundState, Turn
from integrations.models import RemoteCall
from tests.fakes import chatwoot as fakes

MESSAGES = {"path": "/messages$", "method": "POST"}

FAULTS = {
    "commits, then fails": fakes.fails_after_doing_it(**MESSAGES),
    "commits, then drops": fakes.drops_after_doing_it(**MESSAGES),
    "drops before": fakes.drops(**MESSAGES),
    "fails before": fakes.refuses(500, **MESSAGES),
    "is behind a broken proxy": fakes.refuses(502, **MESSAGES),
    "asks to wait": fakes.refuses(429, retry_after=1, **MESSAGES),
    "refuses without a reason": fakes.refuses(422, {"error": "something"}, **MESSAGES),
    "answers nonsense": fakes.answers(["?"], **MESSAGES),
    "says too many messages": fakes.refuses(
        422, {"error": "Validation failed: Too many messages"}, **MESSAGES
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_reply_arrives_once_when_chatwoot(stage, fault):
    message = stage.writes("Oi")
    stage.chatwoot.next(fault)

    for _round in range(4):
        stage.works(minutes=2)

    assert stage.replies(message) == ["re: Oi"]
    assert stage.outcome(message) == ("answered", "replied")
    assert not OutboundMessage.objects.unfinished().exists()


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_bubbles_keep_their_order_when_chatwoot(stage, script, fault):
    script.say("Um.\n\nDois.\n\nTrês.")
    message = stage.writes("Oi")
    stage.chatwoot.next(fault)

    for _round in range(6):
        stage.works(minutes=2)

    assert stage.replies(message) == ["Um.", "Dois.", "Três."]


def test_without_looking_before_the_next_try_it_would_arrive_twice(stage, monkeypatch):
    """Proves that the tests above can see it."""
    monkeypatch.setattr(outbox, "_look_for", lambda desk, row: None)
    stage.world.deliveries.lose("message_created", times=10)
    message = stage.world.customer_writes("Oi", inbox=stage.chatwoot.inbox)
    stage.deliver()
    stage.writes("Olá", message.conversation)
    stage.chatwoot.next(fakes.drops_after_doing_it(**MESSAGES))

    for _round in range(4):
        stage.works(minutes=2)
        stage.lose()

    assert len(stage.replies(message)) == 0 or len(stage.replies(message)) == 2


def test_an_echo_settles_what_was_unknown(stage):
    message = stage.writes("Oi")
    stage.chatwoot.next(fakes.drops_after_doing_it(**MESSAGES))

    stage.works(seconds=10)

    assert OutboundMessage.objects.get().state == OutboundState.SENT
    stage.works(seconds=1)
    assert stage.outcome(message) == ("answered", "replied")
    assert len(stage.replies(message)) == 1


def test_a_definite_no_goes_to_a_person(stage):
    message = stage.writes("Oi")
    refusal = {"message": "Invalid", "attributes": ["content"]}
    stage.chatwoot.next(fakes.refuses(422, refusal, **MESSAGES))

    stage.works()

    assert stage.outcome(message) == ("handed_off", "rejected")
    assert message.conversation.status == "open"


def test_a_reply_that_cannot_leave_for_a_day_expires(stage):
    message = stage.writes("Oi")
    stage.chatwoot.next(fakes.refuses(429, retry_after=3000, **MESSAGES), times=2)
    stage.works()

    stage.works(hours=25)

    assert stage.outcome(message) == ("expired", "not_sent_in_time")
    assert stage.replies(message) == []


def test_newer_messages_wait_until_what_is_unknown_is_known(stage):
    message = stage.writes("Oi")
    stage.chatwoot.next(fakes.drops_after_doing_it(**MESSAGES))
    stage.world.deliveries.lose("message_created")
    stage.works(seconds=10)
    stage.writes("E então?", message.conversation)

    for _round in range(3):
        stage.works(minutes=1)

    assert stage.replies(message) == ["re: Oi", "re: E então?"]


def test_what_may_have_left_is_not_cancelled_by_a_takeover(stage):
    message = stage.writes("Oi")
    stage.chatwoot.next(fakes.drops_after_doing_it(**MESSAGES))
    stage.world.deliveries.lose("message_created")
    stage.works(seconds=10)
    stage.does("agent_replies", message.conversation, "Assumo")

    for _round in range(3):
        stage.works(minutes=1)

    assert OutboundMessage.objects.get().state == OutboundState.SENT
    assert stage.outcome(message) == ("answered", "replied")


UNCONFIRMED = {"hand_over": ("handed_off", "unsure_sent"), "send_again": ("answered", "replied")}


@pytest.mark.parametrize(("chosen", "outcome"), UNCONFIRMED.items(), ids=UNCONFIRMED.keys())
def test_without_a_person_s_token_the_company_chooses(make_stage, chosen, outcome):
    stage = make_stage(can_look=False, unconfirmed=chosen)
    message = stage.writes("Oi")
    stage.chatwoot.next(fakes.drops(**MESSAGES))

    for _round in range(3):
        stage.works(minutes=2)

    assert stage.outcome(message) == outcome


def test_a_worker_that_dies_between_the_attempt_and_its_end_sends_nothing_twice(stage, monkeypatch):
    message = stage.writes("Oi")

    def die(row, remote_id):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(outbox, "_sent", die)
        with pytest.raises(KeyboardInterrupt):
            stage.works()
        stage.lose()
    for _round in range(3):
        stage.works(minutes=1)

    assert stage.replies(message) == ["re: Oi"]
    assert stage.outcome(message) == ("answered", "replied")


def test_a_worker_that_lost_its_lease_changes_nothing(stage, script):
    message = stage.writes("Oi")

    def think(question):
        Conversation.objects.update(epoch=99)
        return "von gestern"

    script.say(think)
    stage.works()

    assert stage.replies(message) == []
    assert not OutboundMessage.objects.exists()
    assert Conversation.objects.get().epoch == 99


def test_a_lease_that_ran_out_is_taken_over(stage):
    message = stage.writes("Oi")
    stage.passes(minutes=1)
    first = claims.claim()

    assert claims.claim() is None
    stage.passes(minutes=1)
    stage.works()

    assert stage.replies(message) == ["re: Oi"]
    with pytest.raises(claims.LeaseLostError):
        claims.hold(first)


def test_while_a_connection_is_switched_off_nothing_leaves(stage):
    message = stage.writes("Oi")
    stage.connection.is_enabled = False
    stage.connection.save()
    stage.works()
    waiting = stage.replies(message)
    stage.connection.is_enabled = True
    stage.connection.save()

    stage.works()

    assert waiting == []
    assert stage.replies(message) == ["re: Oi"]


def test_an_arrival_during_the_last_moment_is_not_lost(stage, monkeypatch):
    message = stage.writes("Oi")
    release = claims.release

    def late(claim, **values):
        stage.writes("Mais uma", message.conversation)
        return release(claim, **values)

    with monkeypatch.context() as moment:
        moment.setattr(claims, "release", late)
        stage.passes(minutes=1)
        answering.work(claims.claim())
    stage.works()

    assert stage.replies(message) == ["re: Oi", "re: Mais uma"]


CRASHES = [
    (answering, "_read_back"),
    (answering, "_checkpoint"),
    (answering, "_decide"),
    (answering, "_write_down"),
    (answering, "send"),
    (answering, "end"),
    (outbox, "_begin_attempt"),
    (outbox, "_sent"),
    (outbox, "_count_overlap"),
    (claims, "release"),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("module", "name"), CRASHES, ids=[name for _m, name in CRASHES])
def test_after_a_crash_the_end_is_the_same(stage, monkeypatch, module, name, when):
    """The process dies just before, or just after, each step; another one goes on."""
    message = stage.writes("Oi")
    step = getattr(module, name)

    def crash(*args, **values):
        if when == "after":
            step(*args, **values)
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(module, name, crash)
        with pytest.raises(KeyboardInterrupt):
            stage.works()
        stage.lose()
    for _round in range(4):
        stage.works(minutes=1)

    assert stage.replies(message) == ["re: Oi"]
    assert stage.outcome(message) == ("answered", "replied")
    assert not Conversation.objects.exclude(due_at=None).exists()
    assert not Turn.objects.filter(state__in=["running", "sending"]).exists()


def test_calls_of_a_turn_are_written_down_in_one_statement(stage):
    stage.writes("Oi")
    stage.passes(minutes=1)
    claim = claims.claim()

    with CaptureQueriesContext(connection) as counted:
        answering.work(claim)

    inserts = [q for q in counted if 'INTO "integrations_remotecall"' in q["sql"]]
    assert len(inserts) == 1
    assert RemoteCall.objects.filter(service="chatwoot").count() == 5
