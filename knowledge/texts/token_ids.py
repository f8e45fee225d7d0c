"""The number of a term: the one Qdrant's own BM25 and fastembed give it, so that vectors mix."""

from functools import lru_cache

MOST_REMEMBERED = 65_536
_BITS = 0xFFFFFFFF


@lru_cache(MOST_REMEMBERED)
def token_id(token: str) -> int:
    """The absolute value of murmur3, 32 bits, signed, seed 0."""
    number = _murmur3(token.encode())
    return number if number < 2**31 else 2**32 - number


def _murmur3(data: bytes) -> int:
    whole = len(data) // 4 * 4
    state = 0
    for start in range(0, whole, 4):
        state ^= _mixed(int.from_bytes(data[start : start + 4], "little"))
        state = (state << 13 | state >> 19) & _BITS
        state = (state * 5 + 0xE6546B64) & _BITS
    if data[whole:]:
        state ^= _mixed(int.from_bytes(data[whole:], "little"))
    return _finished(state ^ len(data))


def _mixed(block: int) -> int:
    block = block * 0xCC9E2D51 & _BITS
    return ((block << 15 | block >> 17) & _BITS) * 0x1B873593 & _BITS


def _finished(state: int) -> int:
    state = (state ^ state >> 16) * 0x85EBCA6B & _BITS
    state = (state ^ state >> 13) * 0xC2B2AE35 & _BITS
    return state ^ state >> 16
