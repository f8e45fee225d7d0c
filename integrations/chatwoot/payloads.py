"""Reads what Chatwoot's webhooks bring, and says who wrote it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from integrations.chatwoot import shapes
from integrations.chatwoot.reading import Node, PayloadError, check_bounds, clean
from integrations.chatwoot.values import (
    Actor,
    ActorKind,
    Contact,
    Conversation,
    Message,
    MessageKind,
)

LONGEST_NAME = 80


class Kind(StrEnum):
    MESSAGE_CREATED = "message_created"
    MESSAGE_UPDATED = "message_updated"
    CONVERSATION_CREATED = "conversation_created"
    CONVERSATION_UPDATED = "conversation_updated"
    CONVERSATION_STATUS_CHANGED = "conversation_status_changed"
    CONVERSATION_OPENED = "conversation_opened"
    CONVERSATION_RESOLVED = "conversation_resolved"
    TYPING_ON = "conversation_typing_on"
    TYPING_OFF = "conversation_typing_off"
    WIDGET_TRIGGERED = "webwidget_triggered"
    CONTACT_CREATED = "contact_created"
    CONTACT_UPDATED = "contact_updated"
    INBOX_CREATED = "inbox_created"
    INBOX_UPDATED = "inbox_updated"
    AUTOMATION = "automation_event"
    MACRO = "macro.executed"
    OTHER = "other"


class Author(StrEnum):
    CUSTOMER = "customer"
    BOT = "bot"
    OTHER_BOT = "other bot"
    PERSON = "person"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Change:
    """Of one attribute, by the name that Chatwoot's database has for it."""

    name: str
    before: Any = field(repr=False)
    after: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChatwootEvent:
    """`name` is as Chatwoot wrote it. `account_id` is None where an old Chatwoot does not tell."""

    kind: Kind
    name: str
    account_id: int | None = None
    inbox_id: int | None = None
    inbox_name: str = ""
    conversation: Conversation | None = None
    message: Message | None = None
    contact: Contact | None = None
    typing: Actor | None = None
    is_private: bool = False
    changes: tuple[Change, ...] = ()
    info: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def change_of(self, name: str) -> Change | None:
        return next((change for change in self.changes if change.name == name), None)


def parse(body: Any) -> ChatwootEvent:
    """PayloadError when it is no event of Chatwoot. Events that we do not know are OTHER."""
    check_bounds(body)
    node = Node(body).present()
    name = node["event"].word()
    if len(name) > LONGEST_NAME:
        raise PayloadError("$.event")
    kind = _kind_of(name)
    return READERS[kind](node, ChatwootEvent(kind, name, account_id=_account_id(node)))


def who_wrote(event: ChatwootEvent, *, bot_id: int | None) -> Author:
    """Who is behind a message or is typing; SYSTEM where nobody is.

    `bot_id` is our bot's number in that Chatwoot. While it is unknown, a bot whose message carries
    our marker is ours.
    """
    if event.message is None:
        return _author(event.typing, is_ours=_is_bot(event.typing, bot_id))
    message = event.message
    if message.kind == MessageKind.INCOMING:
        return Author.CUSTOMER
    if _is_our_message(message, bot_id):
        return Author.BOT
    if message.kind != MessageKind.OUTGOING:
        return Author.SYSTEM
    if message.sender is None:
        return Author.PERSON if message.is_external_echo else Author.SYSTEM
    author = _author(message.sender, is_ours=False)
    return Author.SYSTEM if author == Author.CUSTOMER else author


def is_takeover(event: ChatwootEvent, *, bot_id: int | None) -> bool:
    """Whether a person has taken the conversation: answered the customer, or is its new assignee.

    A private note takes nothing over, and a bot as assignee is no person.
    """
    if event.kind == Kind.MESSAGE_CREATED and event.message is not None:
        is_public = not event.message.is_private
        return is_public and who_wrote(event, bot_id=bot_id) == Author.PERSON
    if event.kind != Kind.CONVERSATION_UPDATED or event.conversation is None:
        return False
    return event.change_of("assignee_id") is not None and event.conversation.is_with_person


def _author(actor: Actor | None, *, is_ours: bool) -> Author:
    if actor is None:
        return Author.SYSTEM
    if actor.kind == ActorKind.BOT:
        return Author.BOT if is_ours else Author.OTHER_BOT
    return AUTHORS[actor.kind]


AUTHORS: Mapping[ActorKind, Author] = {
    ActorKind.CONTACT: Author.CUSTOMER,
    ActorKind.PERSON: Author.PERSON,
    ActorKind.ASSISTANT: Author.OTHER_BOT,
}


def _is_bot(actor: Actor | None, bot_id: int | None) -> bool:
    return actor is not None and actor.kind == ActorKind.BOT and actor.id == bot_id is not None


def _is_our_message(message: Message, bot_id: int | None) -> bool:
    if bot_id is not None:
        return _is_bot(message.sender, bot_id)
    is_of_bot = message.sender is not None and message.sender.kind == ActorKind.BOT
    return is_of_bot and bool(message.marker)


def _kind_of(name: str) -> Kind:
    if name.startswith("automation_event."):
        return Kind.AUTOMATION
    return Kind(name) if name in KNOWN else Kind.OTHER


KNOWN = frozenset(Kind) - {Kind.OTHER, Kind.AUTOMATION}


def _account_id(node: Node) -> int | None:
    return node["account"]["id"].number_if_any()


def _of_message(node: Node, event: ChatwootEvent) -> ChatwootEvent:
    conversation = shapes.conversation(node["conversation"], with_newest=False)
    message = shapes.message(node)
    status = _status_of(message.id, node["conversation"]["messages"])
    account_id = event.account_id if event.account_id is not None else conversation.account_id
    return ChatwootEvent(
        event.kind,
        event.name,
        account_id=account_id,
        inbox_id=node["inbox"]["id"].number_if_any() or conversation.inbox_id,
        inbox_name=node["inbox"]["name"].text(),
        conversation=conversation,
        message=replace(message, status=status) if status else message,
        contact=conversation.contact,
        is_private=message.is_private,
    )


def _status_of(message_id: int, newest: Node) -> str:
    """Of its delivery, which only the conversation's newest message tells."""
    for part in newest.items():
        if part["id"].number_if_any() == message_id:
            return part["status"].text()
    return ""


def _of_conversation(node: Node, event: ChatwootEvent) -> ChatwootEvent:
    event = _with_conversation(event, shapes.conversation(node, with_newest=False))
    return replace(event, changes=tuple(_changes(node["changed_attributes"])))


def _of_typing(node: Node, event: ChatwootEvent) -> ChatwootEvent:
    return replace(
        _with_conversation(event, shapes.conversation(node["conversation"])),
        typing=shapes.actor(node["user"]),
        is_private=node["is_private"].flag(),
    )


def _of_widget(node: Node, event: ChatwootEvent) -> ChatwootEvent:
    current = node["current_conversation"]
    if current["id"].is_there:
        event = _with_conversation(event, shapes.conversation(current))
    return replace(
        event,
        contact=shapes.contact(node["contact"]),
        inbox_id=node["inbox"]["id"].number(),
        inbox_name=node["inbox"]["name"].text(),
        info=node["event_info"].free_object(),
    )


def _of_contact(node: Node, event: ChatwootEvent) -> ChatwootEvent:
    changes = tuple(_changes(node["changed_attributes"]))
    return replace(event, contact=shapes.contact(node), changes=changes)


def _as_it_is(_node: Node, event: ChatwootEvent) -> ChatwootEvent:
    """Of inboxes nothing more is read: what changed may be the channel's credentials."""
    return event


def _with_conversation(event: ChatwootEvent, conversation: Conversation) -> ChatwootEvent:
    account_id = event.account_id if event.account_id is not None else conversation.account_id
    return replace(
        event,
        account_id=account_id,
        conversation=conversation,
        contact=conversation.contact,
        inbox_id=conversation.inbox_id,
    )


def _changes(node: Node) -> Iterator[Change]:
    """A list of objects with one name each; none at all where Chatwoot lost them."""
    for part in node.items():
        for name, change in part.present().value.items():
            row = Node(change, f"{part.path}.*").present()
            yield Change(
                clean(str(name))[:LONGEST_NAME],
                before=row["previous_value"].free(),
                after=row["current_value"].free(),
            )


READERS: Mapping[Kind, Callable[[Node, ChatwootEvent], ChatwootEvent]] = {
    Kind.MESSAGE_CREATED: _of_message,
    Kind.MESSAGE_UPDATED: _of_message,
    Kind.CONVERSATION_CREATED: _of_conversation,
    Kind.CONVERSATION_UPDATED: _of_conversation,
    Kind.CONVERSATION_STATUS_CHANGED: _of_conversation,
    Kind.CONVERSATION_OPENED: _of_conversation,
    Kind.CONVERSATION_RESOLVED: _of_conversation,
    Kind.TYPING_ON: _of_typing,
    Kind.TYPING_OFF: _of_typing,
    Kind.WIDGET_TRIGGERED: _of_widget,
    Kind.CONTACT_CREATED: _of_contact,
    Kind.CONTACT_UPDATED: _of_contact,
    Kind.INBOX_CREATED: _as_it_is,
    Kind.INBOX_UPDATED: _as_it_is,
    Kind.AUTOMATION: _of_conversation,
    Kind.MACRO: _of_conversation,
    Kind.OTHER: _as_it_is,
}
