"""Which search engine this installation has."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from django.conf import settings

from knowledge.engines import server
from knowledge.engines.edge.engine import EdgeEngine
from knowledge.engines.interface import Engine

_another: ContextVar[Engine | None] = ContextVar("another_engine", default=None)


def engine() -> Engine:
    return _another.get() or _of_process()


@contextmanager
def another(other: Engine) -> Iterator[Engine]:
    """Within the block this one is asked, for what must not touch the company's own index."""
    token = _another.set(other)
    try:
        yield other
    finally:
        _another.reset(token)


@cache
def _of_process() -> Engine:
    """A server when there is an address, else the folder beside the data."""
    if settings.QDRANT_URL:
        return server.connect(settings.QDRANT_URL, settings.QDRANT_API_KEY)
    return EdgeEngine(Path(settings.DATA_DIR) / "index")
