"""One file with everything an embedded installation needs to live again elsewhere."""

import hashlib
import json
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django.utils.translation import gettext as _

from chatwoot_ai.settings.environment import Environment
from chatwoot_ai.worker_lock import WorkerLock
from tenants.models import DataKey, InstallationKey

FORMAT = 1
DATABASE = "db.sqlite3"
MANIFEST = "manifest.json"
KEY = "secret-key"
MASTER_KEY = "master-key"
MEDIA = "media"
INDEX = "index"


class BackupError(Exception):
    """Why a backup cannot be made or restored, and what to do."""


def make(target: Path | None, *, with_master_key: bool = False) -> Path:
    """Copy the database while it is in use, and pack it with the signing key and the media.

    The master key stays out unless it is asked for: with it, whoever has the file has the secrets.
    """
    if with_master_key and not _master_key_file().exists():
        raise BackupError(_("MASTER_KEYS is in the environment. Keep a copy of it yourself."))
    if not MigrationRecorder(connection).applied_migrations():
        raise BackupError(_("There is nothing to back up yet. Start the program once."))
    path = (
        target
        or settings.DATA_DIR / "backups" / f"chatwootai-{timezone.localtime():%Y%m%d-%H%M%S}.tar.gz"
    )
    if path.exists():
        raise BackupError(_("%(path)s exists already. Name another file.") % {"path": path})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, with_master_key=with_master_key)
    except OSError as error:
        words = {"path": path, "reason": error.strerror or error}
        raise BackupError(_("%(path)s cannot be written: %(reason)s.") % words) from error
    return path


def missing_master_keys() -> list[str]:
    """Master keys that the data in place needs and this installation does not have."""
    present = {name for name, _key in Environment().master_keys("MASTER_KEYS", settings.DATA_DIR)}
    return sorted(set(_master_keys_in(database_path())) - present)


def _master_keys_in(database: Path) -> list[str]:
    tables = [model._meta.db_table for model in (InstallationKey, DataKey)]
    with closing(sqlite3.connect(database)) as copy:
        try:
            rows = [copy.execute(f"SELECT DISTINCT master_id FROM {t}").fetchall() for t in tables]  # noqa: S608  names of our tables
        except sqlite3.DatabaseError:
            return []  # made before there were keys
    return [name for found in rows for (name,) in found]


def _master_key_file() -> Path:
    return Path(settings.DATA_DIR) / MASTER_KEY


def _write(path: Path, *, with_master_key: bool) -> None:
    with tempfile.TemporaryDirectory(dir=settings.DATA_DIR) as name:
        folder = Path(name)
        _copy_database(database_path(), folder / DATABASE)
        (folder / MANIFEST).write_text(json.dumps(_manifest(folder / DATABASE, timezone.now())))
        _pack(folder, path, extras=(KEY, MEDIA, *([MASTER_KEY] if with_master_key else [])))


def restore(source: Path) -> Path:
    """Put a backup in place of the present data; returns the folder the present data went to."""
    with WorkerLock(settings.DATA_DIR / "worker.lock", "restore") as lock:
        if not lock.is_held:
            raise BackupError(_("The server runs. Stop it first, then restore."))
        with tempfile.TemporaryDirectory(dir=settings.DATA_DIR) as name:
            folder = Path(name)
            _unpack(source, folder)
            _refuse_damaged(source, folder)
            connection.close()
            return _swap(folder)


def database_path() -> Path:
    if not settings.IS_SQLITE:
        raise BackupError(
            _("This installation uses PostgreSQL. docs/backup.md tells how to copy it.")
        )
    return Path(settings.DATABASES["default"]["NAME"])


def _copy_database(source: Path, target: Path) -> None:
    try:
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
            live.backup(copy)
    except sqlite3.DatabaseError as error:
        raise BackupError(_damaged_database()) from error
    if not _is_sound(target):
        raise BackupError(_damaged_database())


def _damaged_database() -> str:
    return _("The database is damaged; no backup was made. Restore an older one.")


def _is_sound(database: Path) -> bool:
    try:
        with closing(sqlite3.connect(database)) as copy:
            return bool(copy.execute("PRAGMA integrity_check").fetchone() == ("ok",))
    except sqlite3.DatabaseError:
        return False


def _manifest(database: Path, now: datetime) -> dict[str, Any]:
    applied = MigrationRecorder(connection).applied_migrations()
    names = sorted(f"{app}.{name}" for app, name in applied)
    digest = hashlib.sha256(database.read_bytes()).hexdigest()
    return {"format": FORMAT, "made_at": now.isoformat(), "sha256": digest, "migrations": names}


def _pack(folder: Path, path: Path, *, extras: tuple[str, ...]) -> None:
    unfinished = path.with_name(path.name + ".part")
    unfinished.touch(mode=0o600)
    with tarfile.open(unfinished, "w:gz") as archive:
        for name in (MANIFEST, DATABASE):
            archive.add(folder / name, arcname=name)
        for name in extras:
            if (settings.DATA_DIR / name).exists():
                archive.add(settings.DATA_DIR / name, arcname=name)
    unfinished.rename(path)


def _unpack(source: Path, folder: Path) -> None:
    try:
        with tarfile.open(source, "r:gz") as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise BackupError(_no_backup(source)) from error


def _refuse_damaged(source: Path, folder: Path) -> None:
    """Nothing is put in place before all of it was looked at."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        version, migrations = int(manifest["format"]), set(manifest["migrations"])
        digest = hashlib.sha256((folder / DATABASE).read_bytes()).hexdigest()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(_no_backup(source)) from error
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if version > FORMAT or migrations - known:
        raise BackupError(_("The backup was made by a newer version. Update the program first."))
    if digest != manifest.get("sha256") or not _is_sound(folder / DATABASE):
        raise BackupError(_no_backup(source))


def _no_backup(source: Path) -> str:
    return _("%(path)s is no backup of this program, or it is damaged.") % {"path": source}


def _swap(folder: Path) -> Path:
    stamp = f"{timezone.localtime():%Y%m%d-%H%M%S}"
    kept = Path(tempfile.mkdtemp(prefix=f"before-restore-{stamp}-", dir=settings.DATA_DIR))
    database = database_path()
    for present in (*database.parent.glob(f"{database.name}*"), settings.DATA_DIR / KEY):
        if present.exists():
            shutil.move(present, kept / present.name)
    if (settings.DATA_DIR / INDEX).exists():
        shutil.move(settings.DATA_DIR / INDEX, kept / INDEX)  # made anew from the database
    for name in (MEDIA, MASTER_KEY):
        if (folder / name).exists() and (settings.DATA_DIR / name).exists():
            shutil.move(settings.DATA_DIR / name, kept / name)
    (folder / DATABASE).chmod(0o600)
    shutil.move(folder / DATABASE, database)
    for name in (KEY, MASTER_KEY, MEDIA):
        if (folder / name).exists():
            shutil.move(folder / name, settings.DATA_DIR / name)
    return kept
