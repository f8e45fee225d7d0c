"""Nothing goes wrong without a word: what is looked for every minute, and when it is over."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crews import claims, tasks
from crews.models import Alarm, AlarmKind, Chore, Control, Conversation, Status
from crews.questions import Answer, HandOff
from crews.watching import watch
from integrations.chatwoot import connections
from integrations.failures import NoAnswerError, StatusError
from integrations.http import Reply
from integrations.models import Breaker, Connection
from integrations.models.breaker import State
from tenants import configuration
from tests.factories import (
    BreakerFactory,
    ChannelMappingFactory,
    ConnectionFactory,
    ConversationFactory,
    InboundEventFactory,
    TenantFactory,
    TurnFactory,
)
from tests.fakes import chatwoot as fakes

pytestmark = pytest.mark.django_db


def ago(**time):
    return timezone.now() - timedelta(**time)


def look():
    return watch(now=timezone.now())


def lasting(kind=None):
    rows = Alarm.objects.filter(ended_at=None).order_by("pk")
    return list(rows if kind is None else rows.filter(kind=kind))


def in_english(tenant):
    tenant.language = "en"
    tenant.save()


class TestForgottenMessages:
    @pytest.fixture
    def forgotten(self, stage):
        """A message whose conversation nobody works on any more."""
        message = stage.writes("Tem mesa de jacarandá?")
        Conversation.objects.update(due_at=None)
        stage.passes(minutes=11)
        return message

    def test_it_goes_to_a_person_and_staff_hear_of_it(self, stage, forgotten, helena):
        in_english(stage.tenant)

        woken = look()

        (alarm,) = lasting()
        row = stage.talk(forgotten)
        assert woken == [(row.pk, stage.tenant.pk)]
        assert (alarm.kind, alarm.about) == (AlarmKind.SILENT_MESSAGE, f"conversation:{row.pk}")
        assert f"conversation #{row.number} has waited for more than 10 min" in alarm.text
        assert "jacarandá" not in alarm.text
        assert row.contact_name
        assert row.contact_name not in alarm.text
        stage.works()
        assert stage.outcome(forgotten) == ("handed_off", "watchdog")
        assert forgotten.conversation.status == "open"

    def test_it_is_over_when_each_message_has_its_outcome(self, stage, forgotten):
        look()
        look()
        still = lasting()
        stage.works()

        look()

        assert [alarm.times for alarm in still] == [2]
        assert lasting() == []

    def test_it_lasts_until_then_though_more_time_is_allowed_now(self, stage, forgotten):
        look()
        stage.choose(watchdog_minutes=60)

        look()

        assert len(lasting()) == 1

    def test_each_channel_has_a_time_of_its_own(self, stage, forgotten):
        stage.choose(watchdog_minutes=12)
        assert look() == []

        stage.choose(watchdog_minutes=3)
        assert len(look()) == 1

    def test_a_message_that_was_answered_is_none(self, stage):
        stage.writes("Oi")
        stage.works()
        stage.passes(minutes=11)

        assert look() == []
        assert lasting() == []

    def test_it_is_handed_over_once(self, stage, forgotten):
        look()

        assert look() == []

    def test_what_staff_decided_meanwhile_is_not_undone(self, stage, forgotten):
        Conversation.objects.update(chore=Chore.OPEN)

        assert look() == []
        assert stage.talk(forgotten).chore == Chore.OPEN
        assert len(lasting()) == 1

    def test_how_long_it_has_been_due_is_not_forgotten(self, stage):
        message = stage.writes("Oi")
        stage.passes(minutes=11)
        due_at = stage.talk(message).due_at

        look()

        row = stage.talk(message)
        assert (row.chore, row.due_at) == (Chore.HAND_OVER, due_at)

    def test_who_works_on_it_at_the_moment_comes_back_to_it(self, stage):
        stage.writes("Oi")
        stage.passes(minutes=11)
        claim = claims.claim()
        look()

        left = claims.release(claim, arrivals=claim.arrivals)

        assert left == 0

    def test_the_task_wakes_and_tells(self, stage, forgotten, helena, monkeypatch):
        woken = []
        monkeypatch.setattr(tasks, "wake", lambda pk, **options: woken.append((pk, options)))
        monkeypatch.setattr(tasks.tell_alarms, "delay", lambda **ids: tasks.tell_alarms(**ids))

        tasks.watch()
        tasks.watch()

        options = {"tenant_id": stage.tenant.pk, "seconds": 0}
        assert woken == [(stage.talk(forgotten).pk, options)]
        assert len(mail.outbox) == 1


class TestQueues:
    def waiting(self, tenant, **time):
        return ConversationFactory(tenant=tenant, due_at=ago(**time))

    def test_conversations_that_wait_too_long_are_told(self, moveis, cosmeticos):
        in_english(moveis)
        self.waiting(moveis, seconds=61)
        self.waiting(moveis, seconds=75)
        self.waiting(cosmeticos, seconds=20)

        look()

        (alarm,) = lasting()
        assert (alarm.tenant, alarm.kind) == (moveis, AlarmKind.QUEUE_AGE)
        assert re.search(r"the oldest for (7[5-9]|[89]\d) seconds", alarm.text)

    def test_it_lasts_until_the_wait_is_short_again(self, moveis):
        row = self.waiting(moveis, seconds=65)
        look()
        Conversation.objects.filter(pk=row.pk).update(due_at=ago(seconds=45))
        look()
        in_between = len(lasting())
        Conversation.objects.filter(pk=row.pk).update(due_at=ago(seconds=20))

        look()

        assert in_between == 1
        assert lasting() == []

    def test_what_is_worked_on_does_not_wait(self, moveis):
        row = self.waiting(moveis, seconds=90)
        Conversation.objects.filter(pk=row.pk).update(lease_until=ago(seconds=-20))

        look()

        assert lasting() == []


class TestFailures:
    def ended(self, tenant, count, reason="replied", **values):
        talk = ConversationFactory(tenant=tenant)
        for _number in range(count):
            TurnFactory(tenant=tenant, conversation=talk, reason=reason, **values)

    def test_too_many_failed_answers_are_told_with_their_reason(self, moveis):
        in_english(moveis)
        self.ended(moveis, 18)
        self.ended(moveis, 2, "deadline")
        self.ended(moveis, 4, "model_down")

        look()

        (alarm,) = lasting()
        assert (alarm.kind, alarm.about) == (AlarmKind.ERROR_RATE, "")
        assert "6 of the 24 answers of the last 15 minutes failed" in alarm.text
        assert "the language model gave no answer" in alarm.text

    @pytest.mark.parametrize(
        ("well", "failed"), [(0, 4), (21, 5)], ids=["too few", "too small a part"]
    )
    def test_some_failures_are_no_news(self, moveis, well, failed):
        self.ended(moveis, well)
        self.ended(moveis, failed, "failed")

        look()

        assert lasting() == []

    @pytest.mark.parametrize("reason", ["asked_for_person", "budget", "person_came", "too_old"])
    def test_other_ways_to_a_person_are_no_failures(self, moveis, reason):
        self.ended(moveis, 10, reason)

        look()

        assert lasting() == []

    def test_turns_that_were_begun_anew_make_no_part_smaller(self, moveis):
        self.ended(moveis, 5, "rejected")
        self.ended(moveis, 40, "", state="superseded")

        look()

        assert len(lasting()) == 1

    def test_turns_that_took_longer_than_a_day_count_as_well(self, moveis):
        self.ended(moveis, 5, "rejected", started_at=ago(hours=30))

        look()

        assert len(lasting()) == 1

    def test_failures_of_others_do_not_count(self, moveis, cosmeticos):
        self.ended(moveis, 3, "failed")
        self.ended(cosmeticos, 3, "failed")

        look()

        assert lasting() == []

    def test_it_is_over_a_quarter_of_an_hour_later(self, moveis):
        self.ended(moveis, 5, "unsure_sent")
        look()

        watch(now=timezone.now() + timedelta(minutes=16))

        assert lasting() == []


class TestPauses:
    def test_a_connection_that_is_left_alone_is_told_until_it_is_not(self, moveis):
        in_english(moveis)
        BreakerFactory(tenant=moveis, service="odoo", connection="odoo:5")
        look()
        (alarm,) = lasting()
        Breaker.objects.update(state=State.CLOSED)

        look()

        assert alarm.kind == AlarmKind.BREAKER
        assert "“odoo” (odoo:5)" in alarm.text
        assert lasting() == []

    def test_companies_that_are_not_active_have_none(self, moveis):
        moveis.is_active = False
        moveis.save()
        BreakerFactory(tenant=moveis)

        look()

        assert lasting() == []


class TestConnections:
    @pytest.fixture
    def connected(self, stage):
        in_english(stage.tenant)
        Connection.objects.note(reconciled_at=ago(minutes=5), last_event_at=ago(minutes=1))
        return stage

    def refused(self, stage, error):
        connections.note_failure(connections.door_to(stage.connection.pk), error)

    @pytest.mark.parametrize("status", [401, 403, 404])
    def test_chatwoot_that_turns_us_away_is_told(self, connected, status):
        self.refused(connected, StatusError(Reply(status, {}, b"")))

        look()

        (alarm,) = lasting()
        assert (alarm.kind, alarm.about) == (AlarmKind.CONNECTION, connected.connection.key)
        assert f"with status {status}" in alarm.text

    @pytest.mark.parametrize(
        "error",
        [StatusError(Reply(503, {}, b"")), StatusError(Reply(422, {}, b"")), NoAnswerError()],
        ids=["unwell", "wrong request", "no answer"],
    )
    def test_other_failures_are_not_of_this_kind(self, connected, error):
        self.refused(connected, error)

        look()

        assert lasting() == []

    def test_it_is_over_when_the_comparison_works_again(self, connected):
        self.refused(connected, StatusError(Reply(401, {}, b"")))
        look()
        Connection.objects.note(reconciled_at=timezone.now())

        look()

        assert lasting() == []

    def test_one_refused_request_among_others_is_no_news(self, connected):
        Connection.objects.note(reconciled_at=ago(seconds=50))
        self.refused(connected, StatusError(Reply(404, {}, b"")))

        look()

        assert lasting() == []

    def test_without_the_token_of_a_person_events_are_the_proof(self, make_stage):
        stage = make_stage(can_look=False)
        Connection.objects.note(last_event_at=ago(minutes=5))
        self.refused(stage, StatusError(Reply(401, {}, b"")))
        look()
        while_silent = len(lasting())
        Connection.objects.note(last_event_at=timezone.now())

        look()

        assert while_silent == 1
        assert lasting() == []

    def test_connection_that_is_switched_off_is_no_concern(self, connected):
        self.refused(connected, StatusError(Reply(401, {}, b"")))
        connected.connection.refresh_from_db()
        connected.connection.is_enabled = False
        connected.connection.save()

        look()

        assert lasting() == []


class TestHandOversThatNobodySees:
    @pytest.fixture
    def unopened(self, stage, script):
        """Chatwoot takes the note and refuses to open the conversation."""
        in_english(stage.tenant)
        script.say(Answer(handoff=HandOff("rule")))
        message = stage.writes("Quero trocar")
        stage.chatwoot.next(fakes.refuses(403, path="toggle_status"))
        stage.works()
        stage.turns().update(finished_at=ago(minutes=3))
        return message

    def test_they_are_told(self, stage, unopened):
        look()

        (alarm,) = lasting(AlarmKind.CONNECTION)
        row = stage.talk(unopened)
        assert unopened.conversation.status == "pending"
        assert alarm.about == f"conversation:{row.pk}"
        assert f"#{row.number} was handed over but could not be opened" in alarm.text

    def test_it_is_over_when_somebody_opens_it(self, stage, unopened):
        look()
        stage.does("change_status", unopened.conversation, "open")

        look()

        assert lasting() == []

    def test_one_that_opened_in_the_end_is_no_news(self, stage, script):
        script.say(Answer(handoff=HandOff("rule")))
        stage.writes("Oi")
        stage.chatwoot.next(fakes.refuses(503, path="toggle_status"), times=3)
        stage.works()
        stage.works()
        stage.turns().update(finished_at=ago(minutes=3))

        look()

        assert stage.turns().get().error
        assert lasting() == []

    def test_a_label_that_was_refused_is_no_news(self, make_stage, script):
        stage = make_stage(handoff_team=99_999)
        script.say(Answer(handoff=HandOff("rule")))
        message = stage.writes("Oi")
        stage.works()
        Conversation.objects.update(status=Status.PENDING)
        stage.turns().update(finished_at=ago(minutes=3))

        look()

        assert stage.talk(message).control == Control.HUMAN
        assert stage.turns().get().error
        assert lasting() == []


def all_kinds_of_trouble(tenant):
    channel = ChannelMappingFactory(tenant=tenant, settings={"watchdog_minutes": 5})
    talk = ConversationFactory(
        tenant=tenant, channel=channel, due_at=ago(seconds=90), control=Control.HUMAN
    )
    InboundEventFactory(tenant=tenant, conversation=talk, received_at=ago(minutes=6))
    for _number in range(5):
        TurnFactory(tenant=tenant, conversation=talk, reason="failed")
    TurnFactory(
        tenant=tenant,
        conversation=talk,
        outcome="handed_off",
        reason="rule",
        error="no",
        handoff={"pauses": 1},
        finished_at=ago(minutes=3),
    )
    BreakerFactory(tenant=tenant)
    ConnectionFactory(tenant=tenant, last_error_status=401, last_error_at=timezone.now())


def test_many_companies_cost_as_many_questions_as_one():
    look()
    costs = []
    for companies in (1, 19):
        with configuration.changing():
            for _number in range(companies):
                all_kinds_of_trouble(TenantFactory())
        for _look in ("raises", "goes on"):
            with CaptureQueriesContext(connection) as asked:
                look()
            costs.append(len(asked))

    assert len(lasting()) == 20 * 6
    assert costs[1] == costs[3]
    assert costs[2] <= costs[0] + 1, "SQLite takes some eighty new rows in one statement"


def test_a_quiet_installation_costs_few_questions(moveis, django_assert_max_num_queries):
    with django_assert_max_num_queries(10):
        assert look() == []

    assert not Alarm.objects.exists()
