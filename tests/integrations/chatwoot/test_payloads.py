"""Whatever a webhook brings becomes an event, or an error that names the field."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.chatwoot import shapes
from integrations.chatwoot.payloads import (
    Author,
    Change,
    ChatwootEvent,
    Kind,
    is_takeover,
    parse,
    who_wrote,
)
from integrations.chatwoot.reading import LONGEST_TEXT, Node, PayloadError
from integrations.chatwoot.values import Actor, ActorKind, MessageKind, Team

FOLDER = Path(__file__).resolve().parents[2] / "payloads" / "chatwoot"
FILES = sorted(path.stem for path in FOLDER.glob("*.json"))
OUR_BOT = 7


def body_of(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def event_of(name):
    return parse(body_of(name))


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_read(name):
    body = body_of(name)
    event = parse(body)

    assert event.name == body["event"]
    assert event.kind != Kind.OTHER
    assert event.account_id == 3
    assert (event.message is not None) == name.startswith("message_")


def test_there_is_a_file_for_every_kind():
    assert {event_of(name).kind for name in FILES} == set(Kind) - {Kind.OTHER}


class TestMessages:
    def test_an_incoming_image_is_read_whole(self):
        event = event_of("message_created_image")

        message, conversation = event.message, event.conversation
        assert (event.inbox_id, event.inbox_name) == (12, "WhatsApp Vendas")
        assert (message.id, message.kind, message.is_private) == (
            88110,
            MessageKind.INCOMING,
            False,
        )
        assert message.text == "Vocês têm esse modelo no 38?"
        assert message.created_at == datetime(2026, 6, 17, 10, 20, 30, 388000, UTC)
        assert message.sender == Actor(ActorKind.CONTACT, 640, "Marina Prado")
        assert (message.status, message.source_id) == ("sent", "wamid.EXAMPLE1")
        assert [(a.kind, a.size, a.content_type) for a in message.attachments] == [
            ("image", 184233, "image/jpeg")
        ]
        assert (conversation.id, conversation.status, conversation.can_reply) == (
            205,
            "pending",
            True,
        )
        assert (conversation.labels, conversation.assignee) == (("calcados",), None)
        assert conversation.source_id == "5511988887777"
        assert conversation.waiting_since == datetime(2026, 6, 17, 10, 20, 30, tzinfo=UTC)
        assert event.contact.custom_attributes == {"cpf": "000.000.000-00"}
        assert event.contact.phone_number == "+5511988887777"

    def test_the_number_and_the_word_of_a_type_mean_the_same(self):
        event = event_of("message_created_image")
        told = shapes.message(Node(body_of("conversation_created")["messages"][0]))

        assert told.kind == event.message.kind
        assert told.created_at.tzinfo is UTC

    def test_a_message_in_the_shape_of_the_api_is_the_same_message(self):
        body = body_of("message_created_text")
        wanted = parse(body).message
        seconds = wanted.created_at.timestamp()
        found = parse({**body, "message_type": 0, "created_at": seconds}).message

        assert found == wanted

    def test_a_type_nobody_knows_is_another_one(self):
        body = body_of("message_created_own_reply")

        for kind in ("thought", 9):
            assert parse({**body, "message_type": kind}).message.kind == MessageKind.OTHER

    def test_our_own_message_carries_its_marker(self):
        assert event_of("message_created_own_reply").message.marker == "r-91"
        assert event_of("message_created_text").message.marker == ""

    def test_attachments_of_other_kinds_are_read(self):
        place, voice, card = event_of("message_created_audio_location_contact").message.attachments

        assert (place.latitude, place.longitude, place.fallback) == (
            -23.55052,
            -46.633308,
            "Praça da Sé",
        )
        assert (voice.kind, voice.transcript) == ("audio", "quero trocar a cor")
        assert (card.kind, card.fallback) == ("contact", "+5511977776666")

    def test_a_mail_is_not_kept_twice(self):
        message = event_of("message_created_email").message

        assert (message.text, message.content_attributes) == ("Segue a nota", {})

    def test_a_failure_to_deliver_is_seen(self):
        message = event_of("message_updated_failed").message

        assert message.status == "failed"
        assert message.content_attributes["external_error"].startswith("131047")

    def test_an_answer_to_a_choice_is_kept(self):
        message = event_of("message_updated_select_answered").message

        assert message.content_attributes["submitted_values"][0]["value"] == "return"

    def test_a_deleted_message_says_so(self):
        assert event_of("message_updated_deleted").message.is_deleted
        assert not event_of("message_created_text").message.is_deleted

    def test_an_old_chatwoot_names_its_account_in_the_newest_message(self):
        body = body_of("conversation_status_changed_before_4_14")

        assert "account" not in body
        assert parse(body).account_id == 3

    def test_nothing_secret_or_personal_is_in_what_is_printed(self):
        event = event_of("message_created_image")

        for text in ("DO-NOT-STORE", "Marina", "98888", "000.000", "SIGNED", "modelo"):
            assert text not in repr(event)


class TestConversations:
    def test_a_person_as_assignee_is_told_from_a_bot(self):
        person = event_of("conversation_updated_person_assigned").conversation
        bot = event_of("conversation_updated_bot_assigned").conversation

        assert person.assignee == Actor(ActorKind.PERSON, 2, "Rafael")
        assert person.team == Team(5, "vendas")
        assert person.is_with_person
        assert bot.assignee == Actor(ActorKind.BOT, 7, "Aurora Bot")
        assert not bot.is_with_person

    @pytest.mark.parametrize(
        ("assignee", "beside", "kind"),
        [
            ({"id": 2, "type": "user"}, None, ActorKind.PERSON),
            ({"id": 2}, None, ActorKind.PERSON),
            ({"id": 2}, "User", ActorKind.PERSON),
            (None, "User", ActorKind.PERSON),
            ({"id": 7, "type": "agent_bot"}, None, ActorKind.BOT),
            ({"id": 7}, "AgentBot", ActorKind.BOT),
            ({"id": 1, "type": "captain_assistant"}, None, ActorKind.ASSISTANT),
            ({"id": 1}, "Captain::Assistant", ActorKind.ASSISTANT),
        ],
    )
    def test_the_assignee_is_read_in_every_shape(self, assignee, beside, kind):
        body = body_of("conversation_created")
        body["meta"].update(assignee=assignee, assignee_type=beside)

        assert parse(body).conversation.assignee.kind == kind

    def test_changes_are_a_list_or_nothing(self):
        with_changes = event_of("conversation_status_changed_with_changes")
        without = event_of("conversation_status_changed")

        assert with_changes.change_of("status") == Change("status", "pending", "open")
        assert (without.changes, without.change_of("status")) == ((), None)
        assert without.conversation.status == "resolved"

    def test_labels_before_and_after_are_told(self):
        event = event_of("conversation_updated_labels")

        assert event.conversation.labels == ("calcados", "vip")
        assert event.change_of("label_list").before == ["calcados"]

    def test_the_end_of_a_snooze_is_read(self):
        conversation = event_of("conversation_status_changed_before_4_14").conversation

        assert conversation.snoozed_until == datetime(2026, 6, 18, 12, tzinfo=UTC)


class TestOtherEvents:
    def test_typing_says_who(self):
        assert event_of("conversation_typing_on_contact").typing.kind == ActorKind.CONTACT
        assert event_of("conversation_typing_off_person").is_private

    def test_an_opened_widget_may_have_no_conversation(self):
        event = event_of("webwidget_triggered")

        assert (event.conversation, event.contact.id, event.inbox_id) == (None, 644, 4)
        assert event.info["widget_language"] == "pt_BR"
        assert event_of("webwidget_triggered_in_conversation").conversation.id == 312

    def test_a_changed_contact_says_what_changed(self):
        event = event_of("contact_updated")

        assert event.contact.email == "marina@example.com"
        assert event.change_of("email").after == "marina@example.com"

    def test_of_inboxes_no_channel_is_kept(self):
        body = body_of("inbox_updated")
        body["changed_attributes"] = [{"channel": {"current_value": "canary"}}]

        assert parse(body) == ChatwootEvent(Kind.INBOX_UPDATED, "inbox_updated", account_id=3)

    def test_an_unknown_event_is_no_error(self):
        event = parse({"event": "copilot.thought", "account": {"id": 3}})

        assert (event.kind, event.name, event.account_id) == (Kind.OTHER, "copilot.thought", 3)


def nested(levels):
    deep = "x"
    for _ in range(levels):
        deep = [deep]
    return deep


NEEDED = ["event", "conversation.id", "conversation.status", "message_type", "created_at"]


class TestMalformed:
    @pytest.mark.parametrize(
        "body", [None, [], "text", 5, True, {}, {"event": None}, {"event": 5}, {"event": "x" * 81}]
    )
    def test_what_is_no_event_is_refused(self, body):
        with pytest.raises(PayloadError):
            parse(body)

    @pytest.mark.parametrize("path", NEEDED)
    @pytest.mark.parametrize("value", [None, [], {}, True], ids=repr)
    def test_a_wrong_field_is_named(self, path, value):
        body = body_of("message_created_text")
        *way, last = path.split(".")
        place = body
        for name in way:
            place = place[name]
        place[last] = value

        with pytest.raises(PayloadError) as caught:
            parse(body)
        assert caught.value.path == f"$.{path}"

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("id", -1),
            ("id", 2**63),
            ("id", 1.5),
            ("id", "88109"),
            ("private", "yes"),
            ("content", ["a"]),
            ("content", "x" * (LONGEST_TEXT + 1)),
            ("created_at", "yesterday"),
            ("created_at", 1e300),
            ("attachments", {}),
            ("attachments", [None]),
            ("content_attributes", []),
            ("content_attributes", {"a": float("inf")}),
            ("content_attributes", {"a": float("nan")}),
            ("content_attributes", {"a": 10**40}),
            ("sender", "Marina"),
            ("sender", {"id": "x"}),
        ],
    )
    def test_a_value_that_cannot_be_is_refused(self, name, value):
        with pytest.raises(PayloadError) as caught:
            parse({**body_of("message_created_text"), name: value})
        assert caught.value.path.startswith(f"$.{name}")

    @pytest.mark.parametrize(
        "extra",
        [
            {"x": {str(n): n for n in range(501)}},
            {"x": [0] * 20_001},
            {"x": [[0]] * 20_001},
        ],
        ids=["many keys", "long list", "many values"],
    )
    def test_what_has_too_many_parts_is_refused(self, extra):
        with pytest.raises(PayloadError):
            parse({**body_of("message_created_text"), **extra})

    @pytest.mark.parametrize("levels", [32, 100_000])
    def test_what_is_nested_too_deep_is_refused(self, levels):
        with pytest.raises(PayloadError):
            parse({**body_of("message_created_text"), "extra": nested(levels)})

    def test_what_is_nested_less_is_taken(self):
        assert parse({**body_of("message_created_text"), "extra": nested(31)})

    def test_nul_and_halves_of_characters_are_taken_out(self):
        body = body_of("message_created_text")
        body["content"] = "a\0b\ud800c😀"
        body["content_attributes"] = {"k\0": ["v\udfff"]}
        message = parse(body).message

        assert (message.text, message.content_attributes) == ("abc😀", {"k": ["v"]})

    def test_the_error_does_not_repeat_the_value(self):
        with pytest.raises(PayloadError) as caught:
            parse({**body_of("message_created_text"), "private": "canary"})

        assert "canary" not in f"{caught.value!s}{caught.value!r}"


WHO = {
    "message_created_text": Author.CUSTOMER,
    "message_created_image": Author.CUSTOMER,
    "message_created_blocked_contact": Author.CUSTOMER,
    "message_created_own_reply": Author.BOT,
    "message_created_other_bot": Author.OTHER_BOT,
    "message_created_captain": Author.OTHER_BOT,
    "message_created_reply_of_person": Author.PERSON,
    "message_created_typed_on_phone": Author.PERSON,
    "message_created_private_note": Author.PERSON,
    "message_created_template": Author.SYSTEM,
    "message_created_automation": Author.SYSTEM,
    "message_updated_failed": Author.BOT,
    "conversation_typing_on_contact": Author.CUSTOMER,
    "conversation_typing_off_person": Author.PERSON,
    "conversation_typing_on_own_bot": Author.BOT,
    "conversation_updated_bot_assigned": Author.SYSTEM,
    "conversation_updated_person_assigned": Author.SYSTEM,
    "contact_updated": Author.SYSTEM,
}
TAKEOVERS = {
    "message_created_reply_of_person",
    "message_created_typed_on_phone",
    "conversation_updated_person_assigned",
}


class TestWhoWrote:
    @pytest.mark.parametrize(("name", "author"), WHO.items(), ids=WHO.keys())
    def test_the_author_is_told(self, name, author):
        assert who_wrote(event_of(name), bot_id=OUR_BOT) == author

    @pytest.mark.parametrize("name", FILES)
    def test_only_a_person_takes_over(self, name):
        assert is_takeover(event_of(name), bot_id=OUR_BOT) == (name in TAKEOVERS)

    def test_without_a_number_the_marker_tells_our_bot(self):
        assert who_wrote(event_of("message_created_own_reply"), bot_id=None) == Author.BOT
        assert who_wrote(event_of("message_created_other_bot"), bot_id=None) == Author.OTHER_BOT

    @pytest.mark.parametrize("name", ["message_created_reply_of_person", "message_created_text"])
    def test_a_marker_makes_nobody_our_bot(self, name):
        body = body_of(name)
        body["content_attributes"] = {"chatwootai_run": "r-1"}

        assert who_wrote(parse(body), bot_id=None) == WHO[name]

    def test_another_bot_with_our_marker_is_another_bot(self):
        body = body_of("message_created_other_bot")
        body["content_attributes"] = {"chatwootai_run": "r-1"}

        assert who_wrote(parse(body), bot_id=OUR_BOT) == Author.OTHER_BOT

    def test_a_bot_typing_with_an_unknown_number_is_not_ours(self):
        assert who_wrote(event_of("conversation_typing_on_own_bot"), bot_id=None) == (
            Author.OTHER_BOT
        )

    def test_a_bot_as_new_assignee_takes_nothing_over_whatever_the_change_is_called(self):
        body = body_of("conversation_updated_bot_assigned")
        body["changed_attributes"] = [{"assignee_id": {"previous_value": 2, "current_value": 7}}]

        assert not is_takeover(parse(body), bot_id=OUR_BOT)

    def test_a_change_of_something_else_takes_nothing_over(self):
        body = body_of("conversation_updated_person_assigned")
        body["changed_attributes"] = [{"priority": {"previous_value": None, "current_value": 1}}]

        assert not is_takeover(parse(body), bot_id=OUR_BOT)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["user", "incoming", "2026-06-17T10:20:30Z", "\0", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


def places_in(body, way=()):
    yield way
    parts = body.items() if isinstance(body, dict) else enumerate(body)
    for name, part in parts:
        if isinstance(part, dict | list):
            yield from places_in(part, (*way, name))
        else:
            yield (*way, name)


BODIES = {name: body_of(name) for name in FILES}
PLACES = [(name, way) for name, body in BODIES.items() for way in places_in(body) if way]
quick = settings(
    max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def is_event_or_named_error(body):
    try:
        event = parse(body)
    except PayloadError as error:
        return error.path.startswith("$")
    return isinstance(event, ChatwootEvent) and who_wrote(event, bot_id=OUR_BOT) in Author


class TestAnything:
    @quick
    @given(place=st.sampled_from(PLACES), value=ANYTHING)
    def test_one_field_that_is_anything_never_breaks_it(self, place, value):
        name, way = place
        body = inner = copy.deepcopy(BODIES[name])
        for step in way[:-1]:
            inner = inner[step]
        inner[way[-1]] = value

        assert is_event_or_named_error(body)

    @quick
    @given(kind=st.sampled_from(list(Kind)), body=st.dictionaries(st.text(max_size=6), ANYTHING))
    def test_a_body_of_anything_never_breaks_it(self, kind, body):
        assert is_event_or_named_error({**body, "event": str(kind)})

    @quick
    @given(body=ANYTHING)
    def test_anything_at_all_never_breaks_it(self, body):
        assert is_event_or_named_error(body)
