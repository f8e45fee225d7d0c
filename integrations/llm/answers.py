"""What callers of a model get back."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Tokens:
    """`cached` is the part of `read` that the provider still had; `is_estimated`: our guess."""

    read: int = 0
    cached: int = 0
    written: int = 0
    is_estimated: bool = False

    def __add__(self, other: "Tokens") -> "Tokens":
        return Tokens(
            self.read + other.read,
            self.cached + other.cached,
            self.written + other.written,
            self.is_estimated or other.is_estimated,
        )

    @property
    def total(self) -> int:
        return self.read + self.written


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model asks for a tool. `arguments` is JSON as the model wrote it, hence unchecked."""

    id: str
    name: str
    arguments: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Completion:
    """`parsed` is there when a schema was given. `cost` is None where nobody knows the price."""

    text: str = field(repr=False)
    tool_calls: tuple[ToolCall, ...]
    parsed: Any = field(repr=False)
    model: str
    tokens: Tokens
    cost: Decimal | None
    call_id: int
    finish_reason: str


@dataclass(frozen=True, slots=True)
class Transcript:
    text: str = field(repr=False)
    model: str
    cost: Decimal | None
    call_id: int
