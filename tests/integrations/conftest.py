"""This machine is opened for calls, as an operator opens a private network; a model provider."""

import pytest
from django.core.cache import caches

from integrations import lines
from integrations.llm import clients, gate
from tests.factories import CredentialFactory, ModelProfileFactory, ProviderFactory
from tests.fakes.models import fake_models

KEY = "sk-canary-4Tq8ZrW2mN7x"


@pytest.fixture(autouse=True)
def _no_open_connections():
    yield
    lines.forget_lines()


@pytest.fixture
def opened(settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    settings.OUTBOUND_ALLOW_HTTP = True


@pytest.fixture(scope="session")
def _models_server():
    import openai  # noqa: F401  it takes a second, which would count as time of the first call

    with fake_models() as server:
        yield server


@pytest.fixture
def models(_models_server, opened, monkeypatch):
    """The stand-in, reachable; pauses between tries are short."""
    monkeypatch.setattr(gate, "FIRST_PAUSE_SECONDS", 0.001)
    _models_server.forget()
    _models_server.accepted_keys = None
    _models_server.unknown_models = set()
    clients.forget()
    caches["embeddings"].clear()
    return _models_server


@pytest.fixture
def make_profile(models):
    """A profile of a company, asking the stand-in with a key."""

    def make(tenant, provider=None, **values):
        return ModelProfileFactory(
            tenant=tenant, provider=provider or provider_of(tenant, models.url), **values
        )

    return make


def provider_of(tenant, url, key=KEY, **values):
    ref = f"key-{key[-6:]}-{tenant.slug}"
    if not tenant.credential_set.filter(ref=ref).exists():
        CredentialFactory(tenant=tenant, ref=ref, secret=key, kind="openai")
    return ProviderFactory(tenant=tenant, base_url=url, credential_ref=ref, **values)
