"""Counters for Prometheus, and the page that serves them.

Labels take few values: routes are route names, and of tenants only the first hundred are named.
"""

import os
import time
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from secrets import compare_digest
from typing import Any

import prometheus_client as prometheus
from celery import signals
from django.conf import settings
from django.db import DatabaseError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector, CollectorRegistry

from chatwoot_ai import counters, local_queue, telemetry
from chatwoot_ai.models import Pulse
from crews import gauges
from crews.models import Turn
from crews.signals import turn_ended
from integrations.signals import call_ended, model_called
from tenants.context import client_address

MOST_TENANTS = 100
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
FORWARDING_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")

_named_tenants: set[str] = set()


def tenant_label(slug: str) -> str:
    if slug in _named_tenants:
        return slug
    if not slug or len(_named_tenants) >= MOST_TENANTS:
        return "other" if slug else ""
    _named_tenants.add(slug)
    return slug


class MetricsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        route = route_of(request)
        tenant = tenant_label(getattr(request, "tenant_slug", ""))
        counters.requests_total.labels(
            route, method_of(request), response.status_code, tenant
        ).inc()
        counters.request_seconds.labels(route).observe(time.perf_counter() - started)
        return response


def method_of(request: HttpRequest) -> str:
    """Callers may invent methods; each would be a label for ever."""
    return request.method if request.method in METHODS else "OTHER"


def route_of(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.view_name or match.route) if match else "none"


def show(request: HttpRequest) -> HttpResponse:
    """/metrics: with the token when one is set, else from this machine only."""
    if not _may_read(request):
        return HttpResponseForbidden("Set METRICS_TOKEN and send it as a bearer token.\n")
    return HttpResponse(
        prometheus.generate_latest(_registry()), content_type=prometheus.CONTENT_TYPE_LATEST
    )


@signals.worker_init.connect
def show_in_worker(**_: Any) -> None:
    """A Celery worker has no web server; with METRICS_PORT it opens one for its own counts."""
    if settings.METRICS_PORT:
        prometheus.start_http_server(
            settings.METRICS_PORT, addr=settings.METRICS_HOST, registry=_counts()
        )


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode()
        return compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
    try:
        peer = ip_address(client_address(request))
    except ValueError:
        return False
    is_direct = not any(name in request.headers for name in FORWARDING_HEADERS)
    return peer.is_loopback and is_direct


def _registry() -> CollectorRegistry:
    registry = _counts()
    registry.register(_StateCollector())
    return registry


def _counts() -> CollectorRegistry:
    """The counts of all processes that share a folder, else of this one."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's own
    else:
        registry.register(prometheus.REGISTRY)
    return registry


class _StateCollector(Collector):
    """What is read from the database and the queues at the moment of asking."""

    def collect(self) -> Any:
        age = GaugeMetricFamily(
            "chatwootai_queue_seconds_since_alive",
            "Age of a queue's last sign of life.",
            labels=["queue"],
        )
        waited = GaugeMetricFamily(
            "chatwootai_queue_wait_seconds",
            "How long the last sign of life waited.",
            labels=["queue"],
        )
        for pulse in self._pulses():
            age.add_metric([pulse.queue], time.time() - pulse.ran_at.timestamp())
            waited.add_metric([pulse.queue], pulse.waited_seconds)
        yield from (age, waited)
        yield from self._conversations()
        yield from self._local_queues()

    def _pulses(self) -> list[Pulse]:
        try:
            return list(Pulse.objects.order_by("queue"))
        except DatabaseError:
            return []

    def _conversations(self) -> Any:
        try:
            queue, outbox, alarms = gauges.queue(), gauges.outbox(), gauges.alarms()
        except DatabaseError:
            return
        yield GaugeMetricFamily(
            "chatwootai_conversations_due",
            "Conversations whose time has come and on which nobody works.",
            value=queue.due,
        )
        yield GaugeMetricFamily(
            "chatwootai_conversations_due_seconds",
            "How long the oldest of them has waited.",
            value=queue.oldest_seconds,
        )
        yield _by(
            "state", outbox, "chatwootai_outbox_messages", "Messages on their way to Chatwoot."
        )
        yield _by("kind", alarms, "chatwootai_alarms", "Alarms that are not over.")

    def _local_queues(self) -> Any:
        workers = local_queue.running()
        if workers is None:
            return
        waiting = GaugeMetricFamily(
            "chatwootai_local_queue_waiting", "Calls waiting in this process.", labels=["queue"]
        )
        for name, queue in workers.queues.items():
            waiting.add_metric([name], queue.waiting())
        yield waiting


def _by(label: str, counts: Mapping[str, int], name: str, says: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, says, labels=[label])
    for value, count in counts.items():
        family.add_metric([value.replace(" ", "_")], count)
    return family


@signals.task_prerun.connect
def note_start(task: Any, **_: Any) -> None:
    task.request.started_counter = time.perf_counter()


@signals.task_postrun.connect
def note_end(task: Any, state: str | None = None, **_: Any) -> None:
    counters.tasks_total.labels(task.name, (state or "unknown").lower()).inc()
    started = getattr(task.request, "started_counter", None)
    if started is not None:
        seconds = time.perf_counter() - started
        counters.task_seconds.labels(task.name).observe(seconds)
        telemetry.report_span(f"task {task.name}", seconds=seconds, outcome=state or "unknown")


@receiver(call_ended)
def note_remote_call(service: str, outcome: str, seconds: float, **_: Any) -> None:
    outcome = str(outcome).replace(" ", "_")
    counters.remote_calls_total.labels(service, outcome).inc()
    counters.remote_call_seconds.labels(service, outcome).observe(seconds)


@receiver(model_called)
def note_model_call(
    use: str, outcome: str, seconds: float, tokens_in: int, tokens_out: int, **_: Any
) -> None:
    use, outcome = str(use), outcome.replace(" ", "_")
    counters.model_calls_total.labels(use, outcome).inc()
    counters.model_call_seconds.labels(use).observe(seconds)
    counters.model_tokens_total.labels(use, "read").inc(tokens_in)
    counters.model_tokens_total.labels(use, "written").inc(tokens_out)
    telemetry.report_span(
        f"model call {use}",
        seconds=seconds,
        outcome=outcome,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
    )


@receiver(turn_ended)
def note_turn(turn: Turn, **_: Any) -> None:
    counters.turns_total.labels(turn.outcome, turn.reason).inc()
