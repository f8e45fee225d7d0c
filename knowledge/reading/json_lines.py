"""JSONL: one JSON object per line, each of them a row."""

import io
import itertools
import json
from collections.abc import Iterator
from typing import Any

from knowledge.reading.cleaning import cleaned
from knowledge.reading.decoding import encoding_of
from knowledge.reading.failures import UnreadableError
from knowledge.reading.files import File
from knowledge.reading.rows import MOST_COLUMNS, Cell, Problem, Row, Table
from knowledge.reading.sentences import one_object

LONGEST_LINE = 1_000_000
ROWS_FOR_NAMES = 200


def read(file: File) -> Table:
    """Columns are the names that the first rows use."""
    rows = _rows(file)
    first = list(itertools.islice(rows, ROWS_FOR_NAMES))
    names = list(dict.fromkeys(name for row in first for name in row.cells))
    if not names:
        raise UnreadableError("not_json_lines" if first else "no_header")
    if len(names) > MOST_COLUMNS:
        raise UnreadableError("too_many_columns", limit=MOST_COLUMNS)
    return Table(tuple(names), itertools.chain(first, rows))


def _rows(file: File) -> Iterator[Row]:
    encoding = encoding_of(file.stream, ending=file.ending)
    text = io.TextIOWrapper(file.stream, encoding, errors="replace")
    try:
        for number in itertools.count(1):
            line = text.readline(LONGEST_LINE)
            if not line:
                return
            if line.strip():
                yield _row(number, line)
            while len(line) == LONGEST_LINE and not line.endswith("\n"):
                line = text.readline(LONGEST_LINE)
    finally:
        if not file.stream.closed:
            text.detach()  # it would close the file at its end


def _row(number: int, line: str) -> Row:
    try:
        value = _cleaned(json.loads(line, parse_constant=_refuse))
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return Row(number, value)
    return Row(number, problems=(Problem(number, "", cleaned(line[:80]), one_object()),))


def _refuse(constant: str) -> None:
    """Python reads NaN and Infinity, which are no JSON and break databases."""
    raise ValueError(constant)


def _cleaned(value: Any) -> Cell:
    if isinstance(value, str):
        return cleaned(value)
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    if isinstance(value, dict):
        return {cleaned(name)[:200]: _cleaned(each) for name, each in value.items()}
    return value
