"""The signing key of an installation that was not given one."""

import os
import secrets
from pathlib import Path


def read_or_make_secret_key(folder: Path) -> str:
    """Key kept in the data folder; an unwritable folder gives a key for this process alone.

    The system checks refuse to start with such a folder, so the short-lived key never serves.
    """
    path = folder / "secret-key"
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_once(path, secrets.token_urlsafe(64))
        return path.read_text().strip()
    except OSError:
        return secrets.token_urlsafe(64)


def write_once(path: Path, text: str) -> None:
    """Two processes that start together must end up with the same key: the first one wins."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
