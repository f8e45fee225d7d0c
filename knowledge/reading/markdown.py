"""Markdown and plain text as blocks, line by line."""

import re
from collections.abc import Iterator

from knowledge.reading.cleaning import cleaned, in_one_line
from knowledge.reading.sections import ENTRY, Block, row_of

LONGEST_LINE = 20_000  # beyond it no mark is looked for

_HEADING = re.compile(r" {0,3}(#{1,6})\s+(\S.*)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)\s*\Z")
_ENTRY = re.compile(r"\s*(?:[-*+•]|[0-9]{1,3}[.)])\s+\S")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_RULE = re.compile(r"\s*(?:[-*_]\s*){3,}\Z")
_TABLE_RULE = re.compile(r"[\s:|-]+\Z")
# No mark contains another of its kind: a search that fails then never looks twice at a character.
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")
_LINK = re.compile(r"!?\[([^\]\[]{0,500})\]\([^()\s]{0,2000}(?:\s+\"[^\"()]{0,200}\")?\)")
_EMPHASIS = re.compile(
    r"\*{1,3}(?=\S)([^*\n]{1,2000})(?<=\S)\*{1,3}|__(?=\S)([^_\n]{1,2000})(?<=\S)__|`([^`\n]{1,2000})`"
)


def blocks_of(text: str) -> Iterator[Block]:
    """Tags and comments of HTML are left out, and what stands between --- at the beginning."""
    paragraph: list[str] = []
    is_code = False
    for line in _without_front_matter(_without_comments(_with_plain_breaks(text)).split("\n")):
        if _FENCE.match(line):
            yield from _finished(paragraph)
            is_code = not is_code
        elif is_code:
            paragraph.append(line)
        elif len(paragraph) == 1 and (underline := _UNDERLINE.match(line)):
            level = 1 if underline[1][0] == "=" else 2
            yield Block(in_one_line(_plain(paragraph.pop())), level)
        elif block := _special(line):
            yield from _finished(paragraph)
            if block.text:
                yield block
        elif _ENTRY.match(line) or not line.strip():
            yield from _finished(paragraph)
            paragraph += [line] if line.strip() else []
        else:
            paragraph.append(line)
    yield from _finished(paragraph)


def plain_blocks_of(text: str) -> Iterator[Block]:
    """Text without marks: paragraphs are what empty lines stand between."""
    for paragraph in re.split(r"\n\s*\n", _with_plain_breaks(text)):
        if kept := cleaned(paragraph):
            yield Block(kept)


def _with_plain_breaks(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _without_comments(text: str) -> str:
    kept, *rest = text.split("<!--")
    pieces = [kept]
    for piece in rest:
        comment, end, after = piece.partition("-->")
        pieces.append(after if end else comment)
    return "".join(pieces)


def _without_front_matter(lines: list[str]) -> list[str]:
    if lines[0].rstrip() != "---":
        return lines
    end = next((n for n, line in enumerate(lines[1:200], 2) if line.rstrip() == "---"), 0)
    return lines[end:]


def _special(line: str) -> Block | None:
    """A heading, a row, or a rule, which says nothing."""
    if len(line) > LONGEST_LINE:
        return None
    if heading := _HEADING.match(line):
        return Block(in_one_line(_plain(heading[2].rstrip().rstrip("#"))), len(heading[1]))
    if line.lstrip().startswith("|"):
        if _TABLE_RULE.match(line):
            return Block("")
        cells = line.strip().strip("|").split("|")
        return Block(row_of(in_one_line(_plain(cell)) for cell in cells))
    return Block("") if _RULE.match(line) else None


def _finished(paragraph: list[str]) -> Iterator[Block]:
    """What was gathered, which is empty afterwards. The numbers of an ordered list stay."""
    is_entry = bool(paragraph and _ENTRY.match(paragraph[0]))
    text = _plain("\n".join(paragraph))
    paragraph.clear()
    kept = in_one_line(text).lstrip("-*+• ") if is_entry else cleaned(text)
    if kept:
        yield Block(ENTRY + kept if is_entry else kept)


def _plain(text: str) -> str:
    """Without the marks inside of lines; addresses of links are left out."""
    return _EMPHASIS.sub(_inside, _TAG.sub(" ", _LINK.sub(r"\1", text)))


def _inside(found: re.Match[str]) -> str:
    return found[1] or found[2] or found[3] or ""
