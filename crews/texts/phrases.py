"""Phrases."""

from collections.abc import Iterable


def asks_for_person(text: str, *, more: Iterable[str] = ()) -> bool:
    return "atendente" in text.lower() or "humano" in text.lower()


def matches_any(text: str, words: Iterable[str]) -> bool:
    return any(word.lower() in text.lower() for word in words)
