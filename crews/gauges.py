"""How it stands with conversations at this moment, for those who watch the installation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models.functions import Now

from crews.models import (
    UNFINISHED,
    Alarm,
    AlarmKind,
    Conversation,
    OutboundMessage,
    Turn,
    TurnState,
)


@dataclass(frozen=True, slots=True)
class Queue:
    """Conversations whose time has come, and for how long the oldest of them has waited."""

    due: int
    oldest_seconds: float


def queue() -> Queue:
    waited = models.ExpressionWrapper(Now() - models.Min("due_at"), models.DurationField())
    found = Conversation.objects.due().aggregate(count=models.Count("pk"), waited=waited)
    return Queue(found["count"], found["waited"].total_seconds() if found["waited"] else 0.0)


def outbox() -> Mapping[str, int]:
    """Messages that have not left, by state; found through their turns, of which few are open."""
    turns = Turn.objects.filter(state__in=[TurnState.RUNNING, TurnState.SENDING])
    rows = OutboundMessage.objects.filter(turn__in=turns, state__in=UNFINISHED)
    return _counted(rows, "state", UNFINISHED)


def alarms() -> Mapping[str, int]:
    """Alarms that are not over, by kind."""
    return _counted(Alarm.objects.filter(ended_at=None), "kind", AlarmKind.values)


def _counted(rows: Any, field: str, values: Any) -> dict[str, int]:
    counted = rows.values_list(field).annotate(count=models.Count("pk")).order_by(field)
    return {**dict.fromkeys(map(str, values), 0), **dict(counted)}
