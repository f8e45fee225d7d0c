"""A backup can be made at any moment and brings everything back; nothing is lost on the way."""

import io
import json
import sqlite3
import stat
import subprocess
import sys
import tarfile
import threading
from contextlib import closing

import pytest

from chatwoot_ai.worker_lock import WorkerLock
from tests.servers import PATIENCE_SECONDS, ROOT, clean_environment

pytestmark = pytest.mark.xdist_group("backup")

SET_UP = """
import os
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "chatwoot_ai.settings"
django.setup()
"""
PREPARE = """
from chatwoot_ai import first_start
first_start.prepare()
"""
TRY = """
import json, sys
from pathlib import Path
from django.core.management import CommandError, call_command
answers = {}
for command, name in json.loads(sys.argv[1]):
    try:
        call_command(command, Path(name))
        answers[f"{command} {Path(name).name}"] = ""
    except CommandError as refusal:
        answers[f"{command} {Path(name).name}"] = str(refusal)
    except BaseException as error:
        answers[f"{command} {Path(name).name}"] = f"Traceback: {error!r}"
print(json.dumps(answers))
"""


def run(data, *words):
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=clean_environment(DATA_DIR=str(data), LOG_LEVEL="error"),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def run_inside(data, code, *words):
    """Run a piece of code as one of this installation's processes."""
    done = run(data, "-c", SET_UP + code, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def query(database, statement):
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(statement).fetchall()


def change(database, statement):
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)


def archive_of(files):
    """A .tar.gz with these files, as bytes."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def manifest(**values):
    return json.dumps({"format": 1, "migrations": [], **values}).encode()


class Writer:
    """Writes pairs of rows without a pause: a consistent copy holds an even number of them."""

    def __init__(self, database):
        self.database = database
        self.has_written = threading.Event()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def __enter__(self):
        change(self.database, "CREATE TABLE pairs (number INTEGER)")
        self._thread.start()
        assert self.has_written.wait(PATIENCE_SECONDS)
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join(PATIENCE_SECONDS)
        change(self.database, "DROP TABLE pairs")

    def _write(self):
        with closing(sqlite3.connect(self.database, timeout=PATIENCE_SECONDS)) as connection:
            while not self._ends.is_set():
                with connection:
                    connection.execute("INSERT INTO pairs VALUES (1)")
                    connection.execute("INSERT INTO pairs VALUES (2)")
                self.has_written.set()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """An installation that has been started once, with a file somebody has uploaded."""
    folder = tmp_path_factory.mktemp("data")
    run_inside(folder, PREPARE)
    (folder / "media" / "moveis").mkdir(parents=True)
    (folder / "media" / "moveis" / "catalogue.txt").write_text("chairs")
    return folder


@pytest.fixture(scope="module")
def backup(data, tmp_path_factory):
    """A backup made while a writer writes; gives the file and what was printed."""
    file = tmp_path_factory.mktemp("backups") / "today.tar.gz"
    with Writer(data / "db.sqlite3"):
        done = run(data, "manage.py", "backup", str(file))
    assert done.returncode == 0, done.stderr
    return file, done.stdout


@pytest.fixture(scope="module")
def unpacked(backup, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(backup[0]) as archive:
        archive.extractall(folder, filter="data")
    return folder


class TestBackup:
    def test_file_is_named(self, backup):
        file, printed = backup

        assert str(file) in printed

    def test_file_is_for_this_user_alone(self, backup):
        assert stat.S_IMODE(backup[0].stat().st_mode) == 0o600

    def test_nothing_unfinished_is_left(self, backup, data):
        assert [entry.name for entry in backup[0].parent.iterdir()] == ["today.tar.gz"]
        assert not [entry for entry in data.iterdir() if entry.name.startswith("tmp")]

    def test_it_holds_database_key_media_and_a_manifest(self, unpacked, data):
        names = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}

        assert names == {"db.sqlite3", "manifest.json", "secret-key", "media/moveis/catalogue.txt"}
        assert (unpacked / "secret-key").read_text() == (data / "secret-key").read_text()

    def test_it_holds_no_password_and_no_lock(self, unpacked):
        assert not (unpacked / "first-login").exists()
        assert not (unpacked / "worker.lock").exists()

    def test_copy_is_whole_though_somebody_wrote(self, unpacked):
        database = unpacked / "db.sqlite3"

        [[pairs]] = query(database, "SELECT count(*) FROM pairs")
        assert query(database, "PRAGMA integrity_check") == [("ok",)]
        assert pairs % 2 == 0
        assert pairs > 0

    def test_manifest_says_when_and_from_which_version(self, unpacked):
        manifest = json.loads((unpacked / "manifest.json").read_text())

        assert manifest["format"] == 1
        assert "tenants.0001_first_tables" in manifest["migrations"]
        assert manifest["made_at"]


@pytest.fixture(scope="module")
def restored(data, backup):
    """The installation after a change and a restore; gives what was printed."""
    database = data / "db.sqlite3"
    change(database, "UPDATE tenants_tenant SET name = 'Changed'")
    (data / "secret-key").write_text("another key")
    (data / "media" / "moveis" / "new.txt").write_text("tables")
    done = run(data, "manage.py", "restore", str(backup[0]))
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestRestore:
    def test_rows_are_those_of_the_backup(self, restored, data):
        names = query(data / "db.sqlite3", "SELECT name FROM tenants_tenant ORDER BY slug")

        assert names == [("Cosméticos Flor do Campo",), ("Móveis Jacarandá",)]

    def test_key_and_media_are_those_of_the_backup(self, restored, data, unpacked):
        assert (data / "secret-key").read_text() == (unpacked / "secret-key").read_text()
        assert [file.name for file in (data / "media" / "moveis").iterdir()] == ["catalogue.txt"]

    def test_data_of_before_is_kept_and_its_place_named(self, restored, data):
        [kept] = data.glob("before-restore-*")

        assert str(kept) in restored
        assert query(kept / "db.sqlite3", "SELECT DISTINCT name FROM tenants_tenant") == [
            ("Changed",)
        ]
        assert (kept / "secret-key").read_text() == "another key"
        assert (kept / "media" / "moveis" / "new.txt").exists()

    def test_no_journal_of_before_is_mixed_in(self, restored, data):
        assert query(data / "db.sqlite3", "PRAGMA integrity_check") == [("ok",)]

    def test_database_and_key_are_for_this_user_alone(self, restored, data):
        modes = {
            name: stat.S_IMODE((data / name).stat().st_mode)
            for name in ("db.sqlite3", "secret-key")
        }

        assert modes == {"db.sqlite3": 0o600, "secret-key": 0o600}


@pytest.fixture(scope="module")
def refusals(data, backup, tmp_path_factory):
    """What each impossible wish is answered, and what the database holds afterwards."""
    folder = tmp_path_factory.mktemp("wishes")
    good = backup[0].read_bytes()
    with tarfile.open(backup[0]) as archive:
        database = archive.extractfile("db.sqlite3").read()
    newer = manifest(migrations=["tenants.9999_of_the_future"])
    files = {
        "empty.tar.gz": b"",
        "text.tar.gz": b"this is no archive",
        "cut.tar.gz": good[: len(good) // 2],
        "altered.tar.gz": good[: len(good) // 2] + b"\x00" * 64 + good[len(good) // 2 + 64 :],
        "foreign.tar.gz": archive_of({"readme.txt": b"x"}),
        "no-manifest.tar.gz": archive_of({"db.sqlite3": database}),
        "odd-manifest.tar.gz": archive_of({"manifest.json": b"{", "db.sqlite3": database}),
        "empty-manifest.tar.gz": archive_of({"manifest.json": b"{}", "db.sqlite3": database}),
        "no-database.tar.gz": archive_of({"manifest.json": manifest()}),
        "odd-database.tar.gz": archive_of({"manifest.json": manifest(), "db.sqlite3": b"x" * 5000}),
        "outside.tar.gz": archive_of(
            {"../out.txt": b"x", "manifest.json": manifest(), "db.sqlite3": database}
        ),
        "newer.tar.gz": archive_of({"manifest.json": newer, "db.sqlite3": database}),
        "later-format.tar.gz": archive_of(
            {"manifest.json": manifest(format=2), "db.sqlite3": database}
        ),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "file").touch()
    wishes = [
        *(("restore", str(folder / name)) for name in [*files, "missing.tar.gz"]),
        ("restore", str(folder)),
        ("backup", str(folder / "text.tar.gz")),
        ("backup", str(folder / "file" / "x.tar.gz")),
    ]
    answers = json.loads(run_inside(data, TRY, json.dumps(wishes)).splitlines()[-1])
    with WorkerLock(data / "worker.lock", "http://here"):
        locked = run(data, "manage.py", "restore", str(backup[0]))
    return answers, locked, folder


DAMAGED = [
    "empty",
    "text",
    "cut",
    "altered",
    "foreign",
    "no-manifest",
    "odd-manifest",
    "empty-manifest",
    "no-database",
    "odd-database",
    "outside",
    "missing",
]


class TestRefusal:
    @pytest.mark.parametrize("name", DAMAGED)
    def test_damaged_or_foreign_file_is_refused(self, refusals, name):
        answers, _, _ = refusals

        assert "danificado" in answers[f"restore {name}.tar.gz"]

    @pytest.mark.parametrize("name", ["newer", "later-format"])
    def test_backup_of_a_newer_version_is_refused_with_the_next_step(self, refusals, name):
        answers, _, _ = refusals

        assert "Atualize o programa" in answers[f"restore {name}.tar.gz"]

    def test_folder_is_no_backup(self, refusals):
        answers, _, folder = refusals

        assert "danificado" in answers[f"restore {folder.name}"]

    def test_present_data_survives_every_refusal(self, refusals, data):
        [[number]] = query(data / "db.sqlite3", "SELECT count(*) FROM tenants_tenant")

        assert number == 2
        assert (data / "secret-key").exists()
        assert not [entry for entry in data.iterdir() if entry.name.startswith("tmp")]

    def test_restore_is_refused_while_the_server_runs(self, refusals):
        _, locked, _ = refusals

        assert locked.returncode != 0
        assert "O servidor está em execução" in locked.stderr
        assert "Traceback" not in locked.stderr

    def test_existing_file_is_not_overwritten(self, refusals):
        answers, _, folder = refusals

        assert "já existe" in answers["backup text.tar.gz"]
        assert (folder / "text.tar.gz").read_bytes() == b"this is no archive"

    def test_place_that_cannot_be_written_to_is_said(self, refusals):
        answers, _, _ = refusals

        assert answers["backup x.tar.gz"]
        assert "Traceback" not in answers["backup x.tar.gz"]


STORE = """
from tenants.vault import encryption
from tenants.credentials import store
from tenants.models import Tenant
encryption.make_installation_key()
store(Tenant.objects.get(slug="moveis"), "odoo", "a-secret-of-odoo", kind="odoo")
"""
REVEAL = """
from tenants.credentials import CredentialError, reveal
from tenants.models import Tenant
try:
    print(reveal(Tenant.objects.get(slug="moveis"), "odoo", purpose="x").text)
except CredentialError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """An installation with a secret: its folder, and backups without and with the master key."""
    folder = tmp_path_factory.mktemp("guarded")
    run_inside(folder, PREPARE + STORE)
    plain = run(folder, "manage.py", "backup", str(folder / "plain.tar.gz"))
    run(folder, "manage.py", "backup", str(folder / "whole.tar.gz"), "--with-master-key")
    return folder, plain.stdout


class TestMasterKey:
    def test_backup_does_not_hold_it_and_says_where_it_is(self, guarded):
        folder, printed = guarded
        with tarfile.open(folder / "plain.tar.gz") as archive:
            assert "master-key" not in archive.getnames()

        assert str(folder / "master-key") in printed

    def test_it_is_in_when_asked_for(self, guarded, tmp_path):
        folder, _ = guarded
        done = run(tmp_path, "manage.py", "restore", str(folder / "whole.tar.gz"))

        assert done.returncode == 0, done.stderr
        assert run_inside(tmp_path, REVEAL).strip() == "a-secret-of-odoo"
        assert (folder / "master-key").read_text().split(":")[0] not in done.stdout

    def test_restore_says_which_one_is_missing_and_putting_it_there_is_enough(
        self, guarded, tmp_path
    ):
        folder, _ = guarded
        key = (folder / "master-key").read_text()
        done = run(tmp_path, "manage.py", "restore", str(folder / "plain.tar.gz"))
        without = run_inside(tmp_path, REVEAL).strip()
        start = run(tmp_path, "manage.py", "serve")
        (tmp_path / "master-key").write_text(key)

        assert key.split(":")[0] in done.stdout
        assert key.split(":")[0] in without
        assert start.returncode != 0
        assert "chatwootai.E011" in start.stderr
        assert run_inside(tmp_path, REVEAL).strip() == "a-secret-of-odoo"

    def test_keys_of_the_environment_are_not_ours_to_copy(self, guarded):
        folder, _ = guarded
        done = subprocess.run(
            [sys.executable, "manage.py", "backup", str(folder / "x.tar.gz"), "--with-master-key"],
            cwd=ROOT,
            env=clean_environment(
                DATA_DIR=str(folder / "empty"),
                DATABASE_URL=f"sqlite:///{folder / 'db.sqlite3'}",
                MASTER_KEYS="a:" + "A" * 43 + "=",
            ),
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode != 0
        assert "MASTER_KEYS" in done.stderr
        assert not (folder / "x.tar.gz").exists()
