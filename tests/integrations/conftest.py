"""This machine is opened for calls, as an operator opens a private network."""

import pytest

from integrations import lines


@pytest.fixture(autouse=True)
def _no_open_connections():
    yield
    lines.forget_lines()


@pytest.fixture
def opened(settings):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    settings.OUTBOUND_ALLOW_HTTP = True
