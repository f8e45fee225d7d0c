"""What a file says, as rows that are still to be compared with what is there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from knowledge.reading.columns import Matching
from knowledge.reading.rows import Problem

LONGEST_GIVEN = 80


class RefusedError(Exception):
    """Nothing of a file can be taken; `str()` is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Values by the field of the row they are for; a draft with problems is not taken."""

    line: int
    values: Mapping[str, Any]
    problems: tuple[Problem, ...] = ()

    def refused(self, *problems: Problem) -> "Draft":
        return replace(self, problems=(*self.problems, *problems))


@dataclass(frozen=True, slots=True)
class Drafts:
    """`columns` says which column of the file is for which field; drafts are read when asked for.

    `kept` are columns without a field of ours whose values are taken nevertheless.
    """

    rows: Iterator[Draft] = field(repr=False)
    columns: Mapping[str, str] = field(default_factory=dict)
    matching: Matching | None = None
    kept: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def problem(draft: Draft, columns: Mapping[str, str], name: str, allowed: str) -> Problem:
    given = draft.values.get(name, "")
    shown = "" if given is None else str(given)[:LONGEST_GIVEN]
    return Problem(draft.line, columns.get(name, name), shown, allowed)


class Seen:
    """What the rows of a file before were called: two rows of one name would undo each other."""

    def __init__(self, name_field: str) -> None:
        self._field = name_field
        self._numbers: set[int] = set()
        self._names: set[int] = set()
        self._names_alone: set[int] = set()

    def checked(self, rows: Iterator[Draft], columns: Mapping[str, str]) -> Iterator[Draft]:
        for draft in rows:
            repeated = "" if draft.problems else self._repeated(draft)
            if repeated:
                allowed = _("Each one once in a file. This one stands in a row above already.")
                yield draft.refused(problem(draft, columns, repeated, allowed))
            else:
                yield draft

    def _repeated(self, draft: Draft) -> str:
        """The field that repeats. Hashes do: they take some hundred bytes a row."""
        number, name = draft.values.get("external_id"), draft.values.get(self._field)
        if number:
            if hash(number) in self._numbers:
                return "external_id"
            self._numbers.add(hash(number))
        if not name:
            return ""
        if hash(name) in (self._names_alone if number else self._names):
            return self._field
        self._names.add(hash(name))
        if not number:
            self._names_alone.add(hash(name))
        return ""
