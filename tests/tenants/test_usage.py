"""Budgets: reserved before a call, settled after it, all of a company's or none."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from tenants import usage
from tenants.models import Budget, Spending
from tenants.models.budget import OnExceed, Period
from tenants.usage import BudgetExceededError, Reservation
from tests.factories import BudgetFactory, TenantFactory

NOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # in São Paulo


def reserve(tenant, tokens=100, money="0", **options):
    return usage.reserve(tenant, tokens=tokens, money=Decimal(money), **{"now": NOON, **options})


def settle(reservation, tokens=100, money="0", now=NOON):
    usage.settle(reservation, tokens=tokens, money=Decimal(money), now=now)


def spend(tenant, tokens=100, money="0", **options):
    settle(reserve(tenant, tokens, money, **options), tokens, money)


def counts(budget):
    row = budget.spendings.get()
    return row.used_tokens, row.reserved_tokens


class TestOneBudget:
    def test_company_without_budgets_costs_one_query(self, moveis, django_assert_num_queries):
        with django_assert_num_queries(1):
            reservation = reserve(moveis)

        assert reservation.spendings == ()

    def test_settling_and_releasing_without_budgets_cost_no_query(
        self, moveis, django_assert_num_queries
    ):
        reservation = reserve(moveis)

        with django_assert_num_queries(0):
            settle(reservation)
            usage.release(reservation)

    def test_inactive_budget_neither_limits_nor_counts(self, moveis):
        BudgetFactory(tenant=moveis, token_limit=1, is_active=False)

        reserve(moveis)

        assert not Spending.objects.exists()

    def test_amounts_are_set_aside_and_replaced_by_the_real_ones(self, moveis):
        budget = BudgetFactory(tenant=moveis)

        reservation = reserve(moveis, 300)
        before = counts(budget)
        settle(reservation, 120)

        assert (before, counts(budget)) == ((0, 300), (120, 0))
        assert budget.spendings.get().calls == 1

    def test_released_amounts_count_as_nothing(self, moveis):
        budget = BudgetFactory(tenant=moveis)

        usage.release(reserve(moveis, 300))

        assert counts(budget) == (0, 0)
        assert budget.spendings.get().calls == 0

    def test_call_that_takes_the_last_token_fits_and_the_next_does_not(self, moveis):
        budget = BudgetFactory(tenant=moveis, token_limit=200)
        spend(moveis, 100)

        reserve(moveis, 100)
        with pytest.raises(BudgetExceededError):
            reserve(moveis, 1)

        assert counts(budget) == (100, 100)

    def test_what_is_under_way_leaves_no_room_for_others(self, moveis):
        BudgetFactory(tenant=moveis, token_limit=200)
        under_way = reserve(moveis, 150)

        with pytest.raises(BudgetExceededError):
            reserve(moveis, 100)
        usage.release(under_way)

        assert reserve(moveis, 100).spendings

    def test_call_that_took_more_than_reserved_is_counted_whole(self, moveis):
        budget = BudgetFactory(tenant=moveis, token_limit=200)

        settle(reserve(moveis, 100), 900)

        assert counts(budget) == (900, 0)
        with pytest.raises(BudgetExceededError):
            reserve(moveis, 1)

    def test_reservation_of_a_worker_that_died_stays_until_it_is_released(self, moveis):
        budget = BudgetFactory(tenant=moveis, token_limit=200)
        stored = reserve(moveis, 150).as_json()

        with pytest.raises(BudgetExceededError):
            reserve(moveis, 100)
        assert counts(budget) == (0, 150)
        usage.release(Reservation.from_json(stored))

        assert counts(budget) == (0, 0)

    def test_stored_reservation_comes_back_as_it_was(self, moveis):
        BudgetFactory(tenant=moveis)
        reservation = reserve(moveis, 7, "0.000123")

        assert Reservation.from_json(reservation.as_json()) == reservation

    def test_refused_calls_are_counted(self, moveis):
        budget = BudgetFactory(tenant=moveis, token_limit=50)

        for _call in range(2):
            with pytest.raises(BudgetExceededError):
                reserve(moveis, 100)

        assert budget.spendings.get().refused == 2

    def test_releasing_twice_is_refused_by_the_database(self, moveis):
        BudgetFactory(tenant=moveis)
        reservation = reserve(moveis)
        usage.release(reservation)

        with pytest.raises(IntegrityError), transaction.atomic():
            usage.release(reservation)

    def test_settling_after_the_budget_was_removed_is_no_mistake(self, moveis):
        budget = BudgetFactory(tenant=moveis)
        reservation = reserve(moveis)
        budget.delete()

        settle(reservation)

        assert not Spending.objects.exists()

    def test_later_call_takes_few_queries(self, moveis, django_assert_num_queries):
        BudgetFactory(tenant=moveis)
        spend(moveis)

        with django_assert_num_queries(5):  # budgets, rows, savepoint, the statement, savepoint
            reservation = reserve(moveis)
        with django_assert_num_queries(4):  # savepoint, the statement, thresholds, savepoint
            settle(reservation)


class TestMoney:
    def test_tenths_of_a_dollar_fill_a_limit_exactly(self, moveis):
        budget = BudgetFactory(tenant=moveis, token_limit=None, money_limit=Decimal("0.3"))

        for _call in range(3):
            spend(moveis, money="0.1")

        assert budget.spendings.get().used_money == Decimal("0.3")
        with pytest.raises(BudgetExceededError):
            reserve(moveis, money="0.000001")

    def test_less_than_a_millionth_is_counted_as_one(self, moveis):
        budget = BudgetFactory(tenant=moveis, token_limit=None, money_limit=1)

        settle(reserve(moveis, money="0.00000001"), money="0.0000010001")

        row = budget.spendings.get()
        assert (row.used_money, row.reserved_money) == (Decimal("0.000002"), 0)

    def test_either_limit_refuses(self, moveis):
        BudgetFactory(tenant=moveis, token_limit=1_000_000, money_limit=1)

        with pytest.raises(BudgetExceededError):
            reserve(moveis, tokens=1, money="1.01")
        with pytest.raises(BudgetExceededError):
            reserve(moveis, tokens=1_000_001, money="0.01")

    def test_large_sums_keep_their_last_digit(self, moveis):
        budget = BudgetFactory(tenant=moveis, token_limit=None, money_limit=Decimal("99999999"))

        spend(moveis, money="12345678.123456")
        spend(moveis, money="0.000001")

        assert budget.spendings.get().used_money == Decimal("12345678.123457")


class TestWrongAmounts:
    @pytest.mark.parametrize(
        ("tokens", "money"),
        [(0, "0"), (-1, "0"), (-1, "5"), (5, "-0.01"), (5, "NaN"), (5, "Infinity")],
    )
    def test_reserving_nothing_or_less_is_refused(self, moveis, tokens, money):
        BudgetFactory(tenant=moveis)

        with pytest.raises(ValueError, match=r"reserve|zero or more"):
            reserve(moveis, tokens, money)

        assert not Spending.objects.exists()

    @pytest.mark.parametrize(("tokens", "money"), [(-1, "0"), (0, "-1"), (0, "NaN")])
    def test_settling_less_than_nothing_is_refused(self, moveis, tokens, money):
        budget = BudgetFactory(tenant=moveis)
        reservation = reserve(moveis)

        with pytest.raises(ValueError, match="zero or more"):
            settle(reservation, tokens, money)

        assert counts(budget) == (0, 100)

    @pytest.mark.parametrize(
        "limits",
        [
            {"token_limit": None, "money_limit": None},
            {"token_limit": 0},
            {"token_limit": None, "money_limit": 0},
            {"token_limit": 5, "money_limit": Decimal("-1")},
        ],
        ids=str,
    )
    def test_budget_without_a_limit_above_zero_is_refused(self, moveis, limits):
        with pytest.raises(IntegrityError), transaction.atomic():
            BudgetFactory(tenant=moveis, **limits)

    def test_second_budget_for_a_period_is_refused(self, moveis):
        BudgetFactory(tenant=moveis)

        with pytest.raises(IntegrityError), transaction.atomic():
            BudgetFactory(tenant=moveis)


class TestSeveralBudgets:
    @pytest.fixture
    def budgets(self, moveis):
        return {
            period: BudgetFactory(tenant=moveis, period=period, token_limit=limit)
            for period, limit in (
                (Period.DAY, 300),
                (Period.MONTH, 1_000),
                (Period.CONVERSATION, 200),
            )
        }

    def test_all_are_reserved_and_settled(self, moveis, budgets):
        spend(moveis, 100, conversation=7)

        assert [counts(budget) for budget in budgets.values()] == [(100, 0)] * 3

    def test_when_one_refuses_none_is_reserved(self, moveis, budgets):
        with pytest.raises(BudgetExceededError) as refusal:
            reserve(moveis, 250, conversation=7)

        assert refusal.value.budget == budgets[Period.CONVERSATION]
        assert [counts(budget) for budget in budgets.values()] == [(0, 0)] * 3

    def test_a_crash_between_two_of_them_reserves_none(self, moveis, budgets):
        taken = []

        def break_at_the_second(execute, statement, *values):
            if statement.startswith("UPDATE"):
                taken.append(statement)
                if len(taken) == 2:
                    raise KeyboardInterrupt
            return execute(statement, *values)

        with pytest.raises(KeyboardInterrupt), connection.execute_wrapper(break_at_the_second):
            reserve(moveis, conversation=7)

        assert [counts(budget) for budget in budgets.values()] == [(0, 0)] * 3

    def test_each_conversation_has_its_own_room(self, moveis, budgets):
        spend(moveis, 150, conversation=7)

        spend(moveis, 150, conversation=8)

        with pytest.raises(BudgetExceededError):
            reserve(moveis, 100, conversation=7)

    def test_call_outside_a_conversation_leaves_that_budget_alone(self, moveis, budgets):
        spend(moveis, 250)

        assert not budgets[Period.CONVERSATION].spendings.exists()

    @pytest.mark.parametrize(
        ("reactions", "strictest"),
        [
            ((OnExceed.CHEAPER, OnExceed.OFFLINE, OnExceed.PERSON), OnExceed.PERSON),
            ((OnExceed.STOP, OnExceed.PERSON, OnExceed.CHEAPER), OnExceed.STOP),
            ((OnExceed.CHEAPER, OnExceed.OFFLINE, OnExceed.CHEAPER), OnExceed.OFFLINE),
        ],
    )
    def test_strictest_reaction_wins(self, moveis, budgets, reactions, strictest):
        for budget, reaction in zip(budgets.values(), reactions, strict=True):
            Budget.objects.filter(pk=budget.pk).update(on_exceed=reaction)

        with pytest.raises(BudgetExceededError) as refusal:
            reserve(moveis, 5_000, conversation=7)

        assert refusal.value.reaction == strictest
        assert refusal.value.budget.on_exceed == strictest

    def test_cheaper_call_passes_the_budget_that_asked_for_it_and_is_counted(self, moveis):
        budget = BudgetFactory(tenant=moveis, token_limit=100, on_exceed=OnExceed.CHEAPER)
        spend(moveis, 100)

        spend(moveis, 50, is_cheaper=True)

        assert counts(budget) == (150, 0)

    def test_cheaper_call_is_still_held_to_the_other_budgets(self, moveis):
        BudgetFactory(tenant=moveis, token_limit=100, on_exceed=OnExceed.CHEAPER)
        month = BudgetFactory(
            tenant=moveis, period=Period.MONTH, token_limit=120, on_exceed=OnExceed.STOP
        )
        spend(moveis, 100)

        with pytest.raises(BudgetExceededError) as refusal:
            reserve(moveis, 50, is_cheaper=True)

        assert refusal.value.budget == month

    def test_refusal_is_a_sentence_for_staff(self, moveis):
        BudgetFactory(tenant=moveis, token_limit=1, alert_webhook_url="https://chat.example/s3cret")

        with pytest.raises(BudgetExceededError) as refusal, translation.override("en"):
            reserve(moveis)

        with translation.override("en"):
            assert str(refusal.value) == (
                "The budget per day does not cover this call."
                " What happens now: hand over to a person."
            )
        assert "s3cret" not in repr(refusal.value)


class TestTwoCompanies:
    def test_one_does_not_spend_from_the_other(self, moveis, cosmeticos):
        mine = BudgetFactory(tenant=moveis, token_limit=100)
        theirs = BudgetFactory(tenant=cosmeticos, token_limit=100)

        spend(moveis, 100, conversation=7)

        assert counts(mine) == (100, 0)
        assert not theirs.spendings.exists()
        assert reserve(cosmeticos, 100, conversation=7).spendings

    def test_same_number_of_a_conversation_is_counted_apart(self, moveis, cosmeticos):
        for tenant in (moveis, cosmeticos):
            BudgetFactory(tenant=tenant, period=Period.CONVERSATION, token_limit=100)
            spend(tenant, 100, conversation=7)

        assert sorted(Spending.objects.values_list("tenant__slug", "window", "used_tokens")) == [
            ("cosmeticos", "7", 100),
            ("moveis", "7", 100),
        ]


class TestWindows:
    @pytest.mark.parametrize(
        ("time_zone", "moment", "day", "month"),
        [
            ("America/Sao_Paulo", "2026-12-01T02:59", "2026-11-30", "2026-11"),
            ("America/Sao_Paulo", "2026-12-01T03:00", "2026-12-01", "2026-12"),
            ("America/Manaus", "2026-12-01T03:30", "2026-11-30", "2026-11"),
            ("Pacific/Kiritimati", "2026-12-31T10:00", "2027-01-01", "2027-01"),
        ],
    )
    def test_days_and_months_turn_at_midnight_where_the_company_is(
        self, db, time_zone, moment, day, month
    ):
        tenant = TenantFactory(time_zone=time_zone)
        BudgetFactory(tenant=tenant)
        BudgetFactory(tenant=tenant, period=Period.MONTH)

        reserve(tenant, now=datetime.fromisoformat(f"{moment}+00:00"))

        assert set(Spending.objects.values_list("window", flat=True)) == {day, month}

    def test_next_day_begins_with_all_of_the_budget(self, moveis):
        BudgetFactory(tenant=moveis, token_limit=100)
        spend(moveis, 100)

        assert reserve(moveis, 100, now=NOON + timedelta(days=1)).spendings

    def test_call_over_midnight_is_settled_on_the_day_it_began(self, moveis):
        budget = BudgetFactory(tenant=moveis)
        reservation = reserve(moveis, 100)

        settle(reservation, 80, now=NOON + timedelta(days=1))

        assert budget.spendings.values_list("window", "used_tokens").get() == ("2026-11-20", 80)


class TestStanding:
    def test_budgets_are_listed_as_they_stand(self, moveis, django_assert_num_queries):
        day = BudgetFactory(tenant=moveis, token_limit=1_000, money_limit=1)
        BudgetFactory(tenant=moveis, period=Period.MONTH, token_limit=10_000)
        spend(moveis, 100, "0.25")
        reserve(moveis, 200)

        with django_assert_num_queries(2):
            first, second = usage.standing(moveis, now=NOON)

        assert (first.budget, first.window) == (day, "2026-11-20")
        assert (first.used_tokens, first.reserved_tokens) == (100, 200)
        assert (first.used_money, first.share) == (Decimal("0.25"), Decimal("0.25"))
        assert first.ends_at == datetime(2026, 11, 21, 3, tzinfo=UTC)
        assert (second.share, second.is_exceeded) == (Decimal("0.01"), False)
        assert second.ends_at == datetime(2026, 12, 1, 3, tzinfo=UTC)

    def test_untouched_budget_stands_at_nothing(self, moveis):
        BudgetFactory(tenant=moveis)

        (standing,) = usage.standing(moveis, now=NOON)

        assert (standing.used_tokens, standing.share, standing.is_exceeded) == (0, 0, False)
        assert not Spending.objects.exists()

    def test_conversation_is_listed_when_it_is_named(self, moveis):
        BudgetFactory(tenant=moveis, period=Period.CONVERSATION, token_limit=100)
        spend(moveis, 100, conversation=7)

        (standing,) = usage.standing(moveis, conversation=7, now=NOON)

        assert (standing.window, standing.is_exceeded) == ("7", True)
        assert standing.ends_at is None
        assert usage.standing(moveis, now=NOON) == []


class TestUpkeep:
    @pytest.mark.parametrize(
        ("period", "age", "is_kept"),
        [
            (Period.CONVERSATION, 89, True),
            (Period.CONVERSATION, 91, False),
            (Period.DAY, 91, True),
            (Period.MONTH, 399, True),
            (Period.DAY, 401, False),
            (Period.MONTH, 401, False),
        ],
    )
    def test_old_rows_are_dropped(self, moveis, period, age, is_kept):
        BudgetFactory(tenant=moveis, period=period)
        reserve(moveis, conversation=7, now=NOON - timedelta(days=age))

        dropped = Spending.objects.drop_old(now=NOON)

        assert (dropped, Spending.objects.exists()) == (int(not is_kept), is_kept)
