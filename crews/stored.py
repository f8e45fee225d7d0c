"""What is kept of an event, in Chatwoot's own shape, so that it can be read again.

Tokens of visitors, pictures and whatever nobody asks for are left out; a message's text stands in
a column of its own.
"""

from collections.abc import Mapping
from typing import Any

from crews.models import InboundEvent
from integrations.chatwoot.payloads import ChatwootEvent, parse
from integrations.chatwoot.reading import PayloadError
from integrations.chatwoot.values import (
    Actor,
    ActorKind,
    Attachment,
    Contact,
    Conversation,
    Message,
)

TYPES: Mapping[ActorKind, str] = {
    ActorKind.PERSON: "user",
    ActorKind.BOT: "agent_bot",
    ActorKind.ASSISTANT: "captain_assistant",
}


def payload_of(event: ChatwootEvent) -> dict[str, Any]:
    found: dict[str, Any] = {"event": event.name}
    if event.account_id is not None:
        found["account"] = {"id": event.account_id}
    if event.message is not None:
        found |= _message(event.message, event)
        if event.conversation is not None:
            found["conversation"] = _conversation(event.conversation)
    elif event.typing is not None and event.conversation is not None:
        found |= {"user": _actor(event.typing), "is_private": event.is_private}
        found["conversation"] = _conversation(event.conversation)
    elif event.conversation is not None:
        found |= _conversation(event.conversation)
        found["changed_attributes"] = [
            {row.name: {"previous_value": row.before, "current_value": row.after}}
            for row in event.changes
        ]
    elif event.contact is not None:
        found |= _contact(event.contact)
    return found


def event_of(row: InboundEvent) -> ChatwootEvent | None:
    """None when its content was dropped already, or is none that can have an effect."""
    body = dict(row.payload)
    if not body:
        return None
    if row.message_id is not None:
        body["content"] = row.text
    try:
        return parse(body)
    except PayloadError:
        return None


def _message(message: Message, event: ChatwootEvent) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": message.id,
        "message_type": message.kind.value,
        "private": message.is_private,
        "content_type": message.content_type,
        "content_attributes": dict(message.content_attributes),
        "created_at": message.created_at.isoformat(),
        "sender": _actor(message.sender) if message.sender is not None else None,
        "inbox": {"id": event.inbox_id, "name": event.inbox_name},
    }
    if message.attachments:
        found["attachments"] = [_attachment(part) for part in message.attachments]
    return found


def _actor(actor: Actor) -> dict[str, Any]:
    found: dict[str, Any] = {"id": actor.id, "name": actor.name, "blocked": actor.is_blocked}
    return found | ({"type": TYPES[actor.kind]} if actor.kind in TYPES else {})


def _attachment(part: Attachment) -> dict[str, Any]:
    found = {
        "id": part.id,
        "file_type": part.kind,
        "content_type": part.content_type,
        "data_url": part.url,
        "file_size": part.size,
        "fallback_title": part.fallback,
        "coordinates_lat": part.latitude,
        "coordinates_long": part.longitude,
        "transcribed_text": part.transcript,
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _conversation(row: Conversation) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    if row.contact is not None:
        meta["sender"] = _contact(row.contact)
    if row.assignee is not None:
        meta["assignee"] = {"id": row.assignee.id, "name": row.assignee.name}
        meta["assignee_type"] = TYPES.get(row.assignee.kind, "user")
    if row.team is not None:
        meta["team"] = {"id": row.team.id, "name": row.team.name}
    return {
        "id": row.id,
        "status": row.status,
        "inbox_id": row.inbox_id,
        "channel": row.channel,
        "can_reply": row.can_reply,
        "labels": list(row.labels),
        "custom_attributes": dict(row.custom_attributes),
        "contact_inbox": {"source_id": row.source_id},
        "meta": meta,
    }


def _contact(contact: Contact) -> dict[str, Any]:
    return {
        "id": contact.id,
        "name": contact.name,
        "email": contact.email,
        "phone_number": contact.phone_number,
        "identifier": contact.identifier,
        "blocked": contact.is_blocked,
    }
