"""A text file as one document: its sections become Markdown, which staff can read and change."""

from collections.abc import Iterable, Iterator

from knowledge.imports.drafts import Draft, Drafts, RefusedError
from knowledge.models.article import LONGEST_BODY
from knowledge.reading.failures import UnreadableError
from knowledge.reading.files import File
from knowledge.reading.sections import Section
from knowledge.reading.texts import read_text
from tenants.models import Tenant

DEEPEST_HEADING = 6


def read(_tenant: Tenant, file: File) -> Drafts:
    """A document has no lines to refuse: it is taken, or RefusedError."""
    try:
        text = read_text(file)
        body = as_markdown(text.sections)
        if len(body) > LONGEST_BODY:
            raise UnreadableError("too_much_text", limit=LONGEST_BODY)
    except UnreadableError as error:
        raise RefusedError(str(error)) from error
    values = {"title": text.title, "body": body, "source": file.name}
    notices = tuple(str(notice) for notice in text.notices)
    return Drafts(rows=iter([Draft(1, values)]), notices=notices)


def as_markdown(sections: Iterable[Section]) -> str:
    """Read as Markdown again, this gives the same sections, pages aside."""
    return "\n\n".join(_parts(sections))


def _parts(sections: Iterable[Section]) -> Iterator[str]:
    open_headings: tuple[str, ...] = ()
    for section in sections:
        kept = _same(open_headings, section.path)
        for level, heading in enumerate(section.path[kept:], start=kept + 1):
            yield f"{'#' * min(level, DEEPEST_HEADING)} {heading}"
        open_headings = section.path
        yield section.text


def _same(before: tuple[str, ...], path: tuple[str, ...]) -> int:
    """How many headings are still open."""
    count = 0
    for old, new in zip(before, path, strict=False):
        if old != new:
            break
        count += 1
    return count
