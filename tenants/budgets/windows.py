"""Which day, month or conversation is counted, in the company's own time."""

from datetime import datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from tenants.models import Tenant
from tenants.models.budget import Period

# Places on earth are between 12 hours behind and 14 hours ahead of UTC.
FURTHEST_PLACES = (timedelta(hours=-12), timedelta(0), timedelta(hours=14))


def window_of(period: str, tenant: Tenant, *, conversation: int | None, now: datetime) -> str:
    """The text under which a call is counted now; empty where there is nothing to count under."""
    if period == Period.CONVERSATION:
        return "" if conversation is None else str(conversation)
    return _text(period, now.astimezone(ZoneInfo(tenant.time_zone)))


def end_of(period: str, tenant: Tenant, *, now: datetime) -> datetime | None:
    """When counting begins anew; conversations never do."""
    if period == Period.CONVERSATION:
        return None
    zone = ZoneInfo(tenant.time_zone)
    today = now.astimezone(zone).date()
    first = today.replace(day=1)
    next_month = (first + timedelta(days=32)).replace(day=1)
    day = today + timedelta(days=1) if period == Period.DAY else next_month
    return datetime.combine(day, time_of_day(), tzinfo=zone)


def present_anywhere(*, now: datetime) -> set[str]:
    """The days and months that it is now in some time zone."""
    places = [now + ahead for ahead in FURTHEST_PLACES]
    return {_text(period, place) for period in (Period.DAY, Period.MONTH) for place in places}


def _text(period: str, local: datetime) -> str:
    return local.strftime("%Y-%m-%d" if period == Period.DAY else "%Y-%m")
