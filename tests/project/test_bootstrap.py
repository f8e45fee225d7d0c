"""The first command of a newcomer: it works, or says in one sentence what is missing."""

import ast
import collections
import importlib.util
import shutil
import subprocess
import sys

import pytest

from tests.servers import ROOT

FILE = ROOT / "bootstrap.py"
Usage = collections.namedtuple("Usage", "total used free")


@pytest.fixture
def bootstrap(tmp_path, monkeypatch):
    """The script as a module, working in a folder of its own; gives it with the commands it ran."""
    spec = importlib.util.spec_from_file_location("bootstrap", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    venv = tmp_path / ".venv"
    monkeypatch.setattr(module, "ROOT", str(tmp_path))
    monkeypatch.setattr(module, "VENV", str(venv))
    monkeypatch.setattr(module, "PYTHON", str(venv / "bin" / "python"))
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text(f"# {name}\n")
    module.ran = []

    def call(command, **_):
        module.ran.append(command)
        if "venv" in command:
            (venv / "bin").mkdir(parents=True)
            (venv / "bin" / "python").touch()
        return module.exit_code

    module.exit_code = 0
    monkeypatch.setattr(module.subprocess, "call", call)
    return module


def refusal(function, *arguments):
    with pytest.raises(SystemExit) as end:
        function(*arguments)
    return str(end.value)


def run_as(version):
    """The script, without what it does, under a Python that says it is this version."""
    code = f"""
import collections, runpy, sys
Version = collections.namedtuple("Version", "major minor micro releaselevel serial")
sys.version_info = Version({version[0]}, {version[1]}, 0, "final", 0)
runpy.run_path({str(FILE)!r})
"""
    return subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("version", [(2, 7), (3, 8), (3, 10), (3, 14), (4, 0)])
def test_unsuitable_python_is_refused_with_the_way_out(version):
    done = run_as(version)

    assert done.returncode == 1
    assert "Python 3.11, 3.12 or 3.13" in done.stderr
    assert f"this is {version[0]}.{version[1]}" in done.stderr
    assert "PYTHON=" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_suitable_python_is_taken(version):
    assert run_as(version).returncode == 0


def test_every_python_can_read_the_script():
    """Python 2 stops at the first sign outside ASCII, older Python 3 at newer words."""
    source = FILE.read_bytes()

    assert source.decode("ascii")
    ast.parse(source, feature_version=(3, 4))
    assert not any(isinstance(node, ast.JoinedStr) for node in ast.walk(ast.parse(source)))


def test_environment_is_made_and_packages_installed(bootstrap):
    bootstrap.main(["requirements.txt"])

    make, install = bootstrap.ran
    assert make[1:3] == ["-m", "venv"]
    assert install[0] == bootstrap.PYTHON
    assert install[-1].endswith("/requirements.txt")


def test_second_run_does_nothing(bootstrap):
    bootstrap.main(["requirements.txt"])
    bootstrap.ran.clear()

    bootstrap.main(["requirements.txt"])

    assert bootstrap.ran == []


def test_changed_requirements_are_installed(bootstrap, tmp_path):
    bootstrap.main(["requirements.txt"])
    bootstrap.ran.clear()
    (tmp_path / "requirements.txt").write_text("django==9\n")

    bootstrap.main(["requirements.txt"])

    [install] = bootstrap.ran
    assert "pip" in install


def test_development_packages_come_on_top(bootstrap):
    bootstrap.main(["requirements.txt"])
    bootstrap.ran.clear()

    bootstrap.main(["requirements.txt", "requirements-dev.txt"])
    [install] = bootstrap.ran
    bootstrap.ran.clear()
    bootstrap.main(["requirements.txt"])

    assert install[-1].endswith("/requirements-dev.txt")
    assert bootstrap.ran == []


def test_deleted_environment_is_made_anew(bootstrap, tmp_path):
    bootstrap.main(["requirements.txt"])
    shutil.rmtree(tmp_path / ".venv")
    bootstrap.ran.clear()

    bootstrap.main(["requirements.txt"])

    assert len(bootstrap.ran) == 2


def test_failed_installation_is_tried_again_next_time(bootstrap):
    bootstrap.main(["requirements.txt"])
    bootstrap.exit_code = 1

    said = refusal(bootstrap.main, ["requirements.txt", "requirements-dev.txt"])
    bootstrap.exit_code = 0
    bootstrap.ran.clear()
    bootstrap.main(["requirements.txt", "requirements-dev.txt"])

    assert "try again" in said
    assert len(bootstrap.ran) == 1


def test_environment_that_cannot_be_made_is_said(bootstrap):
    bootstrap.exit_code = 1

    assert "could not be made" in refusal(bootstrap.main, ["requirements.txt"])


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_missing_venv_module_names_the_package(bootstrap, monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)

    said = refusal(bootstrap.main, ["requirements.txt"])

    assert f"apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv" in said
    assert bootstrap.ran == []


def test_folder_that_cannot_be_written_to_is_said(bootstrap, monkeypatch, tmp_path):
    monkeypatch.setattr(bootstrap.os, "access", lambda *_: False)

    said = refusal(bootstrap.main, ["requirements.txt"])

    assert str(tmp_path) in said
    assert "Copy the project" in said
    assert bootstrap.ran == []


def test_small_disk_is_said_before_anything_is_made(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda _: Usage(10**12, 10**12, 10**9))

    said = refusal(bootstrap.main, ["requirements.txt"])

    assert "3 GB" in said
    assert bootstrap.ran == []


def test_prepared_folder_needs_neither_rights_nor_space(bootstrap, monkeypatch):
    bootstrap.main(["requirements.txt"])
    monkeypatch.setattr(bootstrap.os, "access", lambda *_: False)
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda _: Usage(1, 1, 0))

    bootstrap.main(["requirements.txt"])


def test_words_are_printed_to_a_terminal_of_any_encoding(bootstrap):
    done = subprocess.run(
        [sys.executable, "-c", f"import runpy; runpy.run_path({str(FILE)!r})['say']('x')"],
        env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "x\n")
