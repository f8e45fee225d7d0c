"""Bytes to text: what encoding a file is in, found out from its first bytes or from all of them."""

import codecs
import re
from typing import BinaryIO

from knowledge.reading.failures import UnreadableError

PIECE = 1024 * 1024
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# The names pages give to their encoding. Python knows names that are no encoding of text at all.
NAMED = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
    "iso-8859-15": "iso-8859-15",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
SAMPLE = 64 * 1024
MOST_CONTROLS = 0.01  # of the bytes; a text has none, a damaged one a few

_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([\w-]{1,30})""", re.IGNORECASE)
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b")


def encoding_of(stream: BinaryIO, *, ending: str) -> str:
    """Leaves the stream at its beginning. UnreadableError when the content is no text."""
    stream.seek(0)
    start = stream.read(SAMPLE)
    encoding = _marked(start)
    if not encoding:
        _refuse_binary(start, ending=ending)
        encoding = _guessed(stream)
    stream.seek(0)
    return encoding


def decoded(content: bytes, *, ending: str, charset: str = "") -> str:
    """`charset` is what the server said about a page. UnreadableError when it is no text."""
    if marked := _marked(content):
        return content.decode(marked, errors="replace")
    _refuse_binary(content[:SAMPLE], ending=ending)
    found = _META.search(content[:2048])
    inside = found[1].decode("ascii", errors="replace") if found else ""
    named = NAMED.get(charset.strip("\"' ").lower()) or NAMED.get(inside.lower(), "utf-8")
    if named == "utf-8" or named.startswith("utf-16"):
        named = named if _fits(content, named) else _judged(_Tally(content))
    elif not content.isascii() and _fits(content, "utf-8"):
        named = "utf-8"  # servers name what they were once set to
    return content.decode(named, errors="replace")


def _refuse_binary(start: bytes, *, ending: str) -> None:
    controls = len(start) - len(start.translate(None, _CONTROLS))
    if controls > max(len(start) * MOST_CONTROLS, 3):
        raise UnreadableError("binary", ending=ending)


def _marked(start: bytes) -> str:
    return next((name for mark, name in MARKS if start.startswith(mark)), "")


def _fits(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


class _Tally:
    """How much of a content is UTF-8: characters beyond ASCII that are, and bytes that are not."""

    def __init__(self, content: bytes = b"") -> None:
        self.good = self.bad = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.add(content)

    def add(self, piece: bytes) -> None:
        if piece.isascii() and not self._decoder.getstate()[0]:
            return
        text = self._decoder.decode(piece)  # a character cut off at the end counts for neither
        bad = text.count("\ufffd")
        self.bad += bad
        self.good += len(text) - len(text.encode("ascii", "ignore")) - bad


def _guessed(stream: BinaryIO) -> str:
    tally = _Tally()
    stream.seek(0)
    while piece := stream.read(PIECE):
        tally.add(piece)
    return _judged(tally)


def _judged(tally: _Tally) -> str:
    """One broken character does not make a long text in UTF-8 one of an old Windows."""
    return "utf-8" if tally.bad == 0 or tally.good > 4 * tally.bad else "cp1252"
