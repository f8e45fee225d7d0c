"""The platform's processes, each in a group of its own that can be killed, frozen and started."""

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers import PATIENCE_SECONDS, ROOT, clean_environment, free_port

CELERY = ["-m", "celery", "-A", "chatwoot_ai"]
WORKER = [*CELERY, "worker", "--without-gossip", "--without-mingle"]
EMBEDDED = {"serve": ["manage.py", "serve"]}
FULL = {
    "web": ["-m", "gunicorn", "chatwoot_ai.wsgi"],
    "chat": [*WORKER, "-Q", "chat", "-P", "threads", "-c", "8", "-n", "one@%h"],
    "other chat": [*WORKER, "-Q", "chat", "-P", "threads", "-c", "8", "-n", "other@%h"],
    "maintenance": [*WORKER, "-Q", "indexing,maintenance", "-c", "1"],
    "beat": [*CELERY, "beat"],
}


@dataclass
class Process:
    name: str
    command: list
    environment: dict
    folder: Path
    running: Any = None
    is_restarting: bool = False
    started_at: float = 0.0

    def start(self):
        self.started_at = time.monotonic()
        self.running = subprocess.Popen(
            [sys.executable, *self.command],
            cwd=ROOT,
            env=self.environment,
            stdout=(self.folder / f"{self.name}.log").open("a"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def is_alive(self):
        return self.running.poll() is None

    def kill(self):
        """It and its children, without a word."""
        self._tell(signal.SIGKILL)
        self.running.wait(PATIENCE_SECONDS)

    def restart(self, after_seconds):
        """Killed, and started again a little later."""
        self.is_restarting = True
        self.kill()
        time.sleep(after_seconds)
        self.start()
        self.is_restarting = False

    def freeze(self):
        self._tell(signal.SIGSTOP)

    def thaw(self):
        self._tell(signal.SIGCONT)

    def stop(self):
        self._tell(signal.SIGTERM)
        try:
            self.running.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def _tell(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.running.pid, number)


@dataclass
class Platform:
    """All processes of an installation, and the commands of an operator."""

    environment: dict
    port: int
    folder: Path
    processes: dict = field(default_factory=dict)

    def start(self, commands):
        for name, command in commands.items():
            self.processes[name] = Process(name, command, self.environment, self.folder)
            self.processes[name].start()

    def stop(self):
        for process in self.processes.values():
            process.thaw()
            process.stop()

    def revive(self):
        """As systemd or Docker would; says who had died by themselves."""
        dead = [p for p in self.processes.values() if not (p.is_restarting or p.is_alive())]
        for process in dead:
            process.start()
        return [process.name for process in dead]

    def wait_until_it_serves(self):
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/live", timeout=2)
                return
            time.sleep(0.1)
        raise AssertionError(self.logs())

    def manage(self, *commands):
        """Run commands of manage.py, one after the other; what each of them said."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.commands"],
            cwd=ROOT,
            env=self.environment,
            input=json.dumps(commands),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return json.loads(done.stdout)

    def logs(self):
        files = [self.folder / f"{name}.log" for name in self.processes]
        return "\n".join(f"--- {file.name}\n{file.read_text()[-3000:]}" for file in files)


def environment_of(folder, *, port, public_port, settings="tests.faults.settings", **values):
    """`public_port` is where Chatwoot reaches it, which need not be where it listens."""
    return clean_environment(
        DJANGO_SETTINGS_MODULE=settings,
        DATA_DIR=str(folder),
        PORT=str(port),
        PUBLIC_URL=f"http://127.0.0.1:{public_port}",
        DEMO="false",
        LOG_FORMAT="text",
        OUTBOUND_ALLOW_CIDRS="127.0.0.0/8",
        OUTBOUND_ALLOW_HTTP="true",
        **values,
    )


def shared_by_processes():
    """What processes of a full installation must agree on."""
    return {
        "SECRET_KEY": "a-long-secret-key-for-one-run-" + uuid.uuid4().hex,
        "MASTER_KEYS": "test:" + base64.b64encode(os.urandom(32)).decode(),
        "QDRANT_URL": f"http://127.0.0.1:{free_port()}",
        "WEB_WORKERS": "1",
    }
