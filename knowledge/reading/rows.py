"""A table row by row, and what is wrong with a row."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

# Texts, and where the file knows better: numbers, yes and no; of JSON also lists and mappings.
Cell = Any

MOST_COLUMNS = 500


@dataclass(frozen=True, slots=True)
class Problem:
    """Where something is wrong, what stands there, and what may stand there, as a sentence."""

    row: int
    column: str
    given: str
    allowed: str


@dataclass(frozen=True, slots=True)
class Row:
    """`number` is the line of the file, or the row of the sheet, as a person counts."""

    number: int
    cells: dict[str, Cell] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows are read while they are asked for; the file must stay open as long."""

    columns: tuple[str, ...]
    rows: Iterator[Row] = field(repr=False)
