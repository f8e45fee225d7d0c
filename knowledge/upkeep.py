"""What operators do to the index: bring it up to date, compare it with the rows, build it anew."""

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
AT_ONCE = 500


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
    rows = Passage.objects.for_tenant(tenant).only("kind", "piece_id", "revision", "state")
    known = {str(row.pk): row for row in rows}
    found.passages = sum(row.state == PassageState.READY for row in known.values())
    if index is not None and index.space is not None:
        _compare(tenant, index.space, known, found, repair=repair)
    Index.objects.filter(tenant=tenant).update(checked_at=timezone.now())
    return asdict(found)


def _compare(
    tenant: Tenant, space: Space, known: dict[str, Passage], found: Comparison, *, repair: bool
) -> None:
    """What is due or gone already is on its way, so it may differ."""
    engine = choosing.engine()
    foreign, differing = [], []
    lacking = {pk for pk, row in known.items() if row.state == PassageState.READY}
    for stored in _stored(engine, space, tenant):
        row = known.get(stored.id)
        lacking.discard(stored.id)
        if row is None:
            found.note("foreign", stored.piece)
            foreign.append(stored.id)
        elif row.state == PassageState.READY and row.revision != stored.revision:
            found.note("stale", stored.piece)
            differing.append(stored.id)
    for pk in sorted(lacking):
        found.note("lacking", known[pk].piece)
        differing.append(pk)
    if repair:
        _repair(tenant, space, engine, differing, foreign)


def _repair(
    tenant: Tenant, space: Space, engine: Engine, differing: list[str], foreign: list[str]
) -> None:
    rows = Passage.objects.for_tenant(tenant)
    for start in range(0, len(differing), AT_ONCE):
        some = differing[start : start + AT_ONCE]
        rows.filter(pk__in=some, state=PassageState.READY).update(state=PassageState.DUE)
    for start in range(0, len(foreign), AT_ONCE):
        some = foreign[start : start + AT_ONCE]
        engine.delete(spaces.alias_of(space), Scope(tenant_id=tenant.pk, ids=some))


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
    companies = Index.objects.filter(space=space).count()
    return {"collection": indexing.rebuild(space), "companies": companies}
