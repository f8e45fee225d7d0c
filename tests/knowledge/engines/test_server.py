"""A server that is slow, busy, broken, old, or not there."""

import socket
import time

import pytest

from knowledge.engines import server
from knowledge.engines.failures import RateLimitedError, RejectedError, UnavailableError
from tests.fakes.qdrant import running
from tests.knowledge.engines.points import MOVEIS, legs, of, point
from tests.servers import free_port


@pytest.fixture
def kb(over_http, qdrant):
    over_http.ensure_collection("kb", None)
    over_http.upsert("kb", [point(1, "sofá")])
    qdrant.behave()
    return over_http


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_server_that_recovers_is_asked_again(kb, qdrant, status):
    qdrant.behave(status=status, times=2)

    assert kb.count("kb", of(MOVEIS)) == 1
    assert len(qdrant.heard) == 3


def test_a_server_that_stays_away_is_given_up(kb, qdrant):
    qdrant.behave(status=503)

    with pytest.raises(UnavailableError) as failed:
        kb.count("kb", of(MOVEIS))

    assert not failed.value.permanent
    assert len(qdrant.heard) == 3


def test_an_inner_error_is_not_repeated(kb, qdrant):
    qdrant.behave(status=500)

    with pytest.raises(UnavailableError):
        kb.upsert("kb", [point(2, "mesa")])

    assert len(qdrant.heard) == 1


def test_a_short_wish_to_wait_is_followed(kb, qdrant):
    qdrant.behave(status=429, retry_after=1, times=1)
    started = time.monotonic()

    assert kb.count("kb", of(MOVEIS)) == 1
    assert time.monotonic() - started >= 1


def test_a_long_wish_to_wait_is_passed_on(kb, qdrant):
    qdrant.behave(status=429, retry_after=60)

    with pytest.raises(RateLimitedError) as failed:
        kb.legs("kb", of(MOVEIS), legs("sofá"))

    assert failed.value.retry_after == 60
    assert len(qdrant.heard) == 1


def test_too_many_requests_without_a_time_are_tried_again(kb, qdrant):
    qdrant.behave(status=429)

    with pytest.raises(RateLimitedError) as failed:
        kb.count("kb", of(MOVEIS))

    assert failed.value.retry_after is None
    assert len(qdrant.heard) == 3


@pytest.mark.parametrize("status", [400, 403, 409, 413, 422])
def test_a_refusal_is_final(kb, qdrant, status):
    qdrant.behave(status=status)

    with pytest.raises(RejectedError) as failed:
        kb.count("kb", of(MOVEIS))

    assert failed.value.permanent
    assert len(qdrant.heard) == 1


@pytest.mark.parametrize("key", ["", "another"])
def test_a_wrong_key_is_refused(qdrant, key):
    qdrant.behave()
    engine = server.connect(qdrant.url, key)

    with pytest.raises(RejectedError):
        engine.collections()


def test_a_slow_server_is_not_waited_for_twice(kb, qdrant):
    hasty = server.connect(qdrant.url, "a-key-of-the-stand-in", timeout_seconds=1)
    qdrant.behave(wait=2)

    with pytest.raises(UnavailableError):
        hasty.count("kb", of(MOVEIS))

    assert len(qdrant.heard) == 1


def test_nobody_there_is_unavailable():
    engine = server.connect(f"http://127.0.0.1:{free_port()}")

    with pytest.raises(UnavailableError):
        engine.collections()


def test_something_else_than_qdrant_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = server.connect(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_seconds=1)

        with pytest.raises(UnavailableError):
            engine.collections()


def test_an_old_server_is_refused():
    with running("--version", "1.18.2") as old:
        engine = server.connect(old.url)

        with pytest.raises(RejectedError, match="too old"):
            engine.ensure_collection("kb", None)


def test_a_collection_left_without_its_indexes_gets_them(over_http, qdrant):
    """As after a kill between the first two requests."""
    over_http._create("kb", None)
    over_http.ensure_collection("kb", None)

    over_http.upsert("kb", [point(1, "sofá", price=10.0)])

    scope = of(MOVEIS, kinds=["faq"], price_from=5, valid_at=1)
    assert over_http.count("kb", scope) == 1


def test_one_search_is_one_request(kb, qdrant):
    kb.legs("kb", of(MOVEIS), legs("sofá"))

    assert qdrant.heard == ["POST /collections/kb/points/query/batch"]


def test_an_address_without_a_port_is_taken_as_it_is():
    client = server.connect("https://qdrant.example.com/prefix")._client

    assert client._client.rest_uri == "https://qdrant.example.com/prefix"
