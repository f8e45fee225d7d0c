"""A search engine in memory, and commits that do what they promise."""

import pytest

from knowledge import indexing
from knowledge.engines import choosing
from knowledge.engines.server import in_memory


@pytest.fixture
def engine(monkeypatch):
    found = in_memory()
    monkeypatch.setattr(choosing, "engine", lambda: found)
    return found


@pytest.fixture
def index(engine):
    """Brings the index of a company to what its rows say."""
    return indexing.sync
