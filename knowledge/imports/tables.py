"""Rows of a table as drafts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from knowledge.imports.drafts import Draft, Drafts, RefusedError
from knowledge.models import Language, PieceState
from knowledge.reading import values
from knowledge.reading.columns import Field, Matching, match
from knowledge.reading.failures import UnreadableError
from knowledge.reading.fields import STATUSES, SYNONYMS, wanted
from knowledge.reading.files import File
from knowledge.reading.records import row_as_record
from knowledge.reading.rows import Problem, Row, Table
from knowledge.reading.tables import read_table

Values = dict[str, Any]
Finish = Callable[[Values, Row, Matching], Values]

LANGUAGES: dict[str, tuple[str, ...]] = {
    Language.PORTUGUESE.value: ("português", "pt-br", "portuguese", "portugués"),
    Language.ENGLISH.value: ("english", "inglês", "en-us", "inglés"),
    Language.SPANISH.value: ("español", "espanhol", "spanish"),
}
STATES: dict[str, tuple[str, ...]] = {
    PieceState(state).value: words for state, words in STATUSES.items()
}
NUMBER = Field("external_id", ("número próprio", "own number", "sku", *SYNONYMS["sku"]))
LANGUAGE = Field("language", SYNONYMS["language"], values.one_of(LANGUAGES))
STATE = Field("state", ("status", *SYNONYMS["status"]), values.one_of(STATES))
CATEGORY = wanted("category")
# What our own spreadsheets say beyond what may be set.
OURS = (
    Field("origin", ("origem",)),
    Field("source", ("arquivo ou endereço", "file or address", *SYNONYMS["source"])),
    Field("changed_at", ("alterado em", "changed at")),
    Field("used_times", ("vezes usado", "times used")),
)
NOT_TAKEN = frozenset(field.name for field in OURS)


def read(
    file: File,
    fields: Sequence[Field],
    *,
    finish: Finish | None = None,
    keeps_unknown: bool = False,
) -> Drafts:
    """RefusedError when there is no table, or a column that is needed is missing.

    A table with own numbers may leave out everything else: it changes rows that are there.
    """
    try:
        table = read_table(file)
    except UnreadableError as error:
        raise RefusedError(str(error)) from error
    matching = match(table.columns, fields)
    if NUMBER.name in matching.columns and len(matching.columns) > 1:
        fields = [replace(field, is_required=False) for field in fields]
        matching = match(table.columns, fields)
    if not matching.is_complete:
        raise RefusedError(" ".join(_about_missing(matching)))
    return Drafts(
        rows=_drafts(table, fields, matching, finish),
        columns=matching.columns,
        matching=matching,
        kept=matching.unknown if keeps_unknown else (),
    )


def _about_missing(matching: Matching) -> Iterator[str]:
    """Those that are not read are told only when one of them may be what is missing."""
    yield from replace(matching, unknown=tuple(matching.suggestions)).sentences()


def _drafts(
    table: Table,
    fields: Sequence[Field],
    matching: Matching,
    finish: Finish | None,
) -> Iterator[Draft]:
    try:
        for row in table.rows:
            record = row_as_record(row, fields, matching)
            draft = Draft(row.number, record.values, record.problems)
            yield draft if record.problems else _finished(draft, row, matching, finish)
    except UnreadableError as error:
        raise RefusedError(str(error)) from error


def _finished(draft: Draft, row: Row, matching: Matching, finish: Finish | None) -> Draft:
    named = {name: value for name, value in draft.values.items() if name not in NOT_TAKEN}
    found = finish(named, row, matching) if finish else named
    if not found:
        allowed = _("At least one value in a column that is read.")
        return draft.refused(Problem(row.number, "", "", allowed))
    return replace(draft, values=found)
