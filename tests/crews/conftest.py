"""A company's Chatwoot to talk through, and an answerer that says what the test wants."""

import pytest

from crews import claims
from integrations import lines
from integrations.chatwoot import connections
from tests.crews.stage import Stage
from tests.fakes import answerer
from tests.fakes.chatwoot import fake_chatwoot
from tests.integrations.conftest import _models_server, make_profile, models  # noqa: F401  fixtures


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    """Leases outlast a test without the thread that renews them."""
    monkeypatch.setattr(claims, "RENEWED_EVERY_SECONDS", 3_600)


@pytest.fixture(autouse=True)
def _nothing_known():
    yield
    lines.forget_lines()
    connections.forget_doors()
    answerer.forget()


@pytest.fixture
def opened(settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    settings.OUTBOUND_ALLOW_HTTP = True


@pytest.fixture
def script(settings):
    """What the answerer says: `script.say("Bom dia!")`; it repeats the question otherwise."""
    settings.ANSWERER = "tests.fakes.answerer.answer"
    return answerer


@pytest.fixture
def chatwoot(opened):
    with fake_chatwoot() as server:
        yield server


@pytest.fixture
def stage(moveis, chatwoot, script):
    return Stage(moveis, chatwoot)


@pytest.fixture
def make_stage(moveis, chatwoot, script):
    def make(**settings):
        return Stage(moveis, chatwoot, **settings)

    return make
