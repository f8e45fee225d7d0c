"""Which search engine this installation has."""

from functools import cache
from pathlib import Path

from django.conf import settings

from knowledge.engines import server
from knowledge.engines.edge.engine import EdgeEngine
from knowledge.engines.interface import Engine


@cache
def engine() -> Engine:
    """One for the process: a server when there is an address, else the folder beside the data."""
    if settings.QDRANT_URL:
        return server.connect(settings.QDRANT_URL, settings.QDRANT_API_KEY)
    return EdgeEngine(Path(settings.DATA_DIR) / "index")
