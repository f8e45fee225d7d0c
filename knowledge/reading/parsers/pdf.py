"""The text of a PDF file page by page: headings by their size, without running heads and feet."""

import ctypes
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, BinaryIO

from pypdfium2 import PdfDocument, PdfiumError, raw

from knowledge.reading.cleaning import cleaned, in_one_line
from knowledge.reading.failures import UnreadableError
from knowledge.reading.sections import ENTRY, Block, sections_of

MOST_PAGES = 3_000  # a page takes two to five milliseconds, so this stays within the parser's time
LONGEST_HEADING = 150
LONGEST_PARAGRAPH = 5_000  # what goes on longer is no paragraph, and joining it takes its square
HEADING_RATIO = 1.15  # to the size of most of the text
HEADING_SIZES = 4
EDGE_LINES = 3  # at the top and the bottom, where heads and feet are looked for
REPEATED = 0.4  # of the pages: left and right ones may have heads of their own
FEWEST_REPEATS = 3
GAP = 1.75  # in heights of a line, from which on a new paragraph begins

_HYPHEN = "\ufffe\x02"  # how the engine marks a hyphen at the end of a line
_ENTRY = re.compile(r"[•·▪●○◦■–—*-]\s+(?=\S)")
_NUMBERED = re.compile(r"(?:[0-9]{1,3}|[a-z])[.)]\s+\S")
_BROKEN_WORD = re.compile(r"([^\W\d_])-\n([^\W\d_]+)")
_PRONOUNS = frozenset(
    {"se", "me", "te", "nos", "vos", "lo", "la", "los", "las", "lhe", "lhes", "no", "na", "nas"}
    | {"o", "a", "os", "as", "chuva", "feira"}
)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    height: float
    bottom: float


def parse(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    document = _open(stream.read())
    count = len(document)
    pages = [_lines_of(document, index) for index in range(min(count, MOST_PAGES))]
    yield {"title": _title(document)}
    yield from _notices(pages, count)
    for section in sections_of(_blocks(_without_edges(pages))):
        yield {"path": section.path, "text": section.text, "page": section.page}


def _open(content: bytes) -> Any:
    try:
        return PdfDocument(content)
    except PdfiumError as error:
        is_locked = error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise UnreadableError("encrypted" if is_locked else "damaged") from error


def _title(document: Any) -> str:
    title = in_one_line(document.get_metadata_dict().get("Title") or "")
    title = title.removeprefix("Microsoft Word - ")
    return "" if re.search(r"\.\w{2,4}\Z", title) else title


def _notices(pages: list[list[_Line]], count: int) -> Iterator[dict[str, Any]]:
    empty = sum(not page for page in pages)
    if empty == len(pages):
        raise UnreadableError("no_text")
    if count > len(pages):
        yield {"notice": "more_pages", "words": {"limit": len(pages), "pages": count}}
    if empty:
        words = {"count": empty, "pages": len(pages)}
        yield {"notice": "pages_without_text", "words": words}


def _lines_of(document: Any, index: int) -> list[_Line]:
    """Empty when the page cannot be read."""
    try:
        page = document[index]
        text_page = page.get_textpage()
    except PdfiumError:
        return []
    try:
        text = text_page.get_text_range()
        return list(_measured(text_page, text))
    finally:
        text_page.close()
        page.close()


def _measured(text_page: Any, text: str) -> Iterator[_Line]:
    start = 0
    for line in re.split(r"(?<=\n)", _with_hyphens(text)):
        first = start + len(line) - len(line.lstrip())
        start += len(line)
        if line.strip():
            yield _Line(line.strip(), *_box(text_page, first))


def _with_hyphens(text: str) -> str:
    """As many characters as before, for their places are asked for."""
    for mark in _HYPHEN:
        text = text.replace(mark, "\u00ad")
    return text


def _box(text_page: Any, place: int) -> tuple[float, float]:
    """Height and lower edge of a character. The nominal size says little: pages are scaled."""
    box = raw.FS_RECTF()
    index = raw.FPDFText_GetCharIndexFromTextIndex(text_page, place)
    raw.FPDFText_GetLooseCharBox(text_page, index, ctypes.byref(box))
    return round(box.top - box.bottom, 1), box.bottom


def _without_edges(pages: list[list[_Line]]) -> list[list[_Line]]:
    usual = _usual_height(pages)
    keyed = [[_key(line, usual) for line in page] for page in pages]
    least = max(FEWEST_REPEATS, len(pages) * REPEATED)
    heads = Counter(key for keys in keyed for key in set(keys[:EDGE_LINES]))
    feet = Counter(key for keys in keyed for key in set(keys[-EDGE_LINES:]))
    kept = []
    for page, keys in zip(pages, keyed, strict=True):
        dropped = {number for number, key in enumerate(keys[:EDGE_LINES]) if heads[key] >= least}
        first = max(len(keys) - EDGE_LINES, 0)
        dropped |= {number for number, key in enumerate(keys[first:], first) if feet[key] >= least}
        kept.append([line for number, line in enumerate(page) if number not in dropped])
    return kept


def _key(line: _Line, usual: float) -> str:
    """The same on each page, whatever its number is. Chapter 1 and Chapter 2 are headings."""
    is_heading = line.height > usual * HEADING_RATIO
    return line.text if is_heading else re.sub(r"\d+", "#", line.text)


def _usual_height(pages: list[list[_Line]]) -> float:
    """That of most of the text."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[line.height] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _blocks(pages: list[list[_Line]]) -> Iterator[Block]:
    levels = _levels(pages)
    open_block: Block | None = None
    for number, page in enumerate(pages, start=1):
        for lines in _paragraphs(page, levels):
            block = _block(lines, levels, number)
            if open_block and _goes_on(open_block, block):
                text = _rejoined(f"{open_block.text}\n{block.text}")
                open_block = Block(text, open_block.level, open_block.page)
                continue
            if open_block:
                yield open_block
            open_block = block
    if open_block:
        yield open_block


def _levels(pages: list[list[_Line]]) -> dict[float, int]:
    """The sizes above that of most of the text, as levels of headings."""
    least = _usual_height(pages) * HEADING_RATIO
    larger = {line.height for page in pages for line in page if line.height > least}
    sizes = sorted(larger, reverse=True)
    return {size: min(level, HEADING_SIZES) for level, size in enumerate(sizes, start=1)}


def _paragraphs(page: list[_Line], levels: dict[float, int]) -> Iterator[list[_Line]]:
    if not page:
        return
    lines = [page[0]]
    for before, line in pairwise(page):
        if _is_new(before, line, levels):
            yield lines
            lines = []
        lines.append(line)
    yield lines


def _is_new(before: _Line, line: _Line, levels: dict[float, int]) -> bool:
    is_other_kind = levels.get(before.height, 0) != levels.get(line.height, 0)
    is_far = before.bottom - line.bottom > GAP * max(before.height, line.height, 1.0)
    is_marked = bool(_ENTRY.match(line.text) or _NUMBERED.match(line.text))
    return is_other_kind or is_far or is_marked


def _block(lines: list[_Line], levels: dict[float, int], page: int) -> Block:
    text = _rejoined("\n".join(line.text for line in lines))
    level = levels.get(lines[0].height, 0)
    if level and len(text) <= LONGEST_HEADING and any(letter.isalpha() for letter in text):
        return Block(text, level, page)
    found = _ENTRY.match(text)
    return Block(ENTRY + text[found.end() :] if found else text, 0, page)


def _goes_on(block: Block, following: Block) -> bool:
    """A paragraph that the end of a page or a wide gap cut in the middle of a sentence."""
    is_text = not block.level and not following.level and not following.text.startswith(ENTRY)
    is_open = is_text and len(block.text) < LONGEST_PARAGRAPH
    return is_open and block.text[-1:] not in '.!?:;…"”' and following.text[:1].islower()


def _rejoined(text: str) -> str:
    """The engine joins two lines at the hyphen between them."""
    return in_one_line(_BROKEN_WORD.sub(_word, cleaned(text.replace("\u00ad", "-\n"))))


def _word(found: re.Match[str]) -> str:
    """Hyphens before pronouns belong to the word: entregar-se."""
    is_own = found[2].lower() in _PRONOUNS or found[2][0].isupper()
    return f"{found[1]}{'-' if is_own else ''}{found[2]}"
