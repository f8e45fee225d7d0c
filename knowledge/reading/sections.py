"""A text as an ordered list of sections, and the little that is left of its form.

In the text of a section an empty line ends a paragraph, an entry of a list begins with "- ", and a
row of a table with "| ", the first one being its header.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

ENTRY = "- "
ROW = "| "


@dataclass(frozen=True, slots=True)
class Section:
    """`path` are the headings above the text, the outermost first."""

    path: tuple[str, ...]
    text: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A heading with its level from 1, or with level 0 a paragraph, an entry or a row.

    A heading without text ends those of its level and below.
    """

    text: str
    level: int = 0
    page: int | None = None


def sections_of(blocks: Iterable[Block]) -> Iterator[Section]:
    """A section ends at each heading and at each page. Headings without text leave no section."""
    open_headings: list[tuple[int, str]] = []
    texts: list[str] = []
    page: int | None = None
    for block in blocks:
        if texts and (block.level or block.page != page):
            yield _section(open_headings, texts, page)
            texts = []
        page = block.page
        if block.level:
            open_headings = [pair for pair in open_headings if pair[0] < block.level]
            open_headings += [(block.level, block.text)] if block.text else []
        elif block.text:
            texts.append(block.text)
    if texts:
        yield _section(open_headings, texts, page)


def row_of(cells: Iterable[str]) -> str:
    """A row of a table as a line."""
    return ROW + " | ".join(" ".join(cell.replace("|", "/").split()) for cell in cells)


def _section(headings: list[tuple[int, str]], texts: list[str], page: int | None) -> Section:
    return Section(tuple(text for _level, text in headings), _joined(texts), page)


def _joined(texts: list[str]) -> str:
    """Entries and rows of one list or table stand on neighbouring lines."""
    joined = [texts[0]]
    for before, text in itertools.pairwise(texts):
        is_same = text[:2] in (ENTRY, ROW) and before[:2] == text[:2]
        joined += ["\n" if is_same else "\n\n", text]
    return "".join(joined)
