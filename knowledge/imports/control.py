"""What staff decide about an import: prepare, start, stop."""

from typing import Any

from django.utils import timezone

from knowledge import tasks
from knowledge.imports import uploads
from knowledge.imports.kinds import KINDS
from knowledge.models import ACTIVE, Import, ImportState
from knowledge.reading.files import File
from tenants.models import Tenant, User

STARTABLE = (ImportState.PREPARED, ImportState.STOPPED)


def prepare(
    tenant: Tenant, kind: str, file: File, *, options: dict[str, Any], user: User | None
) -> Import:
    """Keeps the file; nothing is read yet. RefusedError when it cannot be a file of this kind."""
    named = File(uploads.clean_name(file.name), file.stream)
    uploads.check(KINDS[kind], named)
    upload = uploads.keep(tenant, named)
    row = Import(
        tenant=tenant,
        upload=upload,
        file_name=upload.name,
        kind=kind,
        options=options,
        started_by=user,
    )
    row.save()
    return row


def start(row: Import) -> bool:
    """Also one that was stopped, which goes on where it was. False when it runs or is over."""
    rows = Import.objects.filter(pk=row.pk, state__in=STARTABLE, upload__isnull=False)
    waiting = {"state": ImportState.WAITING, "lease_until": None, "attempts": 0}
    if not rows.update(**waiting, finished_at=None):
        return False
    tasks.run_import.delay(import_id=row.pk)
    return True


def stop(row: Import) -> bool:
    """What was stored stays. Whoever reads the file notices with the next batch."""
    rows = Import.objects.filter(pk=row.pk, state__in=ACTIVE)
    stopped = {"state": ImportState.STOPPED, "lease_until": None, "finished_at": timezone.now()}
    return bool(rows.update(**stopped))
