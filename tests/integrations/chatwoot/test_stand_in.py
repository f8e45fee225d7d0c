"""The Chatwoot that tests run against keeps its promises: what it sends, signs and repeats."""

import http.client
import json
import subprocess
import sys
import threading
import urllib.request

import pytest

from integrations.chatwoot.payloads import Author, Kind, is_takeover, parse, who_wrote
from integrations.chatwoot.signatures import SignatureError, verify
from integrations.chatwoot.values import Status
from integrations.failures import RemoteError
from tenants.credentials import Secret
from tests.fakes import chatwoot as fakes
from tests.fakes.chatwoot import fake_chatwoot
from tests.fakes.chatwoot.rows import API, WHATSAPP
from tests.fakes.chatwoot.world import ACCOUNT_EVENTS

pytestmark = pytest.mark.django_db

OPENED = "/api/v1/accounts/3/conversations/205/toggle_status"
OPEN = {"status": "open"}


@pytest.fixture
def world(chatwoot):
    return chatwoot.world


@pytest.fixture
def told(chatwoot, door):
    """The bot is told what happens."""
    chatwoot.tell_bot(door.url)
    return door


def write(chatwoot, text="oi", conversation=None, **values):
    where = {"conversation": conversation} if conversation else {"inbox": chatwoot.inbox}
    message = chatwoot.world.customer_writes(text, **where, **values)
    return message.conversation


class TestDeliveries:
    def test_they_are_signed_with_the_secret_of_the_bot(self, chatwoot, told):
        write(chatwoot, "Olá <b>&")
        chatwoot.world.deliveries.wait()

        headers, body, raw = told.taken[0]
        assert verify(raw, headers, [Secret(chatwoot.bot.secret)]) < 60
        assert body["content"] == "Olá <b>&"
        assert b"\\u003cb\\u003e\\u0026" in raw
        with pytest.raises(SignatureError):
            verify(raw, headers, [Secret("another")])

    def test_each_kind_of_address_has_its_own_secret(self, chatwoot, door, world):
        webhook = world.add_webhook(chatwoot.account, f"{door.url}account/")
        chatwoot.tell_bot(f"{door.url}bot/")
        write(chatwoot)
        world.deliveries.wait()

        assert {d.secret for d in world.deliveries.sent} == {webhook.secret, chatwoot.bot.secret}
        assert len({d.id for d in world.deliveries.sent}) == 2

    def test_an_old_chatwoot_signs_nothing(self, opened, door):
        with fake_chatwoot(version="4.12.0") as old:
            old.tell_bot(door.url)
            write(old)
            old.world.deliveries.wait()

        names = {name.lower() for name in door.taken[0][0]}
        assert not [name for name in names if name.startswith("x-chatwoot")]
        assert "account" not in door.taken[0][1]["conversation"]

    @pytest.mark.parametrize("status", [429, 500])
    def test_some_failures_are_tried_again_under_the_same_id(self, chatwoot, told, status):
        told.statuses = [status, status]
        conversation = write(chatwoot)
        chatwoot.world.deliveries.wait()

        (delivery,) = chatwoot.world.deliveries.sent
        assert delivery.statuses == [status, status, 200]
        assert len({headers["X-Chatwoot-Delivery"] for headers, _b, _r in told.taken}) == 1
        assert conversation.status == "pending"

    @pytest.mark.parametrize(
        ("statuses", "tries"),
        [([503], 1), ([404], 1), ([500, 500, 500], 3), ([429, 401], 2)],
        ids=str,
    )
    def test_a_bot_that_fails_loses_the_conversation(self, chatwoot, told, statuses, tries):
        told.statuses = list(statuses)
        conversation = write(chatwoot)
        chatwoot.world.deliveries.wait()

        assert chatwoot.world.deliveries.sent[0].statuses == statuses
        assert len(told.named("message_created")) == tries
        assert conversation.status == "open"

    def test_a_bot_that_is_too_slow_fails(self, chatwoot, told, monkeypatch):
        chatwoot.world.deliveries.seconds = 0.05
        with told.lock:
            conversation = write(chatwoot)
            chatwoot.world.deliveries.wait()

        assert conversation.status == "open"
        assert chatwoot.world.deliveries.sent[0].statuses == [0]

    def test_an_account_may_keep_conversations_with_a_failing_bot(self, chatwoot, told):
        chatwoot.account.keeps_pending_on_failure = True
        told.statuses = [503]
        conversation = write(chatwoot)
        chatwoot.world.deliveries.wait()

        assert conversation.status == "pending"

    def test_account_webhooks_are_sent_once_and_as_subscribed(self, chatwoot, door, world):
        world.add_webhook(chatwoot.account, door.url, ["message_created"])
        door.statuses = [500]
        conversation = write(chatwoot)
        world.change(conversation, labels=["vip"])
        world.deliveries.wait()

        assert door.events == ["message_created"]
        assert conversation.status == "pending"

    def test_an_api_inbox_marks_what_it_could_not_deliver(self, chatwoot, door, world):
        inbox = world.add_inbox(chatwoot.account, "App", API, webhook_url=door.url)
        door.statuses = [500] * 2
        message = world.customer_writes("oi", inbox=inbox)
        world.deliveries.wait()

        assert message.status == "failed"
        assert inbox.secret in {d.secret for d in world.deliveries.sent}

    def test_the_assigned_bot_is_told_in_inboxes_of_others(self, chatwoot, told, world):
        inbox = world.add_inbox(chatwoot.account, "Sem robô")
        conversation = world.customer_writes("oi", inbox=inbox).conversation
        world.assign(conversation, chatwoot.bot)
        write(chatwoot, "de novo", conversation)
        world.deliveries.wait()

        assert [body["content"] for body in told.named("message_created")] == ["de novo"]

    def test_they_can_be_lost_doubled_and_turned_round(self, chatwoot, told):
        deliveries = chatwoot.world.deliveries
        deliveries.lose("message_created")
        conversation = write(chatwoot, "lost")
        deliveries.double("message_created")
        write(chatwoot, "twice", conversation)
        deliveries.wait()
        deliveries.hold()
        write(chatwoot, "first", conversation)
        write(chatwoot, "second", conversation)
        deliveries.release(is_reversed=True)

        texts = [body["content"] for body in told.named("message_created")]
        ids = [headers["X-Chatwoot-Delivery"] for headers, _b, _r in told.taken]
        assert texts == ["twice", "twice", "second", "first"]
        assert len(set(ids)) == 4
        assert [d.event for d in deliveries.lost] == ["message_created"]


class TestPayloads:
    def test_every_event_it_sends_is_read(self, chatwoot, told, world):
        app = world.add_inbox(chatwoot.account, "App", API, chatwoot.bot, f"{told.url}app/")
        world.add_webhook(chatwoot.account, f"{told.url}account/", sorted(ACCOUNT_EVENTS))
        for inbox in (chatwoot.inbox, app):
            live_through_everything(chatwoot, inbox)
        world.deliveries.wait()

        events = [parse(body) for _headers, body, _raw in told.taken]
        missing = {Kind.INBOX_CREATED, Kind.INBOX_UPDATED, Kind.AUTOMATION, Kind.MACRO, Kind.OTHER}
        assert {event.kind for event in events} == set(Kind) - missing
        assert {event.account_id for event in events} == {3}

    def test_authors_are_told_apart(self, chatwoot, told, world):
        conversation = write(chatwoot, "do cliente")
        world.agent_replies(conversation, "da pessoa")
        world.agent_replies(conversation, "nota", is_private=True)
        world.agent_replies_on_phone(conversation, "do telefone")
        world.template_greets(conversation, "modelo")
        world.add_message(conversation, "outgoing", "do robô", sender=chatwoot.bot)
        world.deliveries.wait()

        events = [parse(body) for body in told.named("message_created")]
        authors = {e.message.text: who_wrote(e, bot_id=chatwoot.bot.id) for e in events}
        takeovers = {e.message.text for e in events if is_takeover(e, bot_id=chatwoot.bot.id)}
        assert authors == {
            "do cliente": Author.CUSTOMER,
            "da pessoa": Author.PERSON,
            "nota": Author.PERSON,
            "do telefone": Author.PERSON,
            "modelo": Author.SYSTEM,
            "do robô": Author.BOT,
        }
        assert takeovers == {"da pessoa", "do telefone"}

    def test_a_person_takes_over_and_a_bot_does_not(self, chatwoot, told, world):
        conversation = write(chatwoot)
        world.assign(conversation, chatwoot.bot)
        world.deliveries.wait()
        by_bot = [parse(body) for body in told.named("conversation_updated")]
        world.agent_takes_over(conversation)
        world.deliveries.wait()
        by_person = [parse(body) for body in told.named("conversation_updated")][len(by_bot) :]

        assert not any(is_takeover(event, bot_id=chatwoot.bot.id) for event in by_bot)
        assert any(is_takeover(event, bot_id=chatwoot.bot.id) for event in by_person)

    def test_the_marker_comes_back(self, chatwoot, told, make_client):
        conversation = write(chatwoot)
        make_client(chatwoot).send_message(conversation.id, "a", marker="r-91")
        chatwoot.world.deliveries.wait()

        events = [parse(body) for body in told.named("message_created")]
        (echo,) = (event for event in events if event.message.text == "a")
        assert (echo.message.marker, who_wrote(echo, bot_id=None)) == ("r-91", Author.BOT)


def live_through_everything(chatwoot, inbox):
    world = chatwoot.world
    contact = world.add_contact(chatwoot.account, "Lia", email=f"lia{inbox.id}@example.com")
    world.customer_opens_widget(inbox, contact)
    message = world.customer_writes("oi", inbox=inbox, contact=contact)
    conversation = message.conversation
    world.customer_types(conversation)
    world.customer_types(conversation, is_typing=False)
    reply = world.agent_replies(conversation, "olá")
    world.channel_reports(reply, "delivered")
    world.channel_fails(reply, "no")
    world.agent_deletes(reply)
    world.agent_takes_over(conversation)
    world.change(conversation, labels=["vip"], team=chatwoot.team, custom_attributes={"a": 1})
    world.agent_snoozes(conversation, until=1_900_000_000)
    world.agent_resolves(conversation)
    world.change_contact(contact, {"name": "Lia Prado"})


class TestStatuses:
    def test_a_new_conversation_is_with_the_bot_of_its_inbox(self, chatwoot, world):
        without = world.add_inbox(chatwoot.account, "Sem robô")

        assert write(chatwoot).status == "pending"
        assert world.customer_writes("oi", inbox=without).conversation.status == "open"

    def test_a_blocked_contact_gets_no_conversation(self, chatwoot, world):
        contact = world.add_contact(chatwoot.account, is_blocked=True)

        assert write(chatwoot, contact=contact).status == "resolved"

    @pytest.mark.parametrize(
        ("act", "after"),
        [("agent_resolves", "pending"), ("agent_snoozes", "open"), ("agent_takes_over", "open")],
    )
    def test_the_next_message_of_the_customer_decides(self, chatwoot, world, act, after):
        conversation = write(chatwoot)
        getattr(world, act)(conversation)
        write(chatwoot, "e aí?", conversation)

        assert conversation.status == after

    def test_an_answer_of_a_person_leaves_it_with_the_bot(self, chatwoot, world):
        conversation = write(chatwoot)
        world.agent_replies(conversation, "oi")

        assert conversation.status == "pending"

    def test_the_token_decides_what_opening_means(self, chatwoot, make_client):
        by_bot, by_agent = write(chatwoot), write(chatwoot)
        make_client(chatwoot).set_status(by_bot.id, Status.OPEN)
        as_agent = make_client(chatwoot, bot_token=Secret(chatwoot.agent.token))
        as_agent.set_status(by_agent.id, Status.OPEN)

        assert (by_bot.assignee, by_agent.assignee) == (None, chatwoot.agent)
        assert chatwoot.world.handoffs == [by_bot]

    def test_newer_versions_assign_the_bot_and_let_people_take_it_away(self, opened):
        with fake_chatwoot(version="4.16.0") as newer:
            conversation, other = write(newer), write(newer)
            first = conversation.assignee
            newer.world.assign(conversation, newer.agent)
            newer.world.change_status(other, "open", by=newer.bot)

        assert first is newer.bot
        assert (conversation.status, conversation.assignee) == ("open", newer.agent)
        assert other.assignee is None

    def test_free_text_after_the_window_fails_later(self, chatwoot, told, world, make_client):
        inbox = world.add_inbox(chatwoot.account, "WhatsApp", WHATSAPP, chatwoot.bot)
        conversation = world.customer_writes("oi", inbox=inbox).conversation
        conversation.can_reply = False
        sent = make_client(chatwoot).send_message(conversation.id, "tarde", marker="r")
        world.deliveries.wait()

        (update,) = (parse(body) for body in told.named("message_updated"))
        assert sent.status == "sent"
        assert (update.message.id, update.message.status) == (sent.id, "failed")
        assert not update.conversation.can_reply


class TestFaults:
    def test_somebody_acts_just_before_a_request_is_done(self, chatwoot, make_client):
        conversation = write(chatwoot)
        chatwoot.next(
            fakes.meanwhile(
                lambda: chatwoot.world.agent_takes_over(conversation), path=r"/messages$"
            )
        )
        client = make_client(chatwoot)

        assert client.conversation(conversation.id).status == "pending"
        client.send_message(conversation.id, "tarde demais", marker="r")
        assert client.conversation(conversation.id).is_with_person

    def test_a_fault_waits_for_its_request(self, chatwoot, make_client):
        conversation = write(chatwoot)
        chatwoot.next(fakes.refuses(404, path="/labels$", method="POST"))
        client = make_client(chatwoot)

        assert client.labels_of(conversation.id) == ()
        with pytest.raises(RemoteError):
            client.add_labels(conversation.id, ["a"])

    def test_a_slow_answer_is_done_at_once(self, chatwoot):
        conversation = write(chatwoot)
        token = {"api_access_token": chatwoot.bot.token, "Content-Type": "application/json"}
        chatwoot.next(fakes.is_slow(0.2))
        thread = threading.Thread(target=ask, args=(chatwoot, "POST", OPENED, token, OPEN))
        thread.start()
        while conversation.status == "pending" and thread.is_alive():
            pass
        was_waiting = thread.is_alive()
        thread.join()

        assert was_waiting

    def test_what_is_not_documented_is_complained_about(self, chatwoot):
        token = {"api_access_token": chatwoot.admin.token, "Content-Type": "application/json"}
        ask(chatwoot, "GET", "/api/v1/accounts/3/nothing", token)
        write(chatwoot)
        ask(chatwoot, "POST", "/api/v1/accounts/3/conversations/205/labels?a=1", token, {"x": 1})

        assert len(chatwoot.complaints) == 3

    @pytest.mark.parametrize(
        ("path", "token", "status"),
        [
            ("/api", None, 200),
            ("/api/v1/profile", None, 401),
            ("/api/v1/profile", "nonsense", 401),
            ("/api/v1/accounts/3/inboxes", "bot", 401),
            ("/api/v1/accounts/3/webhooks", "agent", 401),
            ("/api/v1/accounts/3/inboxes", "admin", 200),
            ("/api/v1/accounts/4/inboxes", "admin", 404),
            ("/api/v1/accounts/3/conversations/9", "bot", 404),
            ("/api/v1/accounts/3/conversations/x", "bot", 404),
        ],
    )
    def test_rights_are_those_of_the_token(self, chatwoot, path, token, status):
        row = getattr(chatwoot, token, None) if token else None
        headers = {"api_access_token": row.token if row else token} if token else {}

        assert ask(chatwoot, "GET", path, headers)[0] == status

    def test_a_bot_of_another_account_is_refused(self, chatwoot, world):
        other = world.add_bot(world.add_account("Outra"))
        write(chatwoot)
        headers = {"api_access_token": other.token}
        status, body = ask(chatwoot, "GET", "/api/v1/accounts/3/conversations/205", headers)

        assert (status, body["error"]) == (401, "Bot is not authorized to access this account")


def ask(chatwoot, method, path, headers, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", chatwoot._port, timeout=10)
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    status, content = answer.status, json.loads(answer.read())
    connection.close()
    return status, content


class TestByHand:
    def test_commands_let_things_happen(self, chatwoot, told):
        def do(line):
            request = urllib.request.Request(f"{chatwoot.url}/_control", line.encode())
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)["answer"]

        assert do("write Bom dia") == "conversation 205, message 88110"
        assert do("reply 205 Olá") == "conversation 205: pending"
        assert do("take 205") == "conversation 205: open"
        assert "Bom dia" in do("show 205")
        assert do("take 999").startswith("That did not work")
        assert do("nonsense").startswith("Unknown")
        chatwoot.world.deliveries.wait()
        assert told.named("message_created")

    def test_it_starts_by_itself(self, project_root):
        command = [sys.executable, "-u", "-m", "tests.fakes.chatwoot", "--version", "4.13.0"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, cwd=project_root, **pipes) as process:
            process.stdin.write("write oi\n")
            process.stdin.flush()
            said = list(iter(process.stdout.readline, "conversation 205, message 88110\n"))
            process.terminate()

        assert [line for line in said if line.startswith("bot token   bot-")]


def test_what_it_sends_to_an_old_bot_has_no_account_only_where_nothing_was_said(opened, door):
    """Nobody can know the account of such an event, and it is no error."""
    with fake_chatwoot(version="4.13.0") as old:
        old.tell_bot(door.url)
        conversation = write(old)
        conversation.messages.clear()
        old.world.change(conversation, labels=["a"])
        old.world.deliveries.wait()

    (event,) = (parse(body) for body in door.named("conversation_updated"))
    assert event.account_id is None
