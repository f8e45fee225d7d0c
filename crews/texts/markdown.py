"""Markdown of a model as chats show it: bold, italic, code within a line and flat lists stay.

Everything else becomes plain lines. No word is lost, and what is flat already stays as it is.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from crews.texts.inline import with_plain_marks

# Taking one mark away can make another, as in <<b>b>.
MOST_PASSES = 10

FENCE = re.compile(r" *(`{3,}|~{3,}) *([^`]*)$")
LANGUAGE = re.compile(r"[\w+#.-]*")
HEADING = re.compile(r" {0,3}#{1,6}(?![^ ])")
ITEM = re.compile(r"( *)([-*+]|\d{1,9}[.)]) +(?=\S)")
CELL_END = re.compile(r"(?<!\\)\|")
DASHES = re.compile(":?-+:?")
HIDDEN_TAG = re.compile(r"(?<!\\)<")
RULES = ("-", "*", "_")
INNER = "–"
NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Shows:
    """What of Markdown a channel shows. Blocks are nested lists, and code in lines of its own."""

    has_links: bool = False
    has_blocks: bool = False


def flattened(text: str, shows: Shows) -> str:
    for _pass in range(MOST_PASSES):
        flat = _flattened_once(text, shows)
        if flat == text:
            break
        text = flat
    return text


def sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """The lines in turns: ordinary ones with "", those of code with the fence that opens it."""
    fence, lines = "", list[str]()
    for line in text.split("\n"):
        opens = None if fence else FENCE.match(line)
        if opens:
            if lines:
                yield "", lines
            fence, lines = opens[1], [line]
        elif fence and _closes(line, fence):
            yield fence, [*lines, line]
            fence, lines = "", []
        else:
            lines.append(line)
    if lines:
        yield fence, lines


def _closes(line: str, fence: str) -> bool:
    mark = line.strip()
    return mark.startswith(fence) and not mark.strip(fence[0])


def _flattened_once(text: str, shows: Shows) -> str:
    parts = []
    for fence, lines in sections(text):
        if not fence:
            flat = with_plain_marks("\n".join(_blocks(lines, shows)), has_links=shows.has_links)
            parts.append(_tidy(flat))
        elif shows.has_blocks:
            parts.append("\n".join(lines))
        else:
            parts.append("\n".join(_unfenced(lines, fence)))
    return "\n".join(parts).strip("\n")


def _tidy(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.split("\n")))


def _unfenced(lines: Sequence[str], fence: str) -> Iterator[str]:
    """The code alone. What stands behind the fence is dropped when it names a language."""
    is_closed = len(lines) > 1 and _closes(lines[-1], fence)
    found = FENCE.match(lines[0])
    name = found[2].strip() if found else ""
    if name and not (is_closed and LANGUAGE.fullmatch(name)):
        yield name
    for line in lines[1:-1] if is_closed else lines[1:]:
        yield _literal(line)


def _literal(line: str) -> str:
    """So that it is read as text, not as a heading, a fence or a tag."""
    is_mark = HEADING.match(line) or FENCE.match(line)
    line = HIDDEN_TAG.sub(r"\\<", line)
    return f"\\{line.lstrip()}" if is_mark else line


def _blocks(lines: Sequence[str], shows: Shows) -> Iterable[str]:
    flat = _without_headings(_without_tables(lines))
    return flat if shows.has_blocks else _without_nesting(flat)


def _without_tables(lines: Sequence[str]) -> Iterator[str]:
    place = 0
    while place < len(lines):
        names = _names_at(lines, place)
        if not names:
            yield lines[place]
            place += 1
            continue
        rows, place = [], place + 2
        while place < len(lines) and (cells := _cells(lines[place])):
            rows.append(cells)
            place += 1
        yield from _items(names, [row for row in rows if not _are_dashes(row)])


def _names_at(lines: Sequence[str], place: int) -> list[str]:
    """Those of the columns, where a table begins."""
    names = _cells(lines[place])
    below = _cells(lines[place + 1]) if names and place + 1 < len(lines) else []
    return names if len(names) == len(below) and _are_dashes(below) else []


def _cells(line: str) -> list[str]:
    line = line.strip()
    if "|" not in line:
        return []
    inner = line.removeprefix("|")
    inner = inner if inner.endswith("\\|") else inner.removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in CELL_END.split(inner)]


def _are_dashes(cells: Sequence[str]) -> bool:
    return all(DASHES.fullmatch(cell) for cell in cells)


def _items(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Each row as an item of a list, each cell with the name of its column."""
    if not rows:
        yield " · ".join(filter(None, names))
    for row in rows:
        cells = (_named(*pair) for pair in zip_longest(names, row, fillvalue=""))
        yield "- " + " · ".join(filter(None, cells))


def _named(name: str, cell: str) -> str:
    if not name:
        return cell
    return f"{name.rstrip(':')}: {cell or NOTHING}"


def _without_headings(lines: Iterable[str]) -> list[str]:
    """Headings are bold lines, rules are empty ones."""
    flat: list[str] = []
    for line in lines:
        mark = "".join(line.split())
        heading = HEADING.match(line)
        if heading:
            flat.append(_bold(_title(line[heading.end() :])))
        elif len(mark) >= 3 and mark in (rule * len(mark) for rule in RULES):
            flat.append("")
        elif len(mark) >= 3 and mark == "=" * len(mark) and flat and flat[-1].strip():
            flat[-1] = _bold(flat[-1])
        else:
            flat.append(line)
    return flat


def _title(text: str) -> str:
    """Without the marks that may close it, as in ## Title ##; those of C# are its own."""
    text = text.strip()
    shorter = text.rstrip("#")
    return shorter if shorter != shorter.rstrip() or not shorter else text


def _bold(text: str) -> str:
    text = text.replace("**", "").strip()
    return f"**{text}**" if text else ""


def _without_nesting(lines: Iterable[str]) -> Iterator[str]:
    """Items within items become lines of the outer one; chats would show them as outer ones."""
    indents: list[int] = []
    for line in lines:
        item = ITEM.match(line)
        if item is None:
            if line and not line.startswith(" "):
                indents.clear()
            yield line
        elif _is_inner(len(item[1]), indents):
            number = "" if item[2] in "-*+" else f"{item[2]} "
            yield f"{INNER} {number}{line[item.end() :]}"
        else:
            yield line.lstrip()


def _is_inner(indent: int, indents: list[int]) -> bool:
    while indents and indent < indents[-1]:
        indents.pop()
    if not indents or indent >= indents[-1] + 2:
        indents.append(indent)
    return len(indents) > 1
