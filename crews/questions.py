"""What is asked of a crew and what it answers: plain values, no rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from crews.models import Reason
from tenants.configuration import Effective
from tenants.models import Tenant


class Speaker(StrEnum):
    CUSTOMER = "customer"
    BOT = "bot"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Line:
    """Something said before. `at` is when."""

    speaker: Speaker
    text: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Said:
    """One message that is to be answered. `written` is what the customer wrote, `text` is that and
    what its files show or say, as far as we can tell; `media` names their kinds.
    """

    message_id: int
    text: str = field(repr=False)
    written: str = field(repr=False)
    at: datetime
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Talk:
    """The conversation as far as a crew needs to know it. `number` is Chatwoot's."""

    id: int | None
    number: int | None
    channel_kind: str = ""
    inbox_id: int | None = None
    language: str = ""
    contact_id: int | None = None
    contact_name: str = field(default="", repr=False)
    labels: tuple[str, ...] = ()
    custom_attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that is to be answered in one turn. `checkpoint` is called between steps: it
    raises when nobody wants the answer any more. `deadline` is a moment of `time.monotonic`.
    """

    tenant: Tenant
    talk: Talk
    messages: tuple[Said, ...]
    history: tuple[Line, ...]
    config: Effective
    deadline: float
    checkpoint: Callable[[], None]
    turn_id: int | None = None


@dataclass(frozen=True, slots=True)
class HandOff:
    """A person is to go on. Empty parts are filled from the company's configuration."""

    reason: Reason
    summary: str = field(default="", repr=False)
    tried: tuple[str, ...] = ()
    customer_text: str | None = field(default=None, repr=False)
    labels: tuple[str, ...] = ()
    priority: str = ""
    team_id: int | None = None
    agent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What an answer rests on. `piece` names the row, for example "faq:12"; `support` is 0 to 1."""

    piece: str
    title: str
    passage: str = ""
    support: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Text for the customer, or a hand-over, or text and then a hand-over."""

    text: str = field(default="", repr=False)
    handoff: HandOff | None = None
    is_helpful: bool = True
    sources: tuple[Source, ...] = ()
