"""The rows of one sheet of an XLSX file: values, never formulas."""

import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook

from knowledge.reading.archives import refuse_declarations
from knowledge.reading.cleaning import cleaned
from knowledge.reading.failures import UnreadableError
from knowledge.reading.rows import MOST_COLUMNS


def parse(stream: BinaryIO, *, sheet: str = "") -> Iterator[dict[str, Any]]:
    try:
        refuse_declarations(stream)
        book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        chosen = _choose(book, sheet)
        chosen.reset_dimensions()  # files state millions of columns that they do not have
        for number, cells in enumerate(chosen.iter_rows(values_only=True), start=1):
            values = _values(cells)
            if values:
                yield {"row": number, "cells": values}
    except DefusedXmlException as error:
        raise UnreadableError("dangerous_xml") from error
    except (BadZipFile, ParseError, zlib.error, KeyError, ValueError, TypeError) as error:
        raise UnreadableError("damaged") from error


def _choose(book: Any, wanted: str) -> Any:
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if wanted and wanted not in sheets:
        raise UnreadableError("unknown_sheet", sheet=wanted[:100], sheets=", ".join(sheets)[:500])
    visible = [sheet for sheet in sheets.values() if sheet.sheet_state == "visible"]
    if not visible and not wanted:
        raise UnreadableError("no_sheet")
    return sheets[wanted] if wanted else visible[0]


def _values(cells: tuple[Any, ...]) -> list[Any]:
    """Without the empty ones at the end."""
    values = [_value(cell) for cell in cells]
    while values and values[-1] in (None, ""):
        values.pop()
    if len(values) > MOST_COLUMNS:
        raise UnreadableError("too_many_columns", limit=MOST_COLUMNS)
    return values


def _value(cell: Any) -> Any:
    if isinstance(cell, str):
        return cleaned(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, date | datetime | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return cell
