"""Cuts rows of knowledge into the passages that are found, and keeps those that did not change."""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction

from knowledge.models import (
    BusinessRule,
    Faq,
    Index,
    Kind,
    Passage,
    PassageState,
    Piece,
    PieceState,
    Product,
    Text,
)
from knowledge.reading import chunking
from knowledge.reading.markdown import blocks_of
from knowledge.reading.sections import sections_of
from tenants.models import Tenant

NAMESPACE = uuid.UUID("5b0a2a3e-3f57-4e0c-9d5e-6c1b1a6f2d10")
LONGEST_TITLE = 600
AT_ONCE = 500
# What the index and the search know of a passage.
CONTENT = (
    "title",
    "text",
    "language",
    "rule_type",
    "category",
    "domain",
    "priority",
    "price",
    "valid_from",
    "valid_until",
)


@dataclass(frozen=True, slots=True)
class Cut:
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """How many passages are new or different, and how many are gone."""

    changed: int = 0
    gone: int = 0

    def __bool__(self) -> bool:
        return bool(self.changed or self.gone)


@transaction.atomic
def renew(tenant: Tenant, pieces: Sequence[Piece]) -> Change:
    """Make the passages of these rows, which are of one kind, what the rows say now."""
    if not pieces:
        return Change()
    wanted = {row.pk: row for piece in pieces for row in _passages_of(piece)}
    before = {
        row.pk: row
        for row in Passage.objects.for_tenant(tenant)
        .filter(kind=pieces[0].kind, piece_id__in=[piece.pk for piece in pieces])
        .only("revision", "state")
    }
    new = [row for pk, row in wanted.items() if pk not in before]
    changed = [row for pk, row in wanted.items() if pk in before and _differs(row, before[pk])]
    gone = [pk for pk, row in before.items() if pk not in wanted and row.state != _GONE]
    Passage.objects.bulk_create(new, batch_size=AT_ONCE)
    fields = [*CONTENT, "revision", "state"]
    Passage.objects.bulk_update(changed, fields, batch_size=AT_ONCE)
    _take_out(Passage.objects.for_tenant(tenant).filter(pk__in=gone))
    change = Change(len(new) + len(changed), len(gone))
    if change:
        raise_version(tenant)
    return change


@transaction.atomic
def take_out(tenant: Tenant, kind: str, piece_ids: Iterable[int]) -> Change:
    """Of rows that are no more."""
    rows = Passage.objects.for_tenant(tenant).filter(kind=kind, piece_id__in=list(piece_ids))
    change = Change(gone=_take_out(rows.there()))
    if change:
        raise_version(tenant)
    return change


def raise_version(tenant: Tenant) -> None:
    """What was found before may no longer be what is found."""
    rows = Index.objects.filter(tenant=tenant)
    if not rows.update(version=models.F("version") + 1):
        Index.objects.get_or_create(tenant=tenant)


_GONE = PassageState.GONE


def _take_out(rows: Any) -> int:
    count: int = rows.update(state=_GONE)
    return count


def _differs(row: Passage, before: Passage) -> bool:
    return row.revision != before.revision or before.state == _GONE


def _passages_of(piece: Piece) -> Iterator[Passage]:
    if piece.state != PieceState.PUBLISHED:
        return
    facts = _facts_of(piece) | {"language": piece.language}
    for number, cut in enumerate(CUTTERS[piece.kind](piece)):
        yield passage(piece.tenant_id, (piece.kind, piece.pk, number), cut, facts)


def passage(
    tenant_id: int, place: tuple[Kind, int, int], cut: Cut, facts: Mapping[str, Any]
) -> Passage:
    """`place`: kind and number of the row, and which of its passages it is."""
    kind, piece_id, number = place
    row = Passage(
        id=uuid.uuid5(NAMESPACE, f"{tenant_id}:{kind.value}:{piece_id}:{number}"),
        tenant_id=tenant_id,
        kind=kind,
        piece_id=piece_id,
        number=number,
        title=cut.title[:LONGEST_TITLE],
        text=cut.text,
        **facts,
    )
    row.revision = _revision(row)
    return row


def _revision(row: Passage) -> str:
    values = [str(row.pk), *(_written(getattr(row, name)) for name in CONTENT)]
    return hashlib.sha256(json.dumps(values).encode(errors="surrogatepass")).hexdigest()


def _written(value: Any) -> str:
    """The same for one moment in two time zones, and for one price in two spellings."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return f"{Decimal(value):.2f}" if isinstance(value, Decimal) else str(value)


def _facts_of(piece: Piece) -> dict[str, Any]:
    """What a search can be narrowed by."""
    facts: dict[str, Any] = {"category": getattr(piece, "category", "")}
    if isinstance(piece, BusinessRule):
        facts |= {
            "rule_type": piece.rule_type,
            "domain": piece.domain.slug if piece.domain is not None else "",
            "priority": piece.priority,
            "valid_from": piece.valid_from,
            "valid_until": piece.valid_until,
        }
    if isinstance(piece, Product):
        facts["price"] = piece.price
    return facts


def _of_rule(rule: BusinessRule) -> Iterator[Cut]:
    yield Cut(rule.title, "\n\n".join(filter(None, (rule.description, rule.details))))


def _of_faq(faq: Faq) -> Iterator[Cut]:
    yield Cut(faq.question, faq.answer)


def _of_text(row: Text) -> Iterator[Cut]:
    return cuts(row.body, title=row.title)


def cuts(markdown: str, *, title: str) -> Iterator[Cut]:
    for found in chunking.passages(sections_of(blocks_of(markdown)), title=title):
        yield Cut(found.title, found.text)


def _of_product(product: Product) -> Iterator[Cut]:
    """Without the price, which is told as it is at the moment of the answer."""
    lines = [
        *(f"{name}: {value}" for name, value in _attributes_of(product)),
        product.description,
    ]
    yield Cut(product.name, "\n".join(filter(None, lines)))


def _attributes_of(product: Product) -> Iterator[tuple[str, str]]:
    own = (("Marca", product.brand), ("Categoria", product.category))
    yield from ((name, value) for name, value in own if value)
    for name, value in product.attributes.items():
        shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if shown:
            yield str(name), shown


CUTTERS: Mapping[Kind, Callable[[Any], Iterator[Cut]]] = {
    Kind.RULE: _of_rule,
    Kind.FAQ: _of_faq,
    Kind.ARTICLE: _of_text,
    Kind.DOCUMENT: _of_text,
    Kind.PRODUCT: _of_product,
    Kind.PAGE: _of_text,
}
