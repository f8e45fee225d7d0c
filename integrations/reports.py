"""What a company's calls of models came to in a month: per day, model and use."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from integrations.models import LlmCall
from integrations.models.model_profile import Use
from tenants.models import Tenant
from tenants.spreadsheet import safe_cell

MONTH = re.compile(r"20\d\d-(?:0[1-9]|1[0-2])\Z", re.ASCII)
LONGEST_LIST = 13


@dataclass(frozen=True, slots=True)
class Line:
    """`cost` is of the calls whose price is known; `unpriced` counts the others."""

    day: date
    model: str
    use: str
    calls: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    cost: Decimal | None
    unpriced: int

    @property
    def use_label(self) -> str:
        return str(Use(self.use).label)


def lines_of(tenant: Tenant, month: str) -> list[Line]:
    """Days are the company's own; `month` is such as 2026-11."""
    rows = (
        _calls_in(tenant, month)
        .annotate(day=TruncDate("created_at", tzinfo=ZoneInfo(tenant.time_zone)))
        .values("day", "model", "use")
        .annotate(
            calls=Count("pk"),
            sum_in=Sum("tokens_in"),
            sum_cached=Sum("tokens_cached"),
            sum_out=Sum("tokens_out"),
            sum_cost=Sum("cost"),
            unpriced=Count("pk", filter=Q(cost=None)),
        )
        .order_by("day", "model", "use")
    )
    return [
        Line(
            day=row["day"],
            model=row["model"],
            use=row["use"],
            calls=row["calls"],
            tokens_in=row["sum_in"],
            tokens_cached=row["sum_cached"],
            tokens_out=row["sum_out"],
            cost=row["sum_cost"],
            unpriced=row["unpriced"],
        )
        for row in rows
    ]


def total_cost(lines: Iterable[Line]) -> Decimal | None:
    """None when no price is known at all."""
    known = [line.cost for line in lines if line.cost is not None]
    return sum(known, Decimal(0)) if known else None


def as_csv(lines: Iterable[Line]) -> str:
    """In the language of the moment; made for spreadsheets, as all our lists are."""
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(_titles())
    for line in lines:
        values = (
            line.day.isoformat(),
            line.model,
            line.use_label,
            line.calls,
            line.tokens_in,
            line.tokens_cached,
            line.tokens_out,
            line.cost,
            line.unpriced,
        )
        writer.writerow([safe_cell(value) for value in values])
    return text.getvalue()


def is_month(text: str) -> bool:
    return MONTH.match(text) is not None


def present_month(tenant: Tenant, *, now: datetime) -> str:
    return now.astimezone(ZoneInfo(tenant.time_zone)).strftime("%Y-%m")


def last_month(tenant: Tenant, *, now: datetime) -> str:
    first = now.astimezone(ZoneInfo(tenant.time_zone)).date().replace(day=1)
    return (first - timedelta(days=1)).strftime("%Y-%m")


def latest_months(tenant: Tenant, *, now: datetime) -> list[str]:
    """The present one and those before it, as far back as calls are compared."""
    first = now.astimezone(ZoneInfo(tenant.time_zone)).date().replace(day=1)
    months = []
    for _number in range(LONGEST_LIST):
        months.append(first.strftime("%Y-%m"))
        first = (first - timedelta(days=1)).replace(day=1)
    return months


def _calls_in(tenant: Tenant, month: str) -> QuerySet[LlmCall]:
    """Without those that are under way, whose tokens nobody knows yet."""
    start, end = _bounds(tenant, month)
    calls: QuerySet[LlmCall] = LlmCall.objects.for_tenant(tenant).exclude(finished_at=None)
    return calls.filter(created_at__gte=start, created_at__lt=end)


def _bounds(tenant: Tenant, month: str) -> tuple[datetime, datetime]:
    zone = ZoneInfo(tenant.time_zone)
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=zone)
    following = (first + timedelta(days=32)).replace(day=1)
    return first, following


def _titles() -> list[str]:
    return [
        _("day"),
        _("model"),
        _("use"),
        _("calls"),
        _("tokens read"),
        _("of these read again"),
        _("tokens written"),
        _("cost (USD)"),
        _("calls of unknown price"),
    ]
