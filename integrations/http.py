"""The one guarded way out: every request to a remote system goes through a `Session`.

A session belongs to one company's one connection. It judges addresses, bounds time and size,
retries what may be retried, keeps a circuit breaker, and leaves a row about every call.
"""

import json as json_format
import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from integrations.circuit_breaker import CircuitBreaker
from integrations.failures import (
    AddressRefusedError,
    AnswerTooLargeError,
    NoAnswerError,
    NotJsonError,
    RemoteError,
    StatusError,
    TooManyCallsError,
    UnsendableError,
)
from integrations.lines import line_of
from integrations.records import Record, written_down
from integrations.transport import Exchange, GuardedTransport
from tenants import limits

__all__ = [
    "GuardedTransport",
    "Reply",
    "Session",
    "failure_of",
    "fetch_once",
    "guarded_client",
    "retry_after_in",
]

logger = logging.getLogger(__name__)

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
SAFE_ANYWHERE = frozenset({"accept", "accept-language", "user-agent"})
MOST_HOPS = 3
MOST_TRIES = 3
FIRST_PAUSE_SECONDS = 0.5
LONGEST_RETRY_AFTER = 3_600.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a status below 300, or 304."""

    status: int
    headers: httpx.Headers = field(repr=False)
    content: bytes = field(repr=False)

    def json(self) -> Any:
        try:
            return json_format.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise NotJsonError(status=self.status, outcome_unknown=True) from error


class Session:
    """What the client of one remote system holds. Cheap to make, safe to share among threads.

    Connections stay open for a moment and are shared by sessions of the same company, service and
    connection only: two companies never meet on one, whatever a server ties to a connection.
    """

    def __init__(
        self,
        tenant: Any,
        *,
        service: str,
        connection: str,
        seconds: float = 20.0,
        most_bytes: int = 5_000_000,
        most_at_once: int = 8,
        per_minute: int | None = None,
    ) -> None:
        self.tenant = tenant
        self.service = service
        self.connection = connection
        self.seconds = seconds
        self.most_bytes = most_bytes
        self.most_at_once = most_at_once
        self.per_minute = per_minute

    def __repr__(self) -> str:
        return f"<Session {self.tenant.pk} {self.service} {self.connection}>"

    def request(
        self,
        method: str,
        url: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        is_idempotent: bool | None = None,
        seconds: float | None = None,
        follow_redirects: bool = False,
        is_path_secret: bool = False,
        turn: int | None = None,
    ) -> Reply:
        """Ask once, or a few times where that cannot do harm; RemoteError when there is no result.

        Redirects are followed for GET and HEAD only. `seconds` bounds everything: waiting for a
        free place, all tries and the pauses between them. `is_path_secret`: whoever knows the
        address may use it, so its path is not written down.
        """
        method = method.upper()
        call = _Call(
            session=self,
            record=Record(self.tenant, self.service, self.connection, method, turn),
            is_idempotent=method in IDEMPOTENT if is_idempotent is None else is_idempotent,
            follow_redirects=follow_redirects and method in {"GET", "HEAD"},
            until=time.monotonic() + (self.seconds if seconds is None else seconds),
        )
        with written_down(call.record):
            call.request = _build(
                method, url, json=json, content=content, params=params, headers=headers
            )
            path = "/…" if is_path_secret else call.request.url.path
            call.record.address = _address_of(call.request.url, path)
            with CircuitBreaker(self.tenant, service=self.service, connection=self.connection):
                return _ask_until_it_works(call)


def fetch_once(url: str, *, seconds: float = 10.0, most_bytes: int = 100_000) -> Reply:
    """A GET for the operator, who is no company: guarded the same, not repeated, not recorded."""
    try:
        with guarded_client(seconds=seconds, most_bytes=most_bytes) as client:
            answer = client.get(url, headers={"User-Agent": "ChatwootAI", "Accept": "*/*"})
    except httpx.InvalidURL:
        raise AddressRefusedError from None
    except httpx.HTTPError as error:
        raise failure_of(error, outcome_unknown=False) from error
    reply = Reply(answer.status_code, answer.headers, answer.content)
    return _judged(reply, is_idempotent=True)


def guarded_client(*, seconds: float = 60.0, most_bytes: int = 5_000_000) -> httpx.Client:
    """For libraries that want a client of httpx: no proxy, no cookie, no redirect."""
    return httpx.Client(
        transport=GuardedTransport(seconds=seconds, most_bytes=most_bytes),
        timeout=seconds,
        trust_env=False,
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


def failure_of(error: httpx.HTTPError, *, outcome_unknown: bool) -> NoAnswerError:
    """What an error of httpx means to callers; its cause goes to the log only."""
    logger.warning("No usable answer from %s: %s", _host_of(error), type(error).__name__)
    return NoAnswerError(outcome_unknown=outcome_unknown)


def retry_after_in(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header, given as a number or as a date; at most an hour."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    seconds = float(text) if text.isascii() and text.isdigit() else _seconds_until(text)
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _seconds_until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.timestamp() - time.time()


def _host_of(error: httpx.HTTPError) -> str:
    try:
        return error.request.url.host
    except RuntimeError:
        return "a remote system"


@dataclass(slots=True)
class _Call:
    """One call of a session while it lasts, with all its tries."""

    session: Session
    record: Record
    is_idempotent: bool
    follow_redirects: bool
    until: float
    request: httpx.Request | None = field(default=None, repr=False)

    def left(self) -> float:
        return self.until - time.monotonic()


def _build(
    method: str, url: str, *, params: Mapping[str, Any] | None, headers: Any, **body: Any
) -> httpx.Request:
    """Errors of httpx quote what they complain about, hence `from None`."""
    headers = {"User-Agent": "ChatwootAI", "Accept": "*/*", **(headers or {})}
    try:
        whole = httpx.URL(url).copy_merge_params(params or {})
        return httpx.Request(method, whole, headers=headers, **body)
    except httpx.InvalidURL:
        raise AddressRefusedError from None
    except UnicodeEncodeError:
        raise UnsendableError from None


def _address_of(url: httpx.URL, path: str) -> str:
    """Without name, password and query, which may hold secrets."""
    return f"{url.scheme}://{url.netloc.decode('ascii')}{path}"


def _ask_until_it_works(call: _Call) -> Reply:
    while True:
        call.record.tries += 1
        try:
            return _ask(call)
        except RemoteError as error:
            pause = _pause_after(error, call)
            if pause is None:
                raise
        time.sleep(pause)


def _pause_after(error: RemoteError, call: _Call) -> float | None:
    """How long to wait before the next try; None when there is none."""
    never_sent = isinstance(error, NoAnswerError) and not error.outcome_unknown
    is_harmless = call.is_idempotent or never_sent
    if error.permanent or not is_harmless or call.record.tries >= MOST_TRIES:
        return None
    if isinstance(error, TooManyCallsError):
        return None
    pause = error.retry_after
    if pause is None:
        pause = random.uniform(0, FIRST_PAUSE_SECONDS * 2 ** (call.record.tries - 1))  # noqa: S311  no secret
    return pause if pause < call.left() else None


def _ask(call: _Call) -> Reply:
    session = call.session
    _hold_the_rate(session)
    line = line_of(session.tenant.pk, session.service, session.connection)
    with line.place(session.most_at_once, call.until):
        return _follow(line.transport, call)


def _hold_the_rate(session: Session) -> None:
    if session.per_minute is None:
        return
    what = f"calls:{session.tenant.pk}:{session.service}:{session.connection}"
    if limits.count(what, window_seconds=60) > session.per_minute:
        raise TooManyCallsError(retry_after=limits.seconds_left(60))


def _follow(transport: GuardedTransport, call: _Call) -> Reply:
    request = call.request
    assert request is not None  # noqa: S101  built before the first try
    for _hop in range(MOST_HOPS + 1):
        reply = _exchange(transport, request, call)
        if reply.status not in REDIRECTS or not call.follow_redirects:
            return _judged(reply, is_idempotent=call.is_idempotent)
        request = _next_hop(request, reply)
    raise StatusError(reply)


def _next_hop(request: httpx.Request, reply: Reply) -> httpx.Request:
    """Never from https to http; another host hears nothing of what was meant for the first."""
    try:
        url = request.url.join(reply.headers.get("location", ""))
    except httpx.InvalidURL:
        raise AddressRefusedError from None
    if request.url.scheme == "https" and url.scheme != "https":
        raise AddressRefusedError
    is_same = (url.scheme, url.host, url.port) == _origin(request.url)
    headers = {
        name: value
        for name, value in request.headers.items()
        if name != "host" and (is_same or name in SAFE_ANYWHERE)
    }
    return httpx.Request(request.method, url, headers=headers)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _exchange(transport: GuardedTransport, request: httpx.Request, call: _Call) -> Reply:
    exchange = Exchange(seconds=call.left(), most_bytes=call.session.most_bytes)
    request.extensions["exchange"] = exchange
    call.record.bytes_out += len(request.content)
    call.record.status = None
    try:
        answer = transport.handle_request(request)
        try:
            content = b"".join(answer.stream)  # type: ignore[arg-type]  # of this kind, always
        finally:
            answer.close()
    except httpx.LocalProtocolError:
        raise UnsendableError from None
    except httpx.HTTPError as error:
        error.request = request
        unknown = exchange.is_sent and not call.is_idempotent
        raise failure_of(error, outcome_unknown=unknown) from error
    except AnswerTooLargeError as error:
        error.outcome_unknown = not call.is_idempotent
        raise
    call.record.bytes_in += len(content)
    call.record.status = answer.status_code
    return Reply(answer.status_code, answer.headers, content)


def _judged(reply: Reply, *, is_idempotent: bool) -> Reply:
    """A server that failed may have done the work before."""
    if reply.status < 300 or reply.status == 304:
        return reply
    raise StatusError(
        reply,
        retry_after=retry_after_in(reply.headers),
        outcome_unknown=reply.status >= 500 and not is_idempotent,
    )
