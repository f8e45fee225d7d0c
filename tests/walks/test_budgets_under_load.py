"""Sixteen workers together spend what a budget allows, to the last token, and no more."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from tests.servers import ROOT, clean_environment
from tests.walks.spenders import DOLLARS, FITTING, TOKENS, TRIES


def outcome_on(tmp_path, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "tests.walks.spenders"],
        cwd=ROOT,
        env=clean_environment(DATA_DIR=str(tmp_path), **environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_on_sqlite_no_limit_is_passed(tmp_path):
    check(outcome_on(tmp_path))


@pytest.mark.services
@pytest.mark.xdist_group("full-mode")
def test_on_postgresql_no_limit_is_passed(tmp_path):
    from tests.walks.test_full_mode import fresh_database

    with fresh_database() as url:
        check(outcome_on(tmp_path, DATABASE_URL=url))


def check(outcome):
    outcomes = Counter(outcome["outcomes"])
    assert outcomes["spent"] == FITTING
    assert outcomes["spent"] + outcomes["released"] + outcomes["cheaper"] == TRIES
    money = f"{FITTING * DOLLARS:f}"
    for period, (tokens, reserved, dollars, _refused, calls) in outcome["rows"].items():
        assert (tokens, reserved, calls) == (str(FITTING * TOKENS), "0", str(FITTING)), period
        assert float(dollars) == float(money), period
    assert outcome["rows"]["day"][3] == str(outcomes["cheaper"])
    assert outcome["alerts"] == 2, "80 % and 100 % of the day, once each"
