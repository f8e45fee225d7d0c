"""The bot is created and attached by API; what is not ours to do becomes a step for a person."""

import pytest
from django.utils import translation

from integrations.chatwoot import accounts, connecting, connections
from integrations.chatwoot.accounts import NotYoursError
from integrations.chatwoot.failures import TokenMissingError
from integrations.failures import RemoteError
from integrations.models import Connection
from tenants import configuration, credentials, resolution
from tenants.credentials import Secret
from tenants.models import ChannelMapping, ChatwootInstallation, UnmappedChannel
from tests.factories import (
    ChannelMappingFactory,
    ChatwootInstallationFactory,
    ConnectionFactory,
)
from tests.fakes import chatwoot as fakes


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def connection(moveis, chatwoot):
    """Fresh: only the token of an administrator is known, and no inbox has a bot."""
    chatwoot.inbox.bot_id = None
    return ConnectionFactory(
        tenant=moveis,
        installation__base_url=chatwoot.url,
        account_id=chatwoot.account.id,
        user_token=chatwoot.admin.token,
    )


def attach(connection, *inboxes, **options):
    options.setdefault("is_platform", True)
    return connecting.attach_bot(connection, [inbox.id for inbox in inboxes], **options)


def posts_of(chatwoot):
    return [(h.method, h.path) for h in chatwoot.heard if h.method != "GET"]


class TestAttaching:
    def test_the_bot_is_created_and_told_our_address(self, connection, chatwoot):
        report = attach(connection, chatwoot.inbox)

        bot = chatwoot.world.bots[chatwoot.inbox.bot_id]
        assert bot.outgoing_url == connections.webhook_address(connection)
        assert report.steps == []
        assert chatwoot.complaints == []

    def test_its_token_secret_and_number_are_kept(self, connection, chatwoot):
        attach(connection, chatwoot.inbox)

        bot = chatwoot.world.bots[chatwoot.inbox.bot_id]
        row = Connection.objects.get()
        door = connections.door_to(row.pk)
        assert row.bot_id == bot.id
        assert (door.bot_token.text, [s.text for s in door.secrets]) == (bot.token, [bot.secret])

    def test_the_inbox_is_mapped_under_its_name(self, connection, chatwoot, moveis):
        attach(connection, chatwoot.inbox)

        row = ChannelMapping.objects.get()
        assert (row.tenant, row.account_id, row.inbox_id) == (
            moveis,
            chatwoot.account.id,
            chatwoot.inbox.id,
        )
        assert row.name == "Site"

    def test_twice_is_the_same_as_once(self, connection, chatwoot):
        attach(connection, chatwoot.inbox)
        before = posts_of(chatwoot)

        report = attach(Connection.objects.get(), chatwoot.inbox)

        assert posts_of(chatwoot) == before
        assert len(Connection.objects.get().secret_refs) == 1
        assert ChannelMapping.objects.count() == 1
        assert report.steps == []

    def test_a_bot_that_already_sends_here_is_used_again(self, connection, chatwoot):
        bot = chatwoot.world.add_bot(
            chatwoot.account, "By hand", connections.webhook_address(connection)
        )

        attach(connection, chatwoot.inbox)

        assert chatwoot.inbox.bot_id == bot.id
        assert connections.door_to(connection.pk).bot_token.text == bot.token
        assert len(chatwoot.world.bots) == 2

    def test_one_that_was_created_unnoticed_is_used_again(self, connection, chatwoot):
        chatwoot.next(fakes.drops_after_doing_it(path="/agent_bots$", method="POST"))
        with pytest.raises(RemoteError):
            attach(connection, chatwoot.inbox)

        attach(connection, chatwoot.inbox)

        assert len(chatwoot.world.bots) == 2
        assert chatwoot.inbox.bot_id is not None

    def test_secrets_of_other_webhooks_stay(self, connection, chatwoot):
        connections.keep_tokens(connection, secrets=["of-the-api-inbox"])
        connection.save()

        attach(connection, chatwoot.inbox)

        secrets = [secret.text for secret in connections.secrets_of(Connection.objects.get())]
        bot = chatwoot.world.bots[chatwoot.inbox.bot_id]
        assert secrets == [bot.secret, "of-the-api-inbox"]

    def test_only_the_chosen_inboxes_get_it(self, connection, chatwoot):
        other = chatwoot.world.add_inbox(chatwoot.account, "Other")

        attach(connection, chatwoot.inbox)

        assert other.bot_id is None
        assert ChannelMapping.objects.count() == 1

    def test_inboxes_of_other_accounts_are_not_reached(self, connection, chatwoot):
        foreign = chatwoot.world.add_inbox(chatwoot.world.add_account("Other"), "Foreign")

        attach(connection, foreign)

        assert foreign.bot_id is None
        assert not ChannelMapping.objects.exists()


class TestOtherBots:
    @pytest.fixture
    def other(self, chatwoot, connection):
        bot = chatwoot.world.add_bot(chatwoot.account, "Other", "https://other.example/")
        chatwoot.inbox.bot_id = bot.id
        return bot

    def test_one_is_not_taken_away_unasked(self, connection, chatwoot, other):
        report = attach(connection, chatwoot.inbox)

        assert chatwoot.inbox.bot_id == other.id
        assert "“Other”, which was left there" in report.steps[0]

    def test_one_is_replaced_when_somebody_says_so(self, connection, chatwoot, other):
        report = attach(connection, chatwoot.inbox, may_replace=[chatwoot.inbox.id])

        assert chatwoot.inbox.bot_id == Connection.objects.get().bot_id != other.id
        assert report.steps == []

    def test_consent_for_one_inbox_is_none_for_another(self, connection, chatwoot, other):
        second = chatwoot.world.add_inbox(chatwoot.account, "Second", bot=other)

        attach(connection, chatwoot.inbox, second, may_replace=[second.id])

        assert chatwoot.inbox.bot_id == other.id
        assert second.bot_id == Connection.objects.get().bot_id

    def test_a_bot_of_ours_that_sends_elsewhere_is_not_redirected_unasked(
        self, connection, chatwoot, other
    ):
        connections.keep_tokens(connection, bot_token=other.token)
        connection.save()

        report = attach(connection, chatwoot.inbox)

        assert other.outgoing_url == "https://other.example/"
        assert "sends to another address" in report.steps[0]

    def test_it_is_redirected_when_somebody_says_so(self, connection, chatwoot, other):
        connections.keep_tokens(connection, bot_token=other.token)
        connection.save()

        attach(connection, chatwoot.inbox, may_redirect=True)

        assert other.outgoing_url == connections.webhook_address(connection)
        assert len(chatwoot.world.bots) == 2

    def test_one_without_an_address_is_told_ours(self, connection, chatwoot, other):
        other.outgoing_url = ""
        connections.keep_tokens(connection, bot_token=other.token)
        connection.save()

        attach(connection, chatwoot.inbox)

        assert other.outgoing_url == connections.webhook_address(connection)


class TestByHand:
    def test_a_member_gets_exact_steps_and_mapped_inboxes(self, connection, chatwoot):
        connections.keep_tokens(connection, user_token=chatwoot.agent.token)
        connection.save()

        report = attach(connection, chatwoot.inbox)

        assert posts_of(chatwoot) == []
        assert ChannelMapping.objects.get().inbox_id == chatwoot.inbox.id
        assert [step.split(",")[0].split(" → ")[0] for step in report.steps] == [
            "In Chatwoot",
            "Copy the access token and the secret of “ChatwootAI” from Settings",
            "Open Settings",
            "Then test again.",
        ]
        secret = connections.webhook_address(connection).rstrip("/").rpartition("/")[2]
        assert secret not in " ".join(report.steps)

    def test_without_a_persons_token_nothing_is_known(self, connection, chatwoot):
        connection.user_token_ref = ""
        connection.save()

        with pytest.raises(TokenMissingError):
            attach(connection, chatwoot.inbox)
        assert len(connecting.steps_unseen(connection)) == 4

    def test_whom_a_step_takes_an_inbox_from_is_said(self, connection, chatwoot):
        connections.keep_tokens(connection, user_token=chatwoot.agent.token)
        connection.save()
        chatwoot.inbox.bot_id = chatwoot.bot.id

        report = attach(connection, chatwoot.inbox)

        assert "“Aurora Bot”, which it has now" in report.steps[2]


class TestMapping:
    def test_a_company_maps_inboxes_of_accounts_it_was_given(self, connection, chatwoot, moveis):
        accounts.give_account(moveis, connection.installation, connection.account_id)

        report = attach(connection, chatwoot.inbox, is_platform=False)

        assert ChannelMapping.objects.filter(inbox_id=chatwoot.inbox.id, tenant=moveis).exists()
        assert report.steps == []

    def test_it_maps_no_others_and_its_bot_stays_away_from_them(self, connection, chatwoot):
        report = attach(connection, chatwoot.inbox, is_platform=False)

        assert chatwoot.inbox.bot_id is None
        assert not ChannelMapping.objects.exists()
        assert "Only the platform admin" in report.steps[0]

    @pytest.mark.parametrize("is_platform", [True, False])
    def test_an_inbox_of_another_company_stays_its_own(
        self, connection, chatwoot, moveis, cosmeticos, is_platform
    ):
        accounts.give_account(moveis, connection.installation, connection.account_id)
        row = ChannelMappingFactory(
            tenant=cosmeticos,
            installation=connection.installation,
            account_id=connection.account_id,
            inbox_id=chatwoot.inbox.id,
        )

        report = attach(connection, chatwoot.inbox, is_platform=is_platform)

        row.refresh_from_db()
        assert row.tenant == cosmeticos
        assert (chatwoot.inbox.bot_id is not None) is is_platform
        assert "Cosméticos" not in " ".join(report.steps)

    def test_the_limit_of_the_plan_is_kept(self, connection, chatwoot, moveis):
        moveis.most_channels = 0
        moveis.save()

        report = attach(connection, chatwoot.inbox)

        assert not ChannelMapping.objects.exists()
        assert "plan" in report.steps[0]

    def test_it_is_no_longer_unmapped(self, connection, chatwoot):
        UnmappedChannel.objects.create(
            installation=connection.installation,
            account_id=connection.account_id,
            inbox_id=chatwoot.inbox.id,
            last_seen_at="2026-01-01T00:00:00Z",
        )

        attach(connection, chatwoot.inbox)

        assert not UnmappedChannel.objects.exists()


class TestNewAddress:
    def test_the_bot_is_told(self, connection, chatwoot):
        attach(connection, chatwoot.inbox)
        old = connections.webhook_address(connection)

        report = connecting.renew_address(connection)

        bot = chatwoot.world.bots[chatwoot.inbox.bot_id]
        assert bot.outgoing_url == connections.webhook_address(connection) != old
        assert report.steps == []

    def test_a_bot_that_sends_elsewhere_is_left_alone(self, connection, chatwoot):
        attach(connection, chatwoot.inbox)
        bot = chatwoot.world.bots[chatwoot.inbox.bot_id]
        bot.outgoing_url = "https://elsewhere.example/"

        report = connecting.renew_address(connection)

        assert bot.outgoing_url == "https://elsewhere.example/"
        assert len(report.steps) == 1

    @pytest.mark.parametrize("when", ["before", "meanwhile"])
    def test_it_changes_also_when_chatwoot_does_not_answer(self, connection, chatwoot, when):
        attach(connection, chatwoot.inbox)
        old = connections.webhook_address(connection)
        where = {"path": "/profile$"} if when == "before" else {"method": "PATCH"}
        chatwoot.next(fakes.refuses(403, **where))

        report = connecting.renew_address(connection)

        assert connections.webhook_address(connection) != old
        assert "Enter the new address in Chatwoot" in report.steps[-1]


class TestAddresses:
    @pytest.mark.parametrize(
        ("typed", "found"),
        [
            ("https://chat.example.com", ("https://chat.example.com", None)),
            (" https://Chat.example.com/ ", ("https://chat.example.com", None)),
            (
                "https://chat.example.com/app/accounts/3/dashboard",
                ("https://chat.example.com", 3),
            ),
            ("https://chat.example.com/app/login", ("https://chat.example.com", None)),
            (
                "https://example.com/chat/app/accounts/12/inbox/4?x=1#y",
                ("https://example.com/chat", 12),
            ),
            ("http://127.0.0.1:9200", ("http://127.0.0.1:9200", None)),
        ],
    )
    def test_it_is_taken_from_what_the_browser_shows(self, typed, found):
        assert accounts.address_in(typed) == found

    def test_the_same_address_is_the_same_installation(self, db):
        first = resolution.installation_at("https://chat.example.com")

        assert resolution.installation_at("https://chat.example.com") == first
        assert first.name == "chat.example.com"

    def test_two_addresses_do_not_share_a_name(self, db):
        ChatwootInstallationFactory(name="chat.example.com")

        assert resolution.installation_at("http://chat.example.com").name == (
            "http://chat.example.com"
        )

    def test_one_that_waits_for_its_address_gets_it(self, moveis, cosmeticos):
        waiting = ChannelMappingFactory(tenant=moveis, account_id=3).installation
        address = "https://chat.example.com"

        other = resolution.installation_at(address, tenant=cosmeticos, account_id=3)
        other.delete()
        found = resolution.installation_at(address, tenant=moveis, account_id=3)

        assert found == waiting
        assert ChatwootInstallation.objects.get().base_url == address


class TestOwnership:
    """A company's own people connect accounts that are theirs, and no others."""

    def connect(self, tenant, chatwoot, token, **values):
        return accounts.connect_account(
            tenant,
            address=chatwoot.url,
            account_id=values.get("account_id", chatwoot.account.id),
            is_platform=False,
            user_token=token,
        )

    def test_an_administrator_of_the_account_may(self, moveis, chatwoot):
        connection = self.connect(moveis, chatwoot, chatwoot.admin.token)

        assert connection.tenant == moveis
        assert resolution.has_account(
            moveis, installation=connection.installation, account_id=connection.account_id
        )

    def test_inboxes_that_nobody_chose_stay_silent(self, moveis, chatwoot):
        self.connect(moveis, chatwoot, chatwoot.admin.token)

        rest = ChannelMapping.objects.get(inbox_id=None)
        assert configuration.effective(moveis.pk, channel_id=rest.pk).setting("mode") == "off"

    def test_a_member_may_not(self, moveis, chatwoot):
        with pytest.raises(NotYoursError, match="administrator of the account 3"):
            self.connect(moveis, chatwoot, chatwoot.agent.token)
        assert not Connection.objects.exists()
        assert not ChatwootInstallation.objects.exists()

    def test_an_administrator_of_another_account_may_not(self, moveis, chatwoot):
        other = chatwoot.world.add_account("Other")

        with pytest.raises(NotYoursError):
            self.connect(moveis, chatwoot, chatwoot.admin.token, account_id=other.id)

    def test_who_shows_no_token_may_not(self, moveis, chatwoot):
        with pytest.raises(TokenMissingError):
            self.connect(moveis, chatwoot, None)

    def test_an_account_that_was_given_needs_no_proof(self, moveis, chatwoot):
        ChannelMappingFactory(
            tenant=moveis, installation__base_url=chatwoot.url, account_id=chatwoot.account.id
        )

        self.connect(moveis, chatwoot, chatwoot.agent.token)

        assert Connection.objects.get().tenant == moveis
        assert chatwoot.heard == []

    def test_an_account_with_inboxes_of_another_company_is_for_the_platform(
        self, moveis, cosmeticos, chatwoot
    ):
        ChannelMappingFactory(
            tenant=cosmeticos,
            installation__base_url=chatwoot.url,
            account_id=chatwoot.account.id,
            inbox_id=chatwoot.inbox.id,
        )

        with pytest.raises(NotYoursError, match="another company"):
            self.connect(moveis, chatwoot, chatwoot.admin.token)

    def test_a_connected_account_stays_with_its_company(self, moveis, cosmeticos, chatwoot):
        self.connect(moveis, chatwoot, chatwoot.admin.token)

        with pytest.raises(NotYoursError):
            self.connect(cosmeticos, chatwoot, chatwoot.admin.token)
        assert not credentials.Credential.objects.for_tenant(cosmeticos).exists()

    def test_a_token_that_is_not_known_shows_nothing(self, moveis, chatwoot):
        with pytest.raises(RemoteError):
            accounts.prove_ownership(
                moveis,
                address=chatwoot.url,
                account_id=chatwoot.account.id,
                user_token=Secret("gone"),
            )
