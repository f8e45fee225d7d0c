"""Amounts of money in US dollars, to the millionth, on every database to the last digit."""

from decimal import ROUND_UP, Decimal
from typing import Any

from django.db import models

MILLIONTH = Decimal("0.000001")


def rounded(money: Decimal) -> Decimal:
    """Upwards, so that what is counted is never less than what is billed."""
    return money.quantize(MILLIONTH, rounding=ROUND_UP)


class MoneyField(models.DecimalField):
    """Kept as whole millionths, because SQLite adds decimals as floating point numbers."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options = {"max_digits": 18, "decimal_places": 6} | options
        super().__init__(*args, **options)

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def from_db_value(self, value: int | None, *_context: Any) -> Decimal | None:
        return None if value is None else value * MILLIONTH

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        return int(rounded(Decimal(value)) / MILLIONTH)
