"""Turns and events as plain values, for operators and other systems; what was said stays out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count

from crews.chunks import in_chunks
from crews.models import Conversation, InboundEvent, OutboundMessage, Outcome, Turn
from integrations.chatwoot.payloads import Author, Kind
from integrations.models import LlmCall
from tenants.budgets.money import MILLIONTH
from tenants.models import Tenant

OPEN = "open"
NO_CALLS: dict[str, Any] = {
    "model_calls": 0,
    "tokens_in": 0,
    "tokens_out": 0,
    "cost": 0 * MILLIONTH,
}


@dataclass(frozen=True, slots=True)
class ReplyRecord:
    """A message of ours, those for staff too. `remote_id` is its number in Chatwoot."""

    key: str
    position: int
    state: str
    remote_id: int | None


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """Numbers are Chatwoot's, except the turn's. `cost` is None where no price is known."""

    tenant: str
    account: int
    conversation: int
    turn: int
    state: str
    outcome: str | None
    reason: str | None
    messages: tuple[int, ...]
    replies: tuple[ReplyRecord, ...]
    model_calls: int
    tokens_in: int
    tokens_out: int
    cost: Decimal | None
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class EventRecord:
    """`outcome` is None while it is to be answered."""

    id: int
    event: str
    message: int | None
    conversation: int | None
    via: str
    received_at: datetime
    outcome: str | None
    reason: str | None
    turn: int | None


def turns(
    tenant: Tenant, *, number: int | None = None, since: datetime | None = None
) -> Iterator[TurnRecord]:
    """The oldest first. `number` is that of a conversation in Chatwoot."""
    rows: Any = Turn.objects.filter(tenant=tenant)
    if number is not None:
        rows = rows.filter(conversation__number=number)
    if since is not None:
        rows = rows.filter(started_at__gte=since)
    return _turns_among(tenant, rows)


def turns_in(conversation: Conversation) -> Iterator[TurnRecord]:
    return _turns_among(conversation.tenant, conversation.turns)


def records_of(tenant: Tenant, chunk: Sequence[Turn]) -> list[TurnRecord]:
    """With the same few queries for any number of turns that came with their conversations."""
    pks = [turn.pk for turn in chunk]
    messages, replies = _messages_of(pks), _replies_of(pks)
    calls = LlmCall.objects.for_tenant(tenant).totals_by_turn(pks)
    return [
        TurnRecord(
            tenant=tenant.slug,
            account=turn.conversation.connection.account_id,
            conversation=turn.conversation.number,
            turn=turn.pk,
            state=turn.state,
            outcome=turn.outcome or None,
            reason=turn.reason or None,
            messages=tuple(messages[turn.pk]),
            replies=tuple(replies[turn.pk]),
            started_at=turn.started_at,
            finished_at=turn.finished_at,
            **calls.get(turn.pk, NO_CALLS),
        )
        for turn in chunk
    ]


def events(
    tenant: Tenant, *, number: int | None = None, since: datetime | None = None
) -> Iterator[EventRecord]:
    """The oldest first. `number` is that of a conversation in Chatwoot."""
    rows = InboundEvent.objects.for_tenant(tenant).select_related("conversation")
    if number is not None:
        rows = rows.filter(conversation__number=number)
    if since is not None:
        rows = rows.filter(received_at__gte=since)
    for chunk in in_chunks(rows.defer("text", "payload"), at="received_at"):
        yield from map(record_of, chunk)


def record_of(row: InboundEvent) -> EventRecord:
    return EventRecord(
        id=row.pk,
        event=row.event,
        message=row.message_id,
        conversation=row.conversation.number if row.conversation is not None else None,
        via=row.via,
        received_at=row.received_at,
        outcome=row.outcome or None,
        reason=row.reason or None,
        turn=row.turn_id,
    )


def outcomes_of(conversations: Iterable[Conversation]) -> dict[int, dict[str, int]]:
    """How many messages of the customer ended how, in one query; by the row of the conversation."""
    found = {row.pk: dict.fromkeys((OPEN, *Outcome.values), 0) for row in conversations}
    rows = InboundEvent.objects.filter(
        conversation__in=found, event=Kind.MESSAGE_CREATED, author=Author.CUSTOMER
    )
    counted = rows.order_by().values_list("conversation_id", "outcome").annotate(Count("pk"))
    for pk, outcome, count in counted:
        found[pk][outcome or OPEN] = count
    return found


def _turns_among(tenant: Tenant, rows: Any) -> Iterator[TurnRecord]:
    rows = rows.select_related("conversation__connection").defer("handoff")
    for chunk in in_chunks(rows, at="started_at"):
        yield from records_of(tenant, chunk)


def _messages_of(turns: list[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    rows = InboundEvent.objects.filter(turn__in=turns, message_id__isnull=False)
    for turn, message in rows.order_by("message_id").values_list("turn_id", "message_id"):
        found[turn].append(message)
    return found


def _replies_of(turns: list[int]) -> dict[int, list[ReplyRecord]]:
    found: dict[int, list[ReplyRecord]] = defaultdict(list)
    rows = OutboundMessage.objects.filter(turn__in=turns).order_by("turn_id", "position")
    for turn, *values in rows.values_list("turn_id", "key", "position", "state", "remote_id"):
        found[turn].append(ReplyRecord(*values))
    return found
