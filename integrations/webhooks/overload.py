"""Holds a connection back that sends more than this process should take from one."""

import threading
import time

PER_SECOND = 400.0
AT_ONCE = 4_000.0

_tokens: dict[int, tuple[float, float]] = {}
_lock = threading.Lock()


def is_too_much(connection_id: int) -> bool:
    """Whether to refuse the next one. 429 is one of two answers after which Chatwoot tries again.

    In the memory of the process, for it has to be cheaper than what it protects.
    """
    now = time.monotonic()
    with _lock:
        left, at = _tokens.get(connection_id, (AT_ONCE, now))
        left = min(AT_ONCE, left + (now - at) * PER_SECOND)
        _tokens[connection_id] = (max(left - 1.0, 0.0), now)
    return left < 1.0


def forget() -> None:
    _tokens.clear()
