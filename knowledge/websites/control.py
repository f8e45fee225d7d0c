"""What staff decide about a website: visit it now, stop, and when next."""

from django.utils import timezone

from knowledge import tasks
from knowledge.models import VISITED_NOW, VisitState, Website
from knowledge.websites import running


def start(website: Website) -> bool:
    """False when a visit is under way, or the website is not in use."""
    if not running.begin(website.pk):
        return False
    tasks.visit_website.delay(website_id=website.pk)
    return True


def stop(website: Website) -> bool:
    """What was read stays. Whoever visits notices before the next page is stored."""
    now = timezone.now()
    rows = Website.objects.filter(pk=website.pk, state__in=VISITED_NOW)
    stopped = {"state": VisitState.STOPPED, "lease_until": None, "finished_at": now}
    return bool(rows.note(**stopped, progress={}, next_at=running.next_visit(website, last=now)))


def plan(website: Website) -> None:
    """After its timetable was changed. What was never visited is due at once."""
    row = Website.objects.get(pk=website.pk)
    now = timezone.now()
    next_at = running.next_visit(row, last=row.finished_at or now)
    if next_at is not None and row.state == VisitState.NEW:
        next_at = now
    Website.objects.filter(pk=row.pk).note(next_at=next_at)
    if not row.is_enabled:
        stop(row)
