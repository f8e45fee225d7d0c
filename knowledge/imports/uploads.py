"""Files of staff, kept in the database piece by piece, so that memory never holds a whole one."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath
from typing import BinaryIO

from django.db import transaction

from knowledge.imports.drafts import RefusedError
from knowledge.imports.kinds import ImportKind
from knowledge.models import Upload, UploadPart
from knowledge.reading.cleaning import in_one_line
from knowledge.reading.failures import UnreadableError
from knowledge.reading.files import File, table_kind, text_kind
from tenants.models import Tenant

PART = 1024 * 1024
LONGEST_NAME = 300


def check(kind: ImportKind, file: File) -> None:
    """Size, ending and first bytes; the rest shows when it is read. RefusedError says why."""
    try:
        (table_kind if kind.counts_rows else text_kind)(file)
    except UnreadableError as error:
        raise RefusedError(str(error)) from error


def clean_name(name: str) -> str:
    """The last part only, and its ending whatever its length is."""
    last = in_one_line(name.replace("\\", "/").rpartition("/")[2])
    ending = PurePath(last).suffix[:20]
    return last.removesuffix(ending)[: LONGEST_NAME - len(ending)] + ending


@transaction.atomic
def keep(tenant: Tenant, file: File) -> Upload:
    upload = Upload(tenant=tenant, name=file.name)
    upload.save()
    digest = hashlib.sha256()
    file.stream.seek(0)
    number = 0
    while content := file.stream.read(PART):
        UploadPart(tenant=tenant, upload=upload, number=number, content=content).save()
        digest.update(content)
        upload.size += len(content)
        number += 1
    upload.sha256 = digest.hexdigest()
    upload.save()
    return upload


@transaction.atomic
def forget(upload: Upload) -> None:
    """Piece by piece: a cascade would read all of them first."""
    for pk in list(upload.parts.values_list("pk", flat=True)):
        UploadPart.objects.filter(pk=pk).delete()
    upload.delete()


@contextmanager
def opened(upload: Upload) -> Iterator[File]:
    with tempfile.TemporaryFile() as stream:
        _copy(upload, stream)
        yield File(upload.name, stream)


def _copy(upload: Upload, stream: BinaryIO) -> None:
    """One piece at a time: a cursor over all of them would read them all."""
    for pk in upload.parts.order_by("number").values_list("pk", flat=True):
        stream.write(UploadPart.objects.values_list("content", flat=True).get(pk=pk))
    stream.seek(0)
