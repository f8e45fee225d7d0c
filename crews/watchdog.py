"""Messages of customers that came to nothing: found, told of, and handed to a person."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models.functions import Coalesce, Least, Now
from django.utils.translation import gettext_lazy as _

from crews import alarms
from crews.alarms import Key, Matter
from crews.models import Alarm, AlarmKind, Chore, Conversation, InboundEvent
from tenants import configuration
from tenants.config.options import OPTIONS

FORGOTTEN = _(
    "A message in conversation #%(number)s has waited for more than %(minutes)s min and came to"
    " nothing. The conversation is being handed to a person: answer it in Chatwoot, then look at"
    " its turns to see where it stopped."
)

Woken = list[tuple[int, int]]


def find(*, now: datetime) -> list[dict[str, Any]]:
    """Conversations with a message that has waited longer than their channel allows."""
    shortest = timedelta(minutes=OPTIONS["watchdog_minutes"].least or 0)
    waiting = InboundEvent.objects.open().filter(
        received_at__lte=now - shortest, conversation__isnull=False
    )
    talks = list(
        waiting.values(*_OF_TALK)
        .annotate(since=models.Min("received_at"))
        .order_by("since", "conversation")
    )
    places = {(talk["tenant"], talk["conversation__channel"]) for talk in talks}
    minutes = configuration.setting_of_channels("watchdog_minutes", places)
    for talk in talks:
        talk["minutes"] = minutes[talk["tenant"], talk["conversation__channel"]]
    return [talk for talk in talks if talk["since"] <= now - timedelta(minutes=talk["minutes"])]


_OF_TALK = (
    "tenant",
    "tenant__language",
    "conversation",
    "conversation__number",
    "conversation__channel",
)


def matters(forgotten: Iterable[Mapping[str, Any]]) -> Iterator[Matter]:
    for talk in forgotten:
        yield Matter(
            talk["tenant"],
            AlarmKind.SILENT_MESSAGE,
            alarms.name_of(talk["conversation"]),
            alarms.say(
                FORGOTTEN,
                talk["tenant__language"],
                number=talk["conversation__number"],
                minutes=talk["minutes"],
            ),
        )


def hand_over(forgotten: Iterable[Mapping[str, Any]]) -> Woken:
    """Once: afterwards it is for whoever works on it. How long it has waited is not forgotten."""
    rows = Conversation.objects.filter(
        pk__in=[talk["conversation"] for talk in forgotten], chore=Chore.NONE
    )
    woken = list(rows.order_by("pk").values_list("pk", "tenant"))
    Conversation.objects.filter(pk__in=[pk for pk, _tenant in woken], chore=Chore.NONE).update(
        chore=Chore.HAND_OVER,
        due_at=Coalesce(Least("due_at", Now()), Now()),
        arrivals=models.F("arrivals") + 1,
    )
    return woken


def still_silent(over: Iterable[Alarm]) -> set[Key]:
    """Alarms about messages last until each of them has its outcome."""
    silent = {
        int(row.about.removeprefix(alarms.CONVERSATION)): (row.tenant_id, row.kind, row.about)
        for row in over
        if row.kind == AlarmKind.SILENT_MESSAGE
    }
    waiting = InboundEvent.objects.open().filter(conversation__in=silent)
    found = waiting.order_by("conversation").values_list("conversation", flat=True).distinct()
    return {silent[number] for number in found}
