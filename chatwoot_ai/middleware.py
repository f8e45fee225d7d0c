"""The frame of each request: its id, its log line, its context."""

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

from chatwoot_ai import telemetry
from chatwoot_ai.metrics import method_of, route_of
from tenants import context

logger = logging.getLogger("chatwoot_ai.requests")

ACCEPTED_ID = re.compile(r"[A-Za-z0-9._\-]{8,64}\Z")
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
QUIET_ROUTES = frozenset({"live", "ready", "metrics", "none"})
# Each is a row in the event log.
RECORDED_ROUTES = frozenset({"chatwoot_webhook"})


class RequestContextMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = _request_id(request)
        address = context.client_address(request)
        started = time.perf_counter()
        with context.bind(via="web", request_id=request_id, address=address, actor="", user=None):
            response = self.get_response(request)
            _report(request, response, request_id, time.perf_counter() - started)
        response["X-Request-ID"] = request_id
        return response


class RefuseNulMiddleware:
    """No text of a person has a NUL character, and PostgreSQL takes none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _has_nul(request):
            raise BadRequest("NUL character")
        return self.get_response(request)


def _has_nul(request: HttpRequest) -> bool:
    texts = [request.path, request.META.get("QUERY_STRING", ""), *request.COOKIES.values()]
    if any("\0" in text or "%00" in text for text in texts):
        return True
    is_form = request.path.startswith("/admin/") and request.content_type in FORM_TYPES
    return is_form and any("\0" in text for _name, row in request.POST.lists() for text in row)


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-ID", "")
    return given if ACCEPTED_ID.match(given) else uuid.uuid4().hex


def _report(request: HttpRequest, response: HttpResponse, request_id: str, seconds: float) -> None:
    route = route_of(request)
    if route in QUIET_ROUTES and response.status_code < 500:
        return
    if route in RECORDED_ROUTES and response.status_code < 400:
        return
    status, method = response.status_code, method_of(request)
    telemetry.report_span(
        f"{request.method} {route}", seconds=seconds, status=status, id=request_id
    )
    logger.info(
        "%s %s %s",
        method,
        route,
        status,
        extra={"ms": round(seconds * 1000, 1)},
    )
