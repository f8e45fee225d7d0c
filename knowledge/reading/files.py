"""A file as it comes in: its kind by name, the same by content, and the most that is read of it."""

import io
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import BinaryIO

from knowledge.reading import archives
from knowledge.reading.failures import UnreadableError

MEGABYTE = 1024 * 1024
TABLES = ("csv", "xlsx", "jsonl")
TEXTS = ("md", "html", "txt", "pdf", "docx")
ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".md": "md",
    ".markdown": "md",
    ".html": "html",
    ".htm": "html",
    ".txt": "txt",
    ".pdf": "pdf",
    ".docx": "docx",
}
# Tables are read row by row, so their size costs time only; the others are held as a whole.
MOST_MEGABYTES = {
    "csv": 100,
    "jsonl": 100,
    "xlsx": 50,
    "pdf": 50,
    "docx": 50,
    "html": 5,
    "md": 10,
    "txt": 10,
}
NAMES = {"pdf": "PDF", "docx": "Word (.docx)", "xlsx": "Excel (.xlsx)", "zip": "ZIP"}
NAMES |= {"html": "HTML", "picture": "JPEG, PNG, GIF", "gzip": "GZIP"}
START = 4096

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SIGNATURES = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
)
_HTML = re.compile(rb"\s*(<!--.{0,500}?-->\s*)?<(!doctype\s+html|html[\s>])", re.IGNORECASE | re.S)


@dataclass(frozen=True, slots=True)
class File:
    """Name and content of an upload. The stream can be read again from its beginning."""

    name: str
    stream: BinaryIO = field(repr=False)

    @classmethod
    def of(cls, name: str, content: bytes) -> "File":
        return cls(name, io.BytesIO(content))

    @property
    def ending(self) -> str:
        return PurePath(self.name).suffix.lower()

    def start(self) -> bytes:
        self.stream.seek(0)
        return self.stream.read(START)


def table_kind(file: File) -> str:
    """csv, xlsx or jsonl, with size and content checked. UnreadableError for all else."""
    return _checked_kind(file, TABLES, otherwise="not_a_table")


def text_kind(file: File) -> str:
    """md, html, txt, pdf or docx, with size and content checked. UnreadableError for all else."""
    return _checked_kind(file, TEXTS, otherwise="not_a_text")


def endings_of(kinds: tuple[str, ...]) -> str:
    return ", ".join(ending for ending, kind in ENDINGS.items() if kind in kinds)


def _checked_kind(file: File, wanted: tuple[str, ...], *, otherwise: str) -> str:
    kind = ENDINGS.get(file.ending, "")
    if not kind:
        raise UnreadableError(
            "unknown_kind", ending=file.ending or file.name[-20:], known=endings_of(wanted)
        )
    if kind not in wanted:
        raise UnreadableError(otherwise, known=endings_of(wanted))
    _check_size(file, kind)
    _check_content(file, kind)
    return kind


def _check_size(file: File, kind: str) -> None:
    size = file.stream.seek(0, io.SEEK_END)
    if size > MOST_MEGABYTES[kind] * MEGABYTE:
        raise UnreadableError("too_large", limit=MOST_MEGABYTES[kind])
    if size == 0:
        raise UnreadableError("empty")


def _check_content(file: File, kind: str) -> None:
    start = file.start()
    if start.startswith(_OLE):
        raise UnreadableError("encrypted" if _is_encrypted_office(file) else "old_office")
    content = _kind_inside(file, start)
    is_page = content == "html" and kind == "md"
    if content and content != kind and not is_page:
        raise UnreadableError("wrong_ending", ending=file.ending, content=NAMES[content])
    if not content and kind in {"pdf", "docx", "xlsx"}:
        raise UnreadableError("damaged")


def _kind_inside(file: File, start: bytes) -> str:
    """By signature; empty when there is none, as texts have none."""
    if b"%PDF-" in start[:1024]:
        return "pdf"
    found = next((kind for mark, kind in _SIGNATURES if start.startswith(mark)), "")
    if found == "zip":
        return _kind_of_archive(file)
    return "html" if not found and _HTML.match(start) else found


def _kind_of_archive(file: File) -> str:
    try:
        names = archives.names_in(file.stream)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise UnreadableError("damaged") from error
    if any(name.startswith("word/") for name in names):
        return "docx"
    return "xlsx" if any(name.startswith("xl/") for name in names) else "zip"


def _is_encrypted_office(file: File) -> bool:
    """New Office wraps a protected file into the container of the old one."""
    file.stream.seek(0)
    return "EncryptedPackage".encode("utf-16-le") in file.stream.read(MEGABYTE)
