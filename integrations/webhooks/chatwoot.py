"""Takes what Chatwoot sends: verifies, stores, answers. Nothing here waits for anybody else.

Chatwoot tries again after 429 and 500 only, and opens the conversation to people after any other
refusal, so what is valid but of no interest is answered with 200.
"""

import json
import logging
import re
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import JsonResponse, UnreadablePostError
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from crews import inbox
from crews.models import Via
from integrations.chatwoot import connections
from integrations.chatwoot.connections import Door
from integrations.chatwoot.payloads import ChatwootEvent, parse
from integrations.chatwoot.reading import PayloadError
from integrations.chatwoot.signatures import SignatureError, verify
from integrations.webhooks import overload
from tenants import context

logger = logging.getLogger(__name__)

MOST_BYTES = 1_000_000
LONGEST_TOKEN = 200
LARGEST_SKEW_SECONDS = 60
DELIVERY = re.compile(r"[A-Za-z0-9._:-]{1,64}")


class RefusedError(Exception):
    def __init__(self, code: int, reason: str, sentence: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.sentence = sentence


class ChatwootWebhook(APIView):
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    schema = None

    def perform_content_negotiation(
        self, request: Request, force: bool = False
    ) -> tuple[JSONRenderer, str]:
        """It is JSON, whatever is asked for."""
        return JSONRenderer(), JSONRenderer.media_type

    def post(self, request: Request, token: str) -> JsonResponse:
        try:
            receipt = _tried_twice(request, token)
        except RefusedError as refused:
            return _refusal(refused.code, refused.reason, refused.sentence)
        except DatabaseError:
            logger.exception("A delivery of Chatwoot could not be stored")
            return _refusal(
                status.HTTP_500_INTERNAL_SERVER_ERROR,
                "database",
                _("It could not be stored. Try again."),
            )
        return JsonResponse({"status": receipt.status, "reason": receipt.reason})


def _tried_twice(request: Request, token: str) -> inbox.Receipt:
    """A kept connection is not asked first whether it still works, which would double the way to
    the database; one that broke is replaced, for storing twice is storing once.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]  # Django's own
    try:
        return _take(request, token)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return _take(request, token)


def _take(request: Request, token: str) -> inbox.Receipt:
    """Size, kind, connection, load, signature, shape, account: in this order."""
    raw = _body_of(request)
    door = connections.door_of(token) if len(token) <= LONGEST_TOKEN else None
    if door is not None and overload.is_too_much(door.connection_id):
        raise RefusedError(429, "overload", _("Too many deliveries at once. Try again."))
    door = _verified(door, raw, request)
    event = _event_in(raw)
    if event.account_id not in (None, door.account_id):
        raise RefusedError(403, "account", _("This connection is for another account."))
    delivery = request.headers.get("X-Chatwoot-Delivery", "")
    context.note(tenant=door.tenant.slug)
    request._request.tenant_slug = door.tenant.slug  # type: ignore[attr-defined]  # for metrics
    return inbox.receive(
        door,
        event,
        delivery_id=delivery if DELIVERY.fullmatch(delivery) else "",
        via=Via.WEBHOOK,
        now=timezone.now(),
    )


def _body_of(request: Request) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isascii() or not length.isdigit():
        raise RefusedError(400, "length", _("The length of the body is no number."))
    if int(length) > MOST_BYTES:
        raise RefusedError(413, "size", _("At most 1 MB."))
    if request._request.content_type != "application/json":
        raise RefusedError(415, "content_type", _("Send application/json."))
    try:
        return request._request.body
    except UnreadablePostError:
        raise RefusedError(400, "length", _("The body broke off.")) from None


def _verified(door: Door | None, raw: bytes, request: Request) -> Door:
    """An unknown address and a wrong signature get the same answer and take the same time."""
    is_open = door is not None and door.is_enabled
    if door is not None and is_open and not door.is_signed:
        return door
    try:
        skew = verify(raw, request.headers, door.secrets if door is not None and is_open else ())
    except SignatureError:
        sentence = _("Unknown address, or not signed with its secret, or not now.")
        raise RefusedError(401, "signature", sentence) from None
    assert door is not None  # noqa: S101  without a secret nothing verifies
    if abs(skew) > LARGEST_SKEW_SECONDS:
        logger.warning("The clock of a Chatwoot is off by %.0f s", skew)
    return door


def _event_in(raw: bytes) -> ChatwootEvent:
    try:
        return parse(json.loads(raw.decode()))
    except PayloadError as error:
        sentence = _("Not an event of Chatwoot: %(path)s.") % {"path": error.path}
        raise RefusedError(400, "shape", sentence) from None
    except (ValueError, RecursionError):
        raise RefusedError(400, "json", _("The body is no JSON.")) from None


def _refusal(code: int, reason: str, sentence: str) -> JsonResponse:
    body: dict[str, Any] = {
        "status": "refused",
        "reason": reason,
        "success": False,
        "error": sentence,
        "request_id": context.current().request_id,
    }
    return JsonResponse(body, status=code)
