"""What commands that list rows of a company share: which rows, and how they are written."""

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError, OutputWrapper
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _

from crews.models import Outcome, Reason, TurnState, Via
from crews.records import EventRecord, TurnRecord
from tenants.budgets import budget_words
from tenants.models import Tenant
from tenants.showing import visible

NOTHING = "–"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("tenant", metavar="SLUG")
    parser.add_argument("--conversation", type=int, metavar="N", help="its number in Chatwoot")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    add_since(parser)


def add_since(parser: ArgumentParser) -> None:
    parser.add_argument("--since", metavar="2026-11-20T08:00", help="in the company's own time")


def since_of(tenant: Tenant, options: dict[str, Any]) -> datetime | None:
    """Without an offset it is the company's own time."""
    text = options["since"]
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        zone = moment.tzinfo or ZoneInfo(tenant.time_zone)
        return moment.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        message = _("“%(text)s” is no time. Write one such as 2026-11-20 or 2026-11-20T08:00.")
        raise CommandError(message % {"text": visible(text)}) from None


def write(out: OutputWrapper, records: Iterable[Any], line: Callable[[Any], str] | None) -> None:
    """Each as soon as it is read; as JSON where there is no `line` that puts it into words."""
    for record in records:
        out.write(as_json(asdict(record)) if line is None else visible(line(record)))


def as_json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder)


def turn_line(tenant: Tenant, turn: TurnRecord) -> str:
    where = f"{turn.account}/{turn.conversation}"
    ending = ending_of(turn.outcome, turn.reason) or TurnState(turn.state).label
    cost = _("unknown") if turn.cost is None else budget_words.money(turn.cost)
    tokens = turn.tokens_in + turn.tokens_out
    return (
        f"{local(tenant, turn.started_at)}  {where:<12} {turn.turn:>8}  {ending:<52}"
        f" {turn.model_calls:>3} {tokens:>8}  {cost}"
    )


def event_line(tenant: Tenant, event: EventRecord) -> str:
    ending = ending_of(event.outcome, event.reason) or _("waiting")
    return (
        f"{local(tenant, event.received_at)}  {event.id:>8}  {event.event:<29}"
        f" {event.conversation or NOTHING:>7} {event.message or NOTHING:>9}"
        f"  {Via(event.via).label:<10} {ending}"
    )


def ending_of(outcome: str | None, reason: str | None) -> str:
    """Empty while there is none."""
    if outcome is None:
        return ""
    name = str(Outcome(outcome).label)
    return f"{name}: {Reason(reason).label}" if reason else name


def local(tenant: Tenant, moment: datetime | None) -> str:
    """In the company's own time."""
    if moment is None:
        return NOTHING
    return moment.astimezone(ZoneInfo(tenant.time_zone)).strftime("%Y-%m-%d %H:%M:%S")
