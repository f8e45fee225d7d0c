"""Text as it is compared: without case, accents and what nobody sees."""

import re
import unicodedata
from functools import lru_cache

LONGEST_NAME = 1_000
_WORD = re.compile(r"[^\W_]+")


def folded_words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


def in_words(text: str) -> str:
    """Names as they are compared: without case, accents and punctuation."""
    return " ".join(folded_words(text[:LONGEST_NAME]))


def fold(text: str) -> str:
    """Character by character: normalizing a whole text takes the square of its marks in time."""
    if text.isascii():
        return text.lower()
    return "".join(map(_folded, text))


@lru_cache(maxsize=4096)
def _folded(character: str) -> str:
    parts = unicodedata.normalize("NFKD", character).casefold()
    return "".join(part for part in unicodedata.normalize("NFKD", parts) if not _is_unseen(part))


def _is_unseen(character: str) -> bool:
    return bool(unicodedata.combining(character)) or unicodedata.category(character) == "Cf"
