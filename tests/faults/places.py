"""PostgreSQL, Redis and RabbitMQ that may be killed: started here, in a folder that goes away.

Where a program is missing, the server that the other tests use is reached through a wire of its
own: then the wire is cut instead. Servers of the machine are never stopped.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import kombu
import psycopg
import redis

from tests.faults.proxy import Proxy
from tests.servers import (
    AMQP_URL,
    PATIENCE_SECONDS,
    POSTGRES_URL,
    REDIS_URL,
    clean_environment,
    free_port,
)

QUEUES = ("chat", "indexing", "maintenance")


@dataclass
class Program:
    """A server of our own. `go_down` ends it as a crash would."""

    command: list
    port: int
    log: Path
    user: str | None = None
    environment: dict | None = None
    last_signal: int = signal.SIGKILL
    process: Any = None

    def come_up(self):
        self.process = subprocess.Popen(
            [str(word) for word in self.command],
            cwd="/",
            env=clean_environment(**(self.environment or {})),
            stdout=self.log.open("a"),
            stderr=subprocess.STDOUT,
            user=self.user,
            start_new_session=True,
        )

    def wait(self):
        until = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError(self.log.read_text()[-4000:])
            time.sleep(0.05)

    def go_down(self):
        """PostgreSQL ends its own children when it is told to end at once; others go as a group."""
        with contextlib.suppress(ProcessLookupError):
            if self.last_signal == signal.SIGKILL:
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.send_signal(self.last_signal)
        self.process.wait(PATIENCE_SECONDS)
        while self._answers():  # the script that started it ends before the server itself
            time.sleep(0.05)

    def _answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@dataclass
class Place:
    """Where something is, and what goes down and comes up there: a Program, or a Proxy to it."""

    url: str
    server: Any

    def go_down(self):
        self.server.go_down()

    def come_up(self):
        self.server.come_up()

    def wait(self):
        if isinstance(self.server, Program):
            self.server.wait()


@contextlib.contextmanager
def folder_for_servers():
    """Other users of the machine, such as that of PostgreSQL, can get into it."""
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def postgres(folder):
    programs = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
    with _borrowed_postgres() if programs is None else _own_postgres(folder, programs) as place:
        yield place


@contextlib.contextmanager
def _own_postgres(folder, programs):
    user = "postgres" if os.geteuid() == 0 else None
    home = folder / "postgres"
    home.mkdir()
    if user:
        shutil.chown(home, user)
    subprocess.run(
        [programs / "initdb", "-D", home / "data", "-A", "trust", "-U", "postgres", "-E", "UTF8"],
        cwd="/",
        user=user,
        check=True,
        capture_output=True,
    )
    port = free_port()
    listening = ["-c", "listen_addresses=127.0.0.1", "-p", port, "-k", home]
    command = [programs / "postgres", "-D", home / "data", *listening]
    server = Program(command, port, folder / "postgres.log", user, last_signal=signal.SIGQUIT)
    with _running(server):
        yield Place(f"postgres://postgres@127.0.0.1:{port}/postgres", server)


@contextlib.contextmanager
def _borrowed_postgres():
    name = f"chatwootai_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    try:
        with _wire_to(POSTGRES_URL, 5432) as place:
            place.url = urlunsplit(urlsplit(place.url)._replace(path=f"/{name}"))
            yield place
    finally:
        with psycopg.connect(POSTGRES_URL, autocommit=True) as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def redis_server(folder):
    """It keeps nothing: what was in it is gone when it comes up again."""
    program = shutil.which("redis-server")
    if program is None:
        with _wire_to(REDIS_URL, 6379) as place:
            forget_redis(place)
            yield place
        return
    port = free_port()
    command = [program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    server = Program(command, port, folder / "redis.log")
    with _running(server):
        yield Place(f"redis://127.0.0.1:{port}/0", server)


@contextlib.contextmanager
def rabbitmq(folder):
    homes = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    if not homes or not shutil.which("epmd"):
        with _wire_to(AMQP_URL, 5672) as place:
            forget_rabbitmq(place)
            yield place
        return
    port, names_port = free_port(), free_port()
    (folder / "plugins").write_text("[].\n")
    names = Program(
        [shutil.which("epmd"), "-port", names_port, "-address", "127.0.0.1"],
        names_port,
        folder / "epmd.log",
    )
    environment = _of_rabbitmq(folder, port, names_port)
    server = Program([homes[-1]], port, folder / "rabbitmq.log", environment=environment)
    with _running(names), _running(server):
        yield Place(f"amqp://guest:guest@127.0.0.1:{port}//", server)


def _of_rabbitmq(folder, port, names_port):
    return {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(names_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"faults{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PID_FILE": str(folder / "rabbitmq.pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "none"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none.conf"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
    }


@contextlib.contextmanager
def _running(server):
    server.come_up()
    try:
        server.wait()
        yield
    finally:
        server.go_down()


@contextlib.contextmanager
def _wire_to(url, usual_port):
    parts = urlsplit(url)
    proxy = Proxy(parts.port or usual_port)
    proxy.come_up()
    user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    try:
        place = parts._replace(netloc=f"{user}127.0.0.1:{proxy.port}")
        yield Place(urlunsplit(place), proxy)
    finally:
        proxy.go_down()


def forget_redis(place):
    """Everything in it is gone: what waited there, and every count."""
    with redis.Redis.from_url(place.url) as client:
        client.flushdb()


def forget_rabbitmq(place):
    with kombu.Connection(place.url, connect_timeout=2) as connection:
        for queue in QUEUES:
            with contextlib.suppress(connection.channel_errors):
                connection.channel().queue_purge(queue)


def end_sessions(place):
    """Every process loses its connections to the database."""
    with psycopg.connect(place.url, autocommit=True, connect_timeout=2) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
