"""Format, lint, types, import contracts and migrations: one rule each, with what to do about it."""

import shutil
import subprocess
import sys

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.xdist_group("tools")


def run(project_root, *command):
    program = shutil.which(command[0], path=f"{sys.prefix}/bin") or command[0]
    done = subprocess.run(
        [program, *command[1:]], cwd=project_root, capture_output=True, text=True, check=False
    )
    return done.returncode, f"{done.stdout}\n{done.stderr}"


def test_code_is_formatted(project_root):
    code, output = run(project_root, "ruff", "format", "--check", ".")

    assert code == 0, f"Run: make format\n{output}"


def test_code_passes_the_linter(project_root):
    code, output = run(project_root, "ruff", "check", ".")

    assert code == 0, output


def test_types_hold(project_root):
    code, output = run(project_root, "mypy")

    assert code == 0, output


def test_imports_go_down_only(project_root):
    code, output = run(project_root, "lint-imports", "--no-cache")

    assert code == 0, output


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_pinned_requirements_cover_the_direct_ones(project_root):
    for name in ("requirements", "requirements-dev"):
        wanted = {base_name(line) for line in lines_of(project_root / f"{name}.in")}
        pinned = {base_name(line) for line in lines_of(project_root / f"{name}.txt")}

        assert wanted <= pinned, f"Run: make requirements ({wanted - pinned} not pinned)"
        assert all("==" in line for line in lines_of(project_root / f"{name}.txt"))


def lines_of(path):
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def base_name(line):
    for mark in "[=<>~; ":
        line = line.split(mark)[0]
    return line.lower().replace("_", "-")
