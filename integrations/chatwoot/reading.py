"""Reads JSON of a remote system field by field; what does not fit is named by its path."""

import math
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

DEEPEST = 32
MOST_KEYS = 500
MOST_VALUES = 20_000
LONGEST_TEXT = 150_000
LARGEST_NUMBER = 2**63 - 1

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class PayloadError(ValueError):
    """A field that is missing or of the wrong kind. `path` says which; never its value."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} is missing or not what was expected.")
        self.path = path


def clean(text: str) -> str:
    """Without what no database stores: NUL and halves of surrogate pairs."""
    if text.isascii() and "\0" not in text:
        return text
    return UNSTORABLE.sub("", text)


def check_bounds(body: Any) -> None:
    """Refuse what is nested too deep or has too many parts. Does not recurse itself."""
    level, depth, seen = [body], 0, 0
    while level:
        depth, seen = depth + 1, seen + len(level)
        if depth > DEEPEST or seen > MOST_VALUES:
            raise PayloadError("$")
        level = [
            part
            for value in level
            for part in _inner_values(value)
            if isinstance(part, dict | list)
        ]


def _inner_values(value: Any) -> Collection[Any]:
    if isinstance(value, dict):
        if len(value) > MOST_KEYS:
            raise PayloadError("$")
        return value.values()
    if not isinstance(value, list):
        return ()
    if len(value) > MOST_VALUES:
        raise PayloadError("$")
    return value


class Node:
    """A place in a body. Asking for a field of nothing gives nothing.

    Hundreds are made for each event, so it is no dataclass, and its path is put together only when
    somebody asks for it.
    """

    __slots__ = ("_above", "_step", "value")

    def __init__(self, value: Any, step: str = "$", *, above: "Node | None" = None) -> None:
        self.value = value
        self._step = step
        self._above = above

    def __repr__(self) -> str:
        return f"<Node {self.path}>"

    def __getitem__(self, name: str) -> "Node":
        value = self.value
        if value is None:
            return Node(None, f".{name}", above=self)
        if not isinstance(value, dict):
            raise PayloadError(self.path)
        return Node(value.get(name), f".{name}", above=self)

    @property
    def path(self) -> str:
        return self._step if self._above is None else self._above.path + self._step

    @property
    def is_there(self) -> bool:
        return self.value is not None

    def present(self) -> "Node":
        """The same, if it is an object."""
        if not isinstance(self.value, dict):
            raise PayloadError(self.path)
        return self

    def items(self) -> "Iterator[Node]":
        if self.value is None:
            return
        if not isinstance(self.value, list):
            raise PayloadError(self.path)
        for number, part in enumerate(self.value):
            yield Node(part, f"[{number}]", above=self)

    def number(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise PayloadError(self.path)
        if not 0 <= self.value <= LARGEST_NUMBER:
            raise PayloadError(self.path)
        return self.value

    def number_if_any(self) -> int | None:
        return self.number() if self.is_there else None

    def text(self) -> str:
        """Empty when there is none."""
        if self.value is None:
            return ""
        if not isinstance(self.value, str) or len(self.value) > LONGEST_TEXT:
            raise PayloadError(self.path)
        return clean(self.value)

    def word(self) -> str:
        """A text that has to be there."""
        text = self.text()
        if not text:
            raise PayloadError(self.path)
        return text

    def flag(self, *, default: bool = False) -> bool:
        if self.value is None:
            return default
        if not isinstance(self.value, bool):
            raise PayloadError(self.path)
        return self.value

    def moment(self) -> datetime:
        """ISO 8601 or seconds since 1970: webhooks say it one way, REST the other."""
        try:
            if isinstance(self.value, str) and len(self.value) < 64:
                found = datetime.fromisoformat(self.value)
                return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
            if isinstance(self.value, int | float) and not isinstance(self.value, bool):
                return datetime.fromtimestamp(self.value, UTC)
        except (ValueError, OverflowError, OSError):
            pass
        raise PayloadError(self.path)

    def moment_if_any(self) -> datetime | None:
        """0 means that it never happened."""
        is_unset = self.value is None or (self.value == 0 and not isinstance(self.value, bool))
        return None if is_unset else self.moment()

    def free(self) -> Any:
        """Whatever stands there, bounded and storable."""
        check_bounds(self.value)
        return self._storable(self.value)

    def free_object(self) -> Mapping[str, Any]:
        if self.value is None or self.value == {}:
            return {}
        found: Mapping[str, Any] = self.present().free()
        return found

    def _storable(self, value: Any) -> Any:
        if isinstance(value, str):
            return Node(value, self.path).text()
        if isinstance(value, dict):
            return {clean(str(name)): self._storable(part) for name, part in value.items()}
        if isinstance(value, list):
            return [self._storable(part) for part in value]
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int | float) and math.isfinite(value) and abs(value) <= LARGEST_NUMBER:
            return value
        raise PayloadError(self.path)
