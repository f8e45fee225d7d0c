"""What was spent from a budget in one day, month or conversation."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.budgets.money import MoneyField
from tenants.models.budget import Budget, Period
from tenants.scoping import TenantModel, TenantQuerySet

CONVERSATIONS_KEPT = timedelta(days=90)
PERIODS_KEPT = timedelta(days=400)
ROWS_PER_DELETION = 1_000
WARNING_PERCENT = 80
LIMIT_PERCENT = 100


class SpendingQuerySet(TenantQuerySet):
    def of_windows(self, windows: Iterable[tuple[int, str]]) -> Self:
        """The rows of these pairs of budget and window."""
        wanted = models.Q(pk__in=[])
        for budget_id, window in windows:
            wanted |= models.Q(budget_id=budget_id, window=window)
        return self.filter(wanted)

    def reserve(self, *, tokens: int, money: Decimal, within: Budget | None, now: datetime) -> int:
        """One statement that asks and takes, so two callers cannot both get the last tokens."""
        rows = self if within is None else self._with_room(within, tokens=tokens, money=money)
        return rows.update(
            reserved_tokens=models.F("reserved_tokens") + tokens,
            reserved_money=models.F("reserved_money") + amount(money),
            updated_at=now,
        )

    def settle(
        self, *, reserved: tuple[int, Decimal], used: tuple[int, Decimal], now: datetime
    ) -> int:
        return self.update(
            reserved_tokens=models.F("reserved_tokens") - reserved[0],
            reserved_money=models.F("reserved_money") - amount(reserved[1]),
            used_tokens=models.F("used_tokens") + used[0],
            used_money=models.F("used_money") + amount(used[1]),
            calls=models.F("calls") + 1,
            updated_at=now,
        )

    def release(self, *, tokens: int, money: Decimal) -> int:
        return self.update(
            reserved_tokens=models.F("reserved_tokens") - tokens,
            reserved_money=models.F("reserved_money") - amount(money),
        )

    def drop_old(self, *, now: datetime) -> int:
        """Conversations after 90 days, the rest after 400: thirteen months can be compared."""
        is_conversation = models.Q(budget__period=Period.CONVERSATION)
        old = self.filter(
            (is_conversation & models.Q(updated_at__lt=now - CONVERSATIONS_KEPT))
            | (~is_conversation & models.Q(updated_at__lt=now - PERIODS_KEPT))
        )
        count = 0
        while pks := list(old.order_by("pk").values_list("pk", flat=True)[:ROWS_PER_DELETION]):
            self.model.objects.filter(pk__in=pks).delete()
            count += len(pks)
        return count

    def _with_room(self, budget: Budget, *, tokens: int, money: Decimal) -> Self:
        rows = self
        if budget.token_limit is not None:
            total = models.F("used_tokens") + models.F("reserved_tokens") + tokens
            rows = rows.alias(tokens_then=total).filter(tokens_then__lte=budget.token_limit)
        if budget.money_limit is not None:
            spent = models.F("used_money") + models.F("reserved_money") + amount(money)
            then = models.ExpressionWrapper(spent, output_field=MoneyField())
            rows = rows.alias(money_then=then).filter(money_then__lte=budget.money_limit)
        return rows


def amount(money: Decimal) -> models.Value:
    return models.Value(money, output_field=MoneyField())


class Spending(TenantModel):
    """The counted row of a budget. It is a record, so the audit log does not repeat it."""

    is_audited = False

    budget = models.ForeignKey(
        Budget, models.CASCADE, related_name="spendings", verbose_name=_("budget")
    )
    window = models.CharField(
        _("period"), max_length=40, help_text=_("A day, a month, or the number of a conversation.")
    )
    used_tokens = models.BigIntegerField(_("tokens used"), default=0)
    reserved_tokens = models.BigIntegerField(_("tokens reserved"), default=0)
    used_money = MoneyField(_("money used (USD)"), default=Decimal(0))
    reserved_money = MoneyField(_("money reserved (USD)"), default=Decimal(0))
    calls = models.PositiveIntegerField(_("calls"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    warned_at = models.DateTimeField(_("reached 80% at"), null=True, blank=True)
    exceeded_at = models.DateTimeField(_("reached the limit at"), null=True, blank=True)
    announced_percent = models.PositiveSmallIntegerField(default=0, editable=False)
    mailed_percent = models.PositiveSmallIntegerField(default=0, editable=False)
    alert_claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last counted at"), db_index=True)

    objects: ClassVar[Any] = SpendingQuerySet.as_manager()

    class Meta:
        verbose_name = _("spending")
        verbose_name_plural = _("spending")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "budget", "window"], name="tenants_spending_once_per_window"
            ),
            models.CheckConstraint(
                name="tenants_spending_is_not_negative",
                condition=models.Q(
                    used_tokens__gte=0,
                    reserved_tokens__gte=0,
                    used_money__gte=0,
                    reserved_money__gte=0,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget}: {self.window}"

    @property
    def share(self) -> Decimal:
        return self.budget.share(tokens=self.used_tokens, money=self.used_money)

    @property
    def reached_percent(self) -> int:
        """The highest threshold that the used amounts are at."""
        return _highest(self.share >= 1, self.share * 100 >= WARNING_PERCENT)

    @property
    def crossed_percent(self) -> int:
        """The highest threshold that was marked."""
        return _highest(self.exceeded_at is not None, self.warned_at is not None)


def _highest(is_limit: bool, is_warning: bool) -> int:
    if is_limit:
        return LIMIT_PERCENT
    return WARNING_PERCENT if is_warning else 0
