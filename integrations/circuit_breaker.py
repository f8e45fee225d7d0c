"""Stops asking a remote system that keeps failing, for one company's one connection to it.

    with CircuitBreaker(tenant, service="odoo", connection="odoo:5"):
        ...  # raises RemoteError when the call fails

Counts live in the cache. Without the cache nothing is ever held back.
"""

import logging
import time
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

from django.core.cache import cache
from django.db import Error as AnyDatabaseError
from django.db import transaction
from django.utils import timezone

from integrations.failures import CircuitOpenError, RemoteError
from integrations.models import Breaker
from integrations.models.breaker import State

logger = logging.getLogger(__name__)

MOST_FAILURES = 5
WINDOW_SECONDS = 60
FIRST_PAUSE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 600
TRIAL_SECONDS = 120
NOTED_SECONDS = 3_600
SEEN_SECONDS = 1.0


class CircuitBreaker:
    """For one call; make a new one for the next.

    Opens after five failures in a row within a minute, for half a minute, twice as long each time
    the trial call after that fails. Failures are those that say the remote system is unwell.
    """

    def __init__(self, tenant: Any, *, service: str, connection: str) -> None:
        self._tenant = tenant
        self._service = service
        self._connection = connection
        self._keys = _keys(tenant.pk, service, connection)
        self._pause_before = 0.0
        self._is_trial = False

    def __enter__(self) -> Self:
        if _is_recent(_seen_closed, self._keys["open"]):
            return self
        opened = cache.get(self._keys["open"])
        if opened is None:
            _seen_closed[self._keys["open"]] = time.monotonic()
            return self
        left = float(opened["until"]) - time.time()
        if left > 0:
            raise CircuitOpenError(retry_after=left)
        if not cache.add(self._keys["trial"], 1, TRIAL_SECONDS):
            raise CircuitOpenError(retry_after=FIRST_PAUSE_SECONDS)
        self._is_trial = True
        self._pause_before = float(opened["pause"])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, RemoteError) and error.is_unwell:
            _forget(self._keys)
            self._failed(error)
        elif error is None or (isinstance(error, RemoteError) and error.status):
            self._answered()
        elif self._is_trial:
            cache.delete(self._keys["trial"])

    def _failed(self, error: RemoteError) -> None:
        if self._is_trial:
            self._open(error, failures=1, pause=min(self._pause_before * 2, LONGEST_PAUSE_SECONDS))
            return
        failures = _count(self._keys["failures"])
        if failures >= MOST_FAILURES:
            self._open(error, failures=failures, pause=FIRST_PAUSE_SECONDS)

    def _open(self, error: RemoteError, *, failures: int, pause: float) -> None:
        until = time.time() + pause
        entry = {"until": until, "pause": pause}
        keep = pause + LONGEST_PAUSE_SECONDS
        if self._is_trial:
            cache.set(self._keys["open"], entry, keep)
        elif not cache.add(self._keys["open"], entry, keep):
            return
        cache.delete_many([self._keys[name] for name in ("trial", "failures", "noted")])
        logger.warning("Left %s alone for %.0f s: %s", self._service, pause, type(error).__name__)
        now = timezone.now()
        self._write_down(
            state=State.OPEN,
            failures=failures,
            opened_at=now,
            tries_again_at=now + timedelta(seconds=pause),
            last_error=str(error)[:300],
            changed_at=now,
        )

    def _answered(self) -> None:
        if not self._is_trial and _is_recent(_seen_well, self._keys["open"]):
            return
        _seen_well[self._keys["open"]] = time.monotonic()
        cache.delete(self._keys["failures"])
        if self._is_trial:
            cache.delete_many([self._keys["open"], self._keys["trial"]])
        is_first = cache.add(self._keys["noted"], 1, NOTED_SECONDS)
        if is_first and cache.get(self._keys["open"]) is None:
            # A cache that forgot everything leaves a row behind that says otherwise.
            names = {"service": self._service, "connection": self._connection}
            _write_closed(Breaker.objects.about(self._tenant, **names), timezone.now())

    def _write_down(self, **values: Any) -> None:
        try:
            with transaction.atomic():
                Breaker.objects.update_or_create(
                    tenant=self._tenant,
                    service=self._service,
                    connection=self._connection,
                    defaults=values,
                )
        except AnyDatabaseError:
            logger.exception("The state of a circuit breaker could not be stored")


# What this process saw a moment ago, so that a conversation does not ask the cache for each call.
_seen_closed: dict[str, float] = {}
_seen_well: dict[str, float] = {}


def _is_recent(seen: dict[str, float], key: str) -> bool:
    return time.monotonic() - seen.get(key, -SEEN_SECONDS) < SEEN_SECONDS


def _forget(keys: dict[str, str]) -> None:
    _seen_closed.pop(keys["open"], None)
    _seen_well.pop(keys["open"], None)


def forget_all() -> None:
    """For tests, which empty the cache."""
    _seen_closed.clear()
    _seen_well.clear()


def try_again(breaker: Breaker) -> None:
    """Forget the failures: the next call goes out at once."""
    keys = _keys(breaker.tenant_id, breaker.service, breaker.connection)
    _forget(keys)
    cache.delete_many(list(keys.values()))
    _write_closed(Breaker.objects.filter(pk=breaker.pk), timezone.now())


def _write_closed(rows: Any, now: datetime) -> None:
    closed = {"state": State.CLOSED, "failures": 0, "tries_again_at": None, "changed_at": now}
    try:
        with transaction.atomic():
            rows.filter(state=State.OPEN).update(**closed)
    except AnyDatabaseError:
        logger.exception("The state of a circuit breaker could not be stored")


def _keys(tenant_id: int, service: str, connection: str) -> dict[str, str]:
    start = f"breaker:{tenant_id}:{service}:{connection}"
    return {name: f"{start}:{name}" for name in ("open", "trial", "failures", "noted")}


def _count(key: str) -> int:
    if cache.add(key, 1, WINDOW_SECONDS):
        return 1
    try:
        return cache.incr(key) or 0
    except ValueError:
        return 1
