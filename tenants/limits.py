"""How often something happened lately, by the cache; without it nobody is held back."""

import time

from django.core.cache import cache


def count(what: str, *, window_seconds: int) -> int:
    """Note that it happened; how often in the present window, this time included."""
    key = _key(what, window_seconds)
    try:
        return cache.incr(key) or 0
    except ValueError:  # the first time in this window
        return 1 if cache.add(key, 1, window_seconds) else cache.get(key) or 0


def so_far(what: str, *, window_seconds: int) -> int:
    return cache.get(_key(what, window_seconds)) or 0


def seconds_left(window_seconds: int) -> float:
    return window_seconds - time.time() % window_seconds


def _key(what: str, window_seconds: int) -> str:
    return f"limit:{what}:{int(time.time() // window_seconds)}"
