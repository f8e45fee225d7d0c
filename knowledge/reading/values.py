"""What people write into cells, as values. `ValueRefusedError` says what is allowed instead.

A cell that is a number already is never read as text: 1.299 is a small number there, and one
thousand two hundred and ninety-nine where a Brazilian typed it.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from knowledge.reading.rows import Cell
from knowledge.texts.folding import in_words

YES = frozenset({"sim", "s", "yes", "y", "true", "verdadeiro", "v", "1", "x", "si"})
NO = frozenset({"nao", "n", "no", "false", "falso", "f", "0"})
LONGEST_NUMBER = 12  # digits before the decimals
MOST_ITEMS = 100
LONGEST_TEXT = 100_000

Parse = Callable[[Cell], Any]
Forms = tuple[re.Pattern[str], ...]

_CURRENCY = re.compile(r"^(?:R\$|BRL|US\$|USD|EUR|€|\$)\s*|\s*(?:R\$|BRL|USD|EUR|€|reais)$", re.I)
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ][0-9:.+Z-]*)?\Z")
_DATE = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4}|[0-9]{2})\Z")


def _forms(decimals: int) -> Forms:
    """First as Brazilians write numbers, then as the English do."""
    form = r"([0-9]{1,12}|[1-9][0-9]{0,2}(?:%s[0-9]{3}){1,3})(?:%s([0-9]{1,%d}))?\Z"
    return re.compile(form % (r"\.", ",", decimals)), re.compile(form % (",", r"\.", decimals))


_CENTS, _DECIMALS = _forms(2), _forms(6)


class ValueRefusedError(ValueError):
    """`str()` says what is allowed."""


def text(cell: Cell) -> str:
    shown = "" if cell is None else _shown(cell)
    if len(shown) > LONGEST_TEXT:
        raise ValueRefusedError(_("At most %(limit)s characters.") % {"limit": LONGEST_TEXT})
    return shown


def money(cell: Cell) -> Decimal:
    """R$ 1.299,90, 1299.90, 1,299.90; 1.299 and 1,299 are thousands. Rounded to cents."""
    return _amount(cell, _CENTS).quantize(Decimal("0.01"))


def number(cell: Cell) -> Decimal:
    """As money, but not rounded, and 1,299 has three decimals: weights and sizes are like that."""
    return _amount(cell, _DECIMALS)


def whole(cell: Cell) -> int:
    amount = _amount(cell, _DECIMALS)
    if amount != int(amount):
        raise ValueRefusedError(_("A whole number such as 10."))
    return int(amount)


def yes_no(cell: Cell) -> bool:
    word = in_words(_shown(cell))
    if word not in YES | NO:
        raise ValueRefusedError(_("Yes or no: sim, não, yes, no, 1, 0, true, false."))
    return word in YES


def day(cell: Cell) -> date:
    """31/12/2026 or 2026-12-31; what a spreadsheet knows as a date comes in the second form."""
    shown = _shown(cell)
    try:
        if found := _ISO_DATE.match(shown):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _DATE.match(shown):
            year = int(found[4])
            return date(year + 2000 if year < 100 else year, int(found[3]), int(found[1]))
    except ValueError:
        pass
    raise ValueRefusedError(_("A date such as 31/12/2026 or 2026-12-31."))


def items(cell: Cell) -> list[str]:
    """Between semicolons, else bars, line breaks or commas; of JSON a list."""
    if isinstance(cell, list):
        found = [_shown(each) for each in cell]
    else:
        shown = _shown(cell)
        separator = next((mark for mark in ";|\n" if mark in shown), ",")
        found = [part.strip() for part in shown.split(separator)]
    if len(found) > MOST_ITEMS:
        raise ValueRefusedError(_("At most %(limit)s entries.") % {"limit": MOST_ITEMS})
    return [each for each in found if each]


def one_of(words: Mapping[str, tuple[str, ...]]) -> Parse:
    """A parser for statuses and kinds: each value with the other words for it."""
    values = {in_words(word): value for value in words for word in (value, *words[value])}

    def choose(cell: Cell) -> str:
        found = values.get(in_words(_shown(cell)))
        if found is None:
            allowed = ", ".join(each[0] if each else value for value, each in words.items())
            raise ValueRefusedError(_("One of these: %(allowed)s.") % {"allowed": allowed})
        return found

    return choose


def _shown(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, list):
        return "; ".join(_shown(each) for each in cell)
    return str(cell).strip()


def _amount(cell: Cell, forms: Forms) -> Decimal:
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        amount = Decimal(repr(cell)) if math.isfinite(cell) else Decimal(-1)
    else:
        amount = _read_amount(
            _CURRENCY.sub("", cell.strip() if isinstance(cell, str) else ""), forms
        )
    if not 0 <= amount < 10**LONGEST_NUMBER:
        raise ValueRefusedError(_("An amount such as 1.299,90 or 1299.90, without a sign."))
    return amount


def _read_amount(shown: str, forms: Forms) -> Decimal:
    """Negative when it is none."""
    for form in forms:
        if found := form.match(shown):
            whole = found[1].replace(".", "").replace(",", "")
            return Decimal(f"{whole}.{found[2] or 0}")
    return Decimal(-1)
