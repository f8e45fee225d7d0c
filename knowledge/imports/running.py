"""Carries an import out: batch by batch, by one worker at a time, from where the last one was."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import timedelta

from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from knowledge.imports import batching, planning, uploads, writing
from knowledge.imports.drafts import Draft, Drafts, RefusedError
from knowledge.imports.kinds import KINDS, ImportKind
from knowledge.imports.planning import Defaults
from knowledge.imports.writing import Counts
from knowledge.models import ACTIVE, Import, ImportProblem, ImportState, Upload
from knowledge.reading.files import File
from knowledge.reading.rows import Problem
from tenants import context

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
PAUSE = timedelta(seconds=20)  # before a try after one that failed
STRETCH_SECONDS = 15.0  # others wait for this worker, the index of the same company among them
MOST_ATTEMPTS = 5
MOST_PROBLEMS = 5_000
COUNTED_AT_ONCE = 5_000
TIDIED_AT_ONCE = 100
KEPT_UNSTARTED = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one worker did in one go; None as tenant when there was nothing to do."""

    tenant_id: int | None = None
    is_over: bool = True


class LeaseLostError(Exception):
    """Somebody stopped this import, or else reads it by now."""


def run(import_id: int) -> Stretch:
    """Read on for a while. What goes wrong unexpectedly is raised, and tried again later."""
    row = _claimed(import_id)
    if row is None:
        return Stretch()
    with override(row.tenant.language), context.bind(user=row.started_by):
        try:
            return Stretch(row.tenant_id, _run(row, until=time.monotonic() + STRETCH_SECONDS))
        except LeaseLostError:
            return Stretch(row.tenant_id)
        finally:
            _mine(row).update(lease_until=timezone.now() + PAUSE)


def left_behind(*, limit: int) -> list[int]:
    """Imports that somebody should read and nobody does."""
    rows = Import.objects.filter(_is_free(), state__in=ACTIVE)
    return list(rows.order_by("created_at", "pk").values_list("pk", flat=True)[:limit])


def tidy() -> None:
    """Files that nobody will read any more."""
    before = timezone.now() - KEPT_UNSTARTED
    waiting = Import.objects.filter(upload=models.OuterRef("pk"), state__in=ACTIVE)
    old = Upload.objects.filter(~models.Exists(waiting), created_at__lt=before)
    for upload in list(old.order_by("pk")[:TIDIED_AT_ONCE]):
        uploads.forget(upload)
    Import.objects.filter(state=ImportState.PREPARED, upload=None, created_at__lt=before).delete()


def defaults_of(row: Import) -> Defaults:
    known = {field.name for field in fields(Defaults)}
    return Defaults(**{name: value for name, value in row.options.items() if name in known})


def _claimed(import_id: int) -> Import | None:
    now = timezone.now()
    until = now + LEASE
    rows = Import.objects.filter(_is_free(), pk=import_id, state__in=ACTIVE)
    taken = rows.update(
        state=ImportState.READING,
        lease_until=until,
        attempts=models.F("attempts") + 1,
        started_at=Coalesce("started_at", now),
    )
    if not taken:
        return None
    found = Import.objects.select_related("tenant", "upload", "started_by")
    row: Import | None = found.filter(pk=import_id, lease_until=until).first()
    return row


def _is_free() -> models.Q:
    return models.Q(lease_until=None) | models.Q(lease_until__lte=timezone.now())


def _run(row: Import, *, until: float) -> bool:
    """Whether it is over."""
    try:
        return _read(row, until=until)
    except RefusedError as error:
        _end(row, ImportState.FAILED, error=str(error))
        return True


def _read(row: Import, *, until: float) -> bool:
    if row.attempts > MOST_ATTEMPTS:
        raise RefusedError(
            _("Reading it was broken off several times. Split the file and send the parts.")
        )
    if row.upload is None:
        raise RefusedError(_("The file is no longer here. Send it again."))
    kind = KINDS[row.kind]
    with uploads.opened(row.upload) as file:
        if row.total is None:
            _count(row, kind, file)
        drafts = kind.read(row.tenant, file)
        _keep_lease(row)
        for batch in batching.batches(kind, drafts, start=row.done):
            _store(row, kind, drafts, batch)
            if time.monotonic() > until:
                _mine(row).update(lease_until=None)
                return False
    _end(row, ImportState.DONE, notices=drafts.notices)
    return True


def _count(row: Import, kind: ImportKind, file: File) -> None:
    """Takes a small part of the time that storing takes, and tells people how long that will be."""
    total = 0
    if kind.counts_rows:
        for total, _draft in enumerate(kind.read(row.tenant, file).rows, start=1):
            if total % COUNTED_AT_ONCE == 0:
                _keep_lease(row)
    row.total = total if kind.counts_rows else 1
    _mine(row).update(total=row.total)


def _store(row: Import, kind: ImportKind, drafts: Drafts, batch: list[Draft]) -> None:
    """Rows, passages, problems and how far it got: all of it or nothing."""
    with transaction.atomic():
        planned = planning.plan(
            row.tenant, kind, batch, defaults=defaults_of(row), columns=drafts.columns
        )
        counts = writing.write(row.tenant, kind, planned, source=row.file_name)
        _note_problems(row, counts.problems)
        _add(row, counts, len(batch))


def _add(row: Import, counts: Counts, rows: int) -> None:
    until = timezone.now() + LEASE
    stored = _mine(row).update(
        done=models.F("done") + rows,
        created=models.F("created") + counts.created,
        changed=models.F("changed") + counts.changed,
        unchanged=models.F("unchanged") + counts.unchanged,
        failed=models.F("failed") + counts.failed,
        attempts=0,
        lease_until=until,
    )
    if not stored:
        raise LeaseLostError
    row.lease_until = until


def _note_problems(row: Import, problems: list[Problem]) -> None:
    room = MOST_PROBLEMS - row.problems.count() if problems else 0
    ImportProblem.objects.bulk_create(_problems_of(row, problems[: max(room, 0)]))


def _problems_of(row: Import, problems: list[Problem]) -> Iterator[ImportProblem]:
    for each in problems:
        yield ImportProblem(
            tenant=row.tenant,
            run=row,
            line=each.row,
            column=each.column[:200],
            given=each.given[:200],
            allowed=each.allowed[:500],
        )


def _keep_lease(row: Import) -> None:
    until = timezone.now() + LEASE
    if not _mine(row).update(lease_until=until):
        raise LeaseLostError
    row.lease_until = until


def _mine(row: Import) -> models.QuerySet[Import]:
    """The row, unless somebody stopped it or took it over."""
    mine: models.QuerySet[Import] = Import.objects.filter(
        pk=row.pk, state=ImportState.READING, lease_until=row.lease_until
    )
    return mine


@transaction.atomic
def _end(
    row: Import, state: ImportState, *, error: str = "", notices: tuple[str, ...] = ()
) -> None:
    ended = {"state": state, "error": error[:500], "finished_at": timezone.now()}
    if not _mine(row).update(lease_until=None, **ended):
        raise LeaseLostError
    _note_problems(row, [Problem(0, "", "", notice) for notice in notices])
    if row.upload is not None:
        uploads.forget(row.upload)
