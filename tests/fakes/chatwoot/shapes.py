"""How rows look in webhooks and in answers of the API."""

from datetime import UTC, datetime

from tests.fakes.chatwoot.rows import Bot, Contact, User

NUMBERS = {"incoming": 0, "outgoing": 1, "activity": 2, "template": 3}


def iso(seconds):
    if not seconds:
        return None
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def account(row):
    return {"id": row.id, "name": row.name}


def contact(row, *, of=None, has_type=False):
    """Top-level senders name their account and have no type; those in `meta` the opposite."""
    body = {
        "additional_attributes": row.additional_attributes,
        "custom_attributes": row.custom_attributes,
        "email": row.email,
        "id": row.id,
        "identifier": row.identifier,
        "name": row.name,
        "phone_number": row.phone_number,
        "thumbnail": "",
        "blocked": row.is_blocked,
    }
    if of is not None:
        body |= {"account": account(of), "avatar": ""}
    return body | ({"type": "contact"} if has_type else {})


def sender(row, *, of=None):
    """As in webhooks."""
    if row is None:
        return None
    if isinstance(row, Contact):
        return contact(row, of=of)
    if isinstance(row, Bot):
        return {"id": row.id, "name": row.name, "type": "agent_bot"}
    return {"id": row.id, "name": row.name, "email": row.email, "type": "user"}


def assignee(row):
    if row is None:
        return None
    if isinstance(row, Bot):
        return {"id": row.id, "name": row.name, "avatar_url": "", "type": "agent_bot"}
    return {
        "id": row.id,
        "name": row.name,
        "available_name": row.name,
        "avatar_url": "",
        "type": "user",
        "availability_status": "online",
        "thumbnail": "",
    }


def assignee_type(row):
    return {User: "User", Bot: "AgentBot"}.get(type(row))


def team(row):
    return None if row is None else {"id": row.id, "name": row.name}


def message(row):
    """As in answers of the API."""
    body = {
        "id": row.id,
        "content": row.content,
        "inbox_id": row.conversation.inbox.id,
        "conversation_id": row.conversation.id,
        "message_type": NUMBERS[row.kind],
        "content_type": row.content_type,
        "status": row.status,
        "content_attributes": row.content_attributes,
        "created_at": int(row.created_at),
        "private": row.is_private,
        "source_id": row.source_id,
    }
    if isinstance(row.sender, Contact):
        body["sender"] = contact(row.sender, has_type=True)
    elif row.sender is not None:
        body["sender"] = sender(row.sender) | {"avatar_url": ""}
    return body | ({"attachments": row.attachments} if row.attachments else {})


def message_in_conversation(row):
    """As in `conversation.messages` of webhooks."""
    kinds = {Contact: "Contact", User: "User", Bot: "AgentBot"}
    return message(row) | {
        "account_id": row.conversation.account_id,
        "updated_at": iso(row.created_at),
        "sender_type": kinds.get(type(row.sender)),
        "sender_id": row.sender.id if row.sender else None,
        "external_source_ids": {},
        "additional_attributes": {},
        "processed_message_content": row.content,
        "sentiment": {},
    }


def message_event(row, of):
    conversation = row.conversation
    body = {
        "account": account(of),
        "additional_attributes": {},
        "content_attributes": row.content_attributes,
        "content_type": row.content_type,
        "content": row.content,
        "conversation": conversation_event(conversation, of),
        "created_at": iso(row.created_at),
        "id": row.id,
        "inbox": {"id": conversation.inbox.id, "name": conversation.inbox.name},
        "message_type": row.kind,
        "private": row.is_private,
        "sender": sender(row.sender, of=of),
        "source_id": row.source_id,
    }
    return body | ({"attachments": row.attachments} if row.attachments else {})


def conversation_event(row, of):
    """`of` is None before 4.14.2, when conversations did not name their account."""
    shown = [m for m in row.messages if m.kind != "activity" and not m.is_private][-1:]
    body = common(row) | {
        "contact_inbox": {
            "id": row.contact.id + 900,
            "contact_id": row.contact.id,
            "inbox_id": row.inbox.id,
            "source_id": (row.contact.phone_number or f"visitor-{row.contact.id}").lstrip("+"),
            "created_at": iso(row.created_at),
            "updated_at": iso(row.created_at),
            "hmac_verified": False,
            "pubsub_token": f"pubsub-{row.contact.id}",
        },
        "messages": [message_in_conversation(m) for m in shown],
        "first_reply_created_at": None,
    }
    return body | ({"account": account(of)} if of else {})


def conversation(row):
    """As in answers of the API."""
    shown = [m for m in row.messages if m.kind != "activity"][-1:]
    body = common(row) | {
        "uuid": f"00000000-0000-4000-8000-{row.id:012d}",
        "muted": row.contact.is_blocked,
        "account_id": row.account_id,
        "last_non_activity_message": message(shown[0]) if shown else None,
        "messages": [message(m) for m in shown],
        "assignee_last_seen_at": 0,
        "first_reply_created_at": 0,
    }
    body["meta"] = body["meta"] | {"channel": row.inbox.channel}
    return body


def common(row):
    return {
        "additional_attributes": {},
        "can_reply": row.can_reply,
        "channel": row.inbox.channel,
        "id": row.id,
        "inbox_id": row.inbox.id,
        "labels": list(row.labels),
        "meta": {
            "sender": contact(row.contact, has_type=True),
            "assignee": assignee(row.assignee),
            "assignee_type": assignee_type(row.assignee),
            "team": team(row.team),
            "hmac_verified": False,
        },
        "status": row.status,
        "custom_attributes": row.custom_attributes,
        "snoozed_until": iso(row.snoozed_until),
        "unread_count": min(10, sum(m.kind == "incoming" for m in row.messages)),
        "priority": row.priority,
        "waiting_since": int(row.waiting_since),
        "agent_last_seen_at": int(row.agent_seen_at),
        "contact_last_seen_at": 0,
        "last_activity_at": int(row.active_at),
        "timestamp": int(row.active_at),
        "created_at": int(row.created_at),
        "updated_at": row.updated_at,
    }


def bot(row, *, shows_secrets):
    body = {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "thumbnail": "",
        "outgoing_url": row.outgoing_url,
        "bot_type": "webhook",
        "bot_config": {},
        "account_id": row.account_id,
        "system_bot": row.account_id is None,
    }
    if shows_secrets and row.account_id is not None:
        body |= {"access_token": row.token, "secret": row.secret}
    return body


def webhook(row):
    return {
        "id": row.id,
        "name": row.name,
        "url": row.url,
        "account_id": row.account_id,
        "subscriptions": row.subscriptions,
        "secret": row.secret,
    }


def inbox(row):
    return {
        "id": row.id,
        "name": row.name,
        "channel_type": row.channel,
        "greeting_enabled": False,
        "working_hours_enabled": False,
        "enable_auto_assignment": True,
    }


def user(row):
    return {
        "id": row.id,
        "account_id": row.account_id,
        "name": row.name,
        "available_name": row.name,
        "email": row.email,
        "role": row.role,
        "confirmed": True,
        "availability_status": "online",
    }
