"""Tokens and money of a company: reserved before a call of a model, settled after it.

Every change of a counted row is one conditional statement, so that any number of workers together
cannot pass a limit that one of them could not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.db import models, transaction
from django.utils.translation import gettext as _

from tenants import tasks
from tenants.budgets import budget_alerts, windows
from tenants.budgets.money import rounded
from tenants.models import Budget, Spending, Tenant
from tenants.models.budget import OnExceed, Period


class BudgetExceededError(Exception):
    """A call does not fit. `reaction` is what the company chose to happen instead."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.reaction = OnExceed(budget.on_exceed)
        super().__init__(budget.pk)

    def __str__(self) -> str:
        sentence = _(
            "The budget per %(period)s does not cover this call. What happens now: %(reaction)s."
        )
        period = self.budget.get_period_display()
        return sentence % {"period": period, "reaction": self.reaction.label}


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was set aside for one call, and the rows on which it was."""

    tokens: int
    money: Decimal
    spendings: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "tokens": self.tokens,
            "money": str(self.money),
            "spendings": list(self.spendings),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(stored["tokens"], Decimal(stored["money"]), tuple(stored["spendings"]))


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a budget is in its present window. `share` counts what was used: 1 is the limit."""

    budget: Budget
    window: str
    used_tokens: int
    reserved_tokens: int
    used_money: Decimal
    reserved_money: Decimal
    share: Decimal
    is_exceeded: bool
    ends_at: datetime | None


def reserve(
    tenant: Tenant,
    *,
    tokens: int,
    money: Decimal = Decimal(0),
    conversation: int | None = None,
    is_cheaper: bool = False,
    now: datetime,
) -> Reservation:
    """Set the amounts aside on all budgets, or on none and raise for the strictest reaction.

    With `is_cheaper` the call goes to the cheaper model: budgets that asked for it count the call
    and let it pass, all others still limit it.
    """
    money = _checked(tokens, money)
    if not tokens and not money:
        raise ValueError("Nothing to reserve: neither tokens nor money.")
    budgets = Budget.objects.in_force(tenant)
    if conversation is None:
        budgets = budgets.exclude(period=Period.CONVERSATION)
    rows = _rows_of(tenant, list(budgets), conversation=conversation, now=now)
    if not rows:
        return Reservation(tokens, money, ())
    with transaction.atomic():
        refusing = [
            row
            for row in rows
            if not _take(row, tokens=tokens, money=money, is_cheaper=is_cheaper, now=now)
        ]
        transaction.set_rollback(bool(refusing))
    if refusing:
        raise _refusal(refusing, tokens=tokens, money=money, now=now)
    return Reservation(tokens, money, tuple(row.pk for row in rows))


def settle(reservation: Reservation, *, tokens: int, money: Decimal, now: datetime) -> None:
    """Count what the call really took instead of what was reserved for it; once per call."""
    money = _checked(tokens, money)
    if not reservation.spendings:
        return
    reserved = (reservation.tokens, reservation.money)
    with transaction.atomic():
        for pk in sorted(reservation.spendings):
            row = Spending.objects.filter(pk=pk)
            row.settle(reserved=reserved, used=(tokens, money), now=now)
        _tell(budget_alerts.mark(reservation.spendings, now=now))


def release(reservation: Reservation) -> None:
    """The call was not made."""
    if not reservation.spendings:
        return
    with transaction.atomic():
        for pk in sorted(reservation.spendings):
            row = Spending.objects.filter(pk=pk)
            row.release(tokens=reservation.tokens, money=reservation.money)


def standing(tenant: Tenant, *, conversation: int | None = None, now: datetime) -> list[Standing]:
    """The active budgets for day and month, and for a conversation if one is named."""
    budgets = list(Budget.objects.in_force(tenant).order_by("pk"))
    keys = {b.pk: _window(b, tenant, conversation=conversation, now=now) for b in budgets}
    rows = {row.budget_id: row for row in _existing(tenant, keys)}
    return [
        _standing(
            budget, rows.get(budget.pk) or _fresh(budget, keys[budget.pk]), tenant=tenant, now=now
        )
        for budget in sorted(budgets, key=lambda budget: list(Period).index(budget.period))
        if keys[budget.pk]
    ]


def _checked(tokens: int, money: Decimal) -> Decimal:
    if tokens < 0 or not money.is_finite() or money < 0:
        raise ValueError(f"Amounts are zero or more, not {tokens} tokens and {money} dollars.")
    return rounded(money)


def copy_budgets(source: Tenant, target: Tenant) -> None:
    """Limits and reactions. Who is told stays behind: these are people of the other company."""
    for row in Budget.objects.for_tenant(source).order_by("pk"):
        Budget(
            tenant=target,
            period=row.period,
            token_limit=row.token_limit,
            money_limit=row.money_limit,
            on_exceed=row.on_exceed,
            is_active=row.is_active,
        ).save()


def _window(budget: Budget, tenant: Tenant, *, conversation: int | None, now: datetime) -> str:
    return windows.window_of(budget.period, tenant, conversation=conversation, now=now)


def _existing(tenant: Tenant, keys: dict[int, str]) -> list[Spending]:
    if not keys:
        return []
    return list(Spending.objects.for_tenant(tenant).of_windows(keys.items()))


def _rows_of(
    tenant: Tenant, budgets: list[Budget], *, conversation: int | None, now: datetime
) -> list[Spending]:
    """The counted rows of now, always in the same order, so that no two callers wait crosswise."""
    keys = {b.pk: _window(b, tenant, conversation=conversation, now=now) for b in budgets}
    rows = {row.budget_id: row for row in _existing(tenant, keys)}
    for budget in budgets:
        if budget.pk not in rows:
            rows[budget.pk], _is_new = Spending.objects.get_or_create(
                tenant=tenant,
                budget=budget,
                window=keys[budget.pk],
                defaults={"updated_at": now},
            )
        rows[budget.pk].budget = budget
    return sorted(rows.values(), key=lambda row: row.pk)


def _take(row: Spending, *, tokens: int, money: Decimal, is_cheaper: bool, now: datetime) -> bool:
    lets_pass = is_cheaper and row.budget.on_exceed == OnExceed.CHEAPER
    within = None if lets_pass else row.budget
    counted = Spending.objects.filter(pk=row.pk)
    return bool(counted.reserve(tokens=tokens, money=money, within=within, now=now))


def _refusal(
    rows: Sequence[Spending], *, tokens: int, money: Decimal, now: datetime
) -> BudgetExceededError:
    """Also told to people, unless the call would fit once others that are under way are over."""
    pks = [row.pk for row in rows]
    Spending.objects.filter(pk__in=pks).update(refused=models.F("refused") + 1)
    exhausted = [row.pk for row in rows if _share_with(row, tokens=tokens, money=money) > 1]
    _tell(budget_alerts.mark_exhausted(exhausted, now=now))
    budgets = [row.budget for row in rows]
    return BudgetExceededError(max(budgets, key=lambda b: OnExceed(b.on_exceed).strictness))


def _share_with(row: Spending, *, tokens: int, money: Decimal) -> Decimal:
    return row.budget.share(tokens=row.used_tokens + tokens, money=row.used_money + money)


def _tell(spending_ids: list[int]) -> None:
    for pk in spending_ids:
        tasks.send_budget_alert.delay(spending_id=pk)


def _fresh(budget: Budget, window: str) -> Spending:
    return Spending(tenant_id=budget.tenant_id, budget=budget, window=window)


def _standing(budget: Budget, row: Spending, *, tenant: Tenant, now: datetime) -> Standing:
    row.budget = budget
    return Standing(
        budget=budget,
        window=row.window,
        used_tokens=row.used_tokens,
        reserved_tokens=row.reserved_tokens,
        used_money=row.used_money,
        reserved_money=row.reserved_money,
        share=row.share,
        is_exceeded=row.exceeded_at is not None or row.share >= 1,
        ends_at=windows.end_of(budget.period, tenant, now=now),
    )
