"""Compares drafts with the rows that are there: what is new, what differs, what cannot be taken."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q

from knowledge.imports.drafts import Draft, problem
from knowledge.imports.kinds import ImportKind
from knowledge.models import Document, Language, Origin, Piece, PieceState
from knowledge.reading.rows import Problem
from tenants.models import Tenant

# What never comes from a file, or was looked up already.
UNCHECKED = {"tenant", "domain"}


class Fate(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Defaults:
    """For new rows of whose language, category or state the file says nothing."""

    language: str = Language.PORTUGUESE.value
    category: str = ""
    state: str = PieceState.PUBLISHED.value


@dataclass(frozen=True, slots=True)
class Planned:
    """`piece` has the new values already, but is not stored; `fields` are those that differ."""

    draft: Draft
    fate: Fate
    piece: Piece | None = None
    fields: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


def plan(
    tenant: Tenant,
    kind: ImportKind,
    drafts: Sequence[Draft],
    *,
    defaults: Defaults,
    columns: Mapping[str, str],
) -> list[Planned]:
    """Inside of a transaction: the rows that are there are held until its end."""
    known = _known(tenant, kind, [draft for draft in drafts if not draft.problems])
    return [_planned(tenant, kind, draft, known, defaults, columns) for draft in drafts]


@dataclass(slots=True)
class _Known:
    by_number: dict[str, Piece] = field(default_factory=dict)
    by_name: dict[str, Piece] = field(default_factory=dict)
    by_name_alone: dict[str, Piece] = field(default_factory=dict)

    def add(self, piece: Piece, name: str) -> None:
        self.by_name.setdefault(name, piece)
        if piece.external_id:
            self.by_number[piece.external_id] = piece
        else:
            self.by_name_alone.setdefault(name, piece)

    def of(self, draft: Draft, name: str) -> Piece | None:
        """A row with another number is another row, whatever its name is. One without a number
        gets that of the first who has its name.
        """
        number = draft.values.get("external_id")
        if number:
            return self.by_number.get(number) or self.by_name_alone.pop(name, None)
        return self.by_name.get(name)


def _known(tenant: Tenant, kind: ImportKind, drafts: Sequence[Draft]) -> _Known:
    numbers = {draft.values["external_id"] for draft in drafts if draft.values.get("external_id")}
    names = {_name_of(kind, draft) for draft in drafts} - {""}
    rows = kind.model.objects.filter(tenant=tenant).select_for_update()
    found = rows.filter(Q(external_id__in=numbers) | Q(**{f"{kind.named_by}__in": names}))
    if hasattr(kind.model, "domain"):
        found = found.prefetch_related("domain")
    known = _Known()
    for piece in found.order_by("pk"):
        piece.tenant = tenant
        known.add(piece, getattr(piece, kind.named_by))
    return _with_titles(tenant, kind, drafts, known)


def _with_titles(
    tenant: Tenant, kind: ImportKind, drafts: Sequence[Draft], known: _Known
) -> _Known:
    """A document that was written here is known by its title, one of a file by its file."""
    if kind.model is not Document:
        return known
    titles = {draft.values["title"]: draft.values["source"] for draft in drafts}
    rows = Document.objects.filter(tenant=tenant).select_for_update()
    for piece in rows.filter(title__in=titles, source="").order_by("pk"):
        known.add(piece, titles[piece.title])
    return known


def _name_of(kind: ImportKind, draft: Draft) -> str:
    return str(draft.values.get(kind.named_by, ""))


def _planned(
    tenant: Tenant,
    kind: ImportKind,
    draft: Draft,
    known: _Known,
    defaults: Defaults,
    columns: Mapping[str, str],
) -> Planned:
    if draft.problems:
        return Planned(draft, Fate.REFUSED, problems=draft.problems)
    piece = known.of(draft, _name_of(kind, draft))
    is_new = piece is None
    piece = piece or _new(tenant, kind, defaults)
    fields = frozenset(_changes(piece, draft.values))
    checked = None if is_new else fields
    problems = tuple(_problems(piece, draft, columns, checked)) if is_new or fields else ()
    if problems:
        return Planned(draft, Fate.REFUSED, problems=problems)
    fate = Fate.NEW if is_new else Fate.CHANGED if fields else Fate.SAME
    return Planned(draft, fate, piece, fields)


def _new(tenant: Tenant, kind: ImportKind, defaults: Defaults) -> Piece:
    return kind.model(
        tenant=tenant,
        language=defaults.language,
        state=defaults.state,
        origin=Origin.FILE,
        **{kind.category: defaults.category},
    )


def _changes(piece: Piece, values: Mapping[str, Any]) -> Iterator[str]:
    """Sets what differs. Attributes that the file does not name stay."""
    for name, value in values.items():
        before = getattr(piece, name)
        wanted = {**before, **value} if name == "attributes" else value
        if before != wanted:
            setattr(piece, name, wanted)
            yield name


def _problems(
    piece: Piece, draft: Draft, columns: Mapping[str, str], checked: frozenset[str] | None
) -> Iterator[Problem]:
    """What the row itself refuses, whole when it is new."""
    names = {column.name for column in piece._meta.fields}
    left_out = UNCHECKED | (names - checked if checked is not None else set())
    found: dict[str, list[str]] = {}
    for check in (partial(piece.clean_fields, exclude=left_out), piece.clean):
        try:
            check()
        except ValidationError as error:
            found = {**error.message_dict, **found}
    for name, messages in found.items():
        yield problem(draft, columns, name, " ".join(messages))
