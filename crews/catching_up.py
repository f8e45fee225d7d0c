"""Reads back from Chatwoot what no webhook brought, through the same unique constraint.

Chatwoot sends account webhooks once and those of bots three times; whatever was lost meanwhile is
found here: for one conversation before each turn, and for all of a connection every minute.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from crews import arriving
from crews.intake import Taken
from crews.models import Control, Conversation, InboundEvent, Via
from integrations.chatwoot import values
from integrations.chatwoot.client import ChatwootClient
from integrations.chatwoot.connections import Door
from integrations.chatwoot.payloads import Change, ChatwootEvent, Kind
from integrations.chatwoot.values import Message, MessageKind
from integrations.models import Connection

logger = logging.getLogger(__name__)

PAGE = 20
MOST_PAGES_BACK = 5
MOST_PAGES = 40
OVERLAP = timedelta(minutes=3)
OLDEST = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Reading:
    """What Chatwoot has: the newest messages, oldest first, and what was new to us among them."""

    messages: tuple[Message, ...]
    taken: tuple[Taken, ...]


def catch_up(door: Door, row: Conversation, *, client: ChatwootClient, now: datetime) -> Reading:
    """Of one conversation that we know. Needs the token of a person. The caller notes how far
    this came, once it has done something with it.
    """
    messages = _newest(client, row.number, row.last_seen_message_id, since=door.listens_since)
    missing = _missing(door, messages)
    if not missing:
        return Reading(messages, ())
    # What the last event said of it may be old, for events were lost.
    conversation = client.conversation(row.number)
    return Reading(messages, _take_all(door, missing, conversation=conversation, now=now))


def reconcile(connection: Connection, door: Door, *, now: datetime) -> list[Taken]:
    """All conversations with something newer than we know; what was found and waits for a turn."""
    since = max(connection.reconciled_at or now - OLDEST, door.listens_since) - OVERLAP
    client, found = door.client(), []
    for number in range(1, MOST_PAGES + 1):
        page = client.conversations(page=number).conversations
        recent = [c for c in page if c.last_activity_at is None or c.last_activity_at >= since]
        found += _compare(door, recent, client=client, now=now)
        if not page or len(recent) < len(page):
            Connection.objects.filter(pk=connection.pk).note(reconciled_at=now)
            break
    else:
        logger.warning("There is more to be read back than one round reads")
    return [taken for taken in found if taken.wakes]


def _compare(
    door: Door, page: Sequence[values.Conversation], *, client: ChatwootClient, now: datetime
) -> list[Taken]:
    numbers = [conversation.id for conversation in page]
    rows = Conversation.objects.filter(connection=door.connection_id, number__in=numbers)
    known: dict[int, Conversation] = {row.number: row for row in rows.order_by("pk")}
    found: list[Taken] = []
    for conversation in page:
        row = known.get(conversation.id)
        found += _changes_of_state(door, conversation, row, now=now)
        seen = row.last_seen_message_id if row is not None else 0
        newest = conversation.last_message
        if newest is not None and newest.id <= seen:
            continue
        messages = _newest(client, conversation.id, seen, since=door.listens_since)
        missing = _missing(door, messages)
        found += _take_all(door, missing, conversation=conversation, now=now)
        if row is not None and messages:
            older = Conversation.objects.filter(pk=row.pk, last_seen_message_id__lt=messages[-1].id)
            older.update(last_seen_message_id=messages[-1].id)
    return found


def _changes_of_state(
    door: Door, conversation: values.Conversation, row: Conversation | None, *, now: datetime
) -> list[Taken]:
    """What a lost webhook would have told: another status, a person as assignee."""
    if row is None:
        return []
    about: dict[str, Any] = {
        "account_id": door.account_id,
        "inbox_id": conversation.inbox_id,
        "conversation": conversation,
        "contact": conversation.contact,
    }
    events = []
    if conversation.status != row.status:
        kind = Kind.CONVERSATION_STATUS_CHANGED
        events.append(ChatwootEvent(kind, kind.value, **about))
    if row.is_with_person(conversation) and row.control == Control.BOT:
        kind = Kind.CONVERSATION_UPDATED
        assignee = conversation.assignee.id if conversation.assignee is not None else None
        changes = (Change("assignee_id", None, assignee),)
        events.append(ChatwootEvent(kind, kind.value, changes=changes, **about))
    return [arriving.take(door, event, via=Via.CATCH_UP, now=now) for event in events]


def _newest(
    client: ChatwootClient, number: int, seen: int, *, since: datetime
) -> tuple[Message, ...]:
    """The newest page, and whatever lies between it and what was seen."""
    page = client.messages(number)
    if len(page) < PAGE:
        return page
    if seen:
        if page[0].id <= seen + 1:
            return page
        between = [m for m in client.messages_after(number, seen) if m.id < page[0].id]
        return (*between, *page)
    for _page in range(MOST_PAGES_BACK):
        if page[0].created_at < since:
            break
        older = client.messages(number, before=page[0].id)
        if not older:
            break
        page = (*older, *page)
    return page


def _missing(door: Door, messages: Iterable[Message]) -> Sequence[Message]:
    """Those that we do not have, in the order in which they were written."""
    since = door.listens_since.replace(microsecond=0)
    fresh = [m for m in messages if m.created_at >= since and m.kind != MessageKind.ACTIVITY]
    if not fresh:
        return ()
    known = set(
        InboundEvent.objects.filter(
            connection=door.connection_id,
            event=Kind.MESSAGE_CREATED,
            message_id__in=[message.id for message in fresh],
        ).values_list("message_id", flat=True)
    )
    missing = sorted((m for m in fresh if m.id not in known), key=lambda message: message.id)
    if missing:
        logger.info("%d messages were read back from Chatwoot", len(missing))
    return missing


def _take_all(
    door: Door, missing: Iterable[Message], *, conversation: values.Conversation, now: datetime
) -> tuple[Taken, ...]:
    return tuple(
        arriving.take(door, _event_of(door, message, conversation), via=Via.CATCH_UP, now=now)
        for message in missing
    )


def _event_of(door: Door, message: Message, conversation: values.Conversation) -> ChatwootEvent:
    return ChatwootEvent(
        Kind.MESSAGE_CREATED,
        Kind.MESSAGE_CREATED.value,
        account_id=door.account_id,
        inbox_id=conversation.inbox_id,
        conversation=conversation,
        contact=conversation.contact,
        message=message,
        is_private=message.is_private,
    )
