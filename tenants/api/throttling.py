"""How often a token may call and a caller may guess. Without the cache nobody is held back."""

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

WINDOW_SECONDS = 60
WRONG_TOKENS_PER_MINUTE = 30


class TokenThrottle(BaseThrottle):
    """A count per token in windows of a minute."""

    def allow_request(self, request: Request, view: Any) -> bool:
        token: Any = request.auth
        return token is None or count(f"token:{token.pk}") <= settings.API_REQUESTS_PER_MINUTE

    def wait(self) -> float:
        return seconds_left()


def refuse_guesser(address: str) -> None:
    wrong = cache.get(_key(f"wrong:{address}")) or 0
    if wrong >= WRONG_TOKENS_PER_MINUTE:
        raise Throttled(wait=seconds_left())


def note_wrong_token(address: str) -> None:
    count(f"wrong:{address}")


def count(what: str) -> int:
    """How often this happened in the present minute, this time included."""
    key = _key(what)
    if cache.add(key, 1, WINDOW_SECONDS):
        return 1
    try:
        return cache.incr(key) or 0
    except ValueError:
        return 1


def seconds_left() -> float:
    return WINDOW_SECONDS - time.time() % WINDOW_SECONDS


def _key(what: str) -> str:
    return f"throttle:{what}:{int(time.time() // WINDOW_SECONDS)}"
