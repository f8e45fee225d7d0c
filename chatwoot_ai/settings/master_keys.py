"""The master keys, which wrap the keys of the companies: from the environment, else from a file."""

import base64
import binascii
import re
import secrets
from pathlib import Path

from chatwoot_ai.settings.secret_key import write_once

KEY_BYTES = 32
KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,40}")
FORM = "id:key, the key being 32 random bytes in base64 (openssl rand -base64 32)"

MasterKeys = tuple[tuple[str, bytes], ...]


class MasterKeysError(ValueError):
    """What is wrong with the text; never the text itself."""


def parse_master_keys(text: str) -> MasterKeys:
    """Pairs of id and key, in the order written: the first one wraps, all of them unwrap."""
    keys = tuple(_parse_one(entry, place) for place, entry in enumerate(_entries(text), start=1))
    if not keys:
        raise MasterKeysError("there is no key in it")
    if len({name for name, _key in keys}) < len(keys):
        raise MasterKeysError("two keys have the same id")
    if len({key for _name, key in keys}) < len(keys):
        raise MasterKeysError("the same key stands there twice")
    return keys


def read_or_make_master_key(folder: Path) -> str:
    """One entry of MASTER_KEYS kept in the data folder.

    An unwritable folder gives a key for this process alone; the system checks refuse to start
    with such a folder, so nothing is ever wrapped with it.
    """
    path = master_key_file(folder)
    fresh = f"{secrets.token_hex(4)}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_once(path, f"{fresh}\n")
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return fresh if not path.exists() else ""


def master_key_file(folder: Path) -> Path:
    return folder / "master-key"


def _entries(text: str) -> list[str]:
    return [entry for entry in re.split(r"[,\s]+", text) if entry]


def _parse_one(entry: str, place: int) -> tuple[str, bytes]:
    name, colon, encoded = entry.partition(":")
    if not colon or not KEY_ID.fullmatch(name):
        raise MasterKeysError(f"entry {place} has no id of letters, digits, . _ - in front")
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MasterKeysError(f"entry {place} is not written in base64") from error
    if len(key) != KEY_BYTES:
        raise MasterKeysError(f"the key of entry {place} has {len(key)} bytes instead of 32")
    return name, key
