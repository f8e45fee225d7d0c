"""Stores a batch of planned rows, and their passages with them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from django.db import transaction
from django.utils import timezone

from knowledge import passages
from knowledge.imports.kinds import ImportKind
from knowledge.imports.planning import Fate, Planned
from knowledge.models import Origin
from knowledge.reading.rows import Problem
from tenants.models import Tenant


@dataclass(slots=True)
class Counts:
    """Rows of a file by what became of them. `problems` are those of the refused ones."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, other: "Counts") -> None:
        self.created += other.created
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.failed += other.failed
        self.problems += other.problems


def counted(planned: Sequence[Planned]) -> Counts:
    fates = Counter(each.fate for each in planned)
    return Counts(
        created=fates[Fate.NEW],
        changed=fates[Fate.CHANGED],
        unchanged=fates[Fate.SAME],
        failed=fates[Fate.REFUSED],
        problems=list(chain.from_iterable(each.problems for each in planned)),
    )


@transaction.atomic
def write(tenant: Tenant, kind: ImportKind, planned: Sequence[Planned], *, source: str) -> Counts:
    """In a few statements, however many rows these are."""
    now = timezone.now()
    new = [each.piece for each in planned if each.fate == Fate.NEW and each.piece]
    changed = [each.piece for each in planned if each.fate == Fate.CHANGED and each.piece]
    for piece in (*new, *changed):
        piece.origin, piece.source, piece.changed_at = Origin.FILE, source, now
    kind.model.objects.bulk_create(new)
    if changed:
        fields = set().union(*(each.fields for each in planned if each.fate == Fate.CHANGED))
        fields |= {"origin", "source", "changed_at"}
        kind.model.objects.bulk_update(changed, sorted(fields))
    passages.renew(tenant, [*new, *changed])
    return counted(planned)
