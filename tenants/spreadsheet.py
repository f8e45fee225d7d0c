"""Cells for spreadsheets: a customer's text must not become a formula on a colleague's machine."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

# Some programs take the wide signs of East Asia for the plain ones.
FORMULA_STARTS = (*"=+-@", *"\uff1d\uff0b\uff0d\uff20", "\t", "\r", "\n")
BLANKS = " \u00a0\u3000\u200b\ufeff"


def safe_cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool | int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    text = str(value)
    return f"'{text}" if text.lstrip(BLANKS).startswith(FORMULA_STARTS) else text
