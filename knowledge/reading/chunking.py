"""Sections of a text as passages to be found: small enough to be one answer, never half a sentence.

The same sections always give the same passages.
"""

import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from knowledge.reading.sections import ENTRY, ROW, Section
from knowledge.reading.splitting import split_sentences

FEWEST_WORDS = 80  # below it a passage takes a part of the next paragraph
USUAL_WORDS = 160
MOST_WORDS = 180
LONG_WORD = 20  # what has no spaces counts as one word for so many characters
LONG_PARAGRAPH = 2_000
SMALL_SECTION = 40  # words; neighbours below it share a passage
MOST_OVERLAP = 30
LONGEST_HEADER = 60
LONGEST_TITLE = 300
BETWEEN_TITLES = " › "

_WORD = re.compile(rf"\S{{1,{LONG_WORD}}}\s*")


@dataclass(frozen=True, slots=True)
class Passage:
    """`title` are the headings above; `page` is where the passage begins."""

    title: str
    text: str
    page: int | None = None

    @property
    def whole(self) -> str:
        return f"{self.title}\n{self.text}" if self.title else self.text


@dataclass(frozen=True, slots=True)
class _Unit:
    """A paragraph, an entry of a list or a row; of a row with the header of its table."""

    text: str
    page: int | None
    header: str = ""


_Group = tuple[tuple[str, ...], list[_Unit]]


def passages(sections: Iterable[Section], *, title: str = "") -> Iterator[Passage]:
    """None is longer than MOST_WORDS. `title` stands above headings that do not begin with it."""
    for path, units in _groups(sections):
        named = path if not title or path[:1] == (title,) else (title, *path)
        for packed in _packed(deque(units)):
            yield Passage(_title_of(named), _text_of(packed), packed[0].page)


def _groups(sections: Iterable[Section]) -> Iterator[_Group]:
    """What stands under the same headings is one text, and so are small sections side by side."""
    small: list[_Group] = []
    for path, same in itertools.groupby(sections, key=lambda section: section.path):
        group = path, [unit for section in same for unit in _units(section)]
        is_small = _is_small(group)
        if small and not (is_small and path[:-1] == small[0][0][:-1]):
            yield _shared(small)
            small = []
        if is_small:
            small.append(group)
        else:
            yield group
    if small:
        yield _shared(small)


def _is_small(group: _Group) -> bool:
    """A question stays alone with its answer, however short that is."""
    path, units = group
    is_question = not path or path[-1].endswith("?")
    return not is_question and sum(_size(unit.text) for unit in units) < SMALL_SECTION


def _shared(groups: list[_Group]) -> _Group:
    if len(groups) == 1:
        return groups[0]
    units = [
        _Unit(f"{path[-1]}: {_text_of(units)}", units[0].page) for path, units in groups if units
    ]
    return groups[0][0][:-1], units


def _units(section: Section) -> Iterator[_Unit]:
    for paragraph in section.text.split("\n\n"):
        lines = paragraph.split("\n")
        if len(lines) > 1 and lines[0].startswith(ROW):
            header = lines.pop(0) if _size(lines[0]) <= LONGEST_HEADER else ""
            yield from (_Unit(line, section.page, header) for line in lines)
        elif lines[0].startswith(ENTRY):
            yield from (_Unit(line, section.page) for line in lines if line)
        elif paragraph.strip():
            yield from (_Unit(part, section.page) for part in _parts(paragraph))


def _parts(paragraph: str) -> list[str]:
    """One, unless it is so long that looking at the rest of it after each cut would take long."""
    if _size(paragraph) <= LONG_PARAGRAPH:
        return [paragraph]
    pieces = [piece for sentence in split_sentences(paragraph) for piece in _short(sentence)]
    sizes = itertools.accumulate(map(_size, pieces))
    parts: dict[int, list[str]] = {}
    for piece, size in zip(pieces, sizes, strict=True):
        parts.setdefault(size // LONG_PARAGRAPH, []).append(piece)
    return ["".join(part).strip() for part in parts.values()]


def _short(sentence: str) -> list[str]:
    if _size(sentence) <= MOST_WORDS:
        return [sentence]
    words = _words(sentence)
    return ["".join(words[at : at + MOST_WORDS]) for at in range(0, len(words), MOST_WORDS)]


def _packed(units: deque[_Unit]) -> Iterator[list[_Unit]]:
    """Filled evenly: two of 95 words rather than one of 180 and one of 10."""
    left = sum(_size(unit.text) for unit in units)
    aim = max(FEWEST_WORDS, left / max(-(-left // USUAL_WORDS), 1))
    packed: list[_Unit] = []
    size = 0
    while units:
        unit = units.popleft()
        cost = _cost(packed, unit)
        is_full = size >= aim and size + left > MOST_WORDS
        if size + cost <= MOST_WORDS and not is_full:
            packed.append(unit)
            size += cost
            left -= _size(unit.text)
            continue
        head, tail = _cut(unit, MOST_WORDS - size, packed) if size < FEWEST_WORDS else (None, unit)
        if head:
            packed.append(head)
        left += _size(tail.text) - _size(unit.text)
        units.appendleft(tail)
        yield packed
        packed, size = [], 0
    if packed:
        yield packed


def _cost(packed: list[_Unit], unit: _Unit) -> int:
    is_first_row = unit.header and (not packed or packed[-1].header != unit.header)
    return _size(unit.text) + (_size(unit.header) if is_first_row else 0)


def _cut(unit: _Unit, room: int, packed: list[_Unit]) -> tuple[_Unit | None, _Unit]:
    """At the end of a sentence, which the rest then begins with once more if it is short.

    Only what stands alone, and still is too long, is cut elsewhere. Rows are cut as a last resort.
    """
    pieces = [] if unit.text.startswith(ROW) else split_sentences(unit.text)
    count = _fitting(pieces, room)
    if not count and packed:
        return None, unit
    if not count:
        return _cut_at_word(unit, room - _size(unit.header))
    is_repeated = count > 1 and _size(pieces[count - 1]) <= MOST_OVERLAP
    rest = pieces[count - is_repeated :]
    return _part(unit, pieces[:count]), _part(unit, rest)


def _cut_at_word(unit: _Unit, room: int) -> tuple[_Unit, _Unit]:
    words = _words(unit.text)
    return _part(unit, words[:room]), _part(unit, words[room:])


def _part(unit: _Unit, pieces: list[str]) -> _Unit:
    return replace(unit, text="".join(pieces).strip())


def _fitting(pieces: list[str], room: int) -> int:
    sizes = itertools.accumulate(map(_size, pieces))
    return sum(1 for _ in itertools.takewhile(lambda size: size <= room, sizes))


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _size(text: str) -> int:
    """In words."""
    return sum(-(-len(word) // LONG_WORD) for word in text.split())


def _text_of(units: list[_Unit]) -> str:
    text = ""
    before: _Unit | None = None
    for unit in units:
        is_same_table = bool(unit.header and before and before.header == unit.header)
        is_same_list = bool(before and unit.text[:2] == before.text[:2] == ENTRY)
        glue = "" if before is None else "\n" if is_same_table or is_same_list else "\n\n"
        header = f"{unit.header}\n" if unit.header and not is_same_table else ""
        text += glue + header + unit.text
        before = unit
    return text


def _title_of(path: tuple[str, ...]) -> str:
    title = BETWEEN_TITLES.join(path)
    return title if len(title) <= LONGEST_TITLE else f"…{title[1 - LONGEST_TITLE :]}"
