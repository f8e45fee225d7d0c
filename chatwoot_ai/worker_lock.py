"""Exactly one process of an installation runs the workers: the one that holds this file."""

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any, Self

TRIES = 25
TRY_SECONDS = 0.02


class WorkerLock:
    """Held while the process lives; the file says by whom. `is_held` tells whether it is us."""

    def __init__(self, path: Path, address: str) -> None:
        self.path = path
        self.address = address
        self.is_held = False

    def __enter__(self) -> Self:
        self._file = self.path.open("a+")
        self.is_held = self._take()
        if not self.is_held:
            return self
        self._file.truncate(0)
        self._file.write(json.dumps({"pid": os.getpid(), "address": self.address}))
        self._file.flush()
        return self

    def _take(self) -> bool:
        """Tried for a moment, because whoever asks for the holder locks the file for an instant."""
        for _ in range(TRIES):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(TRY_SECONDS)
            else:
                return True
        return False

    def __exit__(self, *_: object) -> None:
        self._file.close()


def holder(path: Path) -> dict[str, Any] | None:
    """Process and address of whoever holds the lock, or None when nobody does."""
    try:
        with path.open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return dict(json.loads(file.read() or "{}"))
    except FileNotFoundError:
        pass
    return None
