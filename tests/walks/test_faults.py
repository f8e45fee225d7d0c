"""The short form of `make faults`: some trouble, after which nothing is missing or doubled."""

import random

import pytest

from tests.faults.run import Plan, run

SHORT = Plan(messages=120, at_once=12, pauses=(0.5, 2.0), most_seconds=25, patience_seconds=80)
NO_TROUBLE = Plan(messages=60, at_once=12, pauses=(90, 99), most_seconds=15, patience_seconds=16)


@pytest.fixture
def seed():
    """Printed, so that a day that went wrong can be had again."""
    number = random.randrange(1_000_000)
    print("seed", number)  # noqa: T201
    return number


@pytest.mark.timeout(240)
def test_the_embedded_server_keeps_every_message(seed, tmp_path):
    result = run("embedded", plan=SHORT, seed=seed, folder=tmp_path)

    assert result.verdict.failures == {}, result.logs
    assert result.faults > 5


@pytest.mark.services
@pytest.mark.timeout(240)
def test_processes_on_postgresql_and_redis_keep_every_message(seed, tmp_path):
    result = run("redis", plan=SHORT, seed=seed, folder=tmp_path)

    assert result.verdict.failures == {}, result.logs
    assert result.faults > 5


@pytest.mark.timeout(240)
def test_the_suite_sees_what_is_lost_when_nobody_looks(seed, tmp_path):
    blind = "tests.faults.settings_blind"

    result = run("embedded", plan=NO_TROUBLE, seed=seed, folder=tmp_path, settings=blind)

    assert {"lost", "answered twice"} <= result.verdict.failures.keys(), result.as_line()
