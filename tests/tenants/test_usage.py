"""Budgets: reserved before a call, settled after it, never passed by many at once."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tenants import usage
from tenants.models import Spending
from tenants.usage import BudgetExceededError
from tests.factories import BudgetFactory

NOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # in São Paulo


def reserve(tenant, tokens=100, money="0", **options):
    return usage.reserve(tenant, tokens=tokens, money=Decimal(money), **{"now": NOON, **options})


def settle(reservation, tokens=100, money="0", now=NOON):
    usage.settle(reservation, tokens=tokens, money=Decimal(money), now=now)


def counts(budget):
    row = budget.spendings.get()
    return row.used_tokens, row.reserved_tokens


class TestReserving:
    def test_company_without_budgets_costs_one_query(self, moveis, django_assert_num_queries):
        with django_assert_num_queries(1):
            reservation = reserve(moveis)

        assert reservation.spendings == ()

    def test_settling_without_budgets_costs_none(self, moveis, django_assert_num_queries):
        reservation = reserve(moveis)

        with django_assert_num_queries(0):
            settle(reservation)

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

    def test_exactly_the_limit_still_fits(self, moveis):
        BudgetFactory(tenant=moveis, token_limit=200)

        settle(reserve(moveis, 100))
        reserve(moveis, 100)

        with pytest.raises(BudgetExceededError):
            reserve(moveis, 1)

    def test_tenths_of_a_dollar_add_up_to_a_dollar(self, moveis):
        BudgetFactory(tenant=moveis, token_limit=None, money_limit=Decimal("0.3"))

        for _call in range(3):
            settle(reserve(moveis, money="0.1"), money="0.1")

        assert Spending.objects.get().used_money == Decimal("0.3")

    def test_less_than_a_millionth_is_counted_as_one(self, moveis):
        BudgetFactory(tenant=moveis, token_limit=None, money_limit=1)

        settle(reserve(moveis, money="0.00000001"), money="0.0000010001")

        row = Spending.objects.get()
        assert (row.used_money, row.reserved_money) == (Decimal("0.000002"), 0)
