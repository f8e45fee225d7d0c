"""Pieces of words as terms, four letters long, which meet in spite of a typing slip."""

from functools import lru_cache

from knowledge.texts.token_ids import token_id

LETTERS = 4
MOST_REMEMBERED = 32_768


def character_tokens(folded: list[str]) -> list[str]:
    return [piece for word in folded for piece in _pieces(word)]


def character_ids(folded: list[str]) -> list[int]:
    return [piece for word in folded for piece in _ids(word)]


@lru_cache(MOST_REMEMBERED)
def _ids(word: str) -> tuple[int, ...]:
    return tuple(map(token_id, _pieces(word)))


def _pieces(word: str) -> list[str]:
    marked = f"<{word}>"
    if len(marked) <= LETTERS:
        return [marked]
    return [marked[start : start + LETTERS] for start in range(len(marked) - LETTERS + 1)]
