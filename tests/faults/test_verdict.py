"""The judge of the fault suite sees what it is there to see."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.restless import RestlessChatwoot, Sending
from tests.faults.trouble import Freeze
from tests.faults.verdict import MARKER, judge


class Street:
    """One shop, one conversation, and the rows that a platform without faults would have."""

    def __init__(self):
        self.chatwoot = RestlessChatwoot(seed=1)
        self.chatwoot.calm_down()
        self.shop = self.chatwoot.open_shop("moveis")
        self.world = self.chatwoot.world
        self.talk = self.events = self.turns = None
        self.events, self.turns = [], []

    def customer_writes(self, outcome="answered", reason="replied"):
        contact = self.world.add_contact(self.shop.account)
        message = self.world.customer_writes(
            "Oi", self.talk, inbox=self.shop.inbox, contact=contact
        )
        self.talk = message.conversation
        self.events.append(event_of(message, outcome, reason))
        return message

    def bot_says(self, *messages, part="1/1", marker=None, looked_at=None, is_private=False):
        numbers = " ".join(str(message.id) for message in messages)
        row = self.world.add_message(
            self.talk,
            "outgoing",
            f"re: {numbers} · {part}",
            sender=self.shop.bot,
            is_private=is_private,
            content_attributes={MARKER: marker or f"key-{len(self.talk.messages)}"},
        )
        at = row.created_at
        self.chatwoot.api.sendings[row.id] = Sending(at, at if looked_at is None else looked_at)
        return row

    def person_replies(self, ago=0.0):
        row = self.world.agent_replies(self.talk, "Oi, aqui é a Iara")
        row.created_at -= ago
        return row

    def turn_was_handed_over(self, message, reason="asked_for_person", keys=()):
        replies = [{"key": key, "position": 0, "state": "sent", "remote_id": 1} for key in keys]
        turn = {"turn": 1, "conversation": self.talk.id, "outcome": "handed_off"}
        about = {"messages": [message.id], "reason": reason, "replies": replies}
        self.turns.append(turn | about)

    def answers_the_younger_first(self, *, told_after):
        """`told_after`: seconds between the beginning of that turn and the news of the older."""
        first, second = self.customer_writes(), self.customer_writes()
        begun = datetime.fromtimestamp(second.created_at + 1, UTC)
        self.bot_says(second)
        self.bot_says(first)
        self.events[0]["received_at"] = (begun + timedelta(seconds=told_after)).isoformat()
        turn = {"turn": 1, "conversation": self.talk.id, "outcome": "answered"}
        about = {"messages": [second.id], "started_at": begun.isoformat(), "replies": []}
        self.turns.append(turn | about)

    def judged(self, **options):
        return judge(self.chatwoot, {"moveis": (self.events, self.turns)}, **options)

    def found(self, **options):
        return {kind for kind, details in self.judged(**options).found.items() if details}


def event_of(message, outcome, reason):
    return {
        "event": "message_created",
        "message": message.id,
        "outcome": outcome,
        "reason": reason,
    }


@pytest.fixture
def street():
    return Street()


def test_a_day_without_faults_is_clean(street):
    first, second = street.customer_writes(), street.customer_writes()
    street.bot_says(first, second, part="1/2")
    street.bot_says(first, second, part="2/2")
    street.bot_says(street.customer_writes())

    verdict = street.judged()

    assert verdict.failures == {}
    assert verdict.outcomes == {"answered: replied": 3}


def test_a_message_that_nobody_knows_is_lost(street):
    street.customer_writes()
    street.events.clear()

    assert street.found() == {"lost"}


def test_a_message_without_an_outcome_is_lost(street):
    street.customer_writes(outcome=None)

    assert street.found() == {"lost"}


def test_an_unknown_message_of_a_conversation_that_people_have_is_only_remarked(street):
    street.customer_writes()
    street.events.clear()
    street.world.agent_takes_over(street.talk)

    assert street.found() == {"seen by people only"}


def test_an_unknown_message_that_arrived_is_lost_whoever_has_the_conversation(street, monkeypatch):
    message = street.customer_writes()
    street.events.clear()
    street.world.agent_takes_over(street.talk)
    monkeypatch.setattr(street.world.deliveries, "arrived", lambda: {message.id})

    assert street.found() == {"lost"}


def test_two_replies_to_one_message_are_seen(street):
    message = street.customer_writes()
    street.bot_says(message)
    street.bot_says(message)

    assert "answered twice" in street.found()


def test_one_marker_on_two_messages_is_seen(street):
    street.bot_says(street.customer_writes(), marker="same", is_private=True)
    street.bot_says(street.customer_writes(), marker="same", is_private=True)

    assert "answered twice" in street.found()


def test_a_note_may_be_written_twice_where_nobody_can_look(street):
    street.shop.has_user_token = False
    message = street.customer_writes(outcome="handed_off", reason="person_came")
    for _time in range(2):
        street.bot_says(message, marker="same", is_private=True)

    assert street.found() == {"noted twice"}


def test_the_younger_message_answered_first_is_seen(street):
    first, second = street.customer_writes(), street.customer_writes()
    street.bot_says(second)
    street.bot_says(first)

    assert street.found() == {"out of order"}


@pytest.mark.parametrize(
    ("told_after", "kind"), [(10, "told late"), (-10, "out of order")], ids=["late", "in time"]
)
def test_only_what_was_told_late_may_be_answered_late(street, told_after, kind):
    """Where nothing can be read back, and Chatwoot tells the older message after the younger."""
    street.shop.has_user_token = False
    street.answers_the_younger_first(told_after=told_after)

    assert street.found() == {kind}


def test_told_late_is_no_excuse_where_everything_can_be_read(street):
    street.answers_the_younger_first(told_after=10)

    assert street.found() == {"out of order"}


def test_who_closes_a_conversation_ends_the_answer(street):
    street.bot_says(street.customer_writes(), part="1/2")
    street.world.agent_resolves(street.talk)

    assert street.found() == set()


def test_parts_in_the_wrong_order_are_seen(street):
    message = street.customer_writes()
    street.bot_says(message, part="2/2")
    street.bot_says(message, part="1/2")

    assert street.found() == {"out of order"}


def test_a_missing_part_is_seen(street):
    street.bot_says(street.customer_writes(), part="1/2")

    assert street.found() == {"cut short"}


@pytest.mark.parametrize("outcome", ["ignored", "expired"])
def test_an_answer_to_what_is_said_to_have_none_is_seen(street, outcome):
    street.bot_says(street.customer_writes(outcome=outcome))

    assert "said otherwise" in street.found()


def test_an_answer_that_is_only_claimed_is_seen(street):
    street.customer_writes()

    assert street.found() == {"said otherwise"}


def test_two_rows_for_one_message_are_seen(street):
    message = street.customer_writes()
    street.bot_says(message)
    street.events.append(event_of(message, "ignored", "with_person"))

    assert street.found() == {"not one outcome"}


COMINGS = {
    "reply": lambda world, talk: world.agent_replies(talk, "Oi"),
    "phone": lambda world, talk: world.agent_replies_on_phone(talk, "Oi"),
    "assignment": lambda world, talk: world.assign(talk, world.someone(talk.account_id)),
    "opening": lambda world, talk: world.change_status(
        talk, "open", by=world.someone(talk.account_id)
    ),
}


@pytest.mark.parametrize("come_in", COMINGS.values(), ids=COMINGS.keys())
def test_the_bot_speaking_after_it_saw_a_person_is_seen(street, come_in):
    message = street.customer_writes()
    come_in(street.world, street.talk)
    time.sleep(0.01)
    street.bot_says(message)

    assert street.found() == {"after a person"}


def test_a_person_who_came_between_look_and_message_is_an_overlap(street):
    message = street.customer_writes()
    looked_at = time.time()
    time.sleep(0.01)
    street.person_replies()
    street.bot_says(message, looked_at=looked_at)

    assert street.found() == {"overlap with a person"}


def test_a_look_long_before_the_message_is_no_excuse(street):
    message = street.customer_writes()
    message.created_at -= 5
    street.person_replies(ago=3)
    street.bot_says(message, looked_at=time.time() - 4)

    assert street.found() == {"after a person"}


def test_a_look_long_before_the_message_is_excused_by_a_freeze(street):
    message = street.customer_writes()
    message.created_at -= 5
    now = time.time()
    street.person_replies(ago=3)
    street.bot_says(message, looked_at=now - 4)

    assert street.found(freezes=[Freeze(now - 3.5, now - 0.1)]) == {"overlap with a person"}


def test_the_bot_may_speak_again_when_it_was_given_back(street):
    message = street.customer_writes()
    street.world.agent_takes_over(street.talk)
    street.world.assign(street.talk, None)
    street.world.agent_gives_back(street.talk)
    street.bot_says(message)

    assert street.found() == set()


def test_a_private_note_of_a_person_takes_nothing_over(street):
    message = street.customer_writes()
    street.world.agent_replies(street.talk, "Cliente antigo", is_private=True)
    street.bot_says(message)

    assert street.found() == set()


def test_the_bot_speaking_after_its_own_hand_over_is_seen(street):
    message = street.customer_writes()
    street.world.change_status(street.talk, "open", by=street.shop.bot)
    time.sleep(0.01)
    street.bot_says(message)

    assert street.found() == {"after handing over"}


@pytest.fixture
def asked(street):
    """A customer who asked for a person."""
    return street.customer_writes("handed_off", "asked_for_person")


def test_a_hand_over_without_a_note_is_seen(street, asked):
    street.world.change_status(street.talk, "open", by=street.shop.bot)
    street.turn_was_handed_over(asked, keys=["note"])

    assert street.found() == {"hand-over incomplete"}


def test_a_hand_over_that_does_not_open_is_seen(street, asked):
    street.bot_says(asked, marker="note", is_private=True)
    street.turn_was_handed_over(asked, keys=["note"])

    assert street.found() == {"hand-over incomplete"}


def test_a_whole_hand_over_is_clean(street, asked):
    street.bot_says(asked, marker="note", is_private=True)
    street.world.change_status(street.talk, "open", by=street.shop.bot)
    street.turn_was_handed_over(asked, keys=["note"])

    assert street.found() == set()


def test_what_a_person_resolved_need_not_be_opened(street, asked):
    street.bot_says(asked, marker="note", is_private=True)
    street.world.agent_resolves(street.talk)
    street.turn_was_handed_over(asked, keys=["note"])

    assert street.found() == set()


def test_a_person_of_whom_nobody_told_cannot_be_known_without_reading(street):
    message = street.customer_writes()
    street.person_replies(ago=1)
    street.bot_says(message)
    street.shop.has_user_token = False

    assert street.found() == set()


def test_a_customer_whom_nobody_answers_is_remarked(street):
    street.customer_writes("ignored", "with_person")

    assert street.found() == {"left alone"}


def test_a_customer_whom_a_person_has_is_not_left_alone(street):
    street.customer_writes("ignored", "with_person")
    street.person_replies()

    assert street.found() == set()
