"""Numbered checks of the settings: what is missing or impossible, and what to write.

`manage.py check` shows them all; web and worker processes refuse to start while one is an error.
"""

import logging
import os
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register, run_checks
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection

from chatwoot_ai.settings.environment import Environment
from tenants.vault import encryption
from tenants.vault.sealing import MasterKeyError, UnreadableError

logger = logging.getLogger(__name__)

TAG = "chatwootai"


def stop_on_errors(*, needs_broker: bool = False) -> None:
    """End the process with one line per error; each line says what to set."""
    errors = [message for message in run_checks(tags=[TAG]) if message.is_serious()]
    if needs_broker:
        errors.append(NO_BROKER)
    _stop_on(errors)


def stop_on_wrong_master_keys() -> None:
    """The same for MASTER_KEYS, at the moment when the tables are there.

    A database that does not answer is for /health/ready to tell; its process starts all the same.
    """
    try:
        encryption.make_installation_key()
        errors = _wrong_master_keys()
    except MasterKeyError as error:
        errors = [_wrong_master_key(error)]
    except DatabaseError as error:
        logger.warning("MASTER_KEYS was not checked: %s", type(error).__name__)
        errors = []
    finally:
        connection.close()  # the process may fork; its children must not share one
    _stop_on(errors)


def _stop_on(errors: list[CheckMessage]) -> None:
    for error in errors:
        sys.stderr.write(f"{error.id}: {error.msg}\n    {error.hint or ''}\n")
    if errors:
        sys.stderr.flush()
        os._exit(3) if "gunicorn" in sys.modules else sys.exit(1)


NO_BROKER = Error(
    "CELERY_BROKER_URL is not set: without it there is nothing for this process to do.",
    hint="Set CELERY_BROKER_URL, or run manage.py serve, which does everything by itself.",
    id="chatwootai.E008",
)


@register(TAG)
def check_environment(app_configs: Any, **_: Any) -> list[CheckMessage]:
    return [
        Error(
            hint, hint=f"Correct {name} in the environment and start again.", id="chatwootai.E001"
        )
        for name, hint in settings.ENVIRONMENT_MISTAKES
    ]


@register(TAG)
def check_data_folder(app_configs: Any, **_: Any) -> list[CheckMessage]:
    if _can_write(settings.DATA_DIR):
        return []
    message = f"The data folder {settings.DATA_DIR} cannot be written to."
    hint = "Give this user the right to write there, or set DATA_DIR to another folder."
    return [Error(message, hint=hint, id="chatwootai.E002")]


@register(TAG)
def check_combinations(app_configs: Any, **_: Any) -> list[CheckMessage]:
    return list(_impossible_combinations())


def _impossible_combinations() -> Iterator[CheckMessage]:
    if settings.CELERY_BROKER_URL and not settings.QDRANT_URL:
        yield Error(
            "CELERY_BROKER_URL is set and QDRANT_URL is not: processes share a search server.",
            hint="Set QDRANT_URL, for example http://127.0.0.1:6333, or remove CELERY_BROKER_URL.",
            id="chatwootai.E003",
        )
    if settings.CELERY_BROKER_URL and settings.IS_SQLITE:
        yield Error(
            "CELERY_BROKER_URL is set and DATABASE_URL is not: several processes need PostgreSQL.",
            hint="Set DATABASE_URL=postgres://user:password@host:5432/name.",
            id="chatwootai.E004",
        )
    if settings.CELERY_BROKER_URL and not os.environ.get("SECRET_KEY"):
        yield Error(
            "CELERY_BROKER_URL is set and SECRET_KEY is not: all processes must share one key.",
            hint="Set SECRET_KEY to 50 random characters or more, the same for every process.",
            id="chatwootai.E005",
        )
    if settings.CELERY_BROKER_URL and not os.environ.get("MASTER_KEYS"):
        yield Error(
            "CELERY_BROKER_URL is set and MASTER_KEYS is not: all processes must share its keys.",
            hint="Set MASTER_KEYS, the same for every process; .env.example tells how to make one.",
            id="chatwootai.E010",
        )
    if settings.CHATWOOT_DOMAIN and not settings.DEV_MODE:
        yield Error(
            "CHATWOOT_DOMAIN chooses a domain for tests and is refused in production.",
            hint="Remove CHATWOOT_DOMAIN, or set DEV_MODE=true on a machine for tests.",
            id="chatwootai.E006",
        )
    if Environment().truth("DEBUG", default=False) and not settings.DEV_MODE:
        yield Error(
            "DEBUG shows the inside of the program and is refused in production.",
            hint="Remove DEBUG, or set DEV_MODE=true on a machine for tests.",
            id="chatwootai.E007",
        )


@register(Tags.database)
def check_master_keys(
    app_configs: Any, databases: Collection[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """`manage.py check --database default` asks this; starting processes ask it by themselves."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        return _wrong_master_keys()
    except DatabaseError:
        return []  # before the first migrate there is nothing to compare with


def _wrong_master_keys() -> list[CheckMessage]:
    try:
        encryption.check_keys()
    except UnreadableError as error:
        return [_wrong_master_key(error)]
    return []


def _wrong_master_key(error: UnreadableError) -> CheckMessage:
    hint = (
        "Set MASTER_KEYS (or DATA_DIR/master-key) as it was. If the key is lost, run"
        " manage.py erase_secrets --lost; docs/credentials.md tells more."
    )
    return Error(str(error), hint=hint, id="chatwootai.E011")


@register(TAG, deploy=True)
def check_second_factor(app_configs: Any, **_: Any) -> list[CheckMessage]:
    if settings.REQUIRE_2FA:
        return []
    message = "Staff may sign in with a password alone."
    return [Warning(message, hint="Set REQUIRE_2FA=true.", id="chatwootai.W001")]


@register(TAG, deploy=True)
def check_metrics_token(app_configs: Any, **_: Any) -> list[CheckMessage]:
    if settings.METRICS_TOKEN:
        return []
    message = "/metrics answers this machine only, because METRICS_TOKEN is not set."
    return [Warning(message, hint="Set METRICS_TOKEN to a random text.", id="chatwootai.W002")]


@register(TAG, deploy=True)
def check_proxy(app_configs: Any, **_: Any) -> list[CheckMessage]:
    if not settings.IS_HTTPS or settings.TRUSTED_PROXIES:
        return []
    message = "PUBLIC_URL is https, and no proxy in front of this process is trusted to say so."
    hint = "Set TRUSTED_PROXIES to the number of proxies, or pages redirect without end."
    return [Warning(message, hint=hint, id="chatwootai.W004")]


@register(TAG, deploy=True)
def check_production(app_configs: Any, **_: Any) -> list[CheckMessage]:
    if not settings.DEV_MODE:
        return []
    return [Warning("DEV_MODE is true.", hint="Remove DEV_MODE.", id="chatwootai.W003")]


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)
