"""Visits a website: page by page, by one worker at a time, and goes on where the last one was."""

import logging
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from knowledge.crawling.site import Site, SiteUnwellError
from knowledge.crawling.visiting import Visit
from knowledge.models import VISITED_NOW, PageReport, VisitState, Website
from knowledge.models.website import WebsiteQuerySet
from knowledge.websites import keeping

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=15)  # a site may make us wait for minutes, a few times
PAUSE = timedelta(seconds=20)  # before a try after one that failed
STRETCH_SECONDS = 10.0  # others wait for this worker, the index of the same company among them
MOST_STEPS = 50
MOST_ATTEMPTS = 5
BEGINNING: dict[str, Any] = {"lease_until": None, "attempts": 0, "progress": {}, "error": ""}


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one worker did in one go; None as tenant when there was nothing to do.

    `wait_seconds` until it should go on, None when there is nothing left to visit.
    """

    tenant_id: int | None = None
    wait_seconds: float | None = None


class LeaseLostError(Exception):
    """Somebody stopped this visit, or else carries it out by now."""


def run(website_id: int) -> Stretch:
    """Visit for a while. What goes wrong unexpectedly is raised, and tried again later."""
    row = _claimed(website_id)
    if row is None:
        return Stretch()
    with override(row.tenant.language):
        try:
            return Stretch(row.tenant_id, _run(row))
        except LeaseLostError:
            return Stretch(row.tenant_id)
        finally:
            _mine(row).note(lease_until=timezone.now() + PAUSE)


def left_behind(*, limit: int) -> list[int]:
    """Websites that somebody should visit and nobody does."""
    rows = Website.objects.filter(_is_free(), state__in=VISITED_NOW)
    return list(rows.order_by("lease_until", "pk").values_list("pk", flat=True)[:limit])


def start_due(*, limit: int) -> list[int]:
    """Begins the visits whose time has come."""
    due = Website.objects.filter(is_enabled=True, every_hours__gt=0, next_at__lte=timezone.now())
    waiting = due.exclude(state__in=VISITED_NOW).order_by("next_at", "pk")
    return [pk for pk in waiting.values_list("pk", flat=True)[:limit] if begin(pk)]


def begin(website_id: int) -> bool:
    """From the beginning. False when a visit is under way, or the website is not in use."""
    rows = Website.objects.filter(pk=website_id, is_enabled=True).exclude(state__in=VISITED_NOW)
    times = {"started_at": None, "finished_at": None}
    return bool(rows.note(state=VisitState.WAITING, **BEGINNING, **times))


def next_visit(website: Website, *, last: datetime) -> datetime | None:
    hours = website.every_hours
    return last + timedelta(hours=hours) if hours else None


def _claimed(website_id: int) -> Website | None:
    now = timezone.now()
    until = now + LEASE
    rows = Website.objects.filter(_is_free(), pk=website_id, state__in=VISITED_NOW)
    taken = rows.note(
        state=VisitState.RUNNING,
        lease_until=until,
        attempts=models.F("attempts") + 1,
        started_at=Coalesce("started_at", now),
    )
    if not taken:
        return None
    found = Website.objects.select_related("tenant")
    row: Website | None = found.filter(pk=website_id, lease_until=until).first()
    return row


def _is_free() -> models.Q:
    return models.Q(lease_until=None) | models.Q(lease_until__lte=timezone.now())


def _run(row: Website) -> float | None:
    """Seconds until it should go on."""
    if row.attempts > MOST_ATTEMPTS:
        _end(row, VisitState.FAILED, error=_("The visit was broken off several times."))
        return None
    try:
        visit = Visit(row.tenant, site_of(row), known=keeping.StoredPages(row), kept=row.progress)
        if not _go(row, visit):
            return visit.pause
    except SiteUnwellError as error:
        _end(row, VisitState.FAILED, error=str(error))
        return None
    _finish(row, visit)
    return None


def site_of(row: Website) -> Site:
    return Site(
        start=row.address,
        depth=row.depth,
        include=_patterns(row.include),
        exclude=_patterns(row.exclude),
        most_pages=row.most_pages,
    )


def _patterns(lines: str) -> tuple[str, ...]:
    return tuple(filter(None, (line.strip() for line in lines.splitlines())))


def _go(row: Website, visit: Visit) -> bool:
    """Whether the visit is over. No transaction is open while the site is asked."""
    until = time.monotonic() + STRETCH_SECONDS
    for _step in range(MOST_STEPS):
        if visit.is_over:
            return True
        told = list(visit.step())
        with transaction.atomic():
            _keep_lease(row)
            keeping.keep(row, told, now=timezone.now())
            _count(row)
        if time.monotonic() + visit.pause > until:
            break
    if visit.is_over:
        return True
    free_at = timezone.now() + timedelta(seconds=visit.pause)
    if not _mine(row).note(lease_until=free_at, progress=visit.kept()):
        raise LeaseLostError
    return False


def _keep_lease(row: Website) -> None:
    until = timezone.now() + LEASE
    if not _mine(row).note(lease_until=until, attempts=0):
        raise LeaseLostError
    row.lease_until = until


def _count(row: Website) -> None:
    reports = PageReport.objects.filter(website=row, visited_at__gte=row.started_at)
    found = reports.order_by().values("status").annotate(count=models.Count("pk"))
    row.counts = {each["status"]: each["count"] for each in found}
    _mine(row).note(counts=row.counts)


def _mine(row: Website) -> WebsiteQuerySet:
    """The row, unless somebody stopped it or took it over."""
    mine: WebsiteQuerySet = Website.objects.filter(
        pk=row.pk, state=VisitState.RUNNING, lease_until=row.lease_until
    )
    return mine


@transaction.atomic
def _finish(row: Website, visit: Visit) -> None:
    """What this visit did not hear of is no page of the site any more."""
    _keep_lease(row)
    keeping.keep(row, list(visit.unlinked()), now=timezone.now())
    _count(row)
    PageReport.objects.filter(website=row, visited_at__lt=row.started_at).delete()
    _end(row, VisitState.DONE)


def _end(row: Website, state: VisitState, *, error: str = "") -> None:
    now = timezone.now()
    ended = {"state": state, "error": error[:500], "finished_at": now, "lease_until": None}
    if not _mine(row).note(**ended, progress={}, next_at=next_visit(row, last=now)):
        raise LeaseLostError
