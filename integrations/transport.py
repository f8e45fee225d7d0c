"""The way out at its lowest level: judged addresses, a deadline for everything, bounded answers.

HTTP/1.1 only, no proxy, no redirect, no cookie: what is sent is what the caller wrote.
"""

import ssl
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import httpcore
import httpx

from integrations import addresses
from integrations.failures import AddressRefusedError, AnswerTooLargeError

CONNECT_SECONDS = 5.0
KEEP_SECONDS = 5.0
MOST_KEPT = 8
PIECE = 64 * 1024
GZIP = frozenset({"gzip", "x-gzip"})


class Exchange:
    """One request on its way: until when, how much may come back, and whether it left at all."""

    __slots__ = ("is_sent", "most_bytes", "until")

    def __init__(self, *, seconds: float, most_bytes: int) -> None:
        self.until = time.monotonic() + seconds
        self.most_bytes = most_bytes
        self.is_sent = False

    def left(self, timeout: float | None, error: type[Exception]) -> float:
        """Seconds for the next step; `error` once the time is over."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise error("The time for the whole request is over.")
        return left if timeout is None else min(timeout, left)


class GuardedTransport(httpx.BaseTransport):
    """What every client sends through: `httpx.Client(transport=GuardedTransport(...))`.

    `seconds` is for a whole request with its answer, however slowly that drips; the longest of the
    request's own time-outs may shorten it. `most_bytes` is the size of an answer after
    decompression. A request may bring an `Exchange` of its own in its extensions. Raises what
    httpx raises, and AddressRefusedError or AnswerTooLargeError.
    """

    def __init__(self, *, seconds: float = 60.0, most_bytes: int = 5_000_000) -> None:
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trust(),
            max_connections=None,
            max_keepalive_connections=MOST_KEPT,
            keepalive_expiry=KEEP_SECONDS,
            network_backend=_JudgingBackend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _check(request.url)
        exchange = request.extensions.get("exchange") or self._exchange_for(request)
        with _bound(exchange), _as_httpx_errors():
            answer = self._pool.handle_request(_for_the_pool(request, exchange))
        body = _Body(answer.stream, exchange)
        try:
            headers = body.prepare(answer.status, httpx.Headers(answer.headers))
        except BaseException:
            body.close()
            raise
        return httpx.Response(answer.status, headers=headers, stream=body)

    def close(self) -> None:
        self._pool.close()

    def _exchange_for(self, request: httpx.Request) -> Exchange:
        timeouts = (request.extensions.get("timeout") or {}).values()
        longest = max((t for t in timeouts if t is not None), default=self._seconds)
        return Exchange(seconds=min(longest, self._seconds), most_bytes=self._most_bytes)


def _check(url: httpx.URL) -> None:
    if url.userinfo or len(str(url)) > addresses.LONGEST_URL:
        raise AddressRefusedError
    addresses.check_parts(url.scheme, url.host, url.port)


def _for_the_pool(request: httpx.Request, exchange: Exchange) -> httpcore.Request:
    headers = [row for row in request.headers.raw if row[0].lower() != b"accept-encoding"]
    timeout = dict(request.extensions.get("timeout") or {})
    timeout["pool"] = exchange.left(timeout.get("pool"), httpcore.PoolTimeout)
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        ),
        headers=[*headers, (b"Accept-Encoding", b"gzip")],
        content=request.stream,
        extensions={"timeout": timeout},
    )


class _JudgingBackend(httpcore.NetworkBackend):
    """Connects to the very addresses that were judged; a second look-up could answer otherwise."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        last: Exception = httpcore.ConnectError(f"{host} has no address.")
        for address in _judged(host, timeout):
            left = _current.get().left(timeout, httpcore.ConnectTimeout)
            try:
                return _Stream(_connect(address, port, min(left, CONNECT_SECONDS)))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last


def _judged(host: str, timeout: float | None) -> list[str]:
    left = _current.get().left(timeout, httpcore.ConnectTimeout)
    try:
        return addresses.resolve(host, seconds=min(left, addresses.RESOLVE_SECONDS))
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(str(error)) from error
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error


def _connect(address: str, port: int, timeout: float) -> httpcore.NetworkStream:
    return httpcore.SyncBackend().connect_tcp(address, port, timeout=timeout)


class _Stream(httpcore.NetworkStream):
    """Every step takes from the time of the whole request, so slow drops end as well."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = _current.get().left(timeout, httpcore.ReadTimeout)
        return self._inner.read(max_bytes, timeout=left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        exchange = _current.get()
        connection = self._inner.get_extra_info("socket")
        rest = memoryview(buffer)
        while rest:
            connection.settimeout(exchange.left(timeout, httpcore.WriteTimeout))
            exchange.is_sent = True
            try:
                rest = rest[connection.send(rest) :]
            except TimeoutError as error:
                raise httpcore.WriteTimeout(str(error)) from error
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _current.get().left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, timeout=left))

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Body(httpx.SyncByteStream):
    """The answer in pieces, unpacked here because a small packed piece may hold gigabytes."""

    def __init__(self, stream: Any, exchange: Exchange) -> None:
        self._stream = stream
        self._exchange = exchange
        self._is_packed = False

    def prepare(self, status: int, headers: httpx.Headers) -> httpx.Headers:
        """The headers as they fit the unpacked answer."""
        if status < 200:
            raise httpx.RemoteProtocolError("The server wants to speak another protocol.")
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._exchange.most_bytes:
            raise AnswerTooLargeError
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", "", *GZIP}:
            raise httpx.RemoteProtocolError("The answer is packed in a way nobody asked for.")
        self._is_packed = encoding in GZIP
        if self._is_packed:
            del headers["content-encoding"]
            headers.pop("content-length", None)
        return headers

    def __iter__(self) -> Iterator[bytes]:
        pieces = self._bounded(self._raw())
        return self._bounded(_unpacked(pieces)) if self._is_packed else pieces

    def close(self) -> None:
        self._stream.close()

    def _raw(self) -> Iterator[bytes]:
        pieces = iter(self._stream)
        while True:
            with _bound(self._exchange), _as_httpx_errors():
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    def _bounded(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > self._exchange.most_bytes:
                raise AnswerTooLargeError
            yield piece


def _unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    has_begun = False
    for piece in pieces:
        has_begun = True
        yield from _unpacked_piece(unpacker, piece)
    if has_begun and not unpacker.eof:
        raise httpx.RemoteProtocolError("The packed answer has no end.")


def _unpacked_piece(unpacker: Any, packed: bytes) -> Iterator[bytes]:
    if unpacker.eof:
        raise httpx.RemoteProtocolError("Something follows the packed answer.")
    while True:
        try:
            plain = unpacker.decompress(packed, PIECE)
        except zlib.error as error:
            raise httpx.RemoteProtocolError("The packed answer is damaged.") from error
        if plain:
            yield plain
        packed = unpacker.unconsumed_tail
        if not plain and not packed:
            break
    if unpacker.unused_data:
        raise httpx.RemoteProtocolError("Something follows the packed answer.")


_current: ContextVar[Exchange] = ContextVar("chatwootai_exchange")


@contextmanager
def _bound(exchange: Exchange) -> Iterator[None]:
    """The pool passes on neither request nor deadline, and does all its work in this thread."""
    token = _current.set(exchange)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def _as_httpx_errors() -> Iterator[None]:
    """Both libraries name their errors alike. The text of the first kind quotes what was sent."""
    try:
        yield
    except httpcore.LocalProtocolError:
        raise httpx.LocalProtocolError("The request cannot be sent.") from None
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error


@cache
def _trust() -> ssl.SSLContext:
    """The usual authorities, and those of the machine (or of SSL_CERT_FILE)."""
    return httpcore.default_ssl_context()
