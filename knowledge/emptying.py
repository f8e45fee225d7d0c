"""Takes all entries of a kind away: out of what is found first, then out of the database."""

from django.db import transaction
from django.db.models import Count, Max

from knowledge import passages
from knowledge.models import PIECES, Kind
from tenants.models import Tenant

AT_ONCE = 100


def extent(tenant: Tenant, kind: Kind) -> tuple[int, int]:
    """How many entries there are now, and the highest id of them: what is added later stays."""
    rows = PIECES[kind].objects.filter(tenant=tenant)
    found = rows.aggregate(count=Count("pk"), last_id=Max("pk"))
    return found["count"], found["last_id"] or 0


def empty(tenant: Tenant, kind: Kind, *, last_id: int) -> None:
    """Safe to begin again where it was broken off."""
    rows = PIECES[kind].objects.filter(tenant=tenant, pk__lte=last_id).order_by("pk")
    while ids := list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        with transaction.atomic():
            passages.take_out(tenant, kind, ids)
            rows.filter(pk__in=ids).delete()
