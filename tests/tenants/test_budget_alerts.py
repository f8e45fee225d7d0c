"""Alerts: at 80 % and at the limit, once each, in the company's language, also after a crash."""

import smtplib
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.db import connection

from chatwoot_ai import celery
from tenants import tasks, usage
from tenants.access import Role
from tenants.budgets import budget_alerts
from tenants.models import Spending
from tenants.models.budget import OnExceed, Period
from tenants.signals import budget_threshold_crossed
from tenants.usage import BudgetExceededError
from tests.factories import BudgetFactory, member

NOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.fixture
def now(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    return NOON


@pytest.fixture
def queue(monkeypatch, now):
    """Published tasks run at once; their names and arguments are kept."""
    published = []

    def submit(task, args, kwargs, **options):
        published.append((task.name.rsplit(".", 1)[-1], kwargs))
        task.run(**kwargs)

    monkeypatch.setattr(celery.local_queue, "submit", submit)
    return published


@pytest.fixture
def heard():
    """What listeners are told: company and percent."""
    told = []

    def listen(sender, spending, percent, **_options):
        told.append((spending.tenant.slug, spending.budget.period, percent))

    budget_threshold_crossed.connect(listen)
    yield told
    budget_threshold_crossed.disconnect(listen)


@pytest.fixture
def spend(moveis, django_capture_on_commit_callbacks):
    def spend(tokens, *, tenant=moveis, conversation=None, took=None):
        with django_capture_on_commit_callbacks(execute=True):
            reservation = usage.reserve(tenant, tokens=tokens, conversation=conversation, now=NOON)
            took = tokens if took is None else took
            usage.settle(reservation, tokens=took, money=Decimal(0), now=NOON)

    return spend


@pytest.fixture
def sweep(queue, django_capture_on_commit_callbacks):
    def sweep():
        with django_capture_on_commit_callbacks(execute=True):
            tasks.send_budget_alerts_left_behind()

    return sweep


class TestThresholds:
    def test_below_eighty_percent_nobody_hears_anything(self, moveis, spend, queue):
        BudgetFactory(tenant=moveis)

        spend(799)

        assert queue == []
        assert Spending.objects.get().warned_at is None

    def test_eighty_percent_is_told_once(self, moveis, helena, spend, queue, heard):
        BudgetFactory(tenant=moveis)

        spend(800)
        spend(50)

        assert heard == [("moveis", "day", 80)]
        assert len(mail.outbox) == 1
        assert Spending.objects.get().warned_at == NOON

    def test_the_limit_is_told_once_more(self, moveis, helena, spend, queue, heard):
        BudgetFactory(tenant=moveis)

        spend(900)
        spend(100)

        assert [percent for _company, _period, percent in heard] == [80, 100]
        assert len(mail.outbox) == 2

    def test_call_that_passes_both_is_told_as_the_limit_only(
        self, moveis, helena, spend, queue, heard
    ):
        BudgetFactory(tenant=moveis)

        spend(100, took=1_200)

        assert [percent for _company, _period, percent in heard] == [100]
        row = Spending.objects.get()
        assert row.warned_at == row.exceeded_at == NOON

    def test_budget_too_small_for_the_next_call_is_told_as_used_up(
        self, moveis, helena, spend, queue, heard
    ):
        BudgetFactory(tenant=moveis)
        spend(700)

        for _call in range(2):
            with pytest.raises(BudgetExceededError):
                spend(400)

        assert [percent for _company, _period, percent in heard] == [100]

    def test_of_two_workers_that_notice_together_one_tells(self, moveis, now):
        BudgetFactory(tenant=moveis)
        usage.reserve(moveis, tokens=1, now=NOON)
        row = Spending.objects.get()
        told_by = []

        def other_worker_first(execute, statement, *values):
            if statement.startswith("UPDATE") and not told_by:
                told_by.append("other")
                Spending.objects.update(warned_at=NOON, exceeded_at=NOON)
            return execute(statement, *values)

        with connection.execute_wrapper(other_worker_first):
            told = budget_alerts.mark_exhausted([row.pk], now=NOON)

        assert (told_by, told) == (["other"], [])

    def test_call_that_only_waits_for_others_is_not_told(self, moveis, spend, queue, heard):
        BudgetFactory(tenant=moveis)
        usage.reserve(moveis, tokens=700, now=NOON)

        with pytest.raises(BudgetExceededError):
            spend(400)

        assert heard == []

    def test_conversations_are_marked_and_not_told(self, moveis, helena, spend, queue, heard):
        BudgetFactory(tenant=moveis, period=Period.CONVERSATION)

        spend(1_000, conversation=7)

        assert Spending.objects.get().exceeded_at == NOON
        assert (queue, heard, mail.outbox) == ([], [], [])

    def test_money_counts_as_tokens_do(self, moveis, helena, queue, heard, spend):
        budget = BudgetFactory(tenant=moveis, token_limit=None, money_limit=Decimal("0.10"))
        reservation = usage.reserve(moveis, tokens=5, money=Decimal("0.08"), now=NOON)

        usage.settle(reservation, tokens=5, money=Decimal("0.08"), now=NOON)

        assert budget.spendings.get().crossed_percent == 80


class TestMail:
    def test_owners_are_told_in_their_companys_language(
        self, moveis, helena, beatriz, spend, queue
    ):
        moveis.language = "en"
        moveis.save()
        member(moveis, Role.EDITOR)
        member(moveis, Role.OWNER, is_active=False)
        budget = BudgetFactory(tenant=moveis, on_exceed=OnExceed.OFFLINE)

        spend(1_000)

        (message,) = mail.outbox
        assert message.to == ["helena@moveis.example"]
        assert message.subject == "Móveis Jacarandá: the budget per day is used up"
        assert "Used: 1,000 of 1,000 tokens." in message.body
        assert "answer from the knowledge base, without a model." in message.body
        assert f"http://127.0.0.1:8000/admin/tenants/budget/{budget.pk}/change/" in message.body
        assert "Counting begins anew on 21 Nov 2026, 00:00." in message.body

    def test_named_addresses_are_told_instead(self, moveis, helena, spend, queue):
        BudgetFactory(tenant=moveis, alert_emails=["cfo@moveis.example", "ops@moveis.example"])

        spend(1_000)

        (message,) = mail.outbox
        assert message.to == ["cfo@moveis.example", "ops@moveis.example"]

    def test_name_with_a_line_break_makes_no_second_header(self, moveis, helena, spend, queue):
        moveis.name = "Móveis\nBcc: everybody@example.com"
        moveis.save()
        BudgetFactory(tenant=moveis)

        spend(1_000)

        (message,) = mail.outbox
        assert "\n" not in message.subject

    def test_installation_without_mail_still_announces(
        self, moveis, helena, spend, queue, heard, settings
    ):
        settings.EMAIL_URL = ""
        BudgetFactory(tenant=moveis)

        spend(1_000)

        assert mail.outbox == []
        assert len(heard) == 1
        assert budget_alerts.left_behind(now=NOON) == []


class TestAfterACrash:
    @pytest.fixture
    def untold(self, moveis, helena, now):
        """A row whose alert was never sent: its task was lost."""
        BudgetFactory(tenant=moveis)
        reservation = usage.reserve(moveis, tokens=1_000, now=NOON)
        usage.settle(reservation, tokens=1_000, money=Decimal(0), now=NOON)
        return Spending.objects.get()

    def test_sweep_sends_what_was_left_behind(self, untold, sweep, heard):
        sweep()
        sweep()

        assert len(heard) == len(mail.outbox) == 1

    def test_running_twice_tells_once(self, untold, heard):
        for _run in range(2):
            tasks.send_budget_alert(spending_id=untold.pk)

        assert len(heard) == len(mail.outbox) == 1

    def test_alert_that_another_worker_sends_is_left_to_it(self, untold, heard):
        Spending.objects.update(alert_claimed_at=NOON)

        budget_alerts.send(untold.pk, now=NOON)

        assert heard == []
        assert budget_alerts.left_behind(now=NOON) == []

    def test_claim_of_a_worker_that_died_runs_out(self, untold, sweep, heard):
        Spending.objects.update(alert_claimed_at=NOON - timedelta(minutes=6))

        sweep()

        assert len(heard) == len(mail.outbox) == 1

    def test_refused_mail_is_tried_again_and_announced_once(
        self, untold, sweep, heard, monkeypatch
    ):
        def refuse(*_arguments):
            raise smtplib.SMTPServerDisconnected("smtp.example said no to helena")

        with monkeypatch.context() as broken:
            broken.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
            sweep()
        before = len(mail.outbox)
        sweep()

        assert (before, len(mail.outbox), len(heard)) == (0, 1, 1)

    def test_listener_that_fails_keeps_nobody_from_the_mail(self, untold, sweep):
        def fail(**_options):
            raise RuntimeError

        budget_threshold_crossed.connect(fail)
        sweep()
        budget_threshold_crossed.disconnect(fail)

        assert len(mail.outbox) == 1

    def test_alert_of_the_day_before_is_no_news(self, untold):
        assert budget_alerts.left_behind(now=NOON + timedelta(hours=25)) == []

    def test_row_that_is_gone_is_no_mistake(self, db):
        budget_alerts.send(4711, now=NOON)

        assert mail.outbox == []


class TestRaisedLimit:
    def test_next_threshold_is_told_again(self, moveis, helena, spend, queue, heard):
        budget = BudgetFactory(tenant=moveis)
        spend(1_000)
        budget.token_limit = 2_000
        budget.save()

        budget_alerts.rearm(budget, now=NOON)
        row = Spending.objects.get()
        spend(600)
        spend(400)

        assert (row.warned_at, row.exceeded_at) == (None, None)
        assert [percent for _company, _period, percent in heard] == [100, 80, 100]

    def test_threshold_that_is_still_reached_is_not_told_again(
        self, moveis, helena, spend, queue, heard
    ):
        budget = BudgetFactory(tenant=moveis)
        spend(1_000)
        budget.token_limit = 1_100
        budget.save()

        budget_alerts.rearm(budget, now=NOON)
        spend(10)

        row = Spending.objects.get()
        assert (row.warned_at, row.exceeded_at) == (NOON, None)
        assert [percent for _company, _period, percent in heard] == [100]

    def test_either_limit_keeps_the_mark(self, moveis, spend, queue):
        budget = BudgetFactory(tenant=moveis, money_limit=1)
        spend(1_000)
        budget.money_limit = 5
        budget.save()

        budget_alerts.rearm(budget, now=NOON)

        assert Spending.objects.get().exceeded_at == NOON

    def test_earlier_periods_keep_their_marks(self, moveis, spend, queue):
        budget = BudgetFactory(tenant=moveis)
        spend(1_000)
        budget.token_limit = 5_000
        budget.save()

        budget_alerts.rearm(budget, now=NOON + timedelta(days=5))

        assert Spending.objects.get().exceeded_at == NOON
