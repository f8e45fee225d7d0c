"""Covers personal data before a model reads it, and puts it back into what the model writes."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tenants.masking import HIDDEN, RULES

LONGEST_PLACEHOLDER = 24


class Cover:
    """For one call: the same value has the same placeholder everywhere in it."""

    def __init__(self) -> None:
        self._by_value: dict[tuple[str, str], str] = {}
        self._by_placeholder: dict[str, str] = {}
        self._taken: set[str] = set()

    def messages(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A copy without personal data in contents and in arguments of tools."""
        self._taken = set(_placeholders_in(messages))
        return [self._deep(message) for message in messages]

    def text(self, text: str) -> str:
        for pattern, replacement in RULES:
            if not pattern.groupindex.get("name"):
                text = pattern.sub(partial(self._cover, replacement), text)
        return text

    def restore(self, text: str) -> str:
        """Also within JSON: no value has a sign that JSON would escape."""
        if not self._by_placeholder:
            return text
        return PLACEHOLDER.sub(lambda match: self._by_placeholder.get(match[0], match[0]), text)

    def _deep(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                key: entry if key in UNTOUCHED else self._deep(entry)
                for key, entry in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._deep(entry) for entry in value]
        return value

    def _cover(self, replacement: Callable[[re.Match[str]], str], match: re.Match[str]) -> str:
        kind = replacement(match)
        if kind in {match[0], HIDDEN}:
            return match[0]
        key = (kind, match[0])
        if key not in self._by_value:
            placeholder = self._free_placeholder(kind)
            self._by_value[key] = placeholder
            self._by_placeholder[placeholder] = match[0]
        return self._by_value[key]

    def _free_placeholder(self, kind: str) -> str:
        """Never one that already stands in the text: a customer could ask for another's data."""
        number = 1
        while True:
            placeholder = f"{kind[:-1]}-{number}]"
            if placeholder not in self._taken and placeholder not in self._by_placeholder:
                return placeholder
            number += 1


class NoCover:
    """Where nothing is to be covered."""

    def messages(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return messages

    def text(self, text: str) -> str:
        return text

    def restore(self, text: str) -> str:
        return text


class Restorer:
    """Restores a text that comes in pieces; a placeholder may be cut between two of them."""

    def __init__(self, cover: Cover | NoCover, on_text: Callable[[str], None]) -> None:
        self._cover = cover
        self._on_text = on_text
        self._held = ""

    def take(self, piece: str) -> None:
        text = self._held + piece
        start = text.rfind("[")
        is_cut = start >= 0 and "]" not in text[start:]
        is_cut = is_cut and len(text) - start < LONGEST_PLACEHOLDER
        self._held = text[start:] if is_cut else ""
        self._tell(text[:start] if is_cut else text)

    def finish(self) -> None:
        held, self._held = self._held, ""
        self._tell(held)

    def _tell(self, text: str) -> None:
        if text:
            self._on_text(self._cover.restore(text))


# Names that programs agreed on, and pictures: no text of a person.
UNTOUCHED = frozenset({"role", "type", "id", "tool_call_id", "name", "url", "data"})
PLACEHOLDER = re.compile(r"\[[\w-]{2,12}-\d{1,6}\]")


def _placeholders_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return PLACEHOLDER.findall(value)
    entries = value.values() if isinstance(value, Mapping) else value
    if isinstance(value, Mapping | list | tuple):
        return [found for entry in entries for found in _placeholders_in(entry)]
    return []
