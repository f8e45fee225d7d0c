"""Bearer tokens."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tenants import context
from tenants.api.throttling import note_wrong_token
from tenants.context import client_address
from tenants.models import ApiToken

LAST_USED_STEP = timedelta(minutes=1)
LONGEST_TOKEN = 200


class TokenAuthentication(BaseAuthentication):
    """`request.auth` is the token; there is no user behind it."""

    def authenticate(self, request: Request) -> tuple[None, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        now = timezone.now()
        address = client_address(request._request)
        token = _find(words[1:], now=now)
        if token is None:
            note_wrong_token(address)
            raise AuthenticationFailed(
                _("The token is unknown, expired or revoked. Make a new one.")
            )
        _note_use(token, now=now)
        request._request.tenant_slug = token.tenant.slug  # type: ignore[attr-defined]  # for metrics
        context.note(via="api", tenant=token.tenant.slug, actor=str(token))
        return None, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _find(words: list[bytes], *, now: datetime) -> ApiToken | None:
    if len(words) != 1 or len(words[0]) > LONGEST_TOKEN:
        return None
    text = words[0].decode("latin-1")
    rows: Any = ApiToken.objects.matching(text, now=now).select_related("tenant")
    found: ApiToken | None = rows.first()
    return found


def _note_use(token: ApiToken, *, now: datetime) -> None:
    """At most one write a minute per token."""
    if token.last_used_at is None or now - token.last_used_at > LAST_USED_STEP:
        ApiToken.objects.filter(pk=token.pk).note_use(now)
