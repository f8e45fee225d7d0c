"""Languages."""

from collections.abc import Sequence


def language_of(text: str, *, known: str, allowed: Sequence[str]) -> str:
    return known if known in allowed else allowed[0]
