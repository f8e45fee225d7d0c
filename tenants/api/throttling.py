"""How often a token may call. When the cache is gone, nobody is held back."""

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from tenants.context import client_address

WINDOW_SECONDS = 60


class TokenThrottle(BaseThrottle):
    """A count per token, or per address without one, in windows of a minute."""

    def allow_request(self, request: Request, view: Any) -> bool:
        caller = (
            f"token:{request.auth.pk}" if request.auth else f"ip:{client_address(request._request)}"
        )
        key = f"throttle:{caller}:{int(time.time() // WINDOW_SECONDS)}"
        if cache.add(key, 1, WINDOW_SECONDS):
            return True
        try:
            return bool((cache.incr(key) or 0) <= settings.API_REQUESTS_PER_MINUTE)
        except ValueError:
            return True

    def wait(self) -> float:
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS
