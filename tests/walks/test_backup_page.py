"""The commands of docs/backup.md for PostgreSQL do what the page says, as they stand there."""

import os
import re
import subprocess

import psycopg
import pytest

from tests.servers import clean_environment
from tests.walks.test_full_mode import fresh_database, manage

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("full-mode")]


def blocks_to_run(project_root):
    page = (project_root / "docs" / "backup.md").read_text()
    return re.findall(r"^```bash\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def names_in(url):
    with psycopg.connect(url) as database:
        people = database.execute("SELECT email FROM tenants_user ORDER BY email").fetchall()
        entries = database.execute("SELECT count(*) FROM tenants_auditentry").fetchone()
    return people, entries


def test_a_restored_database_is_the_same(project_root, tmp_path):
    with fresh_database() as source, fresh_database() as target:
        environment = clean_environment(
            DATABASE_URL=source,
            RESTORE_URL=target,
            BACKUP_DIR=str(tmp_path / "backups"),
            DATA_DIR=str(tmp_path / "data"),
        )
        manage(environment, "migrate", "--verbosity", "0")
        manage(environment, "seed_demo")
        script = "\n".join(blocks_to_run(project_root))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=project_root,
            env={**environment, "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stdout + done.stderr
        assert names_in(target) == names_in(source)
        with psycopg.connect(target) as database, pytest.raises(psycopg.Error, match="added, not"):
            database.execute("DELETE FROM tenants_auditentry")
