"""What the embedded footing promises about rows holds on PostgreSQL too."""

import subprocess
import sys

import pytest

from tests.conftest import POSTGRES_URL
from tests.servers import ROOT, clean_environment

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("full-mode")]

# What the two databases do differently: locks, constraints, texts, and statements of our own.
PARTS = [
    "tests/architecture/test_audit.py",
    "tests/tenants/test_scoping.py",
    "tests/tenants/test_usage.py",
    "tests/tenants/test_budget_alerts.py",
    "tests/tenants/test_credentials.py",
    "tests/tenants/test_encryption.py",
    "tests/tenants/test_rotation.py",
    "tests/tenants/test_configuration_at_once.py",
    "tests/walks/test_hostile_requests.py",
    "tests/integrations/test_circuit_breaker.py",
    "tests/integrations/test_usage_reports.py",
    "tests/crews/test_alarms.py",
    "tests/crews/test_watching.py",
]
API = ["tests/walks/test_api_keeps_its_word.py", "tests/tenants/test_config_api.py"]


CONFIGURATION = [
    "tests/tenants/test_configuration.py",
    "tests/tenants/test_transfer.py",
    "tests/tenants/test_resolution.py",
]


MESSAGES = ["tests/crews/test_webhook.py", "tests/crews/test_takeover.py"]
KNOWLEDGE = [
    "tests/knowledge/test_indexing.py",
    "tests/knowledge/test_search.py",
    "tests/knowledge/imports",
    "tests/crews/test_offline.py",
]


@pytest.mark.parametrize(
    "parts",
    [PARTS, API, CONFIGURATION, MESSAGES, KNOWLEDGE],
    ids=["rows", "API", "configuration", "messages", "knowledge"],
)
def test_rows_are_kept_apart_recorded_and_served_alike(parts):
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "--show-capture=no", *parts],
        cwd=ROOT,
        env=clean_environment(TEST_ON_DATABASE_URL=POSTGRES_URL),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout[-4000:]
