"""One request at a time, with a pause before each, through the company's guarded way out."""

import time
from collections.abc import Mapping
from typing import Any

from integrations.failures import CircuitOpenError, RemoteError
from integrations.http import Reply, Session

AGENT = "ChatwootAI"
SERVICE = "website"
SECONDS = 20.0
PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 120.0
MOST_WAITS = 3
MEGABYTE = 1_000_000


class Asker:
    """Knows when the next request may leave. Waits for a site that asks for it, a few times.

    `is_blind`: something that may be there could not be read this time.
    """

    def __init__(self, tenant: Any, site: str) -> None:
        self.pause = PAUSE_SECONDS
        self.is_blind = False
        self._tenant = tenant
        self._connection = f"website:{site}"[:80]
        self._next_at = 0.0
        self._waits = 0

    def keep_pause(self, seconds: float | None) -> None:
        """What robots.txt asks for; no site may hold a worker for hours."""
        self.pause = min(max(PAUSE_SECONDS, seconds or 0.0), LONGEST_PAUSE_SECONDS)

    def get(
        self,
        address: str,
        *,
        most_megabytes: int,
        headers: Mapping[str, str] | None = None,
        follow_redirects: bool = False,
    ) -> Reply:
        """RemoteError when there is no answer, or one that is no success."""
        while True:
            time.sleep(max(self._next_at - time.monotonic(), 0.0))
            try:
                return self._session(most_megabytes).request(
                    "GET", address, headers=headers, follow_redirects=follow_redirects
                )
            except RemoteError as error:
                if not self._is_worth_waiting(error):
                    self.is_blind = self.is_blind or not error.permanent
                    raise
                self._waits += 1
                time.sleep(error.retry_after or 0.0)
            finally:
                self._next_at = time.monotonic() + self.pause

    def _session(self, most_megabytes: int) -> Session:
        return Session(
            self._tenant,
            service=SERVICE,
            connection=self._connection,
            seconds=SECONDS,
            most_bytes=most_megabytes * MEGABYTE,
            most_at_once=1,
        )

    def _is_worth_waiting(self, error: RemoteError) -> bool:
        is_busy = isinstance(error, CircuitOpenError) or error.status in (429, 503)
        wait = error.retry_after
        return (
            is_busy
            and wait is not None
            and wait <= LONGEST_WAIT_SECONDS
            and self._waits < MOST_WAITS
        )
