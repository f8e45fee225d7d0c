"""A page of a website: its main text, its links, and what it says about itself."""

import io
from dataclasses import dataclass
from typing import Any

from knowledge.reading.isolation import parsed
from knowledge.reading.sections import Section


@dataclass(frozen=True, slots=True)
class Page:
    """`robots` is what its meta tag says, in small letters. Addresses are as they are written."""

    title: str
    description: str
    language: str
    robots: str
    canonical: str
    base: str
    links: tuple[str, ...]
    sections: tuple[Section, ...]


def read_page(content: bytes, *, charset: str = "") -> Page:
    """UnreadableError when it is none. A page of scripts alone has no sections."""
    about: dict[str, Any] = {}
    sections = []
    for found in parsed(io.BytesIO(content), "html", charset=charset):
        if "text" in found:
            sections.append(Section(tuple(found["path"]), found["text"]))
        else:
            about |= found
    return Page(**{**about, "links": tuple(about["links"])}, sections=tuple(sections))
