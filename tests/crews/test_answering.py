"""From a customer's message to exactly one answer."""

from crews.models import InboundEvent, OutboundMessage


def test_a_message_is_answered_once(stage):
    message = stage.writes("Tem mesa de jacarandá?")

    stage.works()
    stage.works()

    assert stage.replies(message) == ["re: Tem mesa de jacarandá?"]
    assert stage.outcome(message) == ("answered", "replied")
    assert stage.chatwoot.complaints == []


def test_a_burst_is_answered_together(stage, script):
    first = stage.writes("Oi")
    stage.writes("tudo bem?", first.conversation)
    last = stage.writes("quanto custa a mesa?", first.conversation)

    stage.works()

    assert stage.replies(first) == ["re: Oi / re: tudo bem? / re: quanto custa a mesa?"]
    assert stage.outcome(last) == ("answered", "replied")
    assert stage.turns().count() == 1


def test_nothing_is_answered_before_the_customer_is_quiet(stage):
    message = stage.writes("Oi")

    stage.works(seconds=2)

    assert stage.replies(message) == []


def test_a_second_delivery_is_a_duplicate(stage):
    stage.world.deliveries.double("message_created")
    message = stage.world.customer_writes("Oi", inbox=stage.chatwoot.inbox)

    answers = [answer.json()["status"] for answer in stage.deliver()]
    stage.works()

    assert answers == ["accepted", "duplicate"]
    assert len(stage.replies(message)) == 1


def test_a_lost_webhook_is_read_back_before_the_next_answer(stage):
    lost = stage.world.customer_writes("primeira", inbox=stage.chatwoot.inbox)
    stage.lose()
    stage.writes("segunda", lost.conversation)

    stage.works()

    assert stage.replies(lost) == ["re: primeira / re: segunda"]
    assert InboundEvent.objects.get(message_id=lost.id).via == "catch-up"


def test_the_echo_of_a_reply_is_our_own_message(stage):
    message = stage.writes("Oi")
    stage.works()

    row = InboundEvent.objects.exclude(message_id=message.id).get()
    assert (row.outcome, row.reason) == ("ignored", "own_message")
    assert OutboundMessage.objects.get().remote_id == row.message_id
