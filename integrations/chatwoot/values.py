"""What Chatwoot talks about, as values: the same for a webhook and for an answer of its API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from tenants.credentials import Secret

# Chatwoot keeps unknown names in `content_attributes` and gives them back: our own mark on a reply.
MARKER = "chatwootai_run"


class MessageKind(StrEnum):
    INCOMING = "incoming"
    OUTGOING = "outgoing"
    ACTIVITY = "activity"
    TEMPLATE = "template"
    OTHER = "other"


class Status(StrEnum):
    """Of a conversation: with the bot, with people, done, or put off."""

    PENDING = "pending"
    OPEN = "open"
    RESOLVED = "resolved"
    SNOOZED = "snoozed"


class Priority(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


class ActorKind(StrEnum):
    CONTACT = "contact"
    PERSON = "person"
    BOT = "bot"
    ASSISTANT = "assistant"  # Chatwoot's own, and whatever it adds to them


@dataclass(frozen=True, slots=True)
class Actor:
    """Who wrote, types or is assigned. `id` counts for each kind on its own."""

    kind: ActorKind
    id: int | None
    name: str = field(default="", repr=False)
    is_blocked: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    id: int
    name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    phone_number: str = field(default="", repr=False)
    identifier: str = field(default="", repr=False)
    is_blocked: bool = False
    custom_attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    additional_attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Attachment:
    """`url` is an open link to whoever has it; `fallback` a place's name or a phone number."""

    id: int
    kind: str
    content_type: str = ""
    url: str = field(default="", repr=False)
    size: int | None = None
    fallback: str = field(default="", repr=False)
    latitude: float | None = field(default=None, repr=False)
    longitude: float | None = field(default=None, repr=False)
    transcript: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """`status` is that of its delivery, where Chatwoot tells it."""

    id: int
    kind: MessageKind
    created_at: datetime
    text: str = field(default="", repr=False)
    is_private: bool = False
    content_type: str = "text"
    sender: Actor | None = None
    attachments: tuple[Attachment, ...] = ()
    content_attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    source_id: str = field(default="", repr=False)
    status: str = ""

    @property
    def marker(self) -> str:
        """The key under which we sent it, else empty."""
        found = self.content_attributes.get(MARKER)
        return found if isinstance(found, str) else ""

    @property
    def is_external_echo(self) -> bool:
        """Typed by a person in the channel's own app, for example on the phone."""
        return self.content_attributes.get("external_echo") is True

    @property
    def is_deleted(self) -> bool:
        return self.content_attributes.get("deleted") is True


@dataclass(frozen=True, slots=True)
class Team:
    id: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """`id` is the number within its account, the one in addresses."""

    id: int
    status: str
    account_id: int | None = None
    inbox_id: int | None = None
    channel: str = ""
    priority: str = ""
    can_reply: bool = True
    labels: tuple[str, ...] = ()
    custom_attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    additional_attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)
    assignee: Actor | None = None
    team: Team | None = None
    contact: Contact | None = None
    source_id: str = field(default="", repr=False)
    last_message: Message | None = None
    unread_count: int = 0
    snoozed_until: datetime | None = None
    waiting_since: datetime | None = None
    last_activity_at: datetime | None = None
    updated_at: datetime | None = None
    created_at: datetime | None = None

    @property
    def is_with_person(self) -> bool:
        """A bot as assignee is no person, our own least of all."""
        return self.assignee is not None and self.assignee.kind == ActorKind.PERSON


@dataclass(frozen=True, slots=True)
class ConversationPage:
    conversations: tuple[Conversation, ...]
    total: int | None


@dataclass(frozen=True, slots=True)
class ContactPage:
    contacts: tuple[Contact, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    id: int
    name: str
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    id: int
    name: str
    role: str = ""
    email: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Label:
    id: int
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class AgentBot:
    """Token and secret are told to administrators only. `account_id` is None for Chatwoot's own."""

    id: int
    name: str
    account_id: int | None = None
    outgoing_url: str = field(default="", repr=False)
    access_token: Secret | None = None
    secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    id: int
    url: str = field(repr=False)
    subscriptions: tuple[str, ...] = ()
    secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class AccountRole:
    account_id: int
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Profile:
    """Whose token it is, and in which accounts that person is what."""

    id: int
    name: str
    accounts: tuple[AccountRole, ...] = ()

    def is_administrator(self, account_id: int) -> bool:
        return any(
            row.account_id == account_id and row.role == "administrator" for row in self.accounts
        )
