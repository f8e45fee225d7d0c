"""One open folder of points. Reads go on while it is written to and while it is put in order."""

import ctypes
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from knowledge.engines.edge import tidying, translating
from knowledge.engines.failures import EngineError, RejectedError, UnavailableError

if TYPE_CHECKING:
    import qdrant_edge

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

FLUSH_AFTER = 2_000  # points written; until then they are in the engine's log
LEAST_UNTIDY = 20_000
TIDYING_SECONDS = 900
REFUSALS = ("Vector dimension", "Not existing vector", "Wrong input", "Bad request")


class Shard:
    """`folder` changes when the points are put in order; `on_move` is told before the old goes."""

    def __init__(self, folder: Path, tidied: int, on_move: Callable[[Path, int], None]) -> None:
        self.folder = folder
        self._on_move = on_move
        self._changes = 0
        self._kept: dict[str, tuple[int, int]] = {}
        self._writing = Lock()
        self._unflushed = 0
        with failures_named():
            self._edge = _opened(folder)
            self._tidied = tidied
            self._untidy = max(0, self._edge.info().points_count - tidied)

    def read(self, function: "Callable[[qdrant_edge.EdgeShard], Answer]") -> Answer:
        with failures_named():
            return function(self._edge)

    def kept(self, key: str, count: Callable[[], int]) -> int:
        """A number that is the same until something is written; counting takes long."""
        changes = self._changes
        known = self._kept.get(key)
        if known is None or known[0] != changes:
            known = self._kept[key] = changes, count()
        return known[1]

    def write(self, operation: "qdrant_edge.UpdateOperation", points: int) -> None:
        """`points`: how many it adds or replaces."""
        with self._writing, failures_named():
            self._changes += 1
            self._edge.update(operation)
            self._changes += 1
            self._unflushed += points
            self._untidy += points
            if self._unflushed >= FLUSH_AFTER:
                self._flush()
            if self._untidy >= max(LEAST_UNTIDY, self._tidied // 2):
                self._tidy()

    def _flush(self) -> None:
        self._edge.flush()
        self._unflushed = 0

    def _tidy(self) -> None:
        """Readers keep the old folder until the new one is open, each as long as it needs."""
        self._flush()
        points = self._edge.info().points_count
        copy = self.folder.with_name(new_folder_name())
        self._untidy = 0  # also when it fails: not again with the next point
        try:
            shutil.copytree(self.folder, copy)
            _run_tidying(copy)
            with failures_named():
                edge = _opened(copy)
        except (OSError, subprocess.SubprocessError, EngineError):
            logger.exception("Points could not be put in order; they take more memory")
            shutil.rmtree(copy, ignore_errors=True)
        else:
            self._on_move(copy, points)
            old, self.folder, self._edge = self.folder, copy, edge
            self._tidied = points
            shutil.rmtree(old)
            _give_memory_back()

    def close(self) -> None:
        with self._writing, failures_named():
            self._edge.flush()
            self._edge.close()

    def remove(self) -> None:
        """Readers in the middle of a search finish it."""
        with self._writing:
            shutil.rmtree(self.folder)


def new_folder_name() -> str:
    return f"points-{uuid4().hex}"


def create(folder: Path, dimension: int | None) -> None:
    import qdrant_edge as q

    with failures_named():
        q.EdgeShard.create(str(folder), translating.config(dimension)).close()


def _opened(folder: Path) -> "qdrant_edge.EdgeShard":
    import qdrant_edge as q

    edge = q.EdgeShard.load(str(folder))
    present = edge.info().payload_schema
    for name, schema in translating.field_schemas().items():
        if name not in present:
            edge.update(q.UpdateOperation.create_field_index(name, schema))
    return edge


def _run_tidying(folder: Path) -> None:
    subprocess.run(  # noqa: S603  a program of ours, in a folder of ours
        [sys.executable, tidying.__file__, str(folder)],
        check=True,
        capture_output=True,
        timeout=TIDYING_SECONDS,
    )


def _give_memory_back() -> None:
    """The C library of Linux keeps what was freed until it is asked."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


@contextmanager
def failures_named() -> Iterator[None]:
    """The engine raises plain exceptions; when it panics, one that is no Exception at all."""
    try:
        yield
    except EngineError:
        raise
    except Exception as error:
        raise _failure(error) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise UnavailableError(f"The search engine broke off: {error}") from error


def _failure(error: Exception) -> RejectedError | UnavailableError:
    text = str(error)
    if isinstance(error, ValueError | TypeError | ArithmeticError) or text.startswith(REFUSALS):
        return RejectedError(text)
    return UnavailableError(text)
