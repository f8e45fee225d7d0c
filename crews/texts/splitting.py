"""Cuts a text into bubbles: at paragraphs first, then lines, sentences, words, and anywhere."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from crews.texts.markdown import sections

# What begins with one of these would be read as a heading, an item, a quote or a rule.
FAIR_START = r"(?=\S)(?![#>\-*+=~|`–]|\d{1,9}[.)])"
LINES = re.compile(r"(?<=\S)(\n+)(?=\S)")
SENTENCES = re.compile(rf"(?<=[.!?…])(\s+){FAIR_START}")
WORDS = re.compile(rf"(?<=\S)(\s+){FAIR_START}")
BREAKS = (LINES, SENTENCES, WORDS)
GOES_WITH_THE_LINE_ABOVE = re.compile(r" |[-*+–•] |\d{1,9}[.)] ")
TITLE = re.compile(r"\*\*[^*\n]+\*\*")
JOINER = "\u200d"

Size = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Piece:
    """`gap` is what stands before it, unless it begins a bubble."""

    gap: str
    text: str


def parted(text: str, *, most: int, longest: int, size: Size) -> tuple[str, ...]:
    """At most so many parts, alike in length; more when one would be longer than allowed."""
    pieces = [
        small
        for piece in _paragraphs(text)
        for small in _fitting(piece, BREAKS, longest=longest, size=size)
    ]
    if len(pieces) <= max(most, 1):
        return tuple(piece.text for piece in pieces)
    sizes = [(size(piece.gap), size(piece.text)) for piece in pieces]
    room = bisect_left(
        range(longest), True, key=lambda room: len(_starts(sizes, room)) <= max(most, 1)
    )
    return _joined(pieces, _starts(sizes, room))


def _paragraphs(text: str) -> list[Piece]:
    """A list stays with the line above it, and a heading with what is below."""
    pieces: list[Piece] = []
    for block in _blocks(text):
        if pieces and _belong_together(pieces[-1].text, block):
            pieces[-1] = Piece(pieces[-1].gap, f"{pieces[-1].text}\n\n{block}")
        else:
            pieces.append(Piece("\n\n", block))
    return pieces


def _blocks(text: str) -> Iterator[str]:
    """What stands between empty lines; those within code are part of it."""
    block: list[str] = []
    for fence, lines in sections(text):
        for line in lines:
            if line or fence:
                block.append(line)
            elif block:
                yield "\n".join(block)
                block = []
    if block:
        yield "\n".join(block)


def _belong_together(above: str, below: str) -> bool:
    if GOES_WITH_THE_LINE_ABOVE.match(below):
        return True
    last = above[above.rfind("\n") + 1 :]
    return last.endswith(":") or bool(TITLE.fullmatch(last))


def _fitting(
    piece: Piece, breaks: Sequence[re.Pattern[str]], *, longest: int, size: Size
) -> Iterator[Piece]:
    if size(piece.text) <= longest:
        yield piece
    elif not breaks:
        yield from _cut(piece, longest=longest, size=size)
    else:
        parts = ["", *breaks[0].split(piece.text)]
        for gap, text in zip(parts[::2], parts[1::2], strict=True):
            small = Piece(gap or piece.gap, text)
            yield from _fitting(small, breaks[1:], longest=longest, size=size)


def _cut(piece: Piece, *, longest: int, size: Size) -> Iterator[Piece]:
    gap, start, text = piece.gap, 0, piece.text
    while start < len(text):
        end = _end_of_part(text, start, longest=longest, size=size)
        yield Piece(gap, text[start:end])
        gap, start = "", end


def _end_of_part(text: str, start: int, *, longest: int, size: Size) -> int:
    """Not within what is seen as one character."""
    end, room = start, longest
    while end < len(text) and size(text[end]) <= room:
        room -= size(text[end])
        end += 1
    fair = end
    while start < fair < len(text) and _clings(text, fair):
        fair -= 1
    return fair if fair > start else end


def _clings(text: str, place: int) -> bool:
    kind = unicodedata.category(text[place])
    is_tone = "\U0001f3fb" <= text[place] <= "\U0001f3ff"
    return kind.startswith("M") or is_tone or JOINER in text[place - 1 : place + 1]


def _starts(sizes: Sequence[tuple[int, int]], room: int) -> list[int]:
    """Where parts begin that take as many pieces as there is room for."""
    starts, used = [0], 0
    for place, (gap, length) in enumerate(sizes):
        if place and used + gap + length > room:
            starts.append(place)
            used = length
        else:
            used += length + (gap if place else 0)
    return starts


def _joined(pieces: Sequence[Piece], starts: Sequence[int]) -> tuple[str, ...]:
    ends = [*starts[1:], len(pieces)]
    return tuple(
        pieces[start].text
        + "".join(f"{piece.gap}{piece.text}" for piece in pieces[start + 1 : end])
        for start, end in zip(starts, ends, strict=True)
    )
