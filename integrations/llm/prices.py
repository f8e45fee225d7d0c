"""What a call costs: the profile's own price, else the published one, else nobody knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Self

from integrations.llm.answers import Tokens
from integrations.models import ModelPrice, ModelProfile
from tenants.budgets.money import rounded

MILLION = 1_000_000
# For one request. A company names its own prices and its server its own tokens; beyond this, sums
# of a few calls would no longer fit into the database.
MOST_DOLLARS = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    read: Decimal
    cached: Decimal
    written: Decimal

    def of(self, tokens: Tokens) -> Decimal:
        fresh = tokens.read - tokens.cached
        dollars = fresh * self.read + tokens.cached * self.cached + tokens.written * self.written
        return rounded(min(dollars / MILLION, MOST_DOLLARS))


class PriceList:
    """The published prices of one day, read once for a call."""

    def __init__(self, rows: Sequence[ModelPrice]) -> None:
        self._rows = rows

    @classmethod
    def of_day(cls, day: date) -> Self:
        return cls(list(ModelPrice.objects.filter(valid_from__lte=day)))

    def price(self, profile: ModelProfile, *, model_answered: str = "") -> Price | None:
        """A provider may answer with a more exact name than it was asked by."""
        if profile.price_in is not None and profile.price_out is not None:
            cached = profile.price_in if profile.price_cached is None else profile.price_cached
            return Price(profile.price_in, cached, profile.price_out)
        return self._published(model_answered) or self._published(profile.model)

    def cost(
        self, profile: ModelProfile, tokens: Tokens, *, model_answered: str = ""
    ) -> Decimal | None:
        price = self.price(profile, model_answered=model_answered)
        return None if price is None else price.of(tokens)

    def _published(self, model: str) -> Price | None:
        fitting = [row for row in self._rows if model and row.fits(model)]
        if not fitting:
            return None
        row = max(fitting, key=_exactness)
        cached = row.price_in if row.price_cached is None else row.price_cached
        return Price(row.price_in, cached, row.price_out)


def _exactness(row: ModelPrice) -> tuple[bool, int, date]:
    """A whole name before a beginning, a longer beginning before a shorter, then the newest."""
    return not row.pattern.endswith("*"), len(row.pattern), row.valid_from
