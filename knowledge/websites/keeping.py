"""What a visit tells, written down: a report for each address, and the pages that have a text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db import transaction
from django.db.models import QuerySet

from integrations.addresses import LONGEST_URL
from knowledge import passages
from knowledge.crawling.site import Known, Status, Visited
from knowledge.imports.documents import as_markdown
from knowledge.models import Origin, PageReport, PieceState, WebPage, Website
from knowledge.models.article import LONGEST_BODY
from knowledge.models.piece import LONGEST_TITLE

AT_ONCE = 500
MOST_LINKS = 2_000
MOST_MISSED = 2
LONGEST_SOURCE = 500
KEPT = frozenset({Status.STORED, Status.UNCHANGED})
# The page itself, its site or staff say that this is none to answer from.
LEFT = frozenset(
    {
        Status.MOVED,
        Status.ROBOTS,
        Status.EXCLUDED,
        Status.OTHER_HOST,
        Status.NOT_HTML,
        Status.NOINDEX,
        Status.DUPLICATE,
        Status.UNLINKED,
    }
)


class StoredPages(Mapping[str, Known]):
    """The pages of a website by address, the nearest to its start first.

    What each is known by is read when it is asked for.
    """

    def __init__(self, website: Website) -> None:
        self._rows = WebPage.objects.filter(website=website, is_gone=False)
        self._addresses = dict.fromkeys(
            self._rows.order_by("depth", "pk").values_list("address", flat=True)
        )

    def __getitem__(self, address: str) -> Known:
        if address not in self._addresses:
            raise KeyError(address)
        columns = ("fingerprint", "etag", "last_modified", "links", "depth")
        found = self._rows.values_list(*columns).filter(address=address).first()
        if found is None:
            raise KeyError(address)
        content_hash, etag, last_modified, links, depth = found
        return Known(content_hash, etag, last_modified, tuple(links), depth)

    def __iter__(self) -> Iterator[str]:
        return iter(self._addresses)

    def __len__(self) -> int:
        return len(self._addresses)


@transaction.atomic
def keep(website: Website, told: Sequence[Visited], *, now: datetime) -> None:
    """Passages follow where a text changed; the caller has them indexed."""
    addresses = [visited.address for visited in told]
    rows = WebPage.objects.filter(tenant=website.tenant, address__in=addresses)
    pages = {page.address: page for page in rows.select_related("tenant", "website")}
    judged = [_of_this_website(website, visited, pages) for visited in told]
    for visited in judged:
        _take(website, visited, pages.get(visited.address), now)
    _report(website, judged, now=now)


def _take(website: Website, visited: Visited, page: WebPage | None, now: datetime) -> None:
    if visited.status in KEPT:
        _keep(website, visited, page, now)
    elif page is not None and visited.status in LEFT:
        _take_away(page, now)
    elif page is not None and visited.status == Status.GONE:
        _miss(page, now)


def _of_this_website(website: Website, visited: Visited, pages: Mapping[str, WebPage]) -> Visited:
    """A page belongs to the website that read it first, unless it is gone from there."""
    page = pages.get(visited.address)
    if page is None or page.website_id == website.pk:
        return visited
    if page.is_gone and visited.status in KEPT:
        return visited
    return replace(visited, status=Status.OTHER_SOURCE, detail=page.website.address)


def _keep(website: Website, visited: Visited, page: WebPage | None, now: datetime) -> None:
    if page is None:
        if visited.status == Status.STORED:
            _add(website, visited)
        return
    if visited.status == Status.STORED:
        _change(page, visited, now)
    _mark(page, visited)
    if page.is_gone:
        _bring_back(website, page, now)


def _add(website: Website, visited: Visited) -> None:
    page = WebPage(
        tenant=website.tenant,
        website=website,
        address=visited.address,
        language=website.language,
        category=website.category,
        origin=Origin.WEBSITE,
        source=visited.address[:LONGEST_SOURCE],
        depth=visited.depth,
        **_text_of(visited),
        **_marks_of(visited),
    )
    WebPage.objects.bulk_create([page])
    passages.renew(website.tenant, [page])


def _change(page: WebPage, visited: Visited, now: datetime) -> None:
    """Nothing, where staff wrote the text or it is as it was before the page was gone."""
    if page.is_by_hand or page.fingerprint == visited.content_hash:
        return
    text = _text_of(visited)
    for name, value in text.items():
        setattr(page, name, value)
    page.changed_at = now
    WebPage.objects.bulk_update([page], [*text, "changed_at"])
    passages.renew(page.tenant, [page])


def _mark(page: WebPage, visited: Visited) -> None:
    """An answer without a text says nothing new about the page but that it is there."""
    marks = {
        "missed": 0,
        "depth": visited.depth,
        **(_marks_of(visited) if visited.content_hash else {}),
    }
    if any(getattr(page, name) != value for name, value in marks.items()):
        _note(page, **marks)


def _note(page: WebPage, **marks: Any) -> None:
    """No change of what the page says, so the audit log is not told."""
    QuerySet.update(WebPage.objects.filter(pk=page.pk), **marks)


def _bring_back(website: Website, page: WebPage, now: datetime) -> None:
    _note(page, is_gone=False, website=website)
    if page.state == PieceState.ARCHIVED:
        _move(page, PieceState.PUBLISHED, now)


def _take_away(page: WebPage, now: datetime) -> None:
    """What staff keep as a draft, or archived themselves, is theirs."""
    if page.state == PieceState.PUBLISHED:
        _note(page, is_gone=True)
        _move(page, PieceState.ARCHIVED, now)


def _move(page: WebPage, state: PieceState, now: datetime) -> None:
    page.state, page.changed_at = state, now
    WebPage.objects.bulk_update([page], ["state", "changed_at"])
    passages.renew(page.tenant, [page])


def _miss(page: WebPage, now: datetime) -> None:
    missed = min(page.missed + 1, MOST_MISSED)
    _note(page, missed=missed)
    if missed == MOST_MISSED:
        _take_away(page, now)


def _text_of(visited: Visited) -> dict[str, Any]:
    path = unquote(urlsplit(visited.address).path)
    return {
        "title": (visited.title or path)[:LONGEST_TITLE],
        "body": as_markdown(visited.sections)[:LONGEST_BODY],
    }


def _marks_of(visited: Visited) -> dict[str, Any]:
    return {
        "etag": visited.etag,
        "last_modified": visited.last_modified,
        "fingerprint": visited.content_hash,
        "links": list(visited.links[:MOST_LINKS]),
    }


def _report(website: Website, told: Sequence[Visited], *, now: datetime) -> None:
    """One for each address, the last that was told of it."""
    reports = {
        visited.address: PageReport(
            tenant=website.tenant,
            website=website,
            address=visited.address,
            status=visited.status,
            detail=visited.detail[:LONGEST_URL],
            visited_at=now,
        )
        for visited in told
    }
    PageReport.objects.bulk_create(
        reports.values(),
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=["tenant", "website", "address"],
        update_fields=["status", "detail", "visited_at"],
    )
