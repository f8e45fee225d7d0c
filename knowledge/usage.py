"""What knowledge was used for answers."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, QuerySet

from knowledge.models import PIECES, Kind
from tenants.models import Tenant


def note(tenant: Tenant, pieces: Iterable[str], *, now: datetime) -> None:
    """Names like "faq:12". One statement for each kind; no change of the rows themselves."""
    numbers: dict[str, list[int]] = {}
    for name in pieces:
        kind, _colon, number = name.partition(":")
        if kind in Kind.values and number.isdigit():
            numbers.setdefault(kind, []).append(int(number))
    for kind, pks in numbers.items():
        rows = PIECES[Kind(kind)]._default_manager.filter(tenant=tenant, pk__in=pks)
        QuerySet.update(rows, used_times=F("used_times") + 1, used_at=now)
