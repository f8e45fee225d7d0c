"""A remote system that keeps failing is left alone for a while, for one company's connection."""

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.core.cache.backends.dummy import DummyCache

from chatwoot_ai import cache as steady
from chatwoot_ai.cache import RedisCache
from integrations import circuit_breaker
from integrations.circuit_breaker import CircuitBreaker
from integrations.failures import (
    AddressRefusedError,
    CircuitOpenError,
    NoAnswerError,
    StatusError,
)
from integrations.http import Reply
from integrations.models import Breaker
from tests.conftest import REDIS_URL

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def breaker(tenant, connection="odoo:5"):
    return CircuitBreaker(tenant, service="odoo", connection=connection)


def status(code):
    return StatusError(Reply(code, {}, b""))


def fail(tenant, times=1, error=None, **options):
    for _ in range(times):
        with pytest.raises(type(error or NoAnswerError())), breaker(tenant, **options):
            raise error or NoAnswerError()


def succeed(tenant, **options):
    with breaker(tenant, **options):
        pass


def is_open(tenant, **options):
    try:
        succeed(tenant, **options)
    except CircuitOpenError:
        return True
    return False


def test_it_opens_after_five_failures_in_a_row(moveis, clock):
    fail(moveis, times=4)
    assert not Breaker.objects.filter(state="open").exists()

    fail(moveis)
    with pytest.raises(CircuitOpenError) as caught:
        succeed(moveis)

    assert caught.value.retry_after == 30


def test_an_answer_in_between_starts_the_count_again(moveis):
    fail(moveis, times=4)
    succeed(moveis)
    fail(moveis, times=4)

    assert not is_open(moveis)


def test_failures_that_lie_far_apart_do_not_open_it(moveis, clock):
    for _ in range(8):
        fail(moveis)
        clock.shift(31)

    assert not is_open(moveis)


@pytest.mark.parametrize("error", [status(500), status(503), NoAnswerError()], ids=str)
def test_signs_of_illness_count(moveis, error):
    fail(moveis, times=5, error=error)

    assert is_open(moveis)


@pytest.mark.parametrize(
    "error", [status(404), status(401), status(429), AddressRefusedError(), KeyError("x")], ids=repr
)
def test_other_failures_do_not_count(moveis, error):
    fail(moveis, times=10, error=error)

    assert not is_open(moveis)


def test_one_trial_is_let_through_after_the_pause(moveis, clock):
    fail(moveis, times=5)
    clock.shift(31)

    with breaker(moveis), pytest.raises(CircuitOpenError):
        succeed(moveis)

    assert not is_open(moveis)


def test_a_trial_that_fails_doubles_the_pause(moveis, clock):
    fail(moveis, times=5)
    waits = []
    for _ in range(6):
        clock.shift(Breaker.objects.get().tries_again_at - datetime.now(UTC) + timedelta(seconds=1))
        fail(moveis)
        waits.append((Breaker.objects.get().tries_again_at - datetime.now(UTC)).total_seconds())

    assert waits == [60, 120, 240, 480, 600, 600]


def test_a_trial_that_is_refused_shows_that_the_service_is_back(moveis, clock):
    fail(moveis, times=5)
    clock.shift(31)
    fail(moveis, error=status(404))

    assert not is_open(moveis)
    assert Breaker.objects.get().state == "closed"


def test_a_trial_that_tells_nothing_leaves_the_next_one_its_turn(moveis, clock):
    fail(moveis, times=5)
    clock.shift(31)
    fail(moveis, error=KeyError("a mistake of ours"))

    assert not is_open(moveis)


def test_a_trial_that_never_ends_does_not_keep_others_out_for_ever(moveis, clock):
    fail(moveis, times=5)
    clock.shift(31)
    breaker(moveis).__enter__()
    assert is_open(moveis)

    clock.shift(121)
    assert not is_open(moveis)


def test_many_callers_after_the_pause_make_one_trial(moveis, clock):
    fail(moveis, times=5)
    clock.shift(31)
    let_through, gate = [], threading.Barrier(8)

    def call():
        gate.wait(5)
        try:
            breaker(moveis).__enter__()
        except CircuitOpenError:
            return
        let_through.append(1)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert len(let_through) == 1


def test_companies_and_connections_do_not_influence_each_other(moveis, cosmeticos):
    fail(moveis, times=5)

    assert is_open(moveis)
    assert not is_open(cosmeticos)
    assert not is_open(moveis, connection="odoo:6")
    assert not Breaker.objects.for_tenant(cosmeticos).exists()


class TestRow:
    def test_opening_and_closing_is_written_down(self, moveis, clock):
        fail(moveis, times=5)
        row = Breaker.objects.get()
        assert (row.tenant, row.service, row.connection) == (moveis, "odoo", "odoo:5")
        assert (row.state, row.failures, row.opened_at) == ("open", 5, NOON)
        assert row.tries_again_at == NOON + timedelta(seconds=30)
        assert row.last_error == str(NoAnswerError())

        clock.shift(31)
        succeed(moveis)
        row.refresh_from_db()
        assert (row.state, row.failures, row.tries_again_at) == ("closed", 0, None)

    def test_only_changes_of_state_cost_statements(self, moveis, django_assert_num_queries):
        succeed(moveis)
        with django_assert_num_queries(0):
            succeed(moveis)
            fail(moveis, times=4)
        fail(moveis)
        with django_assert_num_queries(0):
            assert is_open(moveis)

    def test_a_row_of_a_forgetful_cache_is_put_right(self, moveis):
        fail(moveis, times=5)
        cache.clear()
        succeed(moveis)

        assert Breaker.objects.get().state == "closed"

    def test_a_late_answer_does_not_say_closed_while_it_is_open(self, moveis):
        late = breaker(moveis)
        late.__enter__()
        fail(moveis, times=5)
        late.__exit__(None, None, None)

        assert Breaker.objects.get().state == "open"
        assert is_open(moveis)

    def test_trying_again_closes_it_at_once(self, moveis, cosmeticos):
        fail(moveis, times=5)
        fail(cosmeticos, times=5)
        circuit_breaker.try_again(Breaker.objects.for_tenant(moveis).get())

        assert not is_open(moveis)
        assert is_open(cosmeticos)
        assert Breaker.objects.for_tenant(moveis).get().state == "closed"
        assert Breaker.objects.for_tenant(cosmeticos).get().state == "open"

    def test_a_row_that_cannot_be_written_spoils_nothing(self, moveis, monkeypatch, caplog):
        monkeypatch.setattr(Breaker._meta, "db_table", "nowhere")
        fail(moveis, times=5)

        assert is_open(moveis)
        assert "could not be stored" in caplog.text


def test_without_a_cache_nothing_is_held_back(moveis, monkeypatch):
    monkeypatch.setattr(circuit_breaker, "cache", DummyCache("", {}))
    fail(moveis, times=20)

    assert not is_open(moveis)


@pytest.fixture
def _no_pause(monkeypatch):
    """Redis is skipped for some seconds after an error, in the whole process."""
    monkeypatch.setattr(steady._Steady, "paused_until", 0.0)


@pytest.mark.usefixtures("_no_pause")
def test_a_redis_that_is_away_holds_nothing_back(moveis, monkeypatch):
    away = RedisCache("redis://127.0.0.1:1/0", {})
    monkeypatch.setattr(circuit_breaker, "cache", away)
    fail(moveis, times=20)

    assert not is_open(moveis)


@pytest.mark.services
@pytest.mark.usefixtures("_no_pause")
def test_redis_carries_it_as_well(moveis, monkeypatch):
    shared = RedisCache(REDIS_URL, {"KEY_PREFIX": f"test-{uuid.uuid4().hex}"})
    monkeypatch.setattr(circuit_breaker, "cache", shared)
    fail(moveis, times=5)
    assert is_open(moveis)

    circuit_breaker.try_again(Breaker.objects.get())
    assert not is_open(moveis)
