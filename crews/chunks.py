"""Many rows, some at a time, so that neither memory nor a statement grows with their number."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q

CHUNK = 500


def in_chunks(rows: Any, *, at: str) -> Iterator[list[Any]]:
    """The oldest first by the moment `at`. Between two chunks rows may change, also those read."""
    ordered = rows.order_by(at, "pk")
    chunk = list(ordered[:CHUNK])
    while chunk:
        yield chunk
        last = chunk[-1]
        moment = getattr(last, at)
        # Said twice, because only the first condition tells an index where to begin.
        later = Q(**{f"{at}__gte": moment}) & ~Q(**{at: moment, "pk__lte": last.pk})
        chunk = list(ordered.filter(later)[:CHUNK])
