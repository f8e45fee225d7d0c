"""A conversation as it went: what was said, what the bot did about it, and how that ended."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from crews.admin import words
from crews.models import (
    PRIVATE,
    Conversation,
    InboundEvent,
    OutboundMessage,
    Reason,
    Status,
    Turn,
)
from integrations.chatwoot.payloads import Author, Kind

ENTRIES_PER_PAGE = 40
LONGEST_PASSAGE = 4_000
TOLD = (Kind.MESSAGE_CREATED, Kind.CONVERSATION_STATUS_CHANGED)
STATUSES = dict(Status.choices)
# Of what happened at the same moment: first the question, then the turn, then the answer.
EVENT, TURN, OUTBOUND = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Entry:
    """`side` says where it stands: the customer's, ours, between them, or a line about a turn."""

    at: datetime
    side: str
    who: str
    address: str
    text: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class TalkPage:
    entries: list[Entry]
    number: int
    has_older: bool

    @property
    def older(self) -> int | None:
        return self.number + 1 if self.has_older else None

    @property
    def newer(self) -> int | None:
        return self.number - 1 if self.number > 1 else None


def page_of(conversation: Conversation, number: int) -> TalkPage:
    """Page 1 holds the newest entries; on each page the oldest stands first."""
    start = (number - 1) * ENTRIES_PER_PAGE
    found = list(_places(conversation)[start : start + ENTRIES_PER_PAGE + 1])
    places = [(kind, pk) for _at, kind, pk in found[:ENTRIES_PER_PAGE]]
    entries = dict(_entries(places))
    return TalkPage(
        entries=[entries[place] for place in reversed(places) if place in entries],
        number=number,
        has_older=len(found) > ENTRIES_PER_PAGE,
    )


def _places(conversation: Conversation) -> Any:
    """When what stands in the talk, newest first: three tables in one query."""
    events = InboundEvent.objects.filter(conversation=conversation, event__in=TOLD)
    told = events.exclude(reason=Reason.OWN_MESSAGE)
    return (
        _placed(told, EVENT, Coalesce("occurred_at", "received_at"))
        .union(
            _placed(conversation.turns, TURN, F("started_at")),
            _placed(conversation.outbox, OUTBOUND, Coalesce("sent_at", "created_at")),
            all=True,
        )
        .order_by("-at", "-kind", "-pk")
    )


def _placed(rows: Any, kind: int, at: Any) -> Any:
    return rows.order_by().annotate(at=at, kind=Value(kind)).values_list("at", "kind", "pk")


def _entries(places: list[tuple[int, int]]) -> Iterable[tuple[tuple[int, int], Entry]]:
    chosen = {kind: [pk for its, pk in places if its == kind] for kind in (EVENT, TURN, OUTBOUND)}
    for event in InboundEvent.objects.filter(pk__in=chosen[EVENT]):
        yield (EVENT, event.pk), _of_event(event)
    for turn in Turn.objects.filter(pk__in=chosen[TURN]):
        yield (TURN, turn.pk), _of_turn(turn)
    for message in OutboundMessage.objects.filter(pk__in=chosen[OUTBOUND]):
        yield (OUTBOUND, message.pk), _of_outbound(message)


def _of_event(event: InboundEvent) -> Entry:
    if event.event != Kind.MESSAGE_CREATED:
        return _of_fact(event)
    return Entry(
        at=event.occurred_at or event.received_at,
        side=_side_of(event),
        who=words.author_name(event),
        address=words.address_of(event),
        text=words.passage(event.text, longest=LONGEST_PASSAGE),
        labels=_outcome_of(event),
        remark="" if event.turn_id else words.reason_of(event.reason),
    )


def _of_fact(event: InboundEvent) -> Entry:
    status = event.payload.get("status", "")
    return Entry(
        at=event.occurred_at or event.received_at,
        side="fact",
        who=words.event_name(event),
        address=words.address_of(event),
        remark=str(STATUSES.get(status, "")),
    )


def _outcome_of(event: InboundEvent) -> tuple[tuple[str, str], ...]:
    """Where a turn stands below, that one says it."""
    if event.turn_id and event.outcome:
        return ()
    return (_labelled(words.outcome_of(event), words.OUTCOME_LABELS),)


def _side_of(event: InboundEvent) -> str:
    return "customer" if event.author == Author.CUSTOMER else "person"


def _of_turn(turn: Turn) -> Entry:
    return Entry(
        at=turn.started_at,
        side="turn",
        who=_("Turn %(number)s") % {"number": turn.pk},
        address=words.address_of(turn),
        labels=(_labelled(words.outcome_of(turn), words.OUTCOME_LABELS),),
        remark=", ".join(_about(turn)),
    )


def _about(turn: Turn) -> Iterable[str]:
    if turn.reason:
        yield words.reason_of(turn.reason)
    if turn.finished_at:
        yield words.duration(turn.started_at, turn.finished_at)


def _of_outbound(message: OutboundMessage) -> Entry:
    return Entry(
        at=message.sent_at or message.created_at,
        side="note" if message.part in PRIVATE else "bot",
        who=message.get_part_display(),
        address=words.address_of(message),
        text=words.passage(message.body, longest=LONGEST_PASSAGE),
        labels=(_labelled(words.state_of(message), words.OUTBOUND_LABELS),),
        remark=words.reason_of(message.last_error),
    )


def _labelled(named: tuple[str, str], labels: Any) -> tuple[str, str]:
    key, name = named
    return name, labels[key]
