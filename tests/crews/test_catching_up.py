"""What no webhook brought is read back, by the minute and before each turn."""

from crews import tasks
from crews.models import Control, Conversation, InboundEvent
from integrations.models import Connection
from tests.fakes import chatwoot as fakes


def reconcile(stage):
    tasks.reconcile_connection(connection_id=stage.connection.pk)


def test_a_message_that_never_arrived_is_answered_all_the_same(stage):
    message = stage.world.customer_writes("Oi", inbox=stage.chatwoot.inbox)
    stage.lose()

    reconcile(stage)
    stage.works()

    assert stage.replies(message) == ["re: Oi"]
    assert InboundEvent.objects.get(message_id=message.id).via == "catch-up"


def test_what_is_known_is_not_taken_twice(stage):
    message = stage.writes("Oi")
    stage.works()
    before = InboundEvent.objects.filter(event="message_created").count()

    reconcile(stage)
    reconcile(stage)
    stage.works()

    assert InboundEvent.objects.filter(event="message_created").count() == before
    assert len(stage.replies(message)) == 1


def test_a_conversation_at_rest_is_not_listed_again(stage):
    stage.writes("Oi")
    stage.works()
    reconcile(stage)
    asked = len(stage.chatwoot.heard_at("/messages$", "GET"))

    reconcile(stage)

    assert len(stage.chatwoot.heard_at("/messages$", "GET")) == asked


def test_a_takeover_that_was_never_told_is_seen(stage):
    message = stage.writes("Oi")
    stage.works()
    stage.world.agent_replies(message.conversation, "Assumo")
    stage.lose()

    reconcile(stage)

    assert stage.talk(message).control == Control.HUMAN


def test_an_assignment_that_was_never_told_is_seen(stage):
    message = stage.writes("Oi")
    stage.works()
    stage.world.assign(message.conversation, stage.chatwoot.agent)
    stage.lose()

    reconcile(stage)

    assert stage.talk(message).control == Control.HUMAN


def test_a_resolution_that_was_never_told_is_seen(stage):
    message = stage.writes("Oi")
    stage.works()
    stage.world.agent_resolves(message.conversation)
    stage.lose()

    reconcile(stage)

    assert stage.talk(message).status == "resolved"


def test_a_reply_of_a_person_that_is_told_late_changes_nothing_after_the_bot_is_back(stage):
    message = stage.writes("Oi")
    stage.works()
    late = stage.world.agent_replies(message.conversation, "Assumo")
    late.created_at -= 60
    stage.lose()
    stage.does("agent_resolves", message.conversation)
    stage.does("customer_writes", "Voltei", message.conversation)

    reconcile(stage)
    stage.works()

    assert stage.talk(message).control == Control.BOT
    assert stage.replies(message)[-1] == "re: Voltei"


def test_long_gaps_are_closed(stage):
    message = stage.writes("0")
    stage.works()
    for number in range(1, 45):
        stage.world.customer_writes(str(number), message.conversation)
    stage.lose()

    reconcile(stage)
    stage.works()

    taken = InboundEvent.objects.filter(event="message_created", author="customer")
    assert taken.count() == 45
    assert not taken.filter(outcome="").exists()


def test_without_a_person_s_token_nothing_is_asked(make_stage):
    stage = make_stage(can_look=False)

    reconcile(stage)

    assert not stage.chatwoot.heard


def test_a_chatwoot_that_is_down_is_noted_and_asked_again(stage):
    message = stage.world.customer_writes("Oi", inbox=stage.chatwoot.inbox)
    stage.lose()
    stage.chatwoot.next(fakes.refuses(503, path="/conversations$"), times=3)

    reconcile(stage)
    error = Connection.objects.get().last_error
    reconcile(stage)
    stage.works()

    assert error
    assert stage.replies(message) == ["re: Oi"]


def test_the_sweep_finds_what_everybody_forgot(stage):
    message = stage.writes("Oi")
    Conversation.objects.update(due_at=None)
    stage.passes(minutes=2)

    tasks.sweep()
    stage.works()

    assert stage.replies(message) == ["re: Oi"]


def test_another_company_s_conversations_are_not_touched(stage, cosmeticos):
    from tests.crews.stage import Stage
    from tests.fakes.chatwoot import fake_chatwoot

    with fake_chatwoot() as other:
        second = Stage(cosmeticos, other)
        second.world.customer_writes("Oi", inbox=other.inbox)
        second.lose()

        reconcile(stage)

        assert not InboundEvent.objects.exists()
        reconcile(second)
        assert InboundEvent.objects.get().tenant == cosmeticos
