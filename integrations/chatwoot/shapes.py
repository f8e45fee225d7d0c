"""Turns what Chatwoot writes into values; each function takes all shapes that a thing comes in."""

from collections.abc import Iterator, Mapping
from typing import Any

from integrations.chatwoot.reading import Node, PayloadError
from integrations.chatwoot.values import (
    AccountRole,
    Actor,
    ActorKind,
    Agent,
    AgentBot,
    Attachment,
    Contact,
    ContactPage,
    Conversation,
    ConversationPage,
    Inbox,
    Label,
    Message,
    MessageKind,
    Profile,
    Team,
    Webhook,
)
from tenants.credentials import Secret

# Webhooks write the word, everything else the number.
MESSAGE_KINDS: Mapping[Any, MessageKind] = {
    **{kind.value: kind for kind in MessageKind},
    0: MessageKind.INCOMING,
    1: MessageKind.OUTGOING,
    2: MessageKind.ACTIVITY,
    3: MessageKind.TEMPLATE,
}
# In payloads, in `sender_type`, and in `assignee_type`. No type at all is a contact's.
ACTOR_KINDS: Mapping[str, ActorKind] = {
    "": ActorKind.CONTACT,
    "contact": ActorKind.CONTACT,
    "user": ActorKind.PERSON,
    "agent_bot": ActorKind.BOT,
    "agentbot": ActorKind.BOT,
}


def message(node: Node) -> Message:
    return Message(
        id=node.present()["id"].number(),
        kind=_message_kind(node["message_type"]),
        created_at=node["created_at"].moment(),
        text=node["content"].text(),
        is_private=node["private"].flag(),
        content_type=node["content_type"].text() or "text",
        sender=actor(node["sender"]) if node["sender"].is_there else None,
        attachments=tuple(attachment(part) for part in node["attachments"].items()),
        content_attributes=_content_attributes(node["content_attributes"]),
        source_id=node["source_id"].text(),
        status=node["status"].text(),
    )


def _message_kind(node: Node) -> MessageKind:
    if isinstance(node.value, bool) or not isinstance(node.value, str | int):
        raise PayloadError(node.path)
    return MESSAGE_KINDS.get(node.value, MessageKind.OTHER)


def _content_attributes(node: Node) -> Mapping[str, Any]:
    """Without the whole mail that stands there in inboxes for e-mail."""
    if not node.is_there:
        return {}
    kept = {name: part for name, part in node.present().value.items() if name != "email"}
    return Node(kept, node.path).free_object()


def actor(node: Node) -> Actor:
    return Actor(
        kind=_actor_kind(node["type"]),
        id=node.present()["id"].number_if_any(),
        name=node["name"].text(),
        is_blocked=node["blocked"].flag(),
    )


def _actor_kind(node: Node) -> ActorKind:
    return ACTOR_KINDS.get(node.text().lower(), ActorKind.ASSISTANT)


def attachment(node: Node) -> Attachment:
    return Attachment(
        id=node.present()["id"].number(),
        kind=node["file_type"].text() or "file",
        content_type=node["content_type"].text(),
        url=node["data_url"].text(),
        size=node["file_size"].number_if_any(),
        fallback=node["fallback_title"].text(),
        latitude=_degrees(node["coordinates_lat"]),
        longitude=_degrees(node["coordinates_long"]),
        transcript=node["transcribed_text"].text(),
    )


def _degrees(node: Node) -> float | None:
    if not node.is_there:
        return None
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise PayloadError(node.path)
    if not -360 <= node.value <= 360:
        raise PayloadError(node.path)
    return float(node.value)


def contact(node: Node) -> Contact:
    return Contact(
        id=node.present()["id"].number(),
        name=node["name"].text(),
        email=node["email"].text(),
        phone_number=node["phone_number"].text(),
        identifier=node["identifier"].text(),
        is_blocked=node["blocked"].flag(),
        custom_attributes=node["custom_attributes"].free_object(),
        additional_attributes=node["additional_attributes"].free_object(),
    )


def conversation(node: Node, *, with_newest: bool = True) -> Conversation:
    """`with_newest`: with its newest message, which no event needs."""
    meta = node.present()["meta"]
    newest = [message(part) for part in node["messages"].items()] if with_newest else []
    return Conversation(
        id=node["id"].number(),
        status=node["status"].word(),
        account_id=_account_id(node),
        inbox_id=node["inbox_id"].number_if_any(),
        channel=node["channel"].text() or meta["channel"].text(),
        priority=node["priority"].text(),
        can_reply=node["can_reply"].flag(default=True),
        labels=texts(node["labels"]),
        custom_attributes=node["custom_attributes"].free_object(),
        additional_attributes=node["additional_attributes"].free_object(),
        assignee=_assignee(meta),
        team=team(meta["team"]) if meta["team"].is_there else None,
        contact=contact(meta["sender"]) if meta["sender"]["id"].is_there else None,
        source_id=node["contact_inbox"]["source_id"].text(),
        last_message=newest[-1] if newest else None,
        unread_count=node["unread_count"].number_if_any() or 0,
        snoozed_until=node["snoozed_until"].moment_if_any(),
        waiting_since=node["waiting_since"].moment_if_any(),
        last_activity_at=node["last_activity_at"].moment_if_any(),
        updated_at=node["updated_at"].moment_if_any(),
        created_at=node["created_at"].moment_if_any(),
    )


def _account_id(node: Node) -> int | None:
    """Chatwoot before 4.14.2 names it in the newest message only, REST on the conversation."""
    for place in (node["account"]["id"], node["account_id"]):
        if place.is_there:
            return place.number()
    for part in node["messages"].items():
        return part["account_id"].number_if_any()
    return None


def _assignee(meta: Node) -> Actor | None:
    """The type beside it decides; older versions write it inside, or mean a person by none."""
    row, beside = meta["assignee"], meta["assignee_type"].text()
    if not row.is_there and not beside:
        return None
    kind = beside or row["type"].text() or "user"
    return Actor(
        kind=ACTOR_KINDS.get(kind.lower(), ActorKind.ASSISTANT),
        id=row["id"].number_if_any(),
        name=row["name"].text(),
    )


def conversation_page(node: Node) -> ConversationPage:
    data = node["data"].present()
    return ConversationPage(
        conversations=tuple(conversation(part) for part in data["payload"].items()),
        total=data["meta"]["all_count"].number_if_any(),
    )


def contact_page(node: Node) -> ContactPage:
    return ContactPage(
        contacts=tuple(contact(part) for part in node["payload"].items()),
        has_more=node["meta"]["has_more"].flag(),
    )


def contact_in_payload(node: Node) -> Contact:
    return contact(node["payload"])


def rows(node: Node) -> Iterator[Node]:
    """Lists come bare, in `payload`, or below their own name in there."""
    if isinstance(node.value, list):
        return node.items()
    payload = node.present()["payload"]
    return payload.items() if isinstance(payload.value, list) else payload["webhooks"].items()


def texts(node: Node) -> tuple[str, ...]:
    return tuple(part.word() for part in node.items())


def team(node: Node) -> Team:
    return Team(id=node.present()["id"].number(), name=node["name"].text())


def inbox(node: Node) -> Inbox:
    return Inbox(
        id=node.present()["id"].number(),
        name=node["name"].text(),
        channel=node["channel_type"].text(),
    )


def agent(node: Node) -> Agent:
    return Agent(
        id=node.present()["id"].number(),
        name=node["name"].text(),
        role=node["role"].text(),
        email=node["email"].text(),
    )


def label(node: Node) -> Label:
    return Label(
        id=node.present()["id"].number(),
        title=node["title"].word(),
        description=node["description"].text(),
    )


def agent_bot(node: Node) -> AgentBot:
    return AgentBot(
        id=node.present()["id"].number(),
        name=node["name"].text(),
        account_id=node["account_id"].number_if_any(),
        outgoing_url=node["outgoing_url"].text(),
        access_token=_secret(node["access_token"]),
        secret=_secret(node["secret"]),
    )


def webhook(node: Node) -> Webhook:
    return Webhook(
        id=node.present()["id"].number(),
        url=node["url"].word(),
        subscriptions=texts(node["subscriptions"]),
        secret=_secret(node["secret"]),
    )


def agent_bot_if_any(node: Node) -> AgentBot | None:
    row = node["agent_bot"]
    return agent_bot(row) if row["id"].is_there else None


def webhook_in_payload(node: Node) -> Webhook:
    return webhook(node["payload"]["webhook"])


def profile(node: Node) -> Profile:
    return Profile(
        id=node.present()["id"].number(),
        name=node["name"].text(),
        accounts=tuple(
            AccountRole(part["id"].number(), part["name"].text(), part["role"].text())
            for part in node["accounts"].items()
        ),
    )


def _secret(node: Node) -> Secret | None:
    text = node.text()
    return Secret(text) if text else None
