"""What is asked of a visit to a website, and what it tells about each page."""

from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from knowledge.reading.sections import Section


@dataclass(frozen=True, slots=True)
class Site:
    """Pages are reached by links from the start, `depth` of them one after the other.

    A page is wanted when its path fits one of `include`, if there are any, and none of `exclude`.
    """

    start: str
    depth: int = 3
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    most_pages: int = 500
    reads_sitemap: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier visit told about a page that is stored."""

    content_hash: str
    etag: str = ""
    last_modified: str = ""
    links: tuple[str, ...] = ()
    depth: int = 1


class Status(TextChoices):
    STORED = "stored", pgettext_lazy("page of a website", "read")
    UNCHANGED = "unchanged", _("unchanged")
    MOVED = "moved", _("moved")
    ROBOTS = "robots", _("closed by robots.txt")
    EXCLUDED = "excluded", _("excluded")
    OTHER_HOST = "other_host", _("on another host")
    NOT_HTML = "not_html", _("not a page")
    TOO_LARGE = "too_large", _("too large")
    NOINDEX = "noindex", _("not to be indexed")
    DUPLICATE = "duplicate", _("same as another page")
    NO_TEXT = "no_text", _("without text")
    UNREADABLE = "unreadable", _("unreadable")
    FAILED = "failed", pgettext_lazy("page of a website", "failed")
    GONE = "gone", _("gone")
    BEYOND_LIMIT = "beyond_limit", _("beyond the limit")
    UNLINKED = "unlinked", _("no longer linked")
    OTHER_SOURCE = "other_source", _("of another website")


REASONS = {
    Status.STORED: _("Its text was read."),
    Status.UNCHANGED: _("Nothing changed since the last visit."),
    Status.MOVED: _("It moved to %(detail)s."),
    Status.ROBOTS: _("The robots.txt of the site asks not to read it."),
    Status.EXCLUDED: _("The patterns of this source leave it out."),
    Status.OTHER_HOST: _(
        "%(detail)s belongs to another site. Add that one as a source of its own."
    ),
    Status.NOT_HTML: _("It is no page but a file. Send the file itself, if its text is needed."),
    Status.TOO_LARGE: _("It is larger than %(detail)s MB. Send its text as a file."),
    Status.NOINDEX: _("The page itself asks not to be indexed."),
    Status.DUPLICATE: _("It says the same as %(detail)s."),
    Status.NO_TEXT: _("There is no text in it; perhaps scripts write it. Send its text as a file."),
    Status.UNREADABLE: "%(detail)s",
    Status.FAILED: "%(detail)s",
    Status.GONE: _("It is not there (status %(detail)s)."),
    Status.BEYOND_LIMIT: _("The limit of pages was reached before. Raise it to read this one."),
    Status.UNLINKED: _("No page of the site and no sitemap leads to it any more."),
    Status.OTHER_SOURCE: _("It is read already, for %(detail)s."),
}


@dataclass(frozen=True, slots=True)
class Visited:
    """One page. Text, hash and headers are there when it is stored.

    `links` lead from it to others, as far as it asks to follow them.
    """

    address: str
    status: Status
    detail: str = ""
    depth: int = 0
    title: str = ""
    description: str = ""
    language: str = ""
    sections: tuple[Section, ...] = field(default=(), repr=False)
    content_hash: str = ""
    etag: str = ""
    last_modified: str = ""
    links: tuple[str, ...] = field(default=(), repr=False)

    @property
    def reason(self) -> str:
        return reason(self.status, self.detail)


def reason(status: str, detail: str) -> str:
    """A sentence for staff."""
    return str(REASONS[Status(status)]) % {"detail": detail}


class SiteUnwellError(Exception):
    """The visit ends before all pages were seen; `str()` is a sentence for staff."""

    def __init__(self, sentence: Any, **words: str) -> None:
        super().__init__()
        self.sentence, self.words = sentence, words

    def __str__(self) -> str:
        return str(self.sentence) % self.words
