"""Reports of errors (Sentry) and traces (OTLP) to servers the operator names; off by default."""

import time
from typing import TYPE_CHECKING, Any

from celery import signals
from django.conf import settings
from django.core.signals import request_started

from tenants.masking import HIDDEN, is_telling, mask

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

_tracer: Any = None


def start() -> None:
    """Called once by each process that serves or works; without settings it loads nothing."""
    if settings.SENTRY_DSN:
        _start_sentry()
    if settings.OTLP_ENDPOINT:
        _start_tracing()


def start_when_asked() -> None:
    """With the first request: a server may fork after loading us, and threads do not survive it."""
    request_started.connect(_start_once, dispatch_uid="telemetry")


def _start_once(**_: Any) -> None:
    request_started.disconnect(dispatch_uid="telemetry")
    start()


@signals.worker_init.connect
def start_in_worker(**_: Any) -> None:
    start()


def report_span(name: str, *, seconds: float, **attributes: str | int) -> None:
    """A finished piece of work, for the trace server if there is one."""
    if _tracer is None:
        return
    ended = time.time_ns()
    span = _tracer.start_span(
        name, start_time=ended - int(seconds * 1_000_000_000), attributes=attributes
    )
    span.end(ended)


def masked(value: Any) -> Any:
    """The same structure with every text masked."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {
            key: HIDDEN if is_telling(str(key)) else masked(entry) for key, entry in value.items()
        }
    if isinstance(value, list | tuple):
        return [masked(entry) for entry in value]
    return value


def _masked_entry(name: str, entry: Any) -> Any:
    return HIDDEN if is_telling(name) else masked(entry)


def mask_event(event: "Event", hint: "Hint") -> "Event":
    """What goes to Sentry: no request bodies, cookies or local variables, all texts masked."""
    event.pop("request", None)
    event.pop("user", None)
    cleaned: Event = masked(event)
    return cleaned


def _start_sentry() -> None:
    import sentry_sdk  # noqa: PLC0415  only where an operator asked for it

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=mask_event,
        environment="development" if settings.DEV_MODE else "production",
    )


def _start_tracing() -> None:
    """The exporter reads OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS itself."""
    global _tracer
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": "chatwootai"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _tracer = provider.get_tracer("chatwoot_ai")
