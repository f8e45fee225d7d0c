"""Fixtures used everywhere. The network is closed, models of language are out of reach."""

import os
import shutil
import socket
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection

from integrations.chatwoot import connections
from tenants import configuration
from tenants.access import Role
from tests import factories
from tests.triggers import audit_triggers_lifted

LOCAL = {"127.0.0.1", "::1", "localhost"}
REQUIRED = set(os.environ.get("TEST_REQUIRE", "").split(",")) - {""}

POSTGRES_URL = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
AMQP_URL = os.environ.get("TEST_AMQP_URL", "amqp://guest:guest@127.0.0.1:5672//")


def pytest_collection_modifyitems(items):
    for item in items:
        for name, missing in (("services", missing_services), ("browser", missing_browser)):
            if name in item.keywords:
                _skip_or_fail(item, name, missing())


def _skip_or_fail(item, name, missing):
    if missing and name not in REQUIRED:
        item.add_marker(pytest.mark.skip(reason=f"needs {missing}"))


@pytest.fixture(autouse=True)
def _required_parts(request):
    """In CI a missing part is a failure, not a skip."""
    for name, missing in (("services", missing_services), ("browser", missing_browser)):
        if name in request.keywords and name in REQUIRED and missing():
            pytest.fail(f"TEST_REQUIRE names {name}, but there is no {missing()}.")


def missing_services():
    ports = {"PostgreSQL": POSTGRES_URL, "Redis": REDIS_URL, "RabbitMQ": AMQP_URL}
    return ", ".join(name for name, url in ports.items() if not _answers(url))


def missing_browser():
    return "" if find_chromium() else "Chromium"


def find_chromium():
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


_reachable = {}


def _answers(url):
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    key = (parts.hostname, parts.port)
    if key not in _reachable:
        try:
            socket.create_connection(key, timeout=1).close()
            _reachable[key] = True
        except OSError:
            _reachable[key] = False
    return _reachable[key]


@pytest.fixture(autouse=True)
def _closed_network(monkeypatch):
    """Only this machine may be spoken to."""
    connect = socket.socket.connect

    def guarded(self, address):
        host = address[0] if isinstance(address, tuple) else ""
        if isinstance(address, tuple) and host not in LOCAL:
            pytest.fail(f"A test tried to reach {host}.")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()
    configuration.forget()
    connections.forget_doors()


@pytest.fixture
def transactional_db(transactional_db):
    """The audit log refuses deletion; the flush between tests is the one exception."""
    yield
    with audit_triggers_lifted(connection):
        from django.core.management import call_command

        call_command("flush", verbosity=0, interactive=False)


@pytest.fixture
def moveis(db):
    return factories.TenantFactory(slug="moveis", name="Móveis Jacarandá")


@pytest.fixture
def cosmeticos(db):
    return factories.TenantFactory(slug="cosmeticos", name="Cosméticos Flor do Campo")


@pytest.fixture
def platform_admin(db):
    return factories.UserFactory(email="admin@platform.example", is_superuser=True, name="Ada")


@pytest.fixture
def helena(moveis):
    """Owner of Móveis."""
    return factories.member(moveis, Role.OWNER, email="helena@moveis.example", name="Helena")


@pytest.fixture
def beatriz(cosmeticos):
    """Owner of Cosméticos."""
    return factories.member(
        cosmeticos, Role.OWNER, email="beatriz@cosmeticos.example", name="Beatriz"
    )


@pytest.fixture
def outsider(db):
    """A person of no company."""
    return factories.UserFactory(email="otto@nowhere.example", name="Otto")


@pytest.fixture
def open_connection(db):
    """For calls past Django's test client: a request leaves the test's own connection open."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def project_root():
    return Path(__file__).resolve().parents[1]


@pytest.fixture
def signed_in(client):
    """Sign a person in: `page = signed_in(helena)` gives a client."""

    def sign_in(user):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in
