"""XLSX: the rows of a sheet, read in a process of their own."""

from collections.abc import Iterator

from knowledge.reading.files import File
from knowledge.reading.isolation import parsed
from knowledge.reading.rows import Cell


def rows_of(file: File, sheet: str = "") -> Iterator[tuple[int, list[Cell]]]:
    """Of the sheet of that name, else of the first that is visible."""
    for found in parsed(file.stream, "xlsx", sheet=sheet):
        yield found["row"], found["cells"]
