"""A row about every call to a remote system, however the call ends."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import Error as AnyDatabaseError
from django.db import transaction

from integrations.failures import (
    AddressRefusedError,
    AnswerTooLargeError,
    CircuitOpenError,
    RemoteError,
    StatusError,
    TooManyCallsError,
    UnsendableError,
)
from integrations.models import RemoteCall
from integrations.models.remote_call import Outcome
from integrations.signals import call_ended
from tenants import context
from tenants.masking import mask

logger = logging.getLogger(__name__)

OUTCOMES: Mapping[type[RemoteError], Outcome] = {
    AddressRefusedError: Outcome.CLOSED_ADDRESS,
    AnswerTooLargeError: Outcome.TOO_LARGE,
    CircuitOpenError: Outcome.HELD_BACK,
    TooManyCallsError: Outcome.HELD_BACK,
    UnsendableError: Outcome.INTERRUPTED,
}
NOTHING_SENT = frozenset({Outcome.CLOSED_ADDRESS, Outcome.HELD_BACK})


@dataclass(slots=True)
class Record:
    """What is known about a call so far. `address` is scheme, host and path, no more."""

    tenant: Any
    service: str
    connection: str
    method: str
    turn: int | None = None
    address: str = ""
    tries: int = 0
    status: int | None = None
    bytes_out: int = 0
    bytes_in: int = 0


@contextmanager
def written_down(record: Record) -> Iterator[None]:
    started = time.perf_counter()
    outcome, failure = Outcome.INTERRUPTED, ""
    try:
        yield
        outcome = Outcome.ANSWERED
    except RemoteError as error:
        outcome, failure = _outcome_of(error), str(error)
        raise
    finally:
        seconds = time.perf_counter() - started
        _write_down(record, outcome=outcome, failure=failure, seconds=seconds)
        call_ended.send_robust(RemoteCall, service=record.service, outcome=outcome, seconds=seconds)


@contextmanager
def written_together() -> Iterator[None]:
    """Calls within are written down in one statement at the end, for a turn makes many of them."""
    rows: list[RemoteCall] = []
    token = _waiting.set(rows)
    try:
        yield
    finally:
        _waiting.reset(token)
        _store(rows)


_waiting: ContextVar[list[RemoteCall] | None] = ContextVar("chatwootai_calls", default=None)


def _outcome_of(error: RemoteError) -> Outcome:
    if isinstance(error, StatusError):
        return Outcome.FAILED if error.is_unwell else Outcome.REFUSED
    return OUTCOMES.get(type(error), Outcome.NO_ANSWER)


def _write_down(record: Record, *, outcome: Outcome, failure: str, seconds: float) -> None:
    row = RemoteCall(
        tenant=record.tenant,
        service=record.service,
        connection=record.connection,
        method=record.method[:10],
        address=mask(record.address)[:300],
        status=record.status,
        outcome=outcome,
        error=failure[:300],
        duration_ms=round(seconds * 1000),
        bytes_out=0 if outcome in NOTHING_SENT else record.bytes_out,
        bytes_in=record.bytes_in,
        tries=record.tries,
        request_id=context.current().request_id[:64],
        turn=record.turn,
    )
    waiting = _waiting.get()
    if waiting is None:
        _store([row])
    else:
        waiting.append(row)


def _store(rows: list[RemoteCall]) -> None:
    """In a savepoint: rows that cannot be written must not spoil the caller's transaction."""
    try:
        with transaction.atomic():
            RemoteCall.objects.bulk_create(rows)
    except AnyDatabaseError:
        logger.exception("Calls to remote systems could not be written down")
