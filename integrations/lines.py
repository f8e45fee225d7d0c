"""Open connections of this process, kept apart by company, service and connection."""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from integrations.failures import TooManyCallsError
from integrations.transport import GuardedTransport

MOST_LINES = 128
IDLE_SECONDS = 60.0

Key = tuple[int, str, str]


class Line:
    """What calls of one company's one connection go through, and how many do now."""

    def __init__(self) -> None:
        self.transport = GuardedTransport()
        self.busy = 0
        self.used_at = 0.0
        self._freed = threading.Condition()

    @contextmanager
    def place(self, most_at_once: int, until: float) -> Iterator[None]:
        """Wait for one of so many places; TooManyCallsError when none gets free in time."""
        with self._freed:
            left = until - time.monotonic()
            if not self._freed.wait_for(lambda: self.busy < most_at_once, timeout=max(left, 0)):
                raise TooManyCallsError
            self.busy += 1
        try:
            yield
        finally:
            with self._freed:
                self.busy -= 1
                self._freed.notify()


_lines: "OrderedDict[Key, Line]" = OrderedDict()  # used longest ago first
_lock = threading.Lock()


def line_of(tenant_id: int, service: str, connection: str) -> Line:
    """Two companies never meet on one connection, whatever a server ties to it."""
    key = (tenant_id, service, connection)
    now = time.monotonic()
    with _lock:
        line = _lines.get(key) or Line()
        line.used_at = now
        _lines[key] = line
        _lines.move_to_end(key)
        _drop_idle_lines(now)
    return line


def _drop_idle_lines(now: float) -> None:
    """A line that nobody asks for would keep its last connections open for ever."""
    for key, line in list(_lines.items()):
        is_surplus = len(_lines) > MOST_LINES or now - line.used_at > IDLE_SECONDS
        if is_surplus and not line.busy:
            _lines.pop(key).transport.close()


def forget_lines() -> None:
    """A forked process must not speak on the connections of its parent."""
    global _lock
    _lock = threading.Lock()
    _lines.clear()


os.register_at_fork(after_in_child=forget_lines)
