"""What the stand-in keeps in memory."""

import itertools
import time
from dataclasses import dataclass, field
from typing import Any

API = "Channel::Api"
WIDGET = "Channel::WebWidget"
WHATSAPP = "Channel::Whatsapp"


@dataclass
class Account:
    id: int
    name: str
    keeps_pending_on_failure: bool = False


@dataclass
class User:
    id: int
    account_id: int
    name: str
    email: str
    role: str
    token: str
    inbox_ids: Any = None  # None: all


@dataclass
class Bot:
    id: int
    account_id: int | None
    name: str
    token: str
    secret: str
    outgoing_url: str = ""
    description: str = ""


@dataclass
class Team:
    id: int
    account_id: int
    name: str


@dataclass
class Label:
    id: int
    account_id: int
    title: str
    description: str = ""


@dataclass
class Webhook:
    id: int
    account_id: int
    url: str
    name: str
    subscriptions: list
    secret: str


@dataclass
class Inbox:
    id: int
    account_id: int
    name: str
    channel: str
    bot_id: int | None = None
    webhook_url: str = ""
    secret: str = ""


@dataclass
class Contact:
    id: int
    account_id: int
    name: str
    email: str | None = None
    phone_number: str | None = None
    identifier: str | None = None
    is_blocked: bool = False
    custom_attributes: dict = field(default_factory=dict)
    additional_attributes: dict = field(default_factory=dict)


@dataclass
class Message:
    id: int
    conversation: Any = field(repr=False)
    kind: str
    content: str | None
    sender: Any = None  # a Contact, a User, a Bot, or nobody
    is_private: bool = False
    content_type: str = "text"
    content_attributes: dict = field(default_factory=dict)
    attachments: list = field(default_factory=list)
    source_id: str | None = None
    status: str = "sent"
    created_at: float = field(default_factory=time.time)


@dataclass
class Conversation:
    id: int
    account_id: int
    inbox: Inbox
    contact: Contact
    status: str
    can_reply: bool = True
    priority: str | None = None
    labels: list = field(default_factory=list)
    custom_attributes: dict = field(default_factory=dict)
    assignee: Any = None  # a User or a Bot
    team: Team | None = None
    snoozed_until: float | None = None
    waiting_since: float = 0
    agent_seen_at: float = 0
    created_at: float = field(default_factory=time.time)
    active_at: float = field(default_factory=time.time)
    updated_at: float = field(default_factory=time.time)
    messages: list = field(default_factory=list, repr=False)


class Numbers:
    """Numbers of messages, contacts and the like are the whole server's."""

    def __init__(self):
        self._counters = {}

    def next(self, what, start=1):
        counter = self._counters.setdefault(what, itertools.count(start))
        return next(counter)
