"""Brings the index to what the rows say. Safe to run twice, late, or never: what is left is due."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from integrations import llm
from knowledge import spaces
from knowledge.engines import choosing
from knowledge.engines.failures import EngineError
from knowledge.engines.interface import Engine, Point, Scope
from knowledge.models import Index, Passage, PassageState, Space
from knowledge.passages import raise_version
from knowledge.texts import vectors
from knowledge.texts.vectors import Lengths
from tenants.models import Tenant

logger = logging.getLogger(__name__)

AT_ONCE = 256
LEASE = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(hours=1)
EMBEDDING_SECONDS = 120.0
LENGTHS = Lengths()


@dataclass(frozen=True, slots=True)
class Report:
    """`error` is why it stopped; what is left stays due."""

    indexed: int = 0
    taken_out: int = 0
    error: str = ""
    was_busy: bool = False


class LeaseLostError(Exception):
    """Somebody else indexes this company by now."""


def sync(tenant: Tenant, *, on_progress: Callable[[int], None] | None = None) -> Report:
    """Index what is due and take out what is gone, unless somebody does so already."""
    index, _is_new = Index.objects.get_or_create(tenant=tenant)
    if not _take_lease(index):
        return Report(was_busy=True)
    try:
        return _sync(tenant, index, on_progress or (lambda _count: None))
    except LeaseLostError:
        return Report(was_busy=True)
    except (EngineError, llm.ModelError) as error:
        _note_failure(index, error)
        return Report(error=str(error))
    finally:
        Index.objects.filter(pk=index.pk, lease_until=index.lease_until).update(lease_until=None)


def forget_company(tenant_id: int) -> None:
    """Its rows are gone, so every collection is asked."""
    engine = choosing.engine()
    for name in engine.collections():
        engine.delete(name, Scope(tenant_id=tenant_id))


def find_lost() -> int:
    """Collections that are gone, with a folder or a server: everything in them is due again."""
    engine = choosing.engine()
    lost = [row for row in Space.objects.all() if engine.alias_target(spaces.alias_of(row)) is None]
    if not lost:
        return 0
    rows = Passage.objects.filter(tenant__index__space__in=lost, state=PassageState.READY)
    found: int = rows.update(state=PassageState.DUE)
    if found:
        logger.warning("The search index is gone; %d passages are indexed again", found)
    return found


def due_tenants(*, limit: int) -> list[int]:
    """Companies with something to index whose pause after a failure is over."""
    waiting = Passage.objects.unfinished().values("tenant")
    now = timezone.now()
    rows = Index.objects.filter(tenant__in=waiting)
    rows = rows.filter(models.Q(retry_at=None) | models.Q(retry_at__lte=now))
    rows = rows.filter(models.Q(lease_until=None) | models.Q(lease_until__lte=now))
    return list(rows.order_by("indexed_at", "pk").values_list("tenant_id", flat=True)[:limit])


def _sync(tenant: Tenant, index: Index, on_progress: Callable[[int], None]) -> Report:
    engine = choosing.engine()
    space = spaces.found_or_made(spaces.wanted_by(tenant))
    _ensure(engine, space)
    old = index.space
    if old != space:
        Passage.objects.for_tenant(tenant).there().update(state=PassageState.DUE)
    indexed = 0
    for batch in _due(tenant):
        _keep_lease(index)
        indexed += _index(tenant, space, engine, batch)
        on_progress(indexed)
    if old != space:
        _move(tenant, index, old, space, engine)
    taken_out = _take_out(tenant, space, engine)
    if indexed or taken_out:
        raise_version(tenant)
    done = {"indexed_at": timezone.now(), "last_error": "", "failures": 0, "retry_at": None}
    Index.objects.filter(pk=index.pk).update(**done)
    return Report(indexed, taken_out)


def _move(tenant: Tenant, index: Index, old: Space | None, new: Space, engine: Engine) -> None:
    """To the space of another model: searches went on in the old one until everything is here."""
    Index.objects.filter(pk=index.pk).update(space=new)
    raise_version(tenant)
    if old is not None:
        _leave(tenant, old, engine)


def _leave(tenant: Tenant, space: Space, engine: Engine) -> None:
    for collection in _collections(space):
        engine.delete(collection, Scope(tenant_id=tenant.pk))


def _ensure(engine: Engine, space: Space) -> None:
    alias = spaces.alias_of(space)
    if engine.alias_target(alias) is None:
        engine.ensure_collection(space.collection, space.dimension)
        engine.point_alias(alias, space.collection)


def _collections(space: Space) -> list[str]:
    """Asked anew for each batch: a new one may have begun to be built."""
    row = Space.objects.get(pk=space.pk)
    return [name for name in (row.collection, row.building) if name]


def _due(tenant: Tenant) -> Iterator[list[Passage]]:
    """Batches until nothing is left; what failed is not taken again in this run."""
    after: Any = None
    while True:
        rows = Passage.objects.for_tenant(tenant).filter(state=PassageState.DUE).order_by("pk")
        if after is not None:
            rows = rows.filter(pk__gt=after)
        batch = list(rows[:AT_ONCE])
        if not batch:
            return
        yield batch
        after = batch[-1].pk


def _index(tenant: Tenant, space: Space, engine: Engine, batch: list[Passage]) -> int:
    """With words at once, even when the model that makes the vectors does not answer."""
    try:
        dense: Sequence[Any] = _dense(tenant, space, batch)
    except llm.ModelError:
        _write(space, engine, [point_of(row, None) for row in batch])
        raise
    _write(space, engine, [point_of(row, vector) for row, vector in zip(batch, dense, strict=True)])
    known = Passage.objects.for_tenant(tenant).filter(
        pk__in=[row.pk for row in batch],
        revision__in=[row.revision for row in batch],
        state=PassageState.DUE,
    )
    known.update(state=PassageState.READY, indexed_revision=models.F("revision"))
    return len(batch)


def fill(space: Space, rows: Sequence[Passage], dense: Sequence[Any]) -> None:
    """Rows that are not in the database yet, with their vectors."""
    engine = choosing.engine()
    _ensure(engine, space)
    points = [point_of(row, vector) for row, vector in zip(rows, dense, strict=True)]
    engine.upsert(space.collection, points)


def _dense(tenant: Tenant, space: Space, batch: list[Passage]) -> Sequence[Any]:
    if space.dimension is None:
        return [None] * len(batch)
    return llm.embed(tenant, [embedded_text(row) for row in batch], seconds=EMBEDDING_SECONDS)


def _write(space: Space, engine: Engine, points: list[Point]) -> None:
    for collection in _collections(space):
        engine.upsert(collection, points)


def embedded_text(row: Passage) -> str:
    return f"{row.title}\n\n{row.text}" if row.title else row.text


def point_of(row: Passage, dense: Sequence[float] | None) -> Point:
    terms = vectors.passage_terms(row.title, row.text, row.language)
    found = vectors.passage_vectors(terms, LENGTHS)
    return Point(
        id=str(row.pk),
        tenant_id=row.tenant_id,
        kind=row.kind,
        piece=row.piece,
        revision=row.revision,
        language=row.language,
        words=found.words,
        chars=found.chars,
        dense=dense,
        rule_type=row.rule_type,
        domain=row.domain,
        category=row.category,
        price=float(row.price) if row.price is not None else None,
        valid_from=int(row.valid_from.timestamp()) if row.valid_from else None,
        valid_until=int(row.valid_until.timestamp()) if row.valid_until else None,
    )


def _take_out(tenant: Tenant, space: Space, engine: Engine) -> int:
    """Out of the index first, then out of the database: nobody finds it meanwhile."""
    gone = Passage.objects.for_tenant(tenant).filter(state=PassageState.GONE)
    count = 0
    while ids := list(gone.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        for collection in _collections(space):
            engine.delete(collection, Scope(tenant_id=tenant.pk, ids=[str(pk) for pk in ids]))
        count += gone.filter(pk__in=ids).delete()[0]
    return count


def _take_lease(index: Index) -> bool:
    now = timezone.now()
    free = models.Q(lease_until=None) | models.Q(lease_until__lte=now)
    until = now + LEASE
    taken = Index.objects.filter(free, pk=index.pk).update(lease_until=until)
    index.lease_until = until
    return bool(taken)


def _keep_lease(index: Index) -> None:
    until = timezone.now() + LEASE
    rows = Index.objects.filter(pk=index.pk, lease_until=index.lease_until)
    if not rows.update(lease_until=until):
        raise LeaseLostError
    index.lease_until = until


def _note_failure(index: Index, error: Exception) -> None:
    failures = Index.objects.values_list("failures", flat=True).get(pk=index.pk) + 1
    pause = min(timedelta(seconds=5 * 2 ** min(failures, 12)), LONGEST_PAUSE)
    Index.objects.filter(pk=index.pk).update(
        last_error=str(error)[:300], failures=failures, retry_at=timezone.now() + pause
    )
    logger.warning("A company could not be indexed: %s", type(error).__name__)


def rebuild(space: Space, *, on_progress: Callable[[int, int], None] | None = None) -> str:
    """Fill a new collection from the database while the old one is searched, then switch.

    Changes made meanwhile are written to both. Raises RebuildError when the new one has less than
    it should; searches then stay with the old one.
    """
    engine = choosing.engine()
    name = spaces.collection_name(space.key)
    if space.building:
        engine.drop_collection(space.building)  # what was broken off
    engine.ensure_collection(name, space.dimension)
    Space.objects.filter(pk=space.pk).update(building=name)
    try:
        _fill(space, engine, name, on_progress or (lambda _done, _all: None))
        _compare(space, engine, name)
        _switch(space, engine, name)
    except BaseException:
        Space.objects.filter(pk=space.pk, building=name).update(building="")
        engine.drop_collection(name)
        raise
    return name


class RebuildError(Exception):
    """A company would find less in the new collection than it has."""


def _fill(space: Space, engine: Engine, name: str, on_progress: Callable[[int, int], None]) -> None:
    rows = Passage.objects.filter(tenant__index__space=space).there()
    total, done = rows.count(), 0
    for tenant in Tenant.objects.filter(index__space=space).order_by("pk"):
        for batch in _batches(Passage.objects.for_tenant(tenant).there()):
            dense = _dense(tenant, space, batch)
            pairs = zip(batch, dense, strict=True)
            engine.upsert(name, [point_of(row, vector) for row, vector in pairs])
            done += len(batch)
            on_progress(done, total)


def _batches(rows: Any) -> Iterator[list[Passage]]:
    after: Any = None
    while batch := list((rows.filter(pk__gt=after) if after else rows).order_by("pk")[:AT_ONCE]):
        yield batch
        after = batch[-1].pk


def _compare(space: Space, engine: Engine, name: str) -> None:
    for tenant in Tenant.objects.filter(index__space=space).order_by("pk"):
        rows = Passage.objects.for_tenant(tenant).filter(state=PassageState.READY)
        known = engine.count(name, Scope(tenant_id=tenant.pk))
        if known < rows.count():
            raise RebuildError(f"{tenant.slug}: {known} of {rows.count()}")


def _switch(space: Space, engine: Engine, name: str) -> None:
    with transaction.atomic():
        row = Space.objects.select_for_update().get(pk=space.pk)
        old, row.collection, row.building = row.collection, name, ""
        row.switched_at = timezone.now()
        row.save()
    engine.point_alias(spaces.alias_of(space), name)
    for index in Index.objects.filter(space=space).select_related("tenant"):
        raise_version(index.tenant)
    time.sleep(DRAIN_SECONDS)  # searches that asked for the alias a moment ago
    engine.drop_collection(old)


DRAIN_SECONDS = 1.0
