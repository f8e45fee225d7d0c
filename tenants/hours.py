"""Business hours: whether a company is open at a moment, and when it opens next."""

import datetime
import zoneinfo
from collections.abc import Iterator
from typing import Any

from tenants.config.schema import WEEKDAY_NAMES, parse_interval
from tenants.configuration import Effective

DAYS_AHEAD = 370

Interval = tuple[datetime.datetime, datetime.datetime]


def has_hours(config: Effective) -> bool:
    return bool(config.get("business_hours"))


def is_open(config: Effective, at: datetime.datetime) -> bool:
    """A company that says nothing about hours is always open."""
    if not has_hours(config):
        return True
    yesterday = _local(config, at).date() - datetime.timedelta(days=1)
    days = (yesterday, yesterday + datetime.timedelta(days=1))
    return any(begin <= at < end for day in days for begin, end in _intervals(config, day))


def next_opening(config: Effective, after: datetime.datetime) -> datetime.datetime | None:
    """The next moment at which the doors open; none if they never do."""
    today = _local(config, after).date()
    for ahead in range(DAYS_AHEAD):
        day = today + datetime.timedelta(days=ahead)
        opening = min((b for b, _end in _intervals(config, day) if b > after), default=None)
        if opening is not None:
            return opening
    return None


def _intervals(config: Effective, day: datetime.date) -> Iterator[Interval]:
    zone = zoneinfo.ZoneInfo(config.get("time_zone"))
    for text in _texts(config, day):
        opens, closes = parse_interval(text)
        last = day if closes > opens else day + datetime.timedelta(days=1)
        yield (
            datetime.datetime.combine(day, opens, tzinfo=zone),
            datetime.datetime.combine(last, closes, tzinfo=zone),
        )


def _texts(config: Effective, day: datetime.date) -> tuple[str, ...]:
    holiday = _holiday(config, day)
    if holiday:
        return () if isinstance(holiday, str) else (holiday["hours"],)
    found: tuple[str, ...] = config.get("business_hours", WEEKDAY_NAMES[day.weekday()], default=())
    return found


def _holiday(config: Effective, day: datetime.date) -> Any:
    """A date of one year goes before a date of every year."""
    return config.get("holidays", day.isoformat()) or config.get("holidays", f"{day:%m-%d}")


def _local(config: Effective, at: datetime.datetime) -> datetime.datetime:
    return at.astimezone(zoneinfo.ZoneInfo(config.get("time_zone")))
