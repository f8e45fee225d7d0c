"""Typed reading of environment variables that collects every mistake instead of stopping at one.

The mistakes become numbered system checks (`chatwoot_ai.checks`), so an operator sees all of them
at once, each with the name of the variable and what to write into it.
"""

import ipaddress
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from environ import Env

from chatwoot_ai.settings.master_keys import (
    FORM,
    MasterKeys,
    MasterKeysError,
    parse_master_keys,
    read_or_make_master_key,
)

Value = TypeVar("Value")

TRUE_WORDS = frozenset({"true", "yes", "on", "1"})
FALSE_WORDS = frozenset({"false", "no", "off", "0"})


class Environment:
    """Values of one process environment and the mistakes found while reading them."""

    def __init__(self, values: dict[str, str] | None = None) -> None:
        self.values = os.environ if values is None else values
        self.mistakes: list[tuple[str, str]] = []

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, default).strip()

    def truth(self, name: str, *, default: bool) -> bool:
        word = self.text(name).lower()
        if word in TRUE_WORDS:
            return True
        if word and word not in FALSE_WORDS:
            self.mistakes.append((name, f"Write true or false into {name}, not “{word}”."))
        return default if not word else False

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        text = self.text(name)
        try:
            number = float(text or default)
        except ValueError:
            number = float("nan")
        if least <= number <= most:
            return number
        hint = f"Write a number from {least:g} to {most:g} into {name}, not “{text}”."
        self.mistakes.append((name, hint))
        return default

    def words(self, name: str) -> list[str]:
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def choice(self, name: str, default: str, *, allowed: tuple[str, ...]) -> str:
        word = self.text(name, default).lower() or default
        if word in allowed:
            return word
        self.mistakes.append((name, f"Write one of {', '.join(allowed)} into {name}."))
        return default

    def networks(self, name: str) -> list[str]:
        return [word for word in self.words(name) if self._is_network(name, word)]

    def _is_network(self, name: str, word: str) -> bool:
        try:
            ipaddress.ip_network(word, strict=False)
        except ValueError:
            hint = f"Write networks such as 10.0.0.0/8 into {name}; “{word}” is none."
            self.mistakes.append((name, hint))
            return False
        return True

    def url(self, name: str, default: str = "", *, schemes: tuple[str, ...]) -> str:
        address = self.text(name) or default
        if not address or self._is_url(address, schemes):
            return address
        wanted = " or ".join(f"{scheme}://…" for scheme in schemes)
        self.mistakes.append((name, f"Write an address of the form {wanted} into {name}."))
        return default

    @staticmethod
    def _is_url(address: str, schemes: tuple[str, ...]) -> bool:
        try:
            parts = urlsplit(address)
            is_local = parts.scheme == "unix" and bool(parts.path)
            return parts.scheme in schemes and (bool(parts.hostname) or is_local)
        except ValueError:
            return False

    def parsed(self, name: str, default: str, parse: Callable[[str], Value], *, hint: str) -> Value:
        """What django-environ makes of the value, or of the default when it cannot be read."""
        try:
            return parse(self.text(name) or default)
        except Exception:  # noqa: BLE001  the parsers of django-environ raise many types
            self.mistakes.append((name, hint))
            return parse(default)

    def database(self, name: str, default: str) -> dict[str, Any]:
        hint = f"Write postgres://user:password@host:5432/name or sqlite:///path into {name}."
        config = self.parsed(name, default, Env.db_url_config, hint=hint)
        engine = str(config.get("ENGINE", ""))
        if engine.endswith((".postgresql", ".sqlite3")):
            return dict(config)
        self.mistakes.append((name, hint))
        return dict(Env.db_url_config(default))

    def email(self, name: str) -> dict[str, Any]:
        hint = f"Write smtp+tls://user:password@host:587 into {name}, or leave it empty."
        return dict(self.parsed(name, "consolemail://", Env.email_url_config, hint=hint))

    def redis(self) -> str:
        """Address of Redis from REDIS_URL, else from REDIS_HOST and its companions, else empty."""
        schemes = ("redis", "rediss", "unix")
        if self.text("REDIS_URL") or not self.text("REDIS_HOST"):
            return self.url("REDIS_URL", schemes=schemes)
        port = self.number("REDIS_PORT", 6379, least=1, most=65535)
        database = self.number("REDIS_DB", 0, least=0, most=1023)
        password = self.text("REDIS_PASSWORD")
        login = f":{quote(password, safe='')}@" if password else ""
        return f"redis://{login}{self.text('REDIS_HOST')}:{port:.0f}/{database:.0f}"

    def master_keys(self, name: str, folder: Path) -> MasterKeys:
        """Those of the environment, else the one kept in the data folder."""
        text = self.text(name)
        place = name if text else f"the file master-key in {folder}"
        try:
            return parse_master_keys(text or read_or_make_master_key(folder))
        except MasterKeysError as error:
            hint = f"Write {FORM} into {place}, with commas between several: {error}."
            self.mistakes.append((name, hint))
            return ()

    def folder(self, name: str, default: Path) -> Path:
        return Path(self.text(name) or default).expanduser().resolve()
