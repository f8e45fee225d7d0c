"""What an embedded installation does before it serves: tables, a first login, a demo."""

import os
import secrets
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from chatwoot_ai import demo
from tenants.models import Tenant, User

FIRST_EMAIL = "admin@chatwootai.local"


def prepare() -> dict[str, str] | None:
    """Bring the database up to date; the first login if one was made just now."""
    _migrate()
    login = _make_first_login()
    if login and settings.DEMO and not Tenant.objects.exists():
        demo.seed()
    return login


def login_file() -> Path:
    return Path(settings.DATA_DIR) / "first-login"


def _migrate() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def _make_first_login() -> dict[str, str] | None:
    if User.objects.exists():
        return None
    password = secrets.token_urlsafe(12)
    User.objects.create_superuser(FIRST_EMAIL, password, name="Admin")
    _write_private(login_file(), f"{FIRST_EMAIL}\n{password}\n")
    return {"email": FIRST_EMAIL, "password": password}


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
