"""Measures how well questions find what answers them, on texts that nobody else sees.

The texts are indexed for a company that exists only meanwhile, in an engine of its own, and the
questions take the way that customers' questions take.
"""

import json
import math
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from knowledge import indexing, passages, search, spaces
from knowledge.engines import choosing
from knowledge.engines.edge.engine import EdgeEngine
from knowledge.engines.interface import DENSE
from knowledge.models import Index, Kind, Passage, PassageState, Space
from tenants.models import Tenant

SLUG = "evaluation-"
DEPTH = 20

Embed = Callable[[Sequence[str]], Sequence[Sequence[float]]]


class FileError(ValueError):
    """A line that cannot be used; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Doc:
    id: str
    title: str
    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Query:
    id: str
    text: str
    relevant: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """`found`: documents, best first. `seconds`: of the search alone."""

    query: Query
    found: tuple[str, ...]
    support: float
    seconds: float


def docs_in(path: Path) -> list[Doc]:
    return [
        Doc(str(row["id"]), str(row.get("title") or ""), str(row["text"]), str(row.get("kind", "")))
        for row in _rows(path, needed=("id", "text"))
    ]


def queries_in(path: Path) -> list[Query]:
    return [
        Query(str(row["id"]), str(row["text"]), tuple(map(str, row.get("relevant") or ())))
        for row in _rows(path, needed=("id", "text"))
    ]


def _rows(path: Path, *, needed: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            place = {"file": path.name, "line": number}
            try:
                row = json.loads(line)
            except ValueError:
                raise FileError(_("%(file)s, line %(line)d is no JSON.") % place) from None
            lacking = [n for n in needed if not isinstance(row, dict) or row.get(n) in (None, "")]
            if lacking:
                message = _("%(file)s, line %(line)d has no “%(name)s”.")
                raise FileError(message % {**place, "name": lacking[0]})
            yield row


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents that can be searched. `ids` names the document of each row."""

    tenant: Tenant
    ids: Mapping[int, str]
    language: str
    embed: Embed | None

    def answer(self, query: Query, *, legs: Sequence[str] = search.LEGS) -> Answered:
        embedded = self.embed([query.text])[0] if self.embed and DENSE in legs else None
        wanted = search.Wanted(text=query.text, language=self.language, limit=3 * DEPTH)
        began = time.perf_counter()
        result = search.search(self.tenant, wanted, legs=legs, embedded=embedded)
        seconds = time.perf_counter() - began
        found = dict.fromkeys(self.ids[one.passage.piece_id] for one in result.found)
        return Answered(query, tuple(found)[:DEPTH], round(result.support, 4), seconds)


@contextmanager
def corpus(docs: Sequence[Doc], *, language: str, embed: Embed | None = None) -> Iterator[Corpus]:
    """What is left over from one that was killed, the next one removes."""
    _remove(Tenant.objects.filter(slug__startswith=SLUG))
    with (
        tempfile.TemporaryDirectory(prefix=SLUG) as folder,
        choosing.another(EdgeEngine(Path(folder) / "index")) as engine,
    ):
        tenant = Tenant.objects.create(slug=f"{SLUG}{uuid.uuid4().hex[:8]}", name="Evaluation")
        try:
            yield _filled(tenant, docs, language=language, embed=embed)
        finally:
            engine.close()
            _remove(Tenant.objects.filter(pk=tenant.pk))


def _filled(tenant: Tenant, docs: Sequence[Doc], *, language: str, embed: Embed | None) -> Corpus:
    rows = [
        row for number, doc in enumerate(docs, 1) for row in _cut(tenant, number, doc, language)
    ]
    vectors: Sequence[Any] = [None] * len(rows)
    if embed is not None:
        vectors = embed([indexing.embedded_text(row) for row in rows])
    space = spaces.found_or_made(
        spaces.Wanted(tenant.slug, len(vectors[0]) if embed is not None else None)
    )
    indexing.fill(space, rows, vectors)
    Passage.objects.bulk_create(rows, batch_size=500)
    Index.objects.update_or_create(tenant=tenant, defaults={"space": space})
    return Corpus(tenant, dict(enumerate((doc.id for doc in docs), 1)), language, embed)


def _cut(tenant: Tenant, number: int, doc: Doc, language: str) -> Iterator[Passage]:
    kind = Kind(doc.kind) if doc.kind in Kind.values else Kind.ARTICLE
    facts = {"language": language, "state": PassageState.READY}
    for part, cut in enumerate(passages.cuts(doc.text, title=doc.title)):
        yield passages.passage(tenant.pk, (kind, number, part), cut, facts)


def _remove(tenants: Any) -> None:
    for tenant in tenants:
        Index.objects.filter(tenant=tenant).delete()
        Space.objects.filter(key=tenant.slug).delete()
        tenant.delete()


def summary(answers: Sequence[Answered]) -> dict[str, float]:
    """Of the questions that have an answer; the times are of all."""
    judged = [one for one in answers if one.query.relevant]
    times = sorted(one.seconds * 1000 for one in answers)
    return {
        "hit@1": _mean(judged, lambda one: one.found[:1] != () and _is_right(one, one.found[0])),
        "recall@5": _mean(judged, lambda one: _recall(one, 5)),
        "recall@20": _mean(judged, lambda one: _recall(one, 20)),
        "ndcg@10": _mean(judged, lambda one: _ndcg(one, 10)),
        "mrr": _mean(judged, _reciprocal_rank),
        "p50_ms": round(times[len(times) // 2], 2) if times else 0.0,
        "p95_ms": round(times[int(len(times) * 0.95)], 2) if times else 0.0,
    }


def _mean(answers: Sequence[Answered], measure: Callable[[Answered], float]) -> float:
    return round(sum(map(measure, answers)) / len(answers), 4) if answers else 0.0


def _is_right(one: Answered, found: str) -> bool:
    return found in one.query.relevant


def _recall(one: Answered, depth: int) -> float:
    return len(set(one.found[:depth]) & set(one.query.relevant)) / len(set(one.query.relevant))


def _reciprocal_rank(one: Answered) -> float:
    return next((1 / rank for rank, pk in enumerate(one.found, 1) if _is_right(one, pk)), 0.0)


def _ndcg(one: Answered, depth: int) -> float:
    gain = sum(
        1 / math.log2(rank + 2) for rank, pk in enumerate(one.found[:depth]) if _is_right(one, pk)
    )
    best = sum(1 / math.log2(rank + 2) for rank in range(min(len(set(one.query.relevant)), depth)))
    return gain / best


def answered_shares(answers: Sequence[Answered], threshold: float) -> dict[str, float]:
    """Which share of the questions with an answer, and of those without, would be answered."""
    has, has_not = (
        [a for a in answers if bool(a.query.relevant) is wanted] for wanted in (True, False)
    )
    return {
        "answered": _mean(has, lambda one: one.support >= threshold),
        "invented": _mean(has_not, lambda one: one.support >= threshold),
    }
