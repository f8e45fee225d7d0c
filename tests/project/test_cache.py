"""Redis is a cache and no more: while it is away everything goes on, and nobody waits for it."""

import socket
import threading
import uuid
from contextlib import closing, contextmanager

import pytest

from chatwoot_ai import cache as steady
from chatwoot_ai.cache import RedisCache
from tests.conftest import REDIS_URL
from tests.servers import free_port

PATIENCE_SECONDS = 10


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch):
    monkeypatch.setattr(steady._Steady, "paused_until", 0.0)


@pytest.fixture
def silent_server():
    """Accepts and never answers; gives its address and the list of callers."""
    callers = []

    def serve():
        while True:
            try:
                callers.append(server.accept())
            except OSError:
                return

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0", callers
        server.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE_SECONDS)
        for connection, _ in callers:
            connection.close()


@contextmanager
def clock(monkeypatch):
    """Moves the cache's time on: `with clock(...) as move: move(6)`."""
    now = [steady.time.monotonic()]
    monkeypatch.setattr(steady.time, "monotonic", lambda: now[0])

    def move(seconds):
        now[0] += seconds

    yield move
    monkeypatch.undo()


def cache_at(address, **options):
    return RedisCache(address, {"KEY_PREFIX": f"test-{uuid.uuid4().hex}", "OPTIONS": options})


def closed_port():
    return f"redis://127.0.0.1:{free_port()}/0"


def ask_everything(cache):
    return {
        "get": cache.get("key", "default"),
        "get_many": cache.get_many(["key"]),
        "has_key": cache.has_key("key"),
        "set": cache.set("key", 1, 10),
        "add": cache.add("key", 1, 10),
        "delete": cache.delete("key"),
        "touch": cache.touch("key", 10),
        "incr": cache.incr("key"),
        "decr": cache.decr("key"),
    }


@pytest.mark.parametrize("place", ["closed port", "silent server"])
class TestAway:
    @pytest.fixture
    def address(self, place, silent_server):
        return silent_server[0] if place == "silent server" else closed_port()

    @pytest.fixture
    def cache(self, address):
        return cache_at(address, SOCKET_TIMEOUT=0.1, SOCKET_CONNECT_TIMEOUT=0.1)

    def test_it_is_an_empty_cache(self, cache):
        answers = ask_everything(cache)

        assert answers.pop("get") == "default"
        assert not any(answers.values())

    def test_value_is_made_anew(self, cache):
        assert cache.get_or_set("key", lambda: "made", 10) == "made"

    def test_clearing_breaks_nothing(self, cache):
        cache.clear()
        cache.delete_many(["key"])
        cache.set_many({"key": 1})

    def test_pages_work(self, client, db, settings, address):
        settings.CACHES = {
            "default": {
                "BACKEND": "chatwoot_ai.cache.RedisCache",
                "LOCATION": address,
                "OPTIONS": {"SOCKET_TIMEOUT": 0.1},
            }
        }

        assert client.get("/admin/login/").status_code == 200
        assert client.get("/api/v1/token").status_code == 401


class TestPause:
    def test_after_a_failure_nothing_is_tried_for_five_seconds(self, silent_server, monkeypatch):
        address, callers = silent_server
        cache = cache_at(address, SOCKET_TIMEOUT=0.1)
        cache.get("key")
        first = len(callers)

        with clock(monkeypatch) as move:
            for _ in range(10):
                cache.get("key")
            move(4.8)
            cache.get("key")
            in_pause = len(callers) - first

        assert first > 0
        assert in_pause == 0

    def test_after_five_seconds_it_is_tried_again(self, silent_server, monkeypatch):
        address, callers = silent_server
        cache = cache_at(address, SOCKET_TIMEOUT=0.1)
        cache.get("key")
        first = len(callers)

        with clock(monkeypatch) as move:
            move(5.1)
            cache.get("key")

        assert len(callers) > first

    def test_failure_holds_back_the_other_connections_of_the_process(self, silent_server):
        address, callers = silent_server
        cache_at(address, SOCKET_TIMEOUT=0.1).get("key")
        first = len(callers)
        other = cache_at(address, SOCKET_TIMEOUT=0.1)

        threads = [threading.Thread(target=other.get, args=("key",)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)

        assert len(callers) == first

    def test_one_request_meets_one_failure(self, silent_server):
        address, callers = silent_server
        cache = cache_at(address, SOCKET_TIMEOUT=0.1)

        ask_everything(cache)

        assert len(callers) == 1

    def test_closed_port_starts_the_pause_too(self, monkeypatch):
        cache = cache_at(closed_port())

        cache.get("key")

        remaining = steady._Steady.paused_until - steady.time.monotonic()
        assert 0 < remaining <= steady.PAUSE_SECONDS


def test_wrong_address_is_no_reason_to_break():
    cache = cache_at("redis://no-such-host.invalid:6379/0")
    steady._Steady.paused_until = steady.time.monotonic() + steady.PAUSE_SECONDS

    assert cache.get("key", "default") == "default"


@pytest.mark.parametrize("address", ["redis://h", "rediss://h", "unix:///run/redis.sock"])
def test_every_kind_of_address_has_its_connection(address):
    pool = cache_at(address).client.get_client().connection_pool

    assert issubclass(pool.connection_class, steady._Steady)


@pytest.mark.services
class TestThere:
    @pytest.fixture
    def cache(self):
        cache = cache_at(REDIS_URL)
        yield cache
        cache.delete_pattern("*")

    @pytest.mark.parametrize("value", [None, 0, 1.5, "ação", [1, "a"], {"a": [1, {"b": None}]}, ""])
    def test_value_comes_back(self, cache, value):
        cache.set("key", value, 10)

        assert cache.get("key", "default") == value

    def test_missing_value_is_the_default(self, cache):
        assert cache.get("key", "default") == "default"

    def test_adding_keeps_the_first_value(self, cache):
        assert cache.add("key", 1, 10)
        assert not cache.add("key", 2, 10)
        assert cache.get("key") == 1

    def test_counting_counts(self, cache):
        cache.set("key", 1, 10)

        assert [cache.incr("key"), cache.incr("key", 3)] == [2, 5]

    def test_value_leaves_after_its_time(self, cache):
        cache.set("key", 1, 100)

        assert 0 < cache.ttl("key") <= 100

    def test_values_are_plain_json(self, cache):
        """No pickles: who writes into Redis must not run code here."""
        cache.set("key", {"a": 1}, 10)

        raw = cache.client.get_client().get(cache.make_key("key"))
        assert raw == b'{"a": 1}'

    def test_redis_that_comes_back_is_used(self, monkeypatch):
        cache = cache_at(REDIS_URL)
        steady._Steady.paused_until = steady.time.monotonic() + steady.PAUSE_SECONDS
        cache.set("key", 1, 10)
        in_pause = cache.get("key")
        steady._Steady.paused_until = 0.0

        cache.set("key", 2, 10)

        assert in_pause is None
        assert cache.get("key") == 2

    def test_connection_that_died_is_replaced(self, cache):
        cache.set("key", 1, 10)
        client = cache.client.get_client()
        for connection in client.connection_pool._available_connections:
            connection._sock.shutdown(socket.SHUT_RDWR)

        cache.get("key")
        steady._Steady.paused_until = 0.0

        assert cache.get("key") == 1
