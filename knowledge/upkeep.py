"""What operators do to the index: bring it up to date, compare it with the rows, build it anew."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils import timezone

from knowledge import indexing, spaces
from knowledge.engines import choosing
from knowledge.engines.interface import Engine, Scope, Stored
from knowledge.models import Index, Passage, PassageState, Space
from tenants.models import Tenant

MOST_NAMED = 20


@dataclass(slots=True)
class Comparison:
    """`lacking`: in the database and not in the index; `foreign`: the other way round; `stale`:
    in both, but not the same. Of each some are named.
    """

    passages: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    named: dict[str, list[str]] = field(default_factory=dict)

    def note(self, what: str, piece: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
        names = self.named.setdefault(what, [])
        if len(names) < MOST_NAMED:
            names.append(piece)


def sync(tenant: Tenant, *, everything: bool = False) -> dict[str, Any]:
    """`everything`: also what the index should know already."""
    if everything:
        Passage.objects.for_tenant(tenant).there().update(state=PassageState.DUE)
    return asdict(indexing.sync(tenant))


def check(tenant: Tenant, *, repair: bool = False) -> dict[str, Any]:
    """Compares both ways. With `repair` what differs is due, and what is foreign is taken out."""
    found = Comparison()
    index = Index.objects.filter(tenant=tenant).select_related("space").first()
    rows = Passage.objects.for_tenant(tenant).filter(state=PassageState.READY)
    known = dict(rows.values_list("pk", "revision"))
    found.passages = len(known)
    if index is not None and index.space is not None:
        _compare(tenant, index.space, known, found, repair=repair)
    Index.objects.filter(tenant=tenant).update(checked_at=timezone.now())
    return asdict(found)


def _compare(
    tenant: Tenant, space: Space, known: dict[Any, str], found: Comparison, *, repair: bool
) -> None:
    engine = choosing.engine()
    differing, foreign = [], []
    left = {str(pk): revision for pk, revision in known.items()}
    for stored in _stored(engine, space, tenant):
        revision = left.pop(stored.id, None)
        if revision is None and not Passage.objects.filter(pk=stored.id, tenant=tenant).exists():
            found.note("foreign", stored.piece)
            foreign.append(stored.id)
        elif revision is not None and revision != stored.revision:
            found.note("stale", stored.piece)
            differing.append(stored.id)
    for pk in left:
        found.note("lacking", Passage.objects.get(pk=pk).piece)
        differing.append(pk)
    if repair:
        rows = Passage.objects.for_tenant(tenant).filter(pk__in=differing)
        rows.update(state=PassageState.DUE)
        if foreign:
            engine.delete(space.collection, Scope(tenant_id=tenant.pk, ids=foreign))


def _stored(engine: Engine, space: Space, tenant: Tenant) -> Iterator[Stored]:
    start = None
    while True:
        page = engine.stored(spaces.alias_of(space), Scope(tenant_id=tenant.pk), start=start)
        yield from page.points
        start = page.next
        if start is None:
            return


def rebuild(tenant: Tenant, *, key: str) -> dict[str, Any]:
    """A whole space, with all its companies; the tenant is only who asks."""
    space = Space.objects.get(key=key)
    return {"collection": indexing.rebuild(space), "companies": _companies(space)}


def _companies(space: Space) -> int:
    return Counter(Index.objects.filter(space=space).values_list("tenant_id", flat=True)).total()
