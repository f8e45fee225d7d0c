"""Each right of a connection is tried, and a sentence says what to do about it."""

import contextlib

import pytest
from django.utils import timezone, translation

from integrations.chatwoot import checks as checks_table
from integrations.chatwoot import connections, rights
from integrations.circuit_breaker import MOST_FAILURES, CircuitBreaker
from integrations.failures import NoAnswerError
from integrations.models import Breaker, Connection
from integrations.models.breaker import State
from tenants.models import AuditEntry
from tests.factories import BreakerFactory, ChannelMappingFactory, ConnectionFactory
from tests.fakes import chatwoot as fakes
from tests.fakes.chatwoot import fake_chatwoot


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def connect(moveis):
    """A connection to the stand-in which lacks nothing, but for what the test says."""

    def make(server, **values):
        present = {
            "installation__base_url": server.url,
            "account_id": server.account.id,
            "bot_token": server.bot.token,
            "user_token": server.admin.token,
            "secrets": [server.bot.secret],
            "bot_id": server.bot.id,
            "name": "Loja",
        }
        row = ConnectionFactory(tenant=moveis, **{**present, **values})
        ChannelMappingFactory(
            tenant=moveis,
            installation=row.installation,
            account_id=row.account_id,
            inbox_id=server.inbox.id,
        )
        server.tell_bot(connections.webhook_address(row))
        return row

    return make


def found(connection):
    return {row.name: row for row in rights.check(connection)}


def told(connection, name):
    row = found(connection)[name]
    return row.ok, row.sentence


def test_nothing_fails_where_nothing_is_missing(connect, chatwoot):
    checks = found(connect(chatwoot))

    assert {name: row.ok for name, row in checks.items()} == {
        "address": True,
        "signature": True,
        "bot_token": True,
        "bot_account": True,
        "user_token": True,
        "role": True,
        "conversations": True,
        "inboxes": True,
        "bot_address": True,
        "attached": True,
        "webhook": None,
    }
    assert checks.keys() == checks_table.TITLES.keys()


def test_chatwoot_is_only_read(connect, chatwoot, conversation):
    rights.check(connect(chatwoot))

    assert {heard.method for heard in chatwoot.heard} == {"GET"}
    assert chatwoot.complaints == []


def test_it_is_noted_on_the_connection_and_is_no_change_of_it(connect, chatwoot):
    connection = connect(chatwoot)
    entries = AuditEntry.objects.count()

    checks = rights.check(connection)

    row = Connection.objects.get()
    assert [(c["name"], c["ok"], c["sentence"]) for c in row.checks] == [
        (c.name, c.ok, c.sentence) for c in checks
    ]
    assert row.version == "4.15.1"
    assert timezone.now() - row.checked_at < timezone.timedelta(minutes=1)
    assert AuditEntry.objects.count() == entries


def test_a_connection_without_a_name_gets_that_of_the_account(connect, chatwoot):
    rights.check(connect(chatwoot, name=""))

    assert Connection.objects.get().name == chatwoot.account.name


def test_no_sentence_holds_a_token(connect, chatwoot):
    connection = connect(chatwoot, bot_token=chatwoot.admin.token)
    shown = " ".join(row.sentence for row in rights.check(connection))

    secret = connections.webhook_address(connection).rstrip("/").rpartition("/")[2]
    for token in (chatwoot.bot.token, chatwoot.admin.token, chatwoot.bot.secret, secret):
        assert token not in shown


class TestAddress:
    def test_nothing_else_is_asked_where_nobody_answers(self, connect, chatwoot):
        connection = connect(chatwoot)
        chatwoot.go_down()

        [row] = rights.check(connection)

        assert (row.name, row.ok) == ("address", False)
        assert "no usable answer" in row.sentence
        assert Connection.objects.get().version == ""

    def test_an_installation_without_an_address_is_told_of(self, connect, chatwoot):
        connection = connect(chatwoot, installation__base_url=None)

        assert told(connection, "address")[0] is False

    def test_a_pause_does_not_keep_a_person_from_testing(self, connect, chatwoot, moveis):
        connection = connect(chatwoot)
        for _failure in range(MOST_FAILURES):
            with (
                contextlib.suppress(NoAnswerError),
                CircuitBreaker(moveis, service="chatwoot", connection=connection.key),
            ):
                raise NoAnswerError
        breaker = Breaker.objects.get(connection=connection.key, state=State.OPEN)

        checks = found(connection)

        breaker.refresh_from_db()
        assert checks["address"].ok
        assert breaker.state == State.CLOSED

    def test_pauses_of_others_stay(self, connect, chatwoot, cosmeticos):
        connection = connect(chatwoot)
        other = BreakerFactory(
            tenant=cosmeticos, service="chatwoot", connection=connection.key, state=State.OPEN
        )

        rights.check(connection)

        other.refresh_from_db()
        assert other.state == State.OPEN


class TestSignature:
    def test_without_a_secret_everything_would_be_refused(self, connect, chatwoot):
        ok, sentence = told(connect(chatwoot, secrets=[]), "signature")

        assert ok is False
        assert "No secret is stored" in sentence

    def test_an_old_chatwoot_cannot_sign(self, opened, connect):
        with fake_chatwoot(version="4.12.1") as server:
            ok, sentence = told(connect(server), "signature")

        assert ok is False
        assert "4.13.0" in sentence

    @pytest.mark.parametrize(
        ("version", "words"),
        [("4.12.1", "update Chatwoot"), ("4.15.1", "This Chatwoot can sign")],
    )
    def test_without_signatures_only_the_address_protects(self, opened, connect, version, words):
        with fake_chatwoot(version=version) as server:
            ok, sentence = told(connect(server, is_signed=False), "signature")

        assert ok is None
        assert "Only the secret address" in sentence
        assert words in sentence


class TestBotToken:
    def test_there_must_be_one(self, connect, chatwoot):
        checks = found(connect(chatwoot, bot_token=None))

        assert checks["bot_token"].ok is False
        assert "bot_account" not in checks

    def test_chatwoot_may_not_know_it(self, connect, chatwoot):
        ok, sentence = told(connect(chatwoot, bot_token="gone"), "bot_token")

        assert ok is False
        assert "does not know this token" in sentence

    def test_a_persons_token_is_no_bots(self, connect, chatwoot):
        ok, sentence = told(connect(chatwoot, bot_token=chatwoot.agent.token), "bot_token")

        assert ok is False
        assert "the token of a person, Rafael" in sentence

    def test_a_bot_of_another_account_is_noticed(self, connect, chatwoot):
        other = chatwoot.world.add_bot(chatwoot.world.add_account("Other"))

        ok, sentence = told(connect(chatwoot, bot_token=other.token), "bot_account")

        assert ok is False
        assert "does not belong to this account" in sentence

    def test_before_4_14_2_it_shows_later(self, opened, connect):
        with fake_chatwoot(version="4.14.1") as server:
            checks = found(connect(server))

        assert checks["bot_token"].ok
        assert checks["bot_account"].ok is None
        assert "when it first answers" in checks["bot_account"].sentence

    def test_alone_it_does_not_tell_whether_the_account_exists(self, connect, chatwoot):
        connection = connect(chatwoot, user_token=None, account_id=999)

        assert told(connection, "bot_account")[0] is None


class TestPerson:
    def test_without_a_person_less_is_possible(self, connect, chatwoot):
        checks = found(connect(chatwoot, user_token=None))

        assert checks["user_token"].ok is None
        assert checks.keys().isdisjoint({"role", "conversations", "inboxes", "attached"})

    def test_a_bots_token_is_no_persons(self, connect, chatwoot):
        ok, sentence = told(connect(chatwoot, user_token=chatwoot.bot.token), "user_token")

        assert ok is False
        assert "the token of a bot" in sentence

    def test_chatwoot_may_not_know_it(self, connect, chatwoot):
        assert told(connect(chatwoot, user_token="gone"), "user_token")[0] is False

    def test_a_member_may_do_less_than_an_administrator(self, connect, chatwoot):
        checks = found(connect(chatwoot, user_token=chatwoot.agent.token))

        assert checks["role"].ok is None
        assert "no administrator" in checks["role"].sentence
        assert checks["conversations"].ok

    def test_somebody_of_another_account_is_told_of_with_its_number(self, connect, chatwoot):
        other = chatwoot.world.add_account("Other")
        stranger = chatwoot.world.add_user(other, "Nina", "administrator")

        checks = found(connect(chatwoot, user_token=stranger.token))

        assert checks["role"].ok is False
        assert f"but to: {other.id}" in checks["role"].sentence
        assert "conversations" not in checks

    def test_messages_are_read_where_there_are_some(self, connect, chatwoot, conversation):
        connection = connect(chatwoot)
        chatwoot.next(fakes.refuses(403, path="/messages$"))

        assert told(connection, "conversations")[0] is False
        assert told(connection, "conversations")[0] is True


class TestInboxes:
    def test_a_channel_that_nobody_sees_is_named(self, connect, chatwoot, moveis):
        connection = connect(chatwoot)
        where = {"installation": connection.installation, "account_id": connection.account_id}
        ChannelMappingFactory(tenant=moveis, inbox_id=99, **where)

        ok, sentence = told(connection, "inboxes")

        assert ok is False
        assert "99" in sentence

    def test_an_inbox_without_our_bot_is_named(self, connect, chatwoot):
        connection = connect(chatwoot)
        chatwoot.inbox.bot_id = None

        ok, sentence = told(connection, "attached")

        assert ok is False
        assert "Site" in sentence

    def test_another_bot_is_named(self, connect, chatwoot):
        connection = connect(chatwoot)
        chatwoot.inbox.bot_id = chatwoot.world.add_bot(chatwoot.account, "Other Bot").id

        ok, sentence = told(connection, "attached")

        assert ok is False
        assert "“Other Bot”" in sentence

    def test_captain_is_warned_of(self, connect, chatwoot):
        assert "Captain" in told(connect(chatwoot), "attached")[1]

    @pytest.mark.parametrize("is_told", [True, False])
    def test_the_bot_must_send_to_us(self, connect, chatwoot, is_told):
        connection = connect(chatwoot)
        if not is_told:
            chatwoot.tell_bot("https://elsewhere.example/in/")

        assert told(connection, "bot_address")[0] is is_told

    def test_it_may_reach_us_under_another_host(self, connect, chatwoot):
        connection = connect(chatwoot)
        path = connections.webhook_address(connection).partition("/webhooks/")[2]
        chatwoot.tell_bot(f"http://web:8000/webhooks/{path.rstrip('/')}")

        assert told(connection, "bot_address")[0] is True

    def test_the_number_of_the_bot_is_learnt(self, connect, chatwoot):
        connection = connect(chatwoot, bot_id=None)

        rights.check(connection)

        assert Connection.objects.get().bot_id == chatwoot.bot.id

    def test_a_bot_of_the_whole_chatwoot_is_advised_against(self, connect, chatwoot):
        bot = chatwoot.world.add_bot(None, "System")
        chatwoot.inbox.bot_id = bot.id

        ok, sentence = told(connect(chatwoot, bot_id=bot.id, bot_token=bot.token), "bot_address")

        assert ok is None
        assert "the whole Chatwoot" in sentence


class TestWebhook:
    def test_until_something_came_it_says_what_to_do(self, connect, chatwoot, settings):
        settings.PUBLIC_URL = "https://bots.example.com"
        ok, sentence = told(connect(chatwoot), "webhook")

        assert ok is None
        assert "bots.example.com" in sentence

    def test_then_it_says_when(self, connect, chatwoot):
        connection = connect(chatwoot, webhook_seen_at=timezone.now())

        assert told(connection, "webhook")[0] is True
