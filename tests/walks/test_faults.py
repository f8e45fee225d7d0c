"""The short form of `make faults`: some trouble, after which nothing is missing or doubled."""

import random

import pytest

from tests.faults.run import Plan, run

SHORT = Plan(messages=120, at_once=16, pauses=(1.0, 3.0), most_seconds=25, patience_seconds=60)


def seed_of_the_day():
    """Printed, so that a day that went wrong can be had again."""
    seed = random.randrange(1_000_000)
    print("seed", seed)  # noqa: T201
    return seed


@pytest.mark.timeout(240)
def test_the_embedded_server_keeps_every_message(tmp_path):
    result = run("embedded", plan=SHORT, seed=seed_of_the_day(), folder=tmp_path)

    assert result.verdict.failures == {}, result.logs
    assert result.faults > 5


@pytest.mark.services
@pytest.mark.timeout(240)
def test_processes_on_postgresql_and_redis_keep_every_message(tmp_path):
    result = run("redis", plan=SHORT, seed=seed_of_the_day(), folder=tmp_path)

    assert result.verdict.failures == {}, result.logs
    assert result.faults > 5
