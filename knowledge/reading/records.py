"""Rows of a table as records: the wanted fields with their values, or what is wrong with them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from knowledge.reading.columns import Field, Matching
from knowledge.reading.rows import Problem, Row
from knowledge.reading.values import ValueRefusedError


@dataclass(frozen=True, slots=True)
class Record:
    """A row with at least one problem is bad as a whole, whatever its other values are."""

    row: int
    values: dict[str, Any]
    problems: tuple[Problem, ...]

    @property
    def is_good(self) -> bool:
        return not self.problems


def records(rows: Iterable[Row], fields: Sequence[Field], matching: Matching) -> Iterator[Record]:
    """One for each row. An empty cell gives no value."""
    for row in rows:
        yield row_as_record(row, fields, matching)


def row_as_record(row: Row, fields: Sequence[Field], matching: Matching) -> Record:
    values: dict[str, Any] = {}
    problems = list(row.problems)
    for field in fields if row.cells else ():
        column = matching.columns.get(field.name)
        cell = row.cells.get(column) if column else None
        try:
            if not _is_blank(cell):
                values[field.name] = field.parse(cell)
            elif field.is_required:
                raise ValueRefusedError(_("A value; this column may not be empty."))
        except ValueRefusedError as error:
            shown = "" if cell is None else str(cell)[:80]
            problems.append(Problem(row.number, column or field.name, shown, str(error)))
    return Record(row.number, values, tuple(problems))


def _is_blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
