"""Who is doing something right now, and for what: read by the audit log and by every log line."""

import getpass
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest

if TYPE_CHECKING:
    from tenants.models import User


@dataclass(frozen=True, slots=True)
class Context:
    """One unit of work: a request, a task or a command."""

    via: str = ""
    request_id: str = ""
    address: str = ""
    user: "User | None" = None
    actor: str = ""
    tenant: str = ""
    conversation: str = ""


_current: ContextVar[Context | None] = ContextVar("chatwootai_context", default=None)


def current() -> Context:
    return _current.get() or _of_this_process()


@contextmanager
def bind(**changes: Any) -> Iterator[Context]:
    """Within the block the named parts of the context are these; afterwards the old ones again."""
    context = replace(current(), **changes)
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def note(**changes: Any) -> None:
    """Say more about the work that is already bound, for the rest of it."""
    _current.set(replace(current(), **changes))


def _of_this_process() -> Context:
    """Outside requests and tasks, a person at a terminal of the server acts through a command."""
    is_command = sys.argv[0].endswith("manage.py") and len(sys.argv) > 1
    return Context(via=f"command {sys.argv[1]}" if is_command else "process", actor=_login_name())


@cache
def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "system"


def client_address(request: HttpRequest) -> str:
    """Address of the client, counting as many trusted proxies as the operator named.

    Entries of X-Forwarded-For left of those proxies are whatever the client wrote, hence ignored.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUSTED_PROXIES:
        return peer
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop]
    if len(hops) < settings.TRUSTED_PROXIES:
        return peer
    return _address_in(hops[-settings.TRUSTED_PROXIES]) or peer


def _address_in(hop: str) -> str:
    """The address of an entry that may carry a port; empty when it is none."""
    bare = re.sub(r"^\[([^\]]*)\](:\d+)?$|^([\d.]+):\d+$", r"\1\3", hop)
    try:
        return str(ip_address(bare))
    except ValueError:
        return ""
