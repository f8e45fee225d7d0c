"""Takes rows of knowledge into what is found, and out of it again."""

from typing import Any

from django.db import models, transaction
from django.utils import timezone

from knowledge import passages, tasks
from knowledge.models import PieceState
from tenants.models import Tenant

AT_ONCE = 100


def publish(rows: models.QuerySet[Any]) -> int:
    """How many were not published before."""
    return _move(rows, PieceState.PUBLISHED)


def archive(rows: models.QuerySet[Any]) -> int:
    """How many were not archived before."""
    return _move(rows, PieceState.ARCHIVED)


def _move(rows: models.QuerySet[Any], state: PieceState) -> int:
    """Passages follow in the same transaction, batch by batch."""
    waiting = list(rows.exclude(state=state).order_by("tenant", "pk").values_list("tenant", "pk"))
    moved = 0
    for tenant in Tenant.objects.filter(pk__in={owner for owner, _pk in waiting}).order_by("pk"):
        ids = [pk for owner, pk in waiting if owner == tenant.pk]
        for start in range(0, len(ids), AT_ONCE):
            moved += _move_batch(rows.model, tenant, ids[start : start + AT_ONCE], state)
        tasks.sync_index.delay(tenant_id=tenant.pk)
    return moved


@transaction.atomic
def _move_batch(model: Any, tenant: Tenant, ids: list[int], state: PieceState) -> int:
    rows = model.objects.for_tenant(tenant).filter(pk__in=ids)
    count: int = rows.exclude(state=state).update(state=state, changed_at=timezone.now())
    passages.renew(tenant, list(rows.order_by("pk")))
    return count
