"""Amounts of a budget in words: for pages, alerts and the terminal."""

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from tenants.models import Budget


class Counted(Protocol):
    """A counted row, or where a budget stands."""

    @property
    def budget(self) -> Budget: ...
    @property
    def used_tokens(self) -> int: ...
    @property
    def reserved_tokens(self) -> int: ...
    @property
    def used_money(self) -> Decimal: ...
    @property
    def reserved_money(self) -> Decimal: ...


def amounts(counted: Counted) -> str:
    """Used and allowed, such as “85,000 of 100,000 tokens, US$ 4.20 of US$ 5.00”."""
    budget = counted.budget
    words = []
    if budget.token_limit is not None:
        numbers = {"used": number(counted.used_tokens), "limit": number(budget.token_limit)}
        words.append(_("%(used)s of %(limit)s tokens") % numbers)
    if budget.money_limit is not None:
        sums = {"used": money(counted.used_money), "limit": money(budget.money_limit)}
        words.append(_("%(used)s of %(limit)s") % sums)
    return ", ".join(words)


def remaining(counted: Counted) -> str:
    """What may still be reserved."""
    budget = counted.budget
    words = []
    if budget.token_limit is not None:
        left = budget.token_limit - counted.used_tokens - counted.reserved_tokens
        words.append(tokens(max(left, 0)))
    if budget.money_limit is not None:
        rest = budget.money_limit - counted.used_money - counted.reserved_money
        words.append(money(max(rest, Decimal(0))))
    return ", ".join(words)


def reserved(counted: Counted) -> str:
    budget = counted.budget
    words = [
        tokens(counted.reserved_tokens) if budget.token_limit is not None else "",
        money(counted.reserved_money) if budget.money_limit is not None else "",
    ]
    return ", ".join(filter(None, words))


def limits(budget: Budget) -> str:
    words = [
        tokens(budget.token_limit) if budget.token_limit is not None else "",
        money(budget.money_limit) if budget.money_limit is not None else "",
    ]
    return ", ".join(filter(None, words))


def tokens(count: int) -> str:
    return _("%(number)s tokens") % {"number": number(count)}


def money(value: Decimal) -> str:
    """With cents, and with as many places as a sum below a dollar needs."""
    plain = value.quantize(Decimal("0.01")) if value >= 1 else value.normalize()
    places = max(2, -int(plain.as_tuple().exponent)) if plain else 2
    return f"US$\N{NO-BREAK SPACE}{number(plain, places)}"


def number(value: Decimal | int, places: int = 0) -> str:
    return number_format(value, decimal_pos=places, use_l10n=True, force_grouping=True)


def end(moment: datetime | None) -> str:
    """In the time zone that the moment carries: the company's."""
    return date_format(moment, "SHORT_DATETIME_FORMAT") if moment else "–"


def percent(counted: Counted) -> int:
    """Rounded down, so that 100 means that the limit was reached."""
    share = counted.budget.share(tokens=counted.used_tokens, money=counted.used_money)
    return int(share * 100)
