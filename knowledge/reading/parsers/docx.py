"""The text of a DOCX file: headings by their style, lists, tables row by row, text boxes too."""

import re
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO
from zipfile import BadZipFile

from docx import Document
from docx.document import Document as OpenDocument
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from lxml.etree import XMLSyntaxError

from knowledge.reading.archives import refuse_declarations
from knowledge.reading.cleaning import cleaned, in_one_line
from knowledge.reading.failures import UnreadableError
from knowledge.reading.sections import ENTRY, Block, row_of, sections_of

MOST_CELLS = 200

_HEADING = re.compile(r"(?:heading|título|titulo) ([1-9])\Z", re.IGNORECASE)
_P, _T, _TBL, _TR, _TC = (qn(f"w:{name}") for name in ("p", "t", "tbl", "tr", "tc"))
_BREAKS = {qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:tab"): " ", qn("w:noBreakHyphen"): "-"}
# Deleted text, field codes, and the second form of what stands there in a first one already.
_SILENT = frozenset({qn("w:del"), qn("w:instrText"), qn("w:moveFrom"), qn("w:pPr")})
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"


def parse(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    try:
        refuse_declarations(stream)
        document = Document(stream)
    except (OpcError, BadZipFile, XMLSyntaxError, zlib.error, KeyError, ValueError) as error:
        raise UnreadableError("damaged") from error
    yield {"title": in_one_line(document.core_properties.title or "")}
    levels = _levels_of_styles(document)
    for section in sections_of(_blocks(document.element.body, levels)):
        yield {"path": section.path, "text": section.text, "page": None}


def _levels_of_styles(document: OpenDocument) -> dict[str, int]:
    """By id; a style without a level of its own has that of the style it is based on."""
    styles = {style.style_id: style for style in document.styles}
    levels: dict[str, int] = {}
    for name, style in styles.items():
        seen: set[str] = set()
        above: Any = style
        while above is not None and above.style_id not in seen:
            seen.add(above.style_id)
            if level := _level_of_style(above):
                levels[name] = level
                break
            above = getattr(above, "base_style", None)
    return levels


def _level_of_style(style: Any) -> int:
    if (style.name or "").lower() == "title":
        return 1
    found = _HEADING.match(style.name or "")
    return int(found[1]) if found else _outline_level(style.element)


def _outline_level(element: Any) -> int:
    found = element.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
    value = found.get(qn("w:val"), "") if found is not None else ""
    return int(value) + 1 if value.isdigit() and int(value) < 9 else 0


def _blocks(body: Any, levels: dict[str, int]) -> Iterator[Block]:
    """Paragraphs and tables in their order, also those inside of content controls."""
    stack = [body]
    while stack:
        element = stack.pop()
        if element.tag == _P:
            yield _block_of(element, levels)
        elif element.tag == _TBL:
            yield from _rows(element)
        elif element.tag not in _SILENT:
            stack += reversed(element)


def _block_of(paragraph: Any, levels: dict[str, int]) -> Block:
    text = cleaned(_text_of(paragraph))
    properties = paragraph.find(qn("w:pPr"))
    style = properties.find(qn("w:pStyle")) if properties is not None else None
    name = style.get(qn("w:val"), "") if style is not None else ""
    level = _outline_level(paragraph) or levels.get(name, 0)
    if level and text:
        return Block(in_one_line(text), level)
    is_entry = properties is not None and properties.find(qn("w:numPr")) is not None
    is_entry = is_entry or name.lower().startswith(("list", "lista"))
    return Block(ENTRY + in_one_line(text) if is_entry and text else text)


def _rows(table: Any) -> Iterator[Block]:
    """A table inside of a cell is a part of the text of that cell."""
    for row in table.iterchildren(_TR):
        cells = [in_one_line(_text_of(cell)) for cell in row.iterchildren(_TC)][:MOST_CELLS]
        if len(cells) > 1 and any(cells):
            yield Block(row_of(cells))
        elif cells and cells[0]:
            yield Block(cells[0])


def _text_of(element: Any) -> str:
    pieces: list[str] = []
    stack = [element]
    while stack:
        part = stack.pop()
        if part.tag in _SILENT or part.tag == _FALLBACK:
            continue
        if part.tag == _T:
            pieces.append(part.text or "")
        elif part.tag == _P and pieces:
            pieces.append("\n")
        pieces.append(_BREAKS.get(part.tag, ""))
        stack += reversed(part)
    return "".join(pieces)
