"""The client asks as Chatwoot wants to be asked, and says what its answers mean."""

import contextlib
import inspect
import sys
import time
from datetime import UTC, datetime

import pytest

from integrations.chatwoot import client as client_module
from integrations.chatwoot.client import OPERATIONS, ChatwootClient, Token, without_liquid
from integrations.chatwoot.failures import (
    BotTokenMissingError,
    ChatwootStatusError,
    Refusal,
    TokenMissingError,
    TooMuchToReadError,
    UnfitMessageError,
    UnknownAssigneeError,
    UnreadableReplyError,
)
from integrations.chatwoot.forms import File
from integrations.chatwoot.reading import LONGEST_TEXT
from integrations.chatwoot.values import Actor, ActorKind, MessageKind, Priority, Status
from integrations.failures import NoAnswerError, RemoteError, TooManyCallsError
from integrations.models import RemoteCall
from tests.fakes import chatwoot as fakes
from tests.fakes.chatwoot import fake_chatwoot
from tests.fakes.chatwoot.rows import WHATSAPP

pytestmark = pytest.mark.django_db

MESSAGES = r"/messages$"


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """The pauses between tries are nobody's to wait for."""
    waited, sleep = [], time.sleep

    def wait(seconds):
        caller = sys._getframe(1).f_globals["__name__"]
        waited.append(seconds) if caller == "integrations.http" else sleep(seconds)

    monkeypatch.setattr(time, "sleep", wait)
    return waited


@pytest.fixture
def asks(client_of_chatwoot, chatwoot):
    """The client. Whatever it asked has to be documented."""
    yield client_of_chatwoot
    assert chatwoot.complaints == []


def tokens_heard(chatwoot, path):
    names = {chatwoot.bot.token: "bot", chatwoot.admin.token: "user", "": "none"}
    return [names[heard.token] for heard in chatwoot.heard_at(path)]


class TestMessages:
    def test_a_message_is_sent_with_its_marker(self, asks, chatwoot, conversation):
        sent = asks.send_message(conversation.id, "Temos sim!", marker="r-91")

        row = conversation.messages[-1]
        assert (row.kind, row.content, row.is_private) == ("outgoing", "Temos sim!", False)
        assert row.sender is chatwoot.bot
        assert (sent.id, sent.text, sent.marker) == (row.id, "Temos sim!", "r-91")
        assert sent.kind == MessageKind.OUTGOING
        assert sent.sender == Actor(ActorKind.BOT, chatwoot.bot.id, "Aurora Bot")
        assert set(chatwoot.heard[-1].body) == {
            "content",
            "message_type",
            "private",
            "content_attributes",
        }

    def test_a_private_note_is_private(self, asks, conversation):
        sent = asks.send_message(conversation.id, "cliente VIP", marker="r", is_private=True)

        assert sent.is_private
        assert conversation.messages[-1].is_private

    def test_files_travel_with_text_and_marker(self, asks, chatwoot, conversation):
        files = [
            File("nota.pdf", b"%PDF\r\n--x", "application/pdf"),
            File("a.png", b"\x89", "image/png"),
        ]
        sent = asks.send_message(
            conversation.id, "Segue", marker="r-1", is_private=True, files=files
        )

        assert chatwoot.heard[-1].files == [
            ("attachments[]", "nota.pdf", "application/pdf", b"%PDF\r\n--x"),
            ("attachments[]", "a.png", "image/png", b"\x89"),
        ]
        assert (sent.text, sent.marker, sent.is_private) == ("Segue", "r-1", True)
        assert [(a.kind, a.size) for a in sent.attachments] == [("file", 9), ("image", 1)]

    def test_the_name_of_a_file_cannot_end_its_line(self, asks, chatwoot, conversation):
        file = File('a"\r\nX: y\r\n\r\n/ç.txt', b"x", 'text/plain"\r\nX: y')
        asks.send_message(conversation.id, "x", marker="r", files=[file])

        (found,) = chatwoot.heard[-1].files
        assert found[2:] == ("application/octet-stream", b"x")
        assert "\n" not in found[1]

    def test_what_chatwoot_would_fill_in_is_taken_apart(self, asks, conversation):
        text = "Use {{contact.name}} e {% if x %}, {{{ ou { {"
        asks.send_message(conversation.id, text, marker="r")

        content = conversation.messages[-1].content
        assert content == "Use { {contact.name}} e { % if x %}, { { { ou { {"
        assert without_liquid(content) == content

    def test_characters_that_cannot_be_sent_are_left_out(self, asks, conversation):
        asks.send_message(conversation.id, "a\0b\ud800c", marker="r")

        assert conversation.messages[-1].content == "abc"

    @pytest.mark.parametrize(
        "message",
        [{"text": "x" * (LONGEST_TEXT + 1)}, {"text": "x", "files": [File("a", b"")] * 16}],
        ids=["long", "many files"],
    )
    def test_what_chatwoot_does_not_take_is_not_sent(self, asks, chatwoot, conversation, message):
        with pytest.raises(UnfitMessageError):
            asks.send_message(conversation.id, **message, marker="r")

        assert chatwoot.heard == []

    def test_pages_are_the_newest_those_before_and_those_after(self, asks, chatwoot, conversation):
        ids = [m.id for m in say_much(chatwoot, conversation, 130)]

        assert [m.id for m in asks.messages(conversation.id)] == ids[-20:]
        assert [m.id for m in asks.messages(conversation.id, before=ids[50])] == ids[30:50]
        assert [m.id for m in asks.messages(conversation.id, after=ids[0])] == ids[1:101]

    def test_all_after_one_are_read_page_by_page(self, asks, chatwoot, conversation):
        ids = [m.id for m in say_much(chatwoot, conversation, 130)]

        assert [m.id for m in asks.messages_after(conversation.id, ids[9])] == ids[10:]
        assert len(chatwoot.heard) == 3

    def test_all_are_read_backwards(self, asks, chatwoot, conversation):
        ids = [m.id for m in say_much(chatwoot, conversation, 45)]

        assert [m.id for m in asks.newest_messages(conversation.id)] == ids[::-1]

    def test_a_server_without_end_is_not_read_for_ever(self, make_client, chatwoot, conversation):
        chatwoot.next(
            *(fakes.answers({"payload": [message_body(n)]}) for n in range(1, 200)), times=1
        )
        client = make_client(chatwoot)

        with pytest.raises(TooMuchToReadError):
            client.find_message(conversation.id, "r", after=0)
        assert len(chatwoot.heard) == client_module.MOST_PAGES

    def test_a_server_that_repeats_itself_is_not_read_for_ever(self, make_client, chatwoot):
        chatwoot.next(fakes.answers({"payload": [message_body(5)]}), times=200)
        client = make_client(chatwoot)

        assert [m.id for m in client.messages_after(1, 0)] == [5]
        assert [m.id for m in client.newest_messages(1)] == [5]
        assert len(chatwoot.heard) == 4

    @pytest.mark.parametrize("after", [True, False])
    def test_a_message_is_found_by_its_marker(self, asks, chatwoot, conversation, after):
        first = conversation.messages[0].id
        say_much(chatwoot, conversation, 30)
        sent = asks.send_message(conversation.id, "a", marker="r-1")
        say_much(chatwoot, conversation, 110)
        where = {"after": first} if after else {}

        assert asks.find_message(conversation.id, "r-1", **where).id == sent.id
        assert asks.find_message(conversation.id, "r-2", **where) is None


def say_much(chatwoot, conversation, count):
    """All messages of the conversation, which are at least so many."""
    for number in range(count - len(conversation.messages)):
        chatwoot.world.customer_writes(f"mensagem {number}", conversation)
    return conversation.messages


def message_body(number, **values):
    return {"id": number, "message_type": 1, "created_at": 1781691641, "content": "a", **values}


class TestConversations:
    def test_one_is_shown(self, asks, chatwoot, conversation):
        chatwoot.world.change(conversation, labels=["calcados"], priority="high")
        chatwoot.world.agent_takes_over(conversation, chatwoot.agent)
        found = asks.conversation(conversation.id)

        assert (found.id, found.account_id, found.inbox_id) == (205, 3, 12)
        assert (found.status, found.priority, found.labels) == ("open", "high", ("calcados",))
        assert found.channel == "Channel::WebWidget"
        assert found.is_with_person
        assert found.contact.phone_number == "+5511988887777"
        assert found.last_message.text == "Bom dia"

    def test_they_are_listed_by_status_inbox_and_page(self, asks, chatwoot, conversation):
        other = chatwoot.world.add_inbox(chatwoot.account, "WhatsApp", WHATSAPP)
        for _ in range(30):
            chatwoot.world.customer_writes("oi", inbox=other)
        second = asks.conversations(page=2)

        assert asks.conversations(status=Status.PENDING).conversations[0].id == conversation.id
        assert asks.conversations(inbox_id=other.id).total == 30
        assert (second.total, len(second.conversations)) == (31, 6)

    def test_opening_as_the_bot_hands_over(self, asks, chatwoot, conversation):
        asks.set_status(conversation.id, Status.OPEN)

        assert (conversation.status, conversation.assignee) == ("open", None)
        assert chatwoot.world.handoffs == [conversation]

    def test_it_is_put_off_until_a_time(self, asks, conversation):
        until = datetime(2026, 6, 18, 12, tzinfo=UTC)
        asks.set_status(conversation.id, Status.SNOOZED, snoozed_until=until)

        assert (conversation.status, conversation.snoozed_until) == ("snoozed", until.timestamp())
        assert asks.conversation(conversation.id).snoozed_until == until

    def test_it_is_assigned_to_a_person_a_bot_a_team_and_nobody(self, asks, chatwoot, conversation):
        asks.assign_agent(conversation.id, chatwoot.agent.id)
        person = asks.conversation(conversation.id)
        asks.assign_bot(conversation.id, chatwoot.bot.id)
        bot = asks.conversation(conversation.id)
        asks.assign_team(conversation.id, chatwoot.team.id)
        asks.unassign(conversation.id)
        nobody = asks.conversation(conversation.id)

        assert (person.assignee.kind, person.assignee.id) == (ActorKind.PERSON, chatwoot.agent.id)
        assert (bot.assignee.kind, bot.is_with_person) == (ActorKind.BOT, False)
        assert (nobody.assignee, nobody.team.name) == (None, "vendas")

    def test_somebody_unknown_takes_the_assignee_away_and_is_an_error(
        self, asks, chatwoot, conversation
    ):
        asks.assign_agent(conversation.id, chatwoot.agent.id)

        with pytest.raises(UnknownAssigneeError) as caught:
            asks.assign_agent(conversation.id, 999)
        assert caught.value.permanent
        assert conversation.assignee is None

    def test_labels_are_added_and_taken_away_one_by_one(self, asks, chatwoot, conversation):
        chatwoot.world.change(conversation, labels=["vip"])

        assert asks.add_labels(conversation.id, ["troca", "vip"]) == ("vip", "troca")
        assert asks.remove_labels(conversation.id, ["vip", "nada"]) == ("troca",)
        assert conversation.labels == ["troca"]

    def test_labels_that_are_there_are_not_written_again(self, asks, chatwoot, conversation):
        chatwoot.world.change(conversation, labels=["vip"])
        asks.add_labels(conversation.id, ["vip"])
        asks.remove_labels(conversation.id, ["troca"])

        assert {heard.method for heard in chatwoot.heard} == {"GET"}

    def test_custom_attributes_of_others_stay(self, asks, chatwoot, conversation):
        chatwoot.world.change(conversation, custom_attributes={"pedido": "S1"})
        merged = asks.merge_custom_attributes(conversation.id, {"resumo": "troca"})

        assert merged == conversation.custom_attributes == {"pedido": "S1", "resumo": "troca"}

    def test_priority_is_set_and_taken_away(self, asks, conversation):
        asks.set_priority(conversation.id, Priority.URGENT)
        assert conversation.priority == "urgent"

        asks.set_priority(conversation.id, None)
        assert conversation.priority is None

    def test_typing_is_shown(self, asks, chatwoot, conversation):
        asks.set_typing(conversation.id, True)
        asks.set_typing(conversation.id, False)

        assert [h.body["typing_status"] for h in chatwoot.heard] == ["on", "off"]

    def test_it_is_marked_as_read(self, asks, conversation):
        asks.mark_read(conversation.id)

        assert conversation.agent_seen_at > 0


class TestContacts:
    def test_one_is_shown(self, asks, chatwoot):
        found = asks.contact(chatwoot.contact.id)

        assert (found.id, found.name, found.phone_number) == (
            640,
            "Marina Prado",
            "+5511988887777",
        )

    def test_they_are_searched(self, asks, chatwoot):
        for number in range(20):
            chatwoot.world.add_contact(chatwoot.account, f"Lia {number}")
        page = asks.search_contacts("lia")

        assert (len(page.contacts), page.has_more) == (15, True)
        assert asks.search_contacts("lia", page=2).has_more is False
        assert [c.id for c in asks.search_contacts("98888").contacts] == [640]

    def test_what_is_not_named_stays(self, asks, chatwoot):
        chatwoot.contact.custom_attributes = {"cpf": "0"}
        found = asks.update_contact(640, email="m@example.com", custom_attributes={"nps": 9})

        assert (found.name, found.email) == ("Marina Prado", "m@example.com")
        assert found.custom_attributes == {"cpf": "0", "nps": 9}

    def test_a_refused_value_is_named(self, asks):
        with pytest.raises(ChatwootStatusError) as caught:
            asks.update_contact(640, phone_number="11 98888")

        error = caught.value
        assert (error.refusal, error.names, error.permanent) == (
            Refusal.VALUES,
            ("phone_number",),
            True,
        )
        assert "phone_number" in str(error)


class TestAccount:
    def test_its_objects_are_listed(self, asks, chatwoot):
        assert [(i.id, i.name, i.channel) for i in asks.inboxes()] == [
            (12, "Site", "Channel::WebWidget")
        ]
        assert [(a.name, a.role) for a in asks.agents()] == [
            ("Iara", "administrator"),
            ("Rafael", "agent"),
        ]
        assert [(t.id, t.name) for t in asks.teams()] == [(5, "vendas")]
        assert [label.title for label in asks.labels()] == ["calcados"]

    def test_a_bot_is_made_and_attached(self, asks, chatwoot):
        bot = asks.create_agent_bot(
            name="Novo", description="Responde", outgoing_url="https://a.example/in/"
        )
        asks.attach_agent_bot(12, bot.id)

        assert chatwoot.world.bots[bot.id].token == bot.access_token.text
        assert chatwoot.world.bots[bot.id].secret == bot.secret.text
        assert bot.secret.text not in repr(bot)
        assert asks.agent_bot_of_inbox(12).id == bot.id
        assert [b.id for b in asks.agent_bots()] == [chatwoot.bot.id, bot.id]

    def test_a_bot_is_told_another_address(self, asks, chatwoot):
        bot = asks.update_agent_bot(chatwoot.bot.id, outgoing_url="https://a.example/in/")

        assert (bot.id, bot.outgoing_url) == (chatwoot.bot.id, "https://a.example/in/")
        assert chatwoot.bot.outgoing_url == "https://a.example/in/"
        assert chatwoot.bot.name == "Aurora Bot"

    def test_an_inbox_may_have_no_bot(self, asks):
        asks.attach_agent_bot(12, None)

        assert asks.agent_bot_of_inbox(12) is None

    def test_a_webhook_is_made_once(self, asks, chatwoot):
        made = asks.create_webhook(
            name="ChatwootAI", url="https://a.example/in/", subscriptions=["message_created"]
        )
        found = asks.webhooks()

        assert [(w.id, w.url, w.subscriptions) for w in found] == [
            (made.id, "https://a.example/in/", ("message_created",))
        ]
        assert found[0].secret == made.secret
        assert made.secret.text not in repr(made)
        with pytest.raises(ChatwootStatusError) as caught:
            asks.create_webhook(name="x", url="https://a.example/in/", subscriptions=[])
        assert (caught.value.refusal, caught.value.names) == (Refusal.VALUES, ("url",))

    def test_a_user_token_says_whose_it_is(self, asks, chatwoot):
        profile = asks.profile()

        assert (profile.name, profile.is_administrator(3)) == ("Iara", True)
        assert not profile.is_administrator(4)

    def test_the_version_is_asked_without_a_token(self, asks, chatwoot):
        assert asks.version() == "4.15.1"
        assert tokens_heard(chatwoot, "/api") == ["none"]


PARTS = {"conversation": "205", "contact": "640", "inbox": "12", "bot": "7"}


class TestTokens:
    def test_every_operation_is_used_by_a_method(self):
        source = inspect.getsource(ChatwootClient)

        assert [name for name in OPERATIONS if f'"{name}"' not in source] == []

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_chatwoot_lets_the_token_of_the_table_in(self, name, chatwoot, conversation):
        """And where the table wants a person's token, a bot's is refused."""
        operation = OPERATIONS[name]
        may = {
            who: status_of(chatwoot, operation, token) != 401
            for who, token in (("bot", chatwoot.bot.token), ("user", chatwoot.admin.token))
        }

        assert may["user"]
        assert may["bot"] == (operation.token != Token.USER)

    @pytest.mark.parametrize(
        ("call", "token"),
        [
            (lambda c: c.send_message(205, "a", marker="r"), "bot"),
            (lambda c: c.set_status(205, Status.OPEN), "bot"),
            (lambda c: c.conversation(205), "user"),
            (lambda c: c.labels_of(205), "user"),
            (lambda c: c.messages(205), "user"),
        ],
        ids=["send", "status", "show", "labels", "messages"],
    )
    def test_the_token_of_the_table_is_shown(self, asks, chatwoot, conversation, call, token):
        call(asks)

        assert tokens_heard(chatwoot, "") == [token]

    def test_without_a_user_token_the_bots_reads_conversations(
        self, chatwoot, conversation, make_client
    ):
        client = make_client(chatwoot, user=False)

        assert client.conversation(205).id == 205
        assert tokens_heard(chatwoot, "") == ["bot"]

    def test_what_needs_a_user_token_says_so(self, chatwoot, conversation, make_client):
        client = make_client(chatwoot, user=False)

        with pytest.raises(TokenMissingError) as caught:
            client.find_message(205, "r")
        assert (caught.value.operation, caught.value.permanent) == ("messages", True)
        assert chatwoot.heard == []

    def test_what_needs_a_bot_says_so(self, chatwoot, conversation, make_client):
        with pytest.raises(BotTokenMissingError):
            make_client(chatwoot, bot=False).send_message(205, "a", marker="r")

    def test_an_old_chatwoot_does_not_let_bots_read(self, opened, make_client):
        with fake_chatwoot(version="4.13.0") as old:
            old.world.customer_writes("oi", inbox=old.inbox)
            with pytest.raises(ChatwootStatusError) as caught:
                make_client(old, user=False).conversation(205)

        assert caught.value.refusal == Refusal.NOT_FOR_BOTS

    def test_no_token_is_printed_or_recorded(self, asks, chatwoot, conversation):
        asks.conversation(205)
        call = RemoteCall.objects.get()

        assert chatwoot.admin.token not in f"{asks!r}{vars(call)}"
        assert (call.service, call.connection) == ("chatwoot", "chatwoot:1")


def status_of(chatwoot, operation, token):
    """Of the bare request, whatever its body should have been."""
    from tests.fakes.chatwoot.rest import request_of

    path = operation.path.format(**PARTS)
    path = path if path.startswith("/") else f"/api/v1/accounts/3/{path}"
    if operation.token == Token.NONE:
        return 200
    request = request_of(operation.method, path, {"api_access_token": token}, b"{}")
    return chatwoot.api.answer(request).status


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "body", "refusal"),
        [
            (401, {"error": "Invalid Access Token"}, Refusal.TOKEN),
            (401, {"errors": ["You need to sign in or sign up before continuing."]}, Refusal.TOKEN),
            (401, {"error": "You are not authorized to do this action"}, Refusal.RIGHTS),
            (401, {"error": "Account is suspended"}, Refusal.SUSPENDED),
            (
                401,
                {"error": "Bot is not authorized to access this account"},
                Refusal.FOREIGN_BOT,
            ),
            (
                401,
                {"error": "Access to this endpoint is not authorized for bots"},
                Refusal.NOT_FOR_BOTS,
            ),
            (402, {"error": "Please upgrade"}, Refusal.PLAN),
            (403, {"error": "Not enabled"}, Refusal.FEATURE),
            (404, {"error": "Resource could not be found"}, Refusal.UNKNOWN),
            (422, {"message": "x", "attributes": ["content"]}, Refusal.VALUES),
            (301, b"", Refusal.REDIRECT),
            (413, b"<html>", Refusal.OTHER),
        ],
    )
    def test_a_definite_no_is_permanent(self, asks, chatwoot, conversation, status, body, refusal):
        chatwoot.next(fakes.refuses(status, body))

        with pytest.raises(ChatwootStatusError) as caught:
            asks.send_message(205, "a", marker="r")
        error = caught.value
        assert (error.refusal, error.permanent, error.outcome_unknown) == (refusal, True, False)
        assert (error.status, len(conversation.messages)) == (status, 1)
        assert "%(" not in str(error)

    @pytest.mark.parametrize(
        ("status", "body", "refusal"),
        [
            (422, {"error": "Something went wrong"}, Refusal.UNCLEAR),
            (422, b"<html>", Refusal.UNCLEAR),
            (422, ["x"], Refusal.UNCLEAR),
            (408, b"", Refusal.OTHER),
            (409, b"", Refusal.OTHER),
            (418, b"", Refusal.OTHER),
            (500, b"<html>", Refusal.FAILED),
            (502, b"<html>", Refusal.FAILED),
            (504, b"[[[", Refusal.FAILED),
        ],
    )
    def test_after_any_other_answer_a_message_may_have_arrived(
        self, asks, chatwoot, conversation, status, body, refusal
    ):
        chatwoot.next(fakes.answers(body, status, path=MESSAGES))

        with pytest.raises(ChatwootStatusError) as caught:
            asks.send_message(205, "a", marker="r-7")
        error = caught.value
        assert (error.refusal, error.permanent, error.outcome_unknown) == (refusal, False, True)
        assert asks.find_message(205, "r-7") is not None
        assert len(chatwoot.heard_at(MESSAGES, "POST")) == 1

    def test_too_many_messages_is_a_limit(self, asks, chatwoot, conversation):
        chatwoot.world.most_messages_per_minute = 1

        with pytest.raises(ChatwootStatusError) as caught:
            asks.send_message(205, "a", marker="r")
        error = caught.value
        assert error.refusal == Refusal.TOO_MANY_MESSAGES
        assert (error.permanent, error.outcome_unknown, error.retry_after) == (False, False, 60.0)

    def test_what_the_server_writes_is_not_repeated(self, asks, chatwoot, conversation):
        names = ["content", "Canary <b>", 5, "x" * 500]
        chatwoot.next(fakes.refuses(422, {"message": "Canary", "attributes": names}))

        with pytest.raises(ChatwootStatusError) as caught:
            asks.send_message(205, "a", marker="r")
        assert caught.value.names == ("content", "x" * 60)
        assert "Canary" not in f"{caught.value}{caught.value!r}"

    def test_a_conversation_of_nobody_is_unknown(self, asks):
        with pytest.raises(ChatwootStatusError) as caught:
            asks.conversation(999)

        assert caught.value.refusal == Refusal.UNKNOWN

    def test_an_agent_reads_only_inboxes_of_his(self, make_client, chatwoot, conversation):
        from tenants.credentials import Secret

        stranger = chatwoot.world.add_user(chatwoot.account, "Nina", inboxes=[])
        client = make_client(chatwoot, user_token=Secret(stranger.token))

        with pytest.raises(ChatwootStatusError) as caught:
            client.conversation(205)
        assert caught.value.refusal == Refusal.RIGHTS
        assert client.conversations().total == 0


class TestTries:
    @pytest.mark.parametrize("pause", [None, 2])
    def test_asking_again_waits_as_long_as_chatwoot_wants(
        self, asks, chatwoot, conversation, pauses, pause
    ):
        chatwoot.next(fakes.refuses(429, retry_after=pause))

        assert asks.conversation(205).id == 205
        assert len(chatwoot.heard) == 2
        assert pauses == [2.0] if pause else pauses[0] < 1

    def test_a_message_is_not_repeated_after_429(self, asks, chatwoot, conversation):
        chatwoot.next(fakes.refuses(429, retry_after=7))

        with pytest.raises(ChatwootStatusError) as caught:
            asks.send_message(205, "a", marker="r")
        error = caught.value
        assert (error.refusal, error.retry_after) == (Refusal.FEWER_CALLS, 7.0)
        assert (error.permanent, error.outcome_unknown) == (False, False)
        assert len(chatwoot.heard) == 1

    @pytest.mark.parametrize(
        "call",
        [
            lambda c: c.set_status(205, Status.OPEN),
            lambda c: c.set_priority(205, Priority.LOW),
            lambda c: c.set_typing(205, True),
            lambda c: c.assign_team(205, 5),
            lambda c: c.mark_read(205),
            lambda c: c.update_contact(640, name="x"),
            lambda c: c.attach_agent_bot(12, 7),
            lambda c: c.messages(205),
        ],
        ids=["status", "priority", "typing", "team", "read", "contact", "bot", "messages"],
    )
    def test_what_may_be_repeated_is_repeated(self, asks, chatwoot, conversation, call):
        chatwoot.next(fakes.fails_after_doing_it(), fakes.drops())
        call(asks)

        assert len(chatwoot.heard) == 3

    @pytest.mark.parametrize(
        "call",
        [
            lambda c: c.create_agent_bot(name="x", description="", outgoing_url="http://x"),
            lambda c: c.create_webhook(name="x", url="http://x", subscriptions=[]),
        ],
        ids=["bot", "webhook"],
    )
    def test_what_makes_something_is_done_once(self, asks, chatwoot, call):
        chatwoot.next(fakes.fails_after_doing_it())

        with pytest.raises(ChatwootStatusError) as caught:
            call(asks)
        assert caught.value.outcome_unknown
        assert len(chatwoot.heard) == 1

    @pytest.mark.parametrize("is_done", [True, False], ids=["arrived", "lost"])
    def test_a_lost_answer_is_cleared_up_by_the_marker(self, asks, chatwoot, conversation, is_done):
        before = conversation.messages[-1].id
        chatwoot.next(fakes.drops_after_doing_it() if is_done else fakes.drops())

        with pytest.raises(NoAnswerError) as caught:
            asks.send_message(205, "a", marker="r-5")
        assert caught.value.outcome_unknown
        found = asks.find_message(205, "r-5", after=before)
        assert (found is not None) == is_done
        assert len(chatwoot.heard_at(MESSAGES, "POST")) == 1

    def test_a_message_that_comes_after_our_patience_is_found_later(
        self, asks, chatwoot, conversation, monkeypatch
    ):
        monkeypatch.setattr(asks._session, "seconds", 0.3)
        chatwoot.next(fakes.is_late(0.6, path=MESSAGES))

        with pytest.raises(NoAnswerError) as caught:
            asks.send_message(205, "a", marker="r-6")
        assert caught.value.outcome_unknown
        assert asks.find_message(205, "r-6") is None
        until = time.monotonic() + 10
        while asks.find_message(205, "r-6") is None and time.monotonic() < until:
            time.sleep(0.1)
        assert asks.find_message(205, "r-6") is not None

    def test_a_chatwoot_that_is_down_took_nothing(self, asks, chatwoot, conversation):
        chatwoot.go_down()

        with pytest.raises(NoAnswerError) as caught:
            asks.send_message(205, "a", marker="r")
        assert (caught.value.outcome_unknown, caught.value.permanent) == (False, False)
        chatwoot.come_up()
        assert asks.send_message(205, "a", marker="r").marker == "r"

    def test_a_connection_has_its_own_limit(self, make_client, chatwoot, conversation):
        client = make_client(chatwoot, per_minute=2)
        client.conversation(205)
        client.conversation(205)

        with pytest.raises(TooManyCallsError):
            client.conversation(205)
        assert len(chatwoot.heard) == 2


class TestUnreadable:
    @pytest.mark.parametrize(
        ("body", "path"),
        [
            (b"<html>", "$"),
            (b"", "$"),
            ([], "$"),
            ({}, "$.id"),
            ({"id": "x"}, "$.id"),
            ({"id": 205}, "$.status"),
            ({"id": 205, "status": 5}, "$.status"),
            ({"id": 205, "status": "open", "labels": [None]}, "$.labels[0]"),
            ({"id": 205, "status": "open", "meta": []}, "$.meta"),
            ({"id": 205, "status": "open", "can_reply": "no"}, "$.can_reply"),
        ],
        ids=str,
    )
    def test_a_field_that_is_not_there_is_named(self, asks, chatwoot, body, path):
        chatwoot.next(fakes.answers(body))

        with pytest.raises(UnreadableReplyError) as caught:
            asks.conversation(205)
        error = caught.value
        assert (error.path, error.permanent, error.outcome_unknown) == (path, True, False)
        assert path in str(error)

    @pytest.mark.parametrize("body", [b"<html>", {}, {"id": 5}, "x"], ids=str)
    def test_an_unreadable_answer_to_a_message_leaves_it_unknown(
        self, asks, chatwoot, conversation, body
    ):
        chatwoot.next(fakes.answers(body))

        with pytest.raises(UnreadableReplyError) as caught:
            asks.send_message(205, "a", marker="r")
        assert (caught.value.outcome_unknown, caught.value.permanent) == (True, False)
        assert len(conversation.messages) == 2

    def test_fields_nobody_knows_are_left_out(self, asks, chatwoot):
        body = {"id": 205, "status": "open", "new": {"a": [1]}}
        chatwoot.next(fakes.answers(body))

        assert asks.conversation(205).id == 205

    @pytest.mark.parametrize("name", sorted(set(OPERATIONS) - {"send_message"}))
    def test_nonsense_is_never_another_error(self, asks, chatwoot, conversation, name):
        for body in (b"<html>", [5], {"payload": 5}, {"payload": {"webhooks": "x"}}, "x", 5):
            chatwoot.next(fakes.answers(body))
            with contextlib.suppress(RemoteError):
                CALLS[name](asks)
            chatwoot.forget_faults()


CALLS = {
    "version": lambda c: c.version(),
    "profile": lambda c: c.profile(),
    "messages": lambda c: c.messages(205),
    "conversation": lambda c: c.conversation(205),
    "conversations": lambda c: c.conversations(),
    "set_status": lambda c: c.set_status(205, Status.OPEN),
    "set_typing": lambda c: c.set_typing(205, False),
    "set_priority": lambda c: c.set_priority(205, None),
    "assign": lambda c: c.assign_team(205, 5),
    "set_attributes": lambda c: c.merge_custom_attributes(205, {"a": 1}),
    "labels_of": lambda c: c.labels_of(205),
    "set_labels": lambda c: c.add_labels(205, ["a"]),
    "mark_read": lambda c: c.mark_read(205),
    "contact": lambda c: c.contact(640),
    "search_contacts": lambda c: c.search_contacts("a"),
    "update_contact": lambda c: c.update_contact(640, name="a"),
    "inboxes": lambda c: c.inboxes(),
    "agents": lambda c: c.agents(),
    "teams": lambda c: c.teams(),
    "labels": lambda c: c.labels(),
    "agent_bots": lambda c: c.agent_bots(),
    "create_agent_bot": lambda c: c.create_agent_bot(name="a", description="", outgoing_url=""),
    "update_agent_bot": lambda c: c.update_agent_bot(7, outgoing_url="http://a"),
    "agent_bot_of_inbox": lambda c: c.agent_bot_of_inbox(12),
    "attach_agent_bot": lambda c: c.attach_agent_bot(12, 7),
    "webhooks": lambda c: c.webhooks(),
    "create_webhook": lambda c: c.create_webhook(name="a", url="http://a", subscriptions=[]),
}


def test_only_documented_requests_leave(asks, chatwoot, conversation):
    """The stand-in complains about others."""
    for call in CALLS.values():
        call(asks)

    assert chatwoot.complaints == []
