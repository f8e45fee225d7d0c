"""Tables out of CSV, XLSX and JSONL files, row by row with constant memory."""

import itertools
from collections.abc import Iterable, Iterator

from knowledge.reading import delimited, json_lines, spreadsheets
from knowledge.reading.failures import UnreadableError
from knowledge.reading.files import File, table_kind
from knowledge.reading.rows import MOST_COLUMNS, Cell, Problem, Row, Table
from knowledge.reading.sentences import too_many_cells


def read_table(file: File, *, sheet: str = "") -> Table:
    """Columns at once, rows lazily; the first row that holds anything names the columns.

    A row that cannot be read is a row with problems. UnreadableError when there is no table.
    """
    kind = table_kind(file)
    if kind == "jsonl":
        return json_lines.read(file)
    numbered = delimited.rows_of(file) if kind == "csv" else spreadsheets.rows_of(file, sheet)
    return _with_header(numbered)


def _with_header(rows: Iterator[tuple[int, list[Cell]] | Problem]) -> Table:
    for row in rows:
        if isinstance(row, Problem):
            raise UnreadableError("header_too_long", limit=delimited.LONGEST_ROW)
        columns = _names(row[1])
        if any(columns):
            return Table(tuple(filter(None, columns)), _rows(columns, rows))
    raise UnreadableError("no_header")


def _names(cells: list[Cell]) -> list[str]:
    """A name used twice gets a number; a column without name is not read."""
    if len(cells) > MOST_COLUMNS:
        raise UnreadableError("too_many_columns", limit=MOST_COLUMNS)
    names: list[str] = []
    for cell in cells:
        name = " ".join(str("" if cell is None else cell).split())[:200]
        numbered = (f"{name} ({number})" for number in itertools.count(2))
        free = (each for each in itertools.chain([name], numbered) if each not in names)
        names.append(next(free) if name else "")
    return names


def _rows(columns: list[str], rows: Iterable[tuple[int, list[Cell]] | Problem]) -> Iterator[Row]:
    for row in rows:
        if isinstance(row, Problem):
            yield Row(row.row, problems=(row,))
            continue
        number, cells = row
        if not any(_is_filled(cell) for cell in cells):
            continue
        named = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
        surplus = [str(cell) for cell in cells[len(columns) :] if _is_filled(cell)]
        yield Row(number, named, _problems(number, surplus, len(columns)))


def _problems(number: int, surplus: list[str], width: int) -> tuple[Problem, ...]:
    if not surplus:
        return ()
    return (Problem(number, "", surplus[0][:80], too_many_cells(width)),)


def _is_filled(cell: Cell) -> bool:
    return cell is not None and cell != ""
