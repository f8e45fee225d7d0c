"""Every engine, and points of two companies."""

import pytest

from knowledge.engines import server
from knowledge.engines.edge.engine import EdgeEngine
from tests.fakes.qdrant import running

API_KEY = "a-key-of-the-stand-in"


@pytest.fixture(scope="session")
def qdrant():
    with running("--api-key", API_KEY) as stand_in:
        yield stand_in


@pytest.fixture
def over_http(qdrant):
    qdrant.behave()
    engine = server.connect(qdrant.url, API_KEY, timeout_seconds=5)
    yield engine
    qdrant.behave()
    for name in engine.collections():
        engine.drop_collection(name)
    engine.close()


@pytest.fixture
def inside(tmp_path):
    engine = EdgeEngine(tmp_path / "index")
    yield engine
    engine.close()


@pytest.fixture
def in_memory():
    engine = server.in_memory()
    yield engine
    engine.close()


@pytest.fixture(params=["inside", "over_http", "in_memory"])
def engine(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def kb(engine):
    """An engine with an empty collection "kb" whose dense vectors have four numbers."""
    engine.ensure_collection("kb", 4)
    return engine
