"""Folding."""


def fold(text: str) -> str:
    return text.casefold()
