"""A file batch by batch: few statements, little memory, and a place to go on from."""

from collections.abc import Iterable, Iterator
from itertools import islice

from knowledge.imports.drafts import Draft, Drafts, Seen
from knowledge.imports.kinds import ImportKind

MOST_ROWS = 200
MOST_CHARACTERS = 2_000_000


def batches(kind: ImportKind, drafts: Drafts, *, start: int = 0) -> Iterator[list[Draft]]:
    """Behind the first `start` rows, which are read all the same: names repeat across batches."""
    rows = Seen(kind.named_by).checked(drafts.rows, drafts.columns)
    return _batches(islice(rows, start, None))


def _batches(rows: Iterable[Draft]) -> Iterator[list[Draft]]:
    batch: list[Draft] = []
    size = 0
    for draft in rows:
        batch.append(draft)
        size += sum(len(str(value)) for value in draft.values.values())
        if len(batch) >= MOST_ROWS or size >= MOST_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
