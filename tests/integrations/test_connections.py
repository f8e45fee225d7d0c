"""Connecting a Chatwoot in the admin and by command: who may, what is shown, what is done."""

import io
import json
import re

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from integrations.chatwoot import connections
from integrations.chatwoot.first_step import first_step
from integrations.models import Connection
from integrations.models.breaker import State
from tenants.access import Role
from tenants.models import AuditEntry, ChannelMapping, ChatwootInstallation, Credential
from tenants.onboarding import TestFailedError as FailedError
from tests.factories import (
    BreakerFactory,
    ChannelMappingFactory,
    ConnectionFactory,
    member,
)
from tests.fakes.chatwoot import fake_chatwoot
from tests.fakes.chatwoot.rows import WHATSAPP

ADDRESS = "/admin/integrations/connection/"


@pytest.fixture
def chatwoot(opened):
    with fake_chatwoot() as server:
        yield server


@pytest.fixture
def connection(moveis, chatwoot):
    return ConnectionFactory(
        tenant=moveis,
        name="Loja",
        installation__base_url=chatwoot.url,
        account_id=chatwoot.account.id,
        user_token=chatwoot.admin.token,
    )


@pytest.fixture
def page(signed_in, helena):
    helena.language = "en"
    helena.save()
    return signed_in(helena)


def of(connection, name="change"):
    return f"{ADDRESS}{connection.pk}/{name}/"


def values(chatwoot, **changes):
    return {
        "address": f"{chatwoot.url}/app/accounts/{chatwoot.account.id}/dashboard",
        "user_token": chatwoot.admin.token,
        "is_signed": "on",
        **changes,
    }


def text_of(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def secret_of(connection):
    return connections.webhook_address(connection).rstrip("/").rpartition("/")[2]


class TestAdding:
    def test_owner_connects_with_an_address_and_a_token(self, page, moveis, chatwoot):
        answer = page.post(f"{ADDRESS}add/", values(chatwoot))

        row = Connection.objects.get()
        assert answer.url == of(row)
        assert (row.tenant, row.account_id) == (moveis, chatwoot.account.id)
        assert row.installation.base_url == chatwoot.url
        assert row.name == chatwoot.account.name

    def test_it_is_tested_at_once(self, page, chatwoot):
        page.post(f"{ADDRESS}add/", values(chatwoot))

        row = Connection.objects.get()
        assert row.checked_at is not None
        assert {c["name"]: c["ok"] for c in row.checks}["role"] is True

    def test_the_platform_says_for_which_company(self, signed_in, platform_admin, moveis, chatwoot):
        page = signed_in(platform_admin)
        refused = page.post(f"{ADDRESS}add/", values(chatwoot))
        page.post(f"{ADDRESS}add/", values(chatwoot, tenant=moveis.pk))

        assert refused.status_code == 200
        assert Connection.objects.get().tenant == moveis

    def test_the_platform_needs_no_proof(self, signed_in, platform_admin, moveis, chatwoot):
        chatwoot.go_down()
        signed_in(platform_admin).post(f"{ADDRESS}add/", values(chatwoot, tenant=moveis.pk))

        assert Connection.objects.get().checks[0]["ok"] is False

    def test_an_owner_without_proof_is_refused_in_words(self, page, chatwoot):
        answer = page.post(f"{ADDRESS}add/", values(chatwoot, user_token=chatwoot.agent.token))

        assert "The token is not of an administrator of the account 3" in text_of(answer)
        assert not Connection.objects.exists()
        assert not Credential.objects.exists()

    def test_an_account_of_another_company_stays_there(self, page, cosmeticos, chatwoot):
        ConnectionFactory(
            tenant=cosmeticos,
            installation__base_url=chatwoot.url,
            account_id=chatwoot.account.id,
        )

        answer = page.post(f"{ADDRESS}add/", values(chatwoot))

        assert "connected for another company" in text_of(answer)
        assert Connection.objects.get().tenant == cosmeticos

    def test_a_chatwoot_that_is_down_is_told_of(self, page, chatwoot):
        chatwoot.go_down()

        answer = page.post(f"{ADDRESS}add/", values(chatwoot))

        assert "no usable answer in time" in text_of(answer)
        assert not ChatwootInstallation.objects.exists()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"address": ""}, "address"),
            ({"address": "chat"}, "address"),
            ({"address": "ftp://127.0.0.1/"}, "address"),
            ({"address": "http://10.0.0.1/app/accounts/3"}, "address"),
            ({"address": "http://127.0.0.1:9/" + "a" * 300}, "address"),
            ({"address": "http://127.0.0.1:9200/", "account_id": ""}, "account_id"),
            ({"account_id": "0"}, "account_id"),
            ({"account_id": "9" * 30}, "account_id"),
            ({"user_token": ""}, "user_token"),
        ],
    )
    def test_mistakes_are_told_at_their_field(self, page, chatwoot, changes, field):
        answer = page.post(f"{ADDRESS}add/", values(chatwoot, **changes))

        form = answer.context_data["adminform"].form
        assert list(form.errors) == [field]
        assert chatwoot.heard == []

    def test_tokens_do_not_come_back_with_the_mistakes(self, page, chatwoot):
        body = values(chatwoot, address="chat", bot_token=chatwoot.bot.token, secrets="hush-hush")

        shown = text_of(page.post(f"{ADDRESS}add/", body))

        for secret in (chatwoot.admin.token, chatwoot.bot.token, "hush-hush"):
            assert secret not in shown

    def test_several_secrets_have_blanks_between_them(self, page, chatwoot):
        page.post(f"{ADDRESS}add/", values(chatwoot, secrets=" one  two\tthree "))

        stored = connections.secrets_of(Connection.objects.get())
        assert [secret.text for secret in stored] == ["one", "two", "three"]

    @pytest.mark.parametrize("role", [Role.EDITOR, Role.AGENT, Role.VIEWER])
    def test_who_may_not_handle_secrets_connects_nothing(self, role, moveis, signed_in, chatwoot):
        page = signed_in(member(moveis, role))

        assert page.get(f"{ADDRESS}add/").status_code == 403
        assert page.post(f"{ADDRESS}add/", values(chatwoot)).status_code == 403
        assert chatwoot.heard == []


class TestGuide:
    def test_owner_sees_the_address_which_nobody_keeps(self, page, connection):
        answer = page.get(of(connection))

        assert connections.webhook_address(connection) in text_of(answer)
        assert "no-store" in answer["Cache-Control"]

    @pytest.mark.parametrize("role", [Role.EDITOR, Role.AGENT, Role.VIEWER])
    def test_others_see_how_it_does_but_not_the_address(self, role, moveis, connection, signed_in):
        page = signed_in(member(moveis, role))

        answer = page.get(of(connection))

        assert answer.status_code == 200
        assert secret_of(connection) not in text_of(answer)
        for name in ("test", "edit", "renew", "switch", "inboxes"):
            assert page.get(of(connection, name)).status_code == 403
            assert page.post(of(connection, name)).status_code == 403
        assert secret_of(connection) not in text_of(page.get(of(connection, "seen")))

    def test_no_token_is_ever_shown(self, page, connection, chatwoot):
        for name in ("change", "edit", "inboxes", "seen", "history"):
            shown = text_of(page.get(of(connection, name)))
            assert chatwoot.admin.token not in shown
            assert chatwoot.bot.token not in shown
            assert chatwoot.bot.secret not in shown

    def test_opening_it_asks_nobody(self, page, connection, chatwoot):
        page.get(of(connection))

        assert chatwoot.heard == []

    def test_without_signatures_it_warns(self, page, connection):
        was_quiet = "are not signed" not in text_of(page.get(of(connection)))
        connection.is_signed = False
        connection.save()

        assert was_quiet
        assert "are not signed" in text_of(page.get(of(connection)))

    def test_large_numbers_are_written_as_chatwoot_writes_them(self, page, chatwoot, connection):
        connection.account_id = 12345
        connection.save()

        assert "Account 12345 of" in text_of(page.get(of(connection)))

    def test_an_address_that_cannot_be_read_is_no_error(self, page, connection):
        Credential.objects.get(ref=connection.address_ref).delete()

        answer = page.get(of(connection))

        assert answer.status_code == 200
        assert "Store it under Credentials" in text_of(answer)

    def test_modes_of_its_own_channels_are_shown(self, page, moveis, cosmeticos, connection):
        where = {"installation": connection.installation, "account_id": connection.account_id}
        mine = ChannelMappingFactory(
            tenant=moveis, inbox_id=12, settings={"mode": "automatic"}, **where
        )
        ChannelMappingFactory(tenant=cosmeticos, inbox_id=13, name="Theirs", **where)

        shown = text_of(page.get(of(connection)))

        assert "Automatic: the customer is answered" in shown
        assert reverse("admin:tenants_channelmapping_change", args=[mine.pk]) in shown
        assert "Theirs" not in shown

    def test_it_does_not_exist_for_others(self, signed_in, beatriz, connection):
        page = signed_in(beatriz)
        page.raise_request_exception = False

        for name in ("change", "seen", "inboxes", "test", "edit", "renew", "switch"):
            assert page.get(of(connection, name)).status_code in (302, 403, 404)
            assert page.post(of(connection, name), {"post": "yes"}).status_code in (
                302,
                403,
                404,
                405,
            )
        assert Connection.objects.get().address_digest == connection.address_digest


class TestSteps:
    def test_rights_are_tested_again(self, page, connection, chatwoot):
        answer = page.post(of(connection, "test"), follow=True)

        assert "It belongs to Iara." in text_of(answer)
        assert Connection.objects.get().version == "4.15.1"

    def test_a_link_only_asks(self, page, connection, chatwoot):
        page.get(of(connection, "test"))
        page.get(of(connection, "renew"))
        page.get(of(connection, "switch"))

        row = Connection.objects.get()
        assert chatwoot.heard == []
        assert (row.is_enabled, row.address_digest) == (True, connection.address_digest)

    def test_inboxes_are_shown_with_their_bots(self, page, connection, chatwoot):
        chatwoot.world.add_inbox(chatwoot.account, "WhatsApp Vendas", WHATSAPP)

        shown = text_of(page.get(of(connection, "inboxes")))

        assert "Aurora Bot" in shown
        assert "WhatsApp Vendas" in shown

    def test_the_bot_is_created_and_everything_is_shown_anew(self, page, connection, chatwoot):
        chatwoot.inbox.bot_id = None
        ChannelMappingFactory(
            tenant=connection.tenant,
            installation=connection.installation,
            account_id=connection.account_id,
        )

        answer = page.post(of(connection, "inboxes"), {"inbox": [chatwoot.inbox.id]})

        shown = text_of(answer)
        assert "The bot “ChatwootAI” was created." in shown
        assert chatwoot.inbox.bot_id == Connection.objects.get().bot_id
        assert ChannelMapping.objects.filter(inbox_id=chatwoot.inbox.id).exists()
        assert 'id="rights"' in shown
        assert 'id="modes"' in shown

    def test_another_bot_needs_its_own_yes(self, page, connection, chatwoot):
        ChannelMappingFactory(
            tenant=connection.tenant,
            installation=connection.installation,
            account_id=connection.account_id,
        )
        body = {"inbox": [chatwoot.inbox.id]}

        kept = text_of(page.post(of(connection, "inboxes"), body))
        had = chatwoot.inbox.bot_id
        page.post(of(connection, "inboxes"), {**body, "replace": [chatwoot.inbox.id]})

        assert "which was left there" in kept
        assert had == chatwoot.bot.id
        assert chatwoot.inbox.bot_id == Connection.objects.get().bot_id != had

    def test_a_chatwoot_that_does_not_answer_is_told_of(self, page, connection, chatwoot):
        chatwoot.go_down()

        answer = page.get(of(connection, "inboxes"))

        assert answer.status_code == 200
        assert "no usable answer" in text_of(answer)

    def test_without_a_persons_token_it_says_how_it_goes_by_hand(self, page, connection, chatwoot):
        connection.user_token_ref = ""
        connection.save()

        shown = text_of(page.get(of(connection, "inboxes")))

        assert "By hand it goes like this" in shown
        assert chatwoot.heard == []

    @pytest.mark.parametrize("number", ["x", "-1", "9" * 40, "١٢", ""])
    def test_nonsense_chooses_nothing(self, page, connection, chatwoot, number):
        answer = page.post(of(connection, "inboxes"), {"inbox": number, "replace": number})

        assert answer.status_code == 200
        assert chatwoot.inbox.bot_id == chatwoot.bot.id

    def test_it_looks_for_the_first_event_until_it_has_come(self, page, connection):
        waiting = text_of(page.get(of(connection, "seen")))
        connection.webhook_seen_at = timezone.now()
        connection.save()

        assert 'hx-trigger="every 4s"' in waiting
        assert "hx-trigger" not in text_of(page.get(of(connection, "seen")))

    def test_a_new_address_takes_the_place_of_the_old_one(self, page, connection):
        old = connections.webhook_address(connection)

        shown = text_of(page.post(of(connection, "renew"), {"post": "yes"}, follow=True))

        connection.refresh_from_db()
        assert old not in shown
        assert connections.webhook_address(connection) in shown
        assert "Enter the new address in Chatwoot" in shown

    def test_it_is_switched_off_and_on(self, page, connection):
        page.post(of(connection, "switch"))
        was_on = Connection.objects.get().is_enabled
        page.post(of(connection, "switch"))

        assert not was_on
        assert Connection.objects.get().is_enabled

    def test_it_is_deleted_with_its_secrets(self, page, connection):
        page.post(of(connection, "delete"), {"post": "yes"})

        assert not Connection.objects.exists()
        assert not Credential.objects.exists()

    def test_several_are_deleted_with_their_secrets(self, page, connection):
        body = {"action": "delete_selected", "_selected_action": [connection.pk], "post": "yes"}

        page.post(ADDRESS, body)

        assert not Connection.objects.exists()
        assert not Credential.objects.exists()


class TestTokens:
    def test_the_form_can_be_saved(self, page, connection):
        assert 'name="_save"' in text_of(page.get(of(connection, "edit")))

    def test_what_is_left_empty_stays(self, page, connection, chatwoot):
        page.post(of(connection, "edit"), {"name": "New", "is_signed": "on"})

        row = Connection.objects.get()
        assert row.name == "New"
        assert connections.door_to(row.pk).user_token.text == chatwoot.admin.token

    def test_what_is_written_takes_its_place(self, page, connection, chatwoot):
        body = {
            "name": "Loja",
            "user_token": chatwoot.agent.token,
            "bot_token": chatwoot.bot.token,
            "secrets": chatwoot.bot.secret,
        }

        page.post(of(connection, "edit"), body)

        row = Connection.objects.get()
        door = connections.door_to(row.pk)
        assert door.user_token.text == chatwoot.agent.token
        assert door.bot_token.text == chatwoot.bot.token
        assert [secret.text for secret in door.secrets] == [chatwoot.bot.secret]
        assert not row.is_signed

    def test_account_and_address_stay_as_they_are(self, page, connection):
        body = {"name": "x", "account_id": "99", "address": "http://127.0.0.1:1", "tenant": "9"}

        page.post(of(connection, "edit"), body)

        row = Connection.objects.get()
        assert (row.account_id, row.installation) == (
            connection.account_id,
            connection.installation,
        )

    def test_the_log_says_that_it_changed_but_not_to_what(self, page, connection, chatwoot):
        page.post(of(connection, "edit"), {"name": "Loja", "bot_token": "canary-token-7"})

        entries = json.dumps(list(AuditEntry.objects.values_list("changes", flat=True)))
        assert "canary-token-7" not in entries
        assert "bot_token_ref" in entries


class TestList:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({}, "waits for the first event"),
            ({"webhook_seen_at": timezone.now()}, "receives events"),
            ({"is_enabled": False, "webhook_seen_at": timezone.now()}, "switched off"),
        ],
        ids=["new", "seen", "off"],
    )
    def test_it_says_how_each_does(self, page, connection, changes, words):
        for name, value in changes.items():
            setattr(connection, name, value)
        connection.save()

        assert words in text_of(page.get(ADDRESS))

    def test_a_pause_of_this_connection_is_shown(self, page, connection, cosmeticos):
        other = {"tenant": cosmeticos, "service": "chatwoot", "connection": connection.key}
        BreakerFactory(state=State.OPEN, **other)
        was_quiet = "calls are paused" not in text_of(page.get(ADDRESS))
        BreakerFactory(state=State.OPEN, **{**other, "tenant": connection.tenant})

        assert was_quiet
        assert "calls are paused" in text_of(page.get(ADDRESS))

    def test_failed_tests_and_the_last_error_are_shown(self, page, connection):
        failed = {"name": "address", "ok": False, "sentence": "No."}
        unknown = {"name": "webhook", "ok": None, "sentence": "Not yet."}
        Connection.objects.note(
            checks=[failed, unknown], last_error="It broke.", last_error_at=timezone.now()
        )

        shown = text_of(page.get(ADDRESS))
        assert "1 fail" in shown
        assert "It broke." in shown

    def test_more_rows_need_no_more_queries(
        self, page, moveis, connection, django_assert_max_num_queries
    ):
        page.get(ADDRESS)
        with django_assert_max_num_queries(60) as few:
            page.get(ADDRESS)
        for _row in range(5):
            ConnectionFactory(tenant=moveis, installation=connection.installation)

        with django_assert_max_num_queries(len(few)):
            page.get(ADDRESS)


class TestFirstStep:
    def test_without_a_connection_it_leads_to_the_form(self, moveis):
        step = first_step(moveis)

        assert (step.is_done, step.page, step.test) == (
            False,
            "integrations_connection_changelist",
            None,
        )

    def test_it_is_done_when_events_arrive(self, moveis, connection):
        was_done = first_step(moveis).is_done
        connection.webhook_seen_at = timezone.now()
        connection.save()

        assert not was_done
        assert first_step(moveis).is_done
        assert first_step(moveis).page_args == (connection.pk,)

    def test_trying_it_tests_the_rights(self, moveis, connection):
        with pytest.raises(FailedError):
            first_step(moveis).test()
        assert Connection.objects.get().checked_at is not None

    def test_connections_of_others_are_not_meant(self, cosmeticos, connection):
        assert first_step(cosmeticos).test is None


def run(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


class TestCommands:
    def arguments(self, chatwoot, *more):
        return (
            *("chatwoot_connect", "moveis", "--url", chatwoot.url),
            *("--account", str(chatwoot.account.id), "--bot-token", chatwoot.bot.token),
            *("--inbox", str(chatwoot.inbox.id), *more, "--json"),
        )

    def test_it_connects_maps_and_tests(self, moveis, chatwoot):
        found = json.loads(
            run(
                *self.arguments(
                    chatwoot, "--user-token", chatwoot.admin.token, "--secret", chatwoot.bot.secret
                )
            )
        )

        row = Connection.objects.get()
        assert found["connection"] == row.pk
        assert found["webhook_url"] == connections.webhook_address(row)
        assert {c["name"]: c["ok"] for c in found["checks"]}["bot_token"] is True
        assert set(found["checks"][0]) == {"name", "ok", "sentence"}
        assert ChannelMapping.objects.get().tenant == moveis

    def test_nothing_is_changed_in_chatwoot(self, moveis, chatwoot):
        run(*self.arguments(chatwoot, "--user-token", chatwoot.admin.token, "--unsigned"))

        assert {heard.method for heard in chatwoot.heard} == {"GET"}
        assert chatwoot.complaints == []

    def test_run_again_it_changes_the_same_connection(self, moveis, chatwoot):
        first = json.loads(run(*self.arguments(chatwoot, "--no-check", "--secret", "a", "b")))
        second = json.loads(
            run(*self.arguments(chatwoot, "--no-check", "--unsigned", "--bot-id", "9"))
        )

        row = Connection.objects.get()
        assert (second["connection"], second["webhook_url"]) == (row.pk, first["webhook_url"])
        assert (row.is_signed, row.secret_refs, row.bot_id) == (False, [], 9)
        assert ChannelMapping.objects.count() == 1

    def test_it_may_be_told_not_to_ask(self, moveis, chatwoot):
        found = json.loads(run(*self.arguments(chatwoot, "--no-check", "--unsigned")))

        assert found["checks"] == []
        assert chatwoot.heard == []

    def test_it_says_whether_deliveries_are_signed(self, moveis, chatwoot):
        with pytest.raises(CommandError, match="--secret"):
            run(*self.arguments(chatwoot, "--no-check"))

    def test_several_inboxes_are_mapped(self, moveis, chatwoot):
        run(*self.arguments(chatwoot, "13", "14", "--inbox", "15", "--no-check", "--unsigned"))

        numbers = ChannelMapping.objects.values_list("inbox_id", flat=True)
        assert sorted(numbers) == [12, 13, 14, 15]

    def test_an_inbox_of_another_company_is_refused_and_nothing_is_kept(
        self, moveis, cosmeticos, chatwoot
    ):
        ChannelMappingFactory(
            tenant=cosmeticos,
            installation__base_url=chatwoot.url,
            account_id=chatwoot.account.id,
            inbox_id=chatwoot.inbox.id,
        )

        with pytest.raises(CommandError, match="cosmeticos"):
            run(*self.arguments(chatwoot, "--no-check", "--unsigned"))
        assert not Connection.objects.exists()
        assert not Credential.objects.exists()

    def test_an_account_of_another_company_is_refused(self, moveis, cosmeticos, chatwoot):
        ConnectionFactory(
            tenant=cosmeticos,
            installation__base_url=chatwoot.url,
            account_id=chatwoot.account.id,
        )

        with pytest.raises(CommandError):
            run(*self.arguments(chatwoot, "--no-check", "--unsigned"))

    @pytest.mark.parametrize("url", ["chat", "http://10.0.0.1/", "https://"])
    def test_an_address_that_may_not_be_called_is_refused(self, moveis, chatwoot, url):
        arguments = [
            url if text == chatwoot.url else text
            for text in self.arguments(chatwoot, "--no-check", "--unsigned")
        ]

        with pytest.raises(CommandError):
            run(*arguments)
        assert not Connection.objects.exists()

    def test_all_connections_are_tested(self, connection, chatwoot):
        out = io.StringIO()

        with pytest.raises(CommandError):
            call_command("chatwoot_check", "moveis", "--json", stdout=out)

        found = json.loads(out.getvalue())
        assert (found["connection"], found["account"]) == (connection.pk, 3)
        assert {c["name"]: c["ok"] for c in found["checks"]}["bot_token"] is False

    def test_what_works_is_no_error(self, moveis, chatwoot):
        arguments = self.arguments(
            chatwoot, "--user-token", chatwoot.admin.token, "--secret", chatwoot.bot.secret
        )
        chatwoot.tell_bot(json.loads(run(*arguments))["webhook_url"])

        assert "✓" in run("chatwoot_check", "moveis", "--account", "3")

    def test_a_company_without_connections_is_told_the_next_step(self, moveis):
        with pytest.raises(CommandError, match="chatwoot_connect"):
            run("chatwoot_check", "moveis")
