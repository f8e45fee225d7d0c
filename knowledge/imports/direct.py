"""An import by command: the same steps without a row that remembers them.

Broken off, it is started again: what is there already is unchanged.
"""

from collections.abc import Iterator

from django.db import transaction

from knowledge.imports import batching, planning, writing
from knowledge.imports.kinds import ImportKind
from knowledge.imports.planning import Defaults
from knowledge.imports.writing import Counts
from knowledge.reading.files import File
from knowledge.reading.rows import Problem
from tenants.models import Tenant


def carry_out(
    tenant: Tenant, kind: ImportKind, file: File, *, defaults: Defaults, is_trial: bool = False
) -> Iterator[Counts]:
    """Batch by batch. RefusedError when the file cannot be read (on)."""
    drafts = kind.read(tenant, file)
    for batch in batching.batches(kind, drafts):
        with transaction.atomic():
            planned = planning.plan(tenant, kind, batch, defaults=defaults, columns=drafts.columns)
            if is_trial:
                counts = writing.counted(planned)
            else:
                counts = writing.write(tenant, kind, planned, source=file.name)
        yield counts
    yield Counts(problems=[Problem(0, "", "", notice) for notice in drafts.notices])
