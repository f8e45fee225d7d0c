"""Many rows at once, known by the number that they have where they come from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from knowledge import passages, tasks
from knowledge.models import Language, Origin, Piece
from tenants.models import Tenant

Values = Mapping[str, Any]
Problems = Mapping[str, Sequence[Any]]
# What no caller sets, or what was looked up already.
UNCHECKED = {"tenant", "domain"}


class Fate(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Stored:
    """`problems` by field, of a refused row; the others are stored nevertheless."""

    fate: Fate
    piece: Piece | None = None
    problems: Problems = field(default_factory=dict)


def upsert(tenant: Tenant, model: type[Piece], rows: Sequence[Values]) -> list[Stored]:
    """One for each row, in their order. Each row has an `external_id`; fields it lacks stay."""
    try:
        stored = _upsert(tenant, model, rows)
    except IntegrityError:
        # Somebody stored one of them a moment ago. Now it is known.
        stored = _upsert(tenant, model, rows)
    if any(one.fate in (Fate.CREATED, Fate.CHANGED) for one in stored):
        tasks.sync_index.delay(tenant_id=tenant.pk)
    return stored


def language_of(tenant: Tenant) -> str:
    """Of rows that do not say it."""
    language = tenant.language[:2]
    return language if language in Language.values else Language.PORTUGUESE.value


@transaction.atomic
def _upsert(tenant: Tenant, model: type[Piece], rows: Sequence[Values]) -> list[Stored]:
    known = _known(tenant, model, [row["external_id"] for row in rows])
    places: dict[str, int] = {}
    stored: list[Stored] = []
    fields: set[str] = set()
    for place, row in enumerate(rows):
        earlier = places.setdefault(row["external_id"], place)
        if earlier != place:
            stored.append(_repeated())
            continue
        one, changed = _planned(tenant, model, known.get(row["external_id"]), row)
        fields |= changed if one.fate == Fate.CHANGED else set()
        stored.append(one)
    _write(tenant, model, stored, fields)
    return stored


def _known(tenant: Tenant, model: type[Piece], numbers: Sequence[str]) -> dict[str, Piece]:
    rows = model.objects.filter(tenant=tenant, external_id__in=numbers).select_for_update()
    if hasattr(model, "domain"):
        rows = rows.prefetch_related("domain")
    return {row.external_id: row for row in rows.order_by("pk")}


def _repeated() -> Stored:
    message = _("Each number once in a call. A row before this one has it already.")
    return Stored(Fate.REFUSED, problems={"external_id": [message]})


def _planned(
    tenant: Tenant, model: type[Piece], piece: Piece | None, values: Values
) -> tuple[Stored, set[str]]:
    is_new = piece is None
    if piece is None:
        piece = model(tenant=tenant, origin=Origin.API, language=language_of(tenant))
    changed = set(_set(piece, values))
    problems = _problems(piece, None if is_new else changed)
    if problems:
        return Stored(Fate.REFUSED, problems=problems), changed
    fate = Fate.CREATED if is_new else Fate.CHANGED if changed else Fate.UNCHANGED
    return Stored(fate, piece), changed


def _set(piece: Piece, values: Values) -> Iterator[str]:
    for name, value in values.items():
        if getattr(piece, name) != value:
            setattr(piece, name, value)
            yield name


def _problems(piece: Piece, changed: set[str] | None) -> Problems:
    """What the row itself refuses: all of a new one, else what was changed."""
    names = {column.name for column in piece._meta.fields}
    left_out = UNCHECKED | (set() if changed is None else names - changed)
    found: dict[str, Sequence[Any]] = {}
    for check in (partial(piece.clean_fields, exclude=left_out), piece.clean):
        try:
            check()
        except ValidationError as error:
            found = {**error.message_dict, **found}
    return found


def _write(tenant: Tenant, model: type[Piece], stored: Sequence[Stored], fields: set[str]) -> None:
    """In a few statements, however many rows these are."""
    new = [one.piece for one in stored if one.fate == Fate.CREATED and one.piece]
    changed = [one.piece for one in stored if one.fate == Fate.CHANGED and one.piece]
    now = timezone.now()
    for piece in (*new, *changed):
        piece.changed_at = now
    model.objects.bulk_create(new)
    if changed:
        model.objects.bulk_update(changed, sorted(fields | {"changed_at"}))
    passages.renew(tenant, [*new, *changed])
