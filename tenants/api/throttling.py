"""How often a token may call, and how often one may guess."""

from typing import Any

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tenants import limits

MINUTE_SECONDS = 60
WRONG_TOKENS_PER_MINUTE = 30


class TokenThrottle(BaseThrottle):
    """A count per token, and per company if its plan says so, in windows of a minute."""

    def allow_request(self, request: Request, view: Any) -> bool:
        token: Any = request.auth
        if token is None:
            return True
        calls = limits.count(f"token:{token.pk}", window_seconds=MINUTE_SECONDS)
        return calls <= settings.API_REQUESTS_PER_MINUTE and self._is_within_plan(token.tenant)

    def _is_within_plan(self, tenant: Any) -> bool:
        most = tenant.api_requests_per_minute
        if most is None:
            return True
        calls = limits.count(f"company:{tenant.pk}", window_seconds=MINUTE_SECONDS)
        return calls <= int(most)

    def wait(self) -> float:
        return limits.seconds_left(MINUTE_SECONDS)


def note_wrong_token(address: str) -> None:
    """Only wrong tokens count, so that nobody shuts out those who have a right one."""
    wrong = limits.count(f"wrong-token:{address}", window_seconds=MINUTE_SECONDS)
    if wrong > WRONG_TOKENS_PER_MINUTE:
        raise Throttled(wait=limits.seconds_left(MINUTE_SECONDS))
