"""Office files are ZIP archives: what they would unpack to is known before anything is unpacked."""

import io
import zipfile
from typing import BinaryIO

from knowledge.reading.failures import UnreadableError

MEGABYTE = 1024 * 1024
MOST_PARTS = 10_000
START = 4096
LONGEST_DIRECTORY = 2 * MEGABYTE
MOST_UNPACKED_MEGABYTES = 400
SMALL_PART = 10 * MEGABYTE
MOST_RATIO = 250  # large sheets of equal rows reach 100; the packing ends at 1,032
WITHOUT_TEXT = ("word/media/", "xl/media/", "word/embeddings/", "xl/embeddings/", "word/fonts/")

_END = b"PK\x05\x06"


def names_in(stream: BinaryIO) -> list[str]:
    """The parts; UnreadableError when they are made to burst what unpacks them.

    What an archive says of itself binds: no part is unpacked further than its stated size.
    """
    _check_directory(stream)
    with zipfile.ZipFile(stream) as archive:
        parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableError("encrypted")
    read = [part for part in parts if not part.filename.startswith(WITHOUT_TEXT)]
    size = sum(part.file_size for part in read)
    is_packed_hard = any(part.file_size > SMALL_PART and _ratio(part) > MOST_RATIO for part in read)
    if len(parts) > MOST_PARTS or size > MOST_UNPACKED_MEGABYTES * MEGABYTE or is_packed_hard:
        raise _burst()
    return [part.filename for part in parts]


def refuse_declarations(stream: BinaryIO) -> None:
    """A part that declares a document type: no program writes one, and entities stand in it."""
    stream.seek(0)
    with zipfile.ZipFile(stream) as archive:
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                with archive.open(name) as part:
                    start = part.read(START).replace(b"\0", b"")
                if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
                    raise UnreadableError("dangerous_xml")
    stream.seek(0)


def _check_directory(stream: BinaryIO) -> None:
    """Its length stands at the end of the file; a list of a million parts is not even opened."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(size - 66_000, 0))
    _before, mark, end = stream.read().rpartition(_END)
    if mark and int.from_bytes(end[8:12], "little") > LONGEST_DIRECTORY:
        raise _burst()


def _ratio(part: zipfile.ZipInfo) -> float:
    return part.file_size / max(part.compress_size, 1)


def _burst() -> UnreadableError:
    return UnreadableError("unpacks_too_large", limit=MOST_UNPACKED_MEGABYTES)
