"""The Redis cache that steps aside: after an error it is skipped for 5 s, as if it were empty."""

import time
from typing import Any

import django_redis.cache
from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

PAUSE_SECONDS = 5.0
SOCKET_TIMEOUT_SECONDS = 2.0
CONNECT_TIMEOUT_SECONDS = 1.0


class _Steady:
    """Mixed into a connection: a failure starts the pause, and during it nothing is tried."""

    paused_until = 0.0

    def connect(self, *args: Any, **options: Any) -> Any:
        return self._guarded("connect", *args, **options)

    def send_packed_command(self, *args: Any, **options: Any) -> Any:
        return self._guarded("send_packed_command", *args, **options)

    def read_response(self, *args: Any, **options: Any) -> Any:
        return self._guarded("read_response", *args, **options)

    def _guarded(self, method: str, *args: Any, **options: Any) -> Any:
        if time.monotonic() < _Steady.paused_until:
            raise RedisConnectionError("Redis is skipped for some seconds after an error.")
        try:
            return getattr(super(), method)(*args, **options)
        except (RedisConnectionError, RedisTimeoutError, OSError):
            _Steady.paused_until = time.monotonic() + PAUSE_SECONDS
            raise


class SteadyConnection(_Steady, Connection):
    pass


class SteadySSLConnection(_Steady, SSLConnection):
    pass


class SteadyUnixConnection(_Steady, UnixDomainSocketConnection):
    pass


CONNECTIONS = {
    "redis": SteadyConnection,
    "rediss": SteadySSLConnection,
    "unix": SteadyUnixConnection,
}


class RedisCache(django_redis.cache.RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "IGNORE_EXCEPTIONS": True,
            "SOCKET_TIMEOUT": SOCKET_TIMEOUT_SECONDS,
            "SOCKET_CONNECT_TIMEOUT": CONNECT_TIMEOUT_SECONDS,
            "CONNECTION_POOL_KWARGS": {
                "connection_class": CONNECTIONS[server.split(":", 1)[0]],
                "retry": Retry(NoBackoff(), 0),
            },
        }
        super().__init__(server, {**params, "OPTIONS": {**options, **params.get("OPTIONS", {})}})

    def touch(self, *args: Any, **options: Any) -> bool:
        """django-redis lets the errors of this one call through."""
        try:
            return bool(super().touch(*args, **options))
        except (RedisConnectionError, RedisTimeoutError):
            return False
