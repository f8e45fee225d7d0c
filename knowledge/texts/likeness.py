"""Whether a word is another one, typed wrongly."""

from functools import lru_cache

SHORTEST = 4
LONG = 7  # letters from which two slips are let through
MOST_REMEMBERED = 65_536


@lru_cache(MOST_REMEMBERED)
def is_slip_of(typed: str, word: str) -> bool:
    """Letters added, left out, changed, or two neighbours swapped; the first one is right."""
    shorter = min(len(typed), len(word))
    most = 1 if shorter < LONG else 2
    if shorter < SHORTEST or typed[0] != word[0] or abs(len(typed) - len(word)) > most:
        return False
    return _distance(typed, word, most) <= most


def _distance(one: str, other: str, most: int) -> int:
    """Of Damerau and Levenshtein, neighbours swapped once; given up beyond `most`."""
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, its in enumerate(other, start=1):
            cost = min(above[column] + 1, line[column - 1] + 1, above[column - 1] + (letter != its))
            if _is_swapped(one, other, row, column):
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > most:
            return most + 1
        before, above = above, line
    return above[-1]


def _is_swapped(one: str, other: str, row: int, column: int) -> bool:
    return (
        row > 1
        and column > 1
        and one[row - 1] == other[column - 2]
        and one[row - 2] == other[column - 1]
    )
