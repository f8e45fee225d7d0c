"""Which worker works on which conversation: a lease by the database's clock, and a number.

Every lease has a higher number than the one before. Whoever writes names the number, so a worker
that was frozen, and finds its lease taken over, changes nothing any more.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, models
from django.db.models.functions import Now

from crews.models import Conversation, InboundEvent

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
RENEWED_EVERY_SECONDS = 10.0
CANDIDATES = 4
FORGOTTEN_AFTER = timedelta(seconds=60)


class LeaseLostError(Exception):
    """Another worker has the conversation now: stop without a trace."""


@dataclass(frozen=True, slots=True)
class Claim:
    """`arrivals` is how much had come in when it was made."""

    conversation_id: int
    tenant_id: int
    epoch: int
    arrivals: int

    @property
    def rows(self) -> Any:
        """The conversation, for as long as nobody else has claimed it."""
        return Conversation.objects.held(self.conversation_id, self.epoch)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a conversation stands at the moment at which its lease was renewed."""

    control: str
    arrivals: int


def claim(*, overdue_seconds: float = 0.0) -> Claim | None:
    """A conversation that is due, of the company with the fewest running turns.

    So a flood of one company delays nobody else, and no company takes all workers.
    `overdue_seconds`: only what has been due for so long.
    """
    since = Now() - timedelta(seconds=overdue_seconds)
    due = Conversation.objects.due().filter(due_at__lte=since).values("tenant").order_by()
    waiting = list(due.annotate(since=models.Min("due_at")))
    running = _running_turns() if waiting else {}
    companies = sorted(
        (running.get(row["tenant"], 0), row["since"], row["tenant"])
        for row in waiting
        if running.get(row["tenant"], 0) < settings.TENANT_TURNS_AT_ONCE
    )
    for _count, _since, tenant_id in companies:
        found = _claim_of(tenant_id)
        if found is not None:
            return found
    return None


def hold(claim: Claim) -> Standing:
    """Renew the lease before something that has an effect; LeaseLostError when it is gone."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [claim.conversation_id, claim.epoch])
        row = cursor.fetchone()
    if row is None:
        raise LeaseLostError
    return Standing(*row)


def release(claim: Claim, *, arrivals: int, due_at: Any = None) -> float | None:
    """Let go; in how many seconds there is something to do again, if there is.

    What came in since `arrivals` was read keeps the time that it was given when it came.
    """
    free = {"lease_until": None, "lease_owner": ""}
    is_all = claim.rows.filter(arrivals=arrivals).update(**free, due_at=due_at)
    if is_all and due_at is None:
        return None
    if not is_all:
        claim.rows.update(**free)
    return seconds_until_due(claim.conversation_id)


def seconds_until_due(conversation_id: int) -> float | None:
    rows = Conversation.objects.filter(pk=conversation_id, due_at__isnull=False)
    left = models.ExpressionWrapper(models.F("due_at") - Now(), models.DurationField())
    found = rows.annotate(left=left).values_list("left", flat=True).first()
    return None if found is None else max(found.total_seconds(), 0.0)


def find_forgotten() -> int:
    """A net under everything else: messages that wait in a conversation without a time."""
    waiting = InboundEvent.objects.unattached().filter(
        received_at__lt=Now() - FORGOTTEN_AFTER, conversation__isnull=False
    )
    idle = Conversation.objects.filter(due_at=None, pk__in=waiting.values("conversation"))
    found: int = idle.update(due_at=Now())
    if found:
        logger.warning("%d conversations had been forgotten", found)
    return found


def _running_turns() -> dict[int, int]:
    held = Conversation.objects.filter(lease_until__gt=Now()).values("tenant").order_by()
    return {row["tenant"]: row["number"] for row in held.annotate(number=models.Count("pk"))}


def _claim_of(tenant_id: int) -> Claim | None:
    """Two workers may want the same one; the slower one tries the next."""
    due = Conversation.objects.due().filter(tenant=tenant_id).order_by("due_at", "pk")
    for pk, epoch, arrivals in due.values_list("pk", "epoch", "arrivals")[:CANDIDATES]:
        taken = Conversation.objects.due().held(pk, epoch)
        values = {"lease_until": Now() + LEASE, "lease_owner": owner(), "burst_at": None}
        if taken.update(epoch=models.F("epoch") + 1, **values):
            return Claim(pk, tenant_id, epoch + 1, arrivals)
    return None


def owner() -> str:
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{threading.get_ident()}"[:80]


class _Keeper:
    """A thread of the process that renews the leases of everything that is being worked on."""

    def __init__(self) -> None:
        self._claims: dict[Claim, float] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._changed = threading.Event()

    def add(self, claim: Claim, until: float) -> None:
        with self._lock:
            self._claims[claim] = until
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep, name="leases", daemon=True)
                self._thread.start()

    def drop(self, claim: Claim) -> None:
        with self._lock:
            self._claims.pop(claim, None)

    def _keep(self) -> None:
        while not self._changed.wait(RENEWED_EVERY_SECONDS):
            with self._lock:
                claims = [c for c, until in self._claims.items() if time.monotonic() < until]
            try:
                for claim in claims:
                    claim.rows.update(lease_until=Now() + LEASE)
            except Exception:
                logger.exception("Leases could not be renewed")
            finally:
                connection.close()


_keeper = _Keeper()


@contextmanager
def kept(claim: Claim, *, seconds: float) -> Iterator[None]:
    """Within the block, and for so long at most, the lease lasts while this process lives."""
    _keeper.add(claim, time.monotonic() + seconds)
    try:
        yield
    finally:
        _keeper.drop(claim)


def forget_claims() -> None:
    """A forked process works on nothing that its parent works on."""
    global _keeper
    _keeper = _Keeper()


os.register_at_fork(after_in_child=forget_claims)

_LEASE_END = {
    "postgresql": f"now() + interval '{LEASE.seconds} seconds'",
    "sqlite": f"strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+{LEASE.seconds} seconds')",
}
_HOLD = (
    f"UPDATE {Conversation._meta.db_table} SET lease_until = {_LEASE_END[connection.vendor]}"
    " WHERE id = %s AND epoch = %s RETURNING control, arrivals"
)
