"""Prepare the virtual environment: python bootstrap.py [--dev]. Needs nothing but Python itself.

Written so that any Python can read it, for the first thing it does is to refuse an old one.
"""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit(
        "ChatwootAI needs Python 3.11, 3.12 or 3.13; this is %d.%d. "
        "Install one of them, or name it: make run PYTHON=/path/to/python3.12"
        % sys.version_info[:2]
    )

import errno
import hashlib
import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
LEAST_FREE_BYTES = 3 * 1024**3


def main(names):
    files = [os.path.join(ROOT, name) for name in names]
    stamp = stamp_of(files)
    if os.path.exists(stamp) and os.path.exists(PYTHON):
        return
    if not os.access(ROOT, os.W_OK):
        sys.exit("%s cannot be written to. Copy the project to a folder of yours." % ROOT)
    if shutil.disk_usage(ROOT).free < LEAST_FREE_BYTES:
        sys.exit("The packages need 3 GB of free disk space in %s. Free some, try again." % ROOT)
    if not os.path.exists(PYTHON):
        make_environment()
    install(files)
    for count in range(len(files)):
        with open(stamp_of(files[: count + 1]), "w"):
            pass


def stamp_of(files):
    """A file that says these very requirements are installed."""
    digest = hashlib.sha256()
    for name in files:
        with open(name, "rb") as file:
            digest.update(file.read())
    return os.path.join(VENV, "installed-" + digest.hexdigest()[:16])


def make_environment():
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        version = "%d.%d" % sys.version_info[:2]
        sys.exit("Python's venv module is missing. Install it: apt install python%s-venv" % version)
    say("Making the virtual environment ...")
    if subprocess.call([sys.executable, "-m", "venv", VENV]):
        sys.exit("The virtual environment could not be made; the lines above say why.")


def install(files):
    say("Installing packages; the first time this takes a minute or two ...")
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--no-compile"]
    command += ["--disable-pip-version-check"]
    for name in files:
        command += ["-r", name]
    if subprocess.call(command):
        sys.exit("The packages could not be installed; the lines above say why. Then try again.")


def say(text):
    sys.stderr.write(text + "\n")


if __name__ == "__main__":
    try:
        main(["requirements.txt"] + (["requirements-dev.txt"] if "--dev" in sys.argv else []))
    except KeyboardInterrupt:
        sys.exit("\nStopped. Run the command again to go on.")
    except OSError as error:
        if error.errno == errno.ENOSPC:
            sys.exit("The disk is full. Free some space and try again.")
        raise
