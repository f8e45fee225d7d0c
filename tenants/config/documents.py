"""Configuration files: a strict reading of YAML that knows the line of every value, and writing.

Read is what a plain file needs: mappings, lists, texts, numbers, true, false and null. Anchors,
tags, a key given twice, several documents, deep nesting and long files are refused: each of them
is a mistake or an attack. Words such as `no` and dates stay texts.
"""

import difflib
import itertools
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from django.utils.translation import gettext as _

MOST_BYTES = 1_000_000
MOST_VALUES = 50_000
DEEPEST = 32
LONGEST_NUMBER = 18
MOST_COMPARED_LINES = 2_000
CONTEXT_LINES = 2

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_NEEDS_QUOTES = re.compile("[\t\r\x80-\xa0\u2028\u2029\ufeff]| \n|^[ \n]|\n\n\\Z")
_BREAKS_FILES = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class DocumentError(ValueError):
    """A file that cannot be read. `line` counts from 1, 0 when the whole file is meant."""

    def __init__(self, message: str, *, line: int = 0, path: Path = ()) -> None:
        super().__init__(message)
        self.message, self.line, self.path = message, line, path


@dataclass(frozen=True, slots=True)
class Document:
    """The value of a file, and the line on which the value of each path stands."""

    value: Any
    lines: dict[Path, int]

    def line_of(self, path: Path) -> int:
        """The line of a path, or of the nearest value around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)


def read(content: bytes | str) -> Document:
    text = _text_of(content)
    try:
        return _Reader(text).read()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or _("the text cannot be understood")
        message = _("This is not YAML: %(problem)s.") % {"problem": problem}
        raise DocumentError(message, line=mark.line + 1 if mark else 0) from error


def write(value: Any) -> str:
    """The same value always gives the same text, and reading that text gives the value."""
    return yaml.dump(
        value,
        Dumper=_Dumper,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=False,
        width=100,
    )


def difference(before: str, after: str) -> list[str]:
    """The lines that differ, as a unified diff.

    A comparison in full takes hours for large documents. So what both have in common at the ends
    is not compared, and what remains is all removed and all added when it is still large.
    """
    old, new = before.splitlines(), after.splitlines()
    head = max(_same(old, new) - CONTEXT_LINES, 0)
    old, new = old[head:], new[head:]
    tail = max(_same(old[::-1], new[::-1]) - CONTEXT_LINES, 0)
    old, new = old[: len(old) - tail], new[: len(new) - tail]
    if max(len(old), len(new)) > MOST_COMPARED_LINES:
        place = f"@@ -{head + 1},{len(old)} +{head + 1},{len(new)} @@"
        return [place, *(f"-{line}" for line in old), *(f"+{line}" for line in new)]
    found = list(difflib.unified_diff(old, new, lineterm="", n=CONTEXT_LINES))[2:]
    return [_further_down(line, head) if line.startswith("@@") else line for line in found]


def check(value: Any) -> None:
    """Hold a value that did not come from a file to the same limits. Raises `DocumentError`."""
    waiting: list[tuple[Path, Any]] = [((), value)]
    count = 0
    while waiting:
        path, value = waiting.pop()
        count += 1
        if count > MOST_VALUES:
            raise DocumentError(_("More than %(most)d values.") % {"most": MOST_VALUES})
        if len(path) > DEEPEST:
            message = _("Nested deeper than %(most)d levels.") % {"most": DEEPEST}
            raise DocumentError(message, path=path[:3])
        _check_one(value, path)
        if isinstance(value, Mapping):
            waiting += [((*path, key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, place), inner) for place, inner in enumerate(value)]


def plain(value: Any) -> Any:
    """Mappings and sequences of any kind as those that JSON and YAML know."""
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def shown(path: Path) -> str:
    """A path as people write it: integrations.mcp.config.url, crews.sales.agents[0]."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(parts).removeprefix(".")


def _same(one: list[str], other: list[str]) -> int:
    """How many lines at the beginning are the same."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _pair in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _further_down(place: str, lines: int) -> str:
    return re.sub(r"(?<=[-+])[0-9]+", lambda number: str(int(number[0]) + lines), place)


def _check_one(value: Any, path: Path) -> None:
    keys = list(value) if isinstance(value, Mapping) else []
    texts = [text for text in (value, *keys) if isinstance(text, str)]
    if any(_BREAKS_FILES.search(text) for text in texts):
        raise DocumentError(_("Remove the invisible control character."), path=path)
    if any(not isinstance(key, str) for key in keys):
        raise DocumentError(_("A key must be a text."), path=path)
    if isinstance(value, int) and abs(value) >= 10**LONGEST_NUMBER:
        raise DocumentError(_("The number is too long. Put it in quotes."), path=path)
    if isinstance(value, float):
        _finite(value, 0, path)


def _text_of(content: bytes | str) -> str:
    if len(content) > MOST_BYTES:
        size = _("The file is larger than %(most)d kB. Split it into several files.")
        raise DocumentError(size % {"most": MOST_BYTES // 1000})
    text = _decoded(content) if isinstance(content, bytes) else content
    found = _BREAKS_FILES.search(text)
    if found:
        line = text[: found.start()].count("\n") + 1
        raise DocumentError(_("Remove the invisible control character."), line=line)
    return text.removeprefix("\ufeff")


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = _("The file is not UTF-8. Save it again with the encoding UTF-8.")
        raise DocumentError(message, line=line) from error


class _Reader:
    """Builds values from the parser's events, so that nothing is built that is not allowed."""

    def __init__(self, text: str) -> None:
        loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
        self.events: Iterator[Any] = yaml.parse(text, Loader=loader)
        self.lines: dict[Path, int] = {}
        self.count = 0

    def read(self) -> Document:
        next(self.events)
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return Document(None, {})
        value = self.value(next(self.events), ())
        next(self.events)
        more = next(self.events)
        if not isinstance(more, yaml.StreamEndEvent):
            raise DocumentError(
                _("Write one document per file; remove “---”."), line=more.start_mark.line + 1
            )
        return Document(value, self.lines)

    def value(self, event: Any, path: Path) -> Any:
        line = event.start_mark.line + 1
        self.lines.setdefault(path, line)
        self.refuse_extras(event, line, path)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event, line, path)
        if len(path) >= DEEPEST:
            message = _("Nested deeper than %(most)d levels.") % {"most": DEEPEST}
            raise DocumentError(message, line=line, path=path)
        if isinstance(event, yaml.SequenceStartEvent):
            return list(self.items(path))
        return self.mapping(path)

    def items(self, path: Path) -> Iterator[Any]:
        for position, event in enumerate(iter(lambda: next(self.events), None)):
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self.value(event, (*path, position))

    def mapping(self, path: Path) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            self.refuse_extras(event, line, path)
            if not isinstance(event, yaml.ScalarEvent):
                raise DocumentError(_("A key must be a text."), line=line, path=path)
            key = event.value
            if key in values:
                message = _("The key “%(key)s” stands here twice. Keep one of them.")
                raise DocumentError(message % {"key": key}, line=line, path=path)
            self.lines[(*path, key)] = line
            values[key] = self.value(next(self.events), (*path, key))
        return values

    def refuse_extras(self, event: Any, line: int, path: Path) -> None:
        self.count += 1
        if self.count > MOST_VALUES:
            message = _("More than %(most)d values. Split the file.") % {"most": MOST_VALUES}
            raise DocumentError(message, line=line, path=path)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            message = _("Anchors and aliases (& and *) are not allowed. Write the value out.")
            raise DocumentError(message, line=line, path=path)
        if event.tag:
            message = _("Tags (!) are not allowed. Remove “%(tag)s”.") % {"tag": event.tag[:60]}
            raise DocumentError(message, line=line, path=path)


def _scalar(event: Any, line: int, path: Path) -> Any:
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text.lower() in _WORDS and text in {text.lower(), text.capitalize(), text.upper()}:
        return _WORDS[text.lower()]
    is_plain_number = _INTEGER.match(text) and not re.match(r"[-+]?0[0-9]", text)
    if is_plain_number:
        if len(text) > LONGEST_NUMBER:
            message = _("The number is too long. Put it in quotes.")
            raise DocumentError(message, line=line, path=path)
        return int(text)
    if _DECIMAL.match(text) and not _INTEGER.match(text):
        return _finite(float(text), line, path)
    return text


def _finite(number: float, line: int, path: Path) -> float:
    if not math.isfinite(number):
        raise DocumentError(_("The number is too large."), line=line, path=path)
    return number


class _Dumper(yaml.SafeDumper):
    """Lists are indented below their key, texts of several lines are blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> Any:
    style = "|" if "\n" in text else None
    if _NEEDS_QUOTES.search(text) or _is_no_text_when_plain(text):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _is_no_text_when_plain(text: str) -> bool:
    return text.lower() in _WORDS or bool(_DECIMAL.match(text))


_Dumper.add_representer(str, _write_text)
