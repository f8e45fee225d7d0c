"""Counting wrong sign-ins: axes counts those of one name, this those of one address."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tenants import limits
from tenants.context import client_address
from tenants.models.user import normal_email

LONGEST_EMAIL = 254
WINDOW_SECONDS = 15 * 60


def name_tried(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The e-mail whose failures axes counts, however it was spelled."""
    given = (credentials or {}).get("username") or request.POST.get("username", "")
    return normal_email(str(given))[:LONGEST_EMAIL]


def note_failure(request: HttpRequest) -> None:
    limits.count(_from(request), window_seconds=WINDOW_SECONDS)


def has_failed_too_often(request: HttpRequest) -> bool:
    """Tries with many names from one address."""
    failed = limits.so_far(_from(request), window_seconds=WINDOW_SECONDS)
    return failed >= settings.LOGIN_FAILURES_PER_ADDRESS


def _from(request: HttpRequest) -> str:
    return f"failed-sign-in:{client_address(request)}"
