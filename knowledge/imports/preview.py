"""The first rows of a file as they would be, and what of it is read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.timezone import localtime

from knowledge.imports import batching, planning, uploads
from knowledge.imports.drafts import Drafts, RefusedError
from knowledge.imports.kinds import KINDS, ImportKind
from knowledge.imports.planning import Planned
from knowledge.imports.running import defaults_of
from knowledge.models import Import
from knowledge.reading.rows import Problem

LOOKED_AT = 100
SHOWN = 10
LONGEST_CELL = 120


@dataclass(frozen=True, slots=True)
class Shown:
    line: int
    fate: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """`columns` are pairs: as the file calls it, and as it is called here. `error` is a reason to
    stop here.
    """

    columns: tuple[tuple[str, str], ...] = ()
    kept: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    rows: tuple[Shown, ...] = ()
    problems: tuple[Problem, ...] = ()
    error: str = ""


def preview(row: Import) -> Preview:
    """Empty for a text, which takes too long to read while somebody waits."""
    kind = KINDS[row.kind]
    if row.upload is None or not kind.counts_rows:
        return Preview()
    try:
        with uploads.opened(row.upload) as file, transaction.atomic():
            drafts = kind.read(row.tenant, file)
            found = list(islice(next(batching.batches(kind, drafts), []), LOOKED_AT))
            planned = planning.plan(
                row.tenant, kind, found, defaults=defaults_of(row), columns=drafts.columns
            )
    except RefusedError as error:
        return Preview(error=str(error))
    return _preview(kind, drafts, planned)


def _preview(kind: ImportKind, drafts: Drafts, planned: list[Planned]) -> Preview:
    names = [name for name in drafts.columns if name in _fields(kind)]
    names += ["attributes"] if drafts.kept and "attributes" not in names else []
    return Preview(
        columns=tuple((drafts.columns.get(name, ""), _label(kind, name)) for name in names),
        kept=drafts.kept,
        remarks=tuple(_remarks(drafts)),
        rows=tuple(_shown(each, names) for each in planned[:SHOWN]),
        problems=tuple(problem for each in planned for problem in each.problems),
    )


def _fields(kind: ImportKind) -> set[str]:
    return {field.name for field in kind.model._meta.fields if field.editable}


def _label(kind: ImportKind, name: str) -> str:
    return str(capfirst(kind.model._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def _remarks(drafts: Drafts) -> Iterator[str]:
    if drafts.matching is not None and not drafts.kept:
        yield from drafts.matching.sentences()


def _shown(planned: Planned, names: list[str]) -> Shown:
    cells = (_cell(planned, name) for name in names)
    return Shown(planned.draft.line, planned.fate, tuple(each[:LONGEST_CELL] for each in cells))


def _cell(planned: Planned, name: str) -> str:
    """As it will be; of a refused row, as it stands in the file."""
    row: Any = planned.piece
    if row is None:
        return _in_words(planned.draft.values.get(name))
    names = dict(row._meta.get_field(name).flatchoices or ())
    value = getattr(row, name)
    return _in_words(names.get(value, value) if isinstance(value, str) else value)


def _in_words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_in_words(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(localize(localtime(value) if hasattr(value, "hour") else value))
