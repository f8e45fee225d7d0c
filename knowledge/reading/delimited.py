"""CSV as programs really write it: any separator, any encoding, open quotation marks."""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator

from knowledge.reading.cleaning import cleaned
from knowledge.reading.decoding import encoding_of
from knowledge.reading.failures import UnreadableError
from knowledge.reading.files import File
from knowledge.reading.rows import Problem
from knowledge.reading.sentences import too_long_row

SEPARATORS = ";,\t|"
LONGEST_ROW = 1_000_000
SAMPLE_CHARACTERS = 64 * 1024
SAMPLE_ROWS = 50
# After an open quotation mark reading begins again on the next line, which costs up to a row each.
MOST_RETURNS = 20

_NAMED_SEPARATOR = re.compile(r"sep=(.)[\r\n]+", re.IGNORECASE)


def rows_of(file: File) -> Iterator[tuple[int, list[str]] | Problem]:
    """Each row with the line on which it begins."""
    encoding = encoding_of(file.stream, ending=file.ending)
    text = io.TextIOWrapper(file.stream, encoding, errors="replace", newline="")
    try:
        sample = text.read(SAMPLE_CHARACTERS)
        text.seek(0)
        yield from _rows(_Lines(text), sample)
    finally:
        if not file.stream.closed:
            text.detach()  # it would close the file at its end


def _rows(lines: "_Lines", sample: str) -> Iterator[tuple[int, list[str]] | Problem]:
    named = _NAMED_SEPARATOR.match(sample)  # Excel's own first line
    if named:
        next(lines)
    reader = csv.reader(lines, delimiter=named[1] if named else _separator(sample))
    returns = 0
    while True:
        lines.begin_row()
        first = lines.number + 1
        try:
            cells = _next_row(reader, lines)
        except (csv.Error, _RowTooLongError):
            returns += 1
            if returns > MOST_RETURNS:
                raise UnreadableError("open_quotes", line=first) from None
            yield Problem(first, "", cleaned(lines.taken[0][:80]), too_long_row(LONGEST_ROW))
            lines.return_to_second()
            continue
        if cells is None:
            return
        yield first, [cleaned(cell) for cell in cells]


def _next_row(reader: Iterator[list[str]], lines: "_Lines") -> list[str] | None:
    cells = next(reader, None)
    if cells is not None and lines.is_open_at_end():
        raise _RowTooLongError
    return cells


def _separator(sample: str) -> str:
    """The one that cuts most rows into as many cells as the first."""
    return max(SEPARATORS, key=lambda separator: _fit(sample, separator))


def _fit(sample: str, separator: str) -> tuple[float, int]:
    lines = sample.splitlines(keepends=True)[: SAMPLE_ROWS * 4]
    if len(sample) == SAMPLE_CHARACTERS and len(lines) > 1:
        lines.pop()  # cut off in the middle
    try:
        rows = [row for row in csv.reader(lines, delimiter=separator) if any(row)][:SAMPLE_ROWS]
    except csv.Error:
        return 0.0, 0
    width = len(rows[0]) if rows else 0
    if width < 2:
        return 0.0, 0
    return sum(len(row) == width for row in rows) / len(rows), width


class _RowTooLongError(Exception):
    """A row that has no end within what is allowed for one."""


class _Lines:
    """The lines of a text, and which of them belong to the present row."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.number = 0  # of the line read last
        self.taken: list[str] = []
        self._size = 0
        self._text = text
        self._given_back: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._given_back.popleft() if self._given_back else self._read()
        if not line:
            raise StopIteration
        self.number += 1
        self._size += len(line)
        self.taken.append(line)
        if self._size >= LONGEST_ROW:
            raise _RowTooLongError
        return line

    def begin_row(self) -> None:
        self.taken = []
        self._size = 0

    def return_to_second(self) -> None:
        """Only the first line of the present row belonged to it after all."""
        self._given_back.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1

    def is_open_at_end(self) -> bool:
        """The row goes on to the end of the file because its quotation mark is never closed."""
        if len(self.taken) < 2 or sum(line.count('"') for line in self.taken) % 2 == 0:
            return False
        if not self._given_back and (line := self._read()):
            self._given_back.append(line)
        return not self._given_back

    def _read(self) -> str:
        """A line; of one that is too long the first piece, and the rest is gone."""
        line = piece = self._text.readline(LONGEST_ROW)
        while len(piece) == LONGEST_ROW and not piece.endswith(("\n", "\r")):
            piece = self._text.readline(LONGEST_ROW)
        return line
