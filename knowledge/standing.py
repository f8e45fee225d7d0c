"""How far the index has what the rows say."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q

from knowledge.models import Index, Passage, PassageState, Piece
from tenants.models import Tenant

READY = Count("pk", filter=Q(state=PassageState.READY))


@dataclass(frozen=True, slots=True)
class Standing:
    """Passages that the index knows as they are now, of how many; and what went wrong last."""

    ready: int
    total: int
    error: str = ""

    @property
    def is_complete(self) -> bool:
        return self.ready == self.total


def standing_of(piece: Piece) -> Standing:
    return _counted(piece.tenant_id, Q(kind=piece.kind, piece_id=piece.pk))


def standing_of_kind(tenant: Tenant, kind: str) -> Standing:
    return _counted(tenant.pk, Q(kind=kind))


def _counted(tenant_id: int, which: Q) -> Standing:
    rows = Passage.objects.filter(which, tenant=tenant_id).there()
    counts = rows.aggregate(ready=READY, total=Count("pk"))
    error = Index.objects.filter(tenant=tenant_id).values_list("last_error", flat=True).first()
    return Standing(counts["ready"], counts["total"], error or "")


def standings_of(tenant_id: int, kind: str, piece_ids: Iterable[int]) -> dict[int, Standing]:
    """Of many rows of a kind, by their ids; without what went wrong."""
    ids = list(piece_ids)
    rows = Passage.objects.filter(tenant=tenant_id, kind=kind, piece_id__in=ids).there()
    counts = rows.order_by().values("piece_id").annotate(ready=READY, total=Count("pk"))
    found = {row["piece_id"]: Standing(row["ready"], row["total"]) for row in counts}
    return {pk: found.get(pk, Standing(0, 0)) for pk in ids}


def standing_of_many(tenant: Tenant, kind: str, piece_ids: Iterable[int]) -> Standing:
    """Of many rows of a kind together."""
    return _counted(tenant.pk, Q(kind=kind, piece_id__in=list(piece_ids)))
