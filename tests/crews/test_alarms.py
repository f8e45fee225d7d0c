"""What staff must know of is one row while it lasts, and is told once by mail and by post."""

import json
import smtplib
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection

from crews import alarms, tasks
from crews.alarms import Matter
from crews.models import Alarm, AlarmKind
from integrations.models import RemoteCall
from tenants.access import Role
from tenants.models import Configuration
from tests.factories import AlarmFactory, member
from tests.integrations.servers import refused_port, reply, scripted_server

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)


def matter(tenant, about="", kind=AlarmKind.QUEUE_AGE, text="Conversas esperam."):
    return Matter(tenant.pk, kind, about, text)


def an_alarm(tenant, **values):
    return AlarmFactory(tenant=tenant, raised_at=NOON, seen_at=NOON, **values)


def post_to(tenant, url):
    row = Configuration.objects.get(tenant=tenant)
    row.settings = {**row.settings, "alarm_webhook_url": url}
    row.save()


@pytest.fixture
def chat(moveis, opened):
    with scripted_server(reply(b"ok")) as server:
        post_to(moveis, f"{server.url}/hooks/canary-path")
        yield server


def posted(server):
    return [json.loads(heard.partition(b"\r\n\r\n")[2]) for heard in server.heard]


@pytest.fixture
def mail_is_refused(monkeypatch):
    def refuse(*_arguments):
        raise smtplib.SMTPServerDisconnected("smtp.example said no to helena")

    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        yield broken


class TestRows:
    def test_what_lasts_is_one_row_that_counts(self, moveis):
        for minute in range(3):
            alarms.raise_alarms([matter(moveis)], now=NOON + minute * A_MINUTE)

        row = Alarm.objects.get()
        assert (row.times, row.raised_at, row.seen_at) == (3, NOON, NOON + 2 * A_MINUTE)

    def test_matters_of_one_kind_are_told_apart(self, moveis):
        alarms.raise_alarms([matter(moveis, "a"), matter(moveis, "b")], now=NOON)

        assert set(Alarm.objects.values_list("about", "times")) == {("a", 1), ("b", 1)}

    def test_companies_are_told_apart(self, moveis, cosmeticos):
        alarms.raise_alarms([matter(moveis)], now=NOON)

        alarms.raise_alarms([matter(cosmeticos)], now=NOON)

        assert set(Alarm.objects.values_list("tenant", "times")) == {
            (moveis.pk, 1),
            (cosmeticos.pk, 1),
        }

    def test_of_two_processes_that_notice_it_together_one_makes_the_row(self, moveis):
        made_by = []

        def other_process_first(execute, statement, *values):
            if statement.startswith("INSERT") and "crews_alarm" in statement and not made_by:
                made_by.append("other")
                AlarmFactory(tenant=moveis, kind=AlarmKind.QUEUE_AGE, about="")
            return execute(statement, *values)

        with connection.execute_wrapper(other_process_first):
            alarms.raise_alarms([matter(moveis)], now=NOON)

        assert made_by == ["other"]
        assert Alarm.objects.count() == 1

    def test_what_is_over_says_since_when(self, moveis):
        alarms.raise_alarms([matter(moveis)], now=NOON)

        ended = alarms.end_alarms(alarms.lasting().values(), now=NOON + A_MINUTE)
        again = alarms.end_alarms(Alarm.objects.all(), now=NOON + 2 * A_MINUTE)

        assert (ended, again) == (1, 0)
        assert Alarm.objects.get().ended_at == NOON + A_MINUTE
        assert alarms.lasting() == {}

    def test_what_comes_back_soon_is_the_same_alarm(self, moveis):
        alarms.raise_alarms([matter(moveis)], now=NOON)
        alarms.end_alarms(Alarm.objects.all(), now=NOON + A_MINUTE)

        alarms.raise_alarms([matter(moveis)], now=NOON + 10 * A_MINUTE)

        row = Alarm.objects.get()
        assert (row.times, row.raised_at, row.ended_at) == (2, NOON, None)

    def test_what_comes_back_later_is_a_new_one(self, moveis):
        alarms.raise_alarms([matter(moveis)], now=NOON)
        alarms.end_alarms(Alarm.objects.all(), now=NOON)

        alarms.raise_alarms([matter(moveis)], now=NOON + 16 * A_MINUTE)

        assert list(Alarm.objects.order_by("pk").values_list("times", "ended_at")) == [
            (1, NOON),
            (1, None),
        ]

    def test_an_earlier_one_stays_over_while_a_new_one_lasts(self, moveis):
        an_alarm(moveis, kind=AlarmKind.QUEUE_AGE, about="", ended_at=NOON)
        lasts = an_alarm(moveis, kind=AlarmKind.QUEUE_AGE, about="")

        alarms.raise_alarms([matter(moveis)], now=NOON)

        lasts.refresh_from_db()
        assert lasts.times == 2
        assert Alarm.objects.filter(ended_at=None).get() == lasts


class TestMail:
    @pytest.fixture
    def moveis(self, moveis):
        """In English, while the process speaks Portuguese."""
        moveis.language = "en"
        moveis.save()
        return moveis

    def test_owners_are_told_in_the_companys_language_and_time(self, moveis, helena, beatriz):
        member(moveis, Role.EDITOR)
        member(moveis, Role.OWNER, is_active=False)
        an_alarm(moveis, kind=AlarmKind.QUEUE_AGE, text="Conversations wait.")

        alarms.tell(moveis, now=NOON)

        (message,) = mail.outbox
        assert message.to == ["helena@moveis.example"]
        assert message.subject == "Móveis Jacarandá: conversations wait too long"
        assert "Conversations wait.\nSince 20 Nov 2026, 12:00." in message.body
        assert "http://127.0.0.1:8000/admin/crews/alarm/" in message.body

    def test_it_is_told_once(self, moveis, helena):
        an_alarm(moveis)

        alarms.tell(moveis, now=NOON)
        alarms.tell(moveis, now=NOON + A_MINUTE)

        assert len(mail.outbox) == 1
        assert Alarm.objects.get().mailed_at == NOON
        assert alarms.untold(now=NOON + A_MINUTE) == []

    def test_what_began_together_is_one_mail(self, moveis, helena):
        for number in range(25):
            an_alarm(moveis, text=f"Alarme {number:02}.")

        alarms.tell(moveis, now=NOON)

        (message,) = mail.outbox
        assert message.subject == "Móveis Jacarandá: 25 alarms"
        assert "Alarme 19." in message.body
        assert "Alarme 20." not in message.body
        assert "And 5 more." in message.body
        assert not Alarm.objects.filter(mailed_at=None).exists()

    def test_without_owners_the_platform_is_told(self, moveis, platform_admin):
        member(moveis, Role.EDITOR)
        an_alarm(moveis)

        alarms.tell(moveis, now=NOON)

        assert mail.outbox[0].to == ["admin@platform.example"]

    def test_alarms_of_others_are_not_in_it(self, moveis, cosmeticos, helena, beatriz):
        an_alarm(moveis, text="Da Móveis.")
        an_alarm(cosmeticos, text="Da Cosméticos.")

        alarms.tell(moveis, now=NOON)

        (message,) = mail.outbox
        assert "Da Móveis." in message.body
        assert "Cosméticos" not in message.body
        assert alarms.untold(now=NOON) == [cosmeticos.pk]

    def test_the_end_is_told_to_nobody(self, moveis, helena):
        an_alarm(moveis)
        alarms.tell(moveis, now=NOON)
        alarms.end_alarms(Alarm.objects.all(), now=NOON + A_MINUTE)

        alarms.tell(moveis, now=NOON + 2 * A_MINUTE)

        assert len(mail.outbox) == 1

    def test_what_was_over_before_it_was_told_says_so(self, moveis, helena):
        an_alarm(moveis, ended_at=NOON + A_MINUTE)

        alarms.tell(moveis, now=NOON + 2 * A_MINUTE)

        assert "Over since 20 Nov 2026, 12:01." in mail.outbox[0].body

    def test_name_with_a_line_break_makes_no_second_header(self, moveis, helena):
        moveis.name = "Móveis\nBcc: everybody@example.com"
        moveis.save()
        an_alarm(moveis)

        alarms.tell(moveis, now=NOON)

        assert "\n" not in mail.outbox[0].subject

    def test_installation_without_mail_has_nothing_left_to_tell(self, moveis, helena, settings):
        settings.EMAIL_URL = ""
        an_alarm(moveis)

        alarms.tell(moveis, now=NOON)

        assert mail.outbox == []
        assert Alarm.objects.get().mailed_at is None
        assert alarms.untold(now=NOON) == []


class TestPost:
    def test_it_is_posted_as_json(self, moveis, chat):
        row = an_alarm(moveis, kind=AlarmKind.SILENT_MESSAGE, about="conversation:7", text="Oh.")

        alarms.tell(moveis, now=NOON)

        assert posted(chat) == [
            {
                "event": "alarm_raised",
                "id": row.pk,
                "company": "moveis",
                "kind": "silent_message",
                "about": "conversation:7",
                "text": "Oh.",
                "since": "2026-11-20T15:00:00+00:00",
                "over_since": None,
                "address": f"http://127.0.0.1:8000/admin/crews/alarm/{row.pk}/change/",
            }
        ]

    def test_each_alarm_is_posted_once(self, moveis, chat):
        an_alarm(moveis, text="Um.")
        an_alarm(moveis, text="Dois.")

        for minute in range(2):
            alarms.tell(moveis, now=NOON + minute * A_MINUTE)

        assert [news["text"] for news in posted(chat)] == ["Um.", "Dois."]
        assert set(Alarm.objects.values_list("posted_at", flat=True)) == {NOON}

    def test_a_flood_is_posted_bit_by_bit(self, moveis, chat):
        for _number in range(12):
            an_alarm(moveis)

        alarms.tell(moveis, now=NOON)
        first = len(chat.heard)
        alarms.tell(moveis, now=NOON + A_MINUTE)

        assert (first, len(chat.heard)) == (10, 12)

    def test_address_that_lets_everybody_post_is_not_written_down(self, moveis, chat):
        an_alarm(moveis)

        alarms.tell(moveis, now=NOON)

        call = RemoteCall.objects.get()
        assert "canary" not in call.address
        assert call.address.startswith(chat.url)

    def test_other_companies_post_to_addresses_of_their_own(self, cosmeticos, chat):
        an_alarm(cosmeticos)

        alarms.tell(cosmeticos, now=NOON)

        assert chat.heard == []


class TestAfterAFailure:
    def test_refused_mail_is_sent_by_the_next_call(self, moveis, helena, mail_is_refused):
        an_alarm(moveis)
        alarms.tell(moveis, now=NOON)
        mail_is_refused.undo()

        alarms.tell(moveis, now=NOON + A_MINUTE)

        assert len(mail.outbox) == 1

    def test_post_that_failed_is_tried_again_without_a_second_mail(self, moveis, helena, opened):
        post_to(moveis, f"http://127.0.0.1:{refused_port()}/hook")
        an_alarm(moveis)
        alarms.tell(moveis, now=NOON)
        untold = alarms.untold(now=NOON + A_MINUTE)
        with scripted_server(reply(b"ok")) as server:
            post_to(moveis, f"{server.url}/hook")

            alarms.tell(moveis, now=NOON + A_MINUTE)

        assert untold == [moveis.pk]
        assert len(server.heard) == len(mail.outbox) == 1

    def test_it_is_tried_for_a_day(self, moveis, helena, mail_is_refused):
        an_alarm(moveis)
        alarms.tell(moveis, now=NOON)

        assert alarms.untold(now=NOON + timedelta(hours=23)) == [moveis.pk]
        assert alarms.untold(now=NOON + timedelta(hours=25)) == []

    def test_what_another_worker_tells_is_left_to_it(self, moveis, helena):
        an_alarm(moveis, claimed_at=NOON)

        alarms.tell(moveis, now=NOON + A_MINUTE)

        assert mail.outbox == []
        assert alarms.untold(now=NOON + A_MINUTE) == []

    def test_the_claim_of_a_worker_that_died_runs_out(self, moveis, helena):
        an_alarm(moveis, claimed_at=NOON)

        alarms.tell(moveis, now=NOON + 6 * A_MINUTE)

        assert len(mail.outbox) == 1

    def test_worker_that_died_after_the_mail_leaves_only_the_post(self, moveis, helena, chat):
        an_alarm(moveis, claimed_at=NOON, mailed_at=NOON)

        alarms.tell(moveis, now=NOON + 6 * A_MINUTE)

        assert mail.outbox == []
        assert len(chat.heard) == 1

    def test_company_that_is_gone_is_no_mistake(self, db):
        tasks.tell_alarms(tenant_id=4711)

        assert mail.outbox == []
