"""Texts out of Markdown, HTML, plain text, PDF and DOCX files, as an ordered list of sections."""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from knowledge.reading import markdown
from knowledge.reading.cleaning import in_one_line
from knowledge.reading.decoding import decoded
from knowledge.reading.failures import UnreadableError, sentence
from knowledge.reading.files import File, text_kind
from knowledge.reading.isolation import parsed
from knowledge.reading.sections import Section, sections_of

MOST_CHARACTERS = 10_000_000


@dataclass(frozen=True, slots=True)
class Notice:
    """A part of a file that was not read; `str()` is a sentence for staff."""

    code: str
    words: dict[str, Any]

    def __str__(self) -> str:
        return sentence(self.code, self.words)


@dataclass(frozen=True, slots=True)
class Text:
    title: str
    sections: tuple[Section, ...]
    notices: tuple[Notice, ...] = ()


def read_text(file: File) -> Text:
    """UnreadableError when there is no text in it that can be read."""
    kind = text_kind(file)
    text = _in_process(file, kind) if kind in {"md", "txt"} else _isolated(file, kind)
    if not text.sections:
        raise UnreadableError("no_text")
    return text


def _in_process(file: File, kind: str) -> Text:
    """Linear work in plain Python, which no content can make slow."""
    file.stream.seek(0)
    content = decoded(file.stream.read(), ending=file.ending)
    blocks = markdown.blocks_of if kind == "md" else markdown.plain_blocks_of
    sections = tuple(sections_of(blocks(content)))
    return Text(_title(file, "", sections), sections)


def _isolated(file: File, kind: str) -> Text:
    title, sections, notices = "", [], []
    size = 0
    for found in parsed(file.stream, kind):
        if "text" in found:
            size += len(found["text"])
            sections.append(Section(tuple(found["path"]), found["text"], found["page"]))
        elif "notice" in found:
            notices.append(Notice(found["notice"], found["words"]))
        title = found.get("title", title)
        if size > MOST_CHARACTERS:
            raise UnreadableError("too_much_text", limit=MOST_CHARACTERS)
    return Text(_title(file, title, sections), tuple(sections), tuple(notices))


def _title(file: File, title: str, sections: Any) -> str:
    """What the file calls itself, else its only first heading, else its name."""
    firsts = {section.path[0] if section.path else "" for section in sections}
    only = firsts.pop() if len(firsts) == 1 else ""
    return in_one_line(title)[:300] or only[:300] or PurePath(file.name).stem[:300]
