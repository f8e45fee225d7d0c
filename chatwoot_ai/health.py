"""Is this installation well: one probe per dependency, for /health/ready and the system page."""

import logging
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from urllib.parse import urlsplit

import httpx
import redis
from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from chatwoot_ai.models import Pulse
from crews import gauges
from tenants.vault import encryption
from tenants.vault.sealing import UnreadableError

logger = logging.getLogger(__name__)

PROBE_SECONDS = 2.0
OLDEST_PULSE = timedelta(seconds=120)
LONGEST_WAIT_SECONDS = 120
LEAST_FREE_BYTES = 200 * 1024 * 1024
VITAL = frozenset({"database", "migrations"})


@dataclass(frozen=True, slots=True)
class Finding:
    ok: bool
    ms: float
    problem: str = ""


class UnwellError(Exception):
    """A probe found something wrong; the text is for the operator."""


def live(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> HttpResponse:
    """503 only when nothing can be answered: without the database or with pending migrations."""
    findings = examine()
    checks = {name: {"ok": found.ok, "ms": found.ms} for name, found in findings.items()}
    status = overall(findings)
    return JsonResponse(
        {"status": status, "checks": checks}, status=503 if status == "down" else 200
    )


def overall(findings: Mapping[str, Finding]) -> str:
    unwell = {name for name, found in findings.items() if not found.ok}
    if unwell & VITAL:
        return "down"
    return "degraded" if unwell else "ok"


def examine() -> dict[str, Finding]:
    """Ask every dependency, remote ones at the same time; what hangs is cut off after 2 s."""
    remote = {name: _pool().submit(_time, probe) for name, probe in _remote_probes().items()}
    local = {name: _time(probe) for name, probe in _local_probes().items()}
    return {**local, **{name: _wait(future) for name, future in remote.items()}}


def _remote_probes() -> dict[str, Callable[[], None]]:
    probes: dict[str, Callable[[], None]] = {}
    if settings.REDIS_URL:
        probes["redis"] = _probe_redis
    if settings.CELERY_BROKER_URL:
        probes["broker"] = _probe_broker
    if settings.QDRANT_URL:
        probes["qdrant"] = _probe_qdrant
    return probes


def _local_probes() -> dict[str, Callable[[], None]]:
    return {
        "database": _probe_database,
        "migrations": _probe_migrations,
        "keys": _probe_keys,
        "workers": _probe_workers,
        "messages": _probe_messages,
        "disk": _probe_disk,
    }


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=6, thread_name_prefix="health")


def _time(probe: Callable[[], None]) -> Finding:
    started = time.perf_counter()
    problem = ""
    try:
        probe()
    except UnwellError as error:
        problem = str(error)
    except Exception as error:  # noqa: BLE001  a health check reports whatever goes wrong
        logger.warning("Health check %s failed: %s", probe.__name__, type(error).__name__)
        problem = type(error).__name__
    return Finding(not problem, round((time.perf_counter() - started) * 1000, 1), problem)


def _wait(future: Future[Finding]) -> Finding:
    try:
        return future.result(timeout=PROBE_SECONDS)
    except FutureTimeoutError:
        return Finding(False, PROBE_SECONDS * 1000, "no answer in time")


def _probe_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _probe_migrations() -> None:
    if _has_pending_migrations():
        raise UnwellError("migrations are pending: run manage.py migrate")


_migrated = False


def _has_pending_migrations() -> bool:
    """Looked up until all are applied; a running process's own code gets no new migrations."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return not _migrated


def _probe_keys() -> None:
    try:
        encryption.check_keys()
    except UnreadableError as error:
        raise UnwellError(str(error)) from error


def _probe_workers() -> None:
    alive = Pulse.objects.filter(ran_at__gt=timezone.now() - OLDEST_PULSE)
    silent = set(settings.LOCAL_QUEUE_THREADS) - set(alive.values_list("queue", flat=True))
    if silent:
        raise UnwellError(f"no sign of life from: {', '.join(sorted(silent))}")


def _probe_messages() -> None:
    queue = gauges.queue()
    if queue.oldest_seconds > LONGEST_WAIT_SECONDS:
        waited = f"the oldest for {queue.oldest_seconds:.0f} s"
        raise UnwellError(f"conversations that wait for a worker: {queue.due}, {waited}")


def _probe_disk() -> None:
    if shutil.disk_usage(settings.DATA_DIR).free < LEAST_FREE_BYTES:
        raise UnwellError("less than 200 MB free where the data lives")


def _probe_redis() -> None:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PROBE_SECONDS, socket_connect_timeout=1, retry=None
    )
    with client:
        client.ping()


def _probe_broker() -> None:
    with current_app.connection_for_write(connect_timeout=1) as broker:
        broker.ensure_connection(max_retries=0, timeout=1)


def _probe_qdrant() -> None:
    if urlsplit(settings.QDRANT_URL).scheme not in {"http", "https"}:
        raise UnwellError("QDRANT_URL is no http address")
    headers = {"api-key": settings.QDRANT_API_KEY} if settings.QDRANT_API_KEY else {}
    address = f"{settings.QDRANT_URL.rstrip('/')}/readyz"
    httpx.get(address, headers=headers, timeout=PROBE_SECONDS, trust_env=False).raise_for_status()
