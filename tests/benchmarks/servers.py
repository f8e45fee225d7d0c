"""Start what is measured, each on a database of its own: the product in full mode, and the floors.

The broker is a Redis of this run, so that its cost is ours alone and it can be stopped.
"""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import redis

from tests.benchmarks import machine
from tests.benchmarks.floors.table import REPLIES, TABLE
from tests.benchmarks.talking import helper
from tests.servers import PATIENCE_SECONDS, ROOT, clean_environment, free_port
from tests.walks.test_full_mode import fresh_database, manage, wait_for_workers

WEB = ["-m", "gunicorn", "--max-requests", "0"]  # a fresh worker in a round would be its cost
CELERY = ["-m", "celery", "-A", "chatwoot_ai"]
PROCESSES = {
    "web": [*WEB, "chatwoot_ai.wsgi"],
    "chat": [*CELERY, "worker", "-Q", "chat", "-P", "threads", "-c", "16"],
    "maintenance": [*CELERY, "worker", "-Q", "indexing,maintenance", "-c", "1"],
    "beat": [*CELERY, "beat"],
}
ALL = tuple(PROCESSES)
FLOOR_B, FLOOR_C1 = 14, 15  # databases of Redis


@dataclass
class Site:
    """A server under load with its database and its broker. `doors` is where webhooks go."""

    name: str
    port: int
    database: str
    pids: list
    broker: Any = None
    doors: list = field(default_factory=list)
    companies: Any = None  # of the product: who asks its rows
    processes: dict = field(default_factory=dict)

    def cpu_seconds(self):
        database = backends(self.database)
        return {
            "server": machine.cpu_seconds(self.pids),
            "database": machine.cpu_seconds(database),
            "broker": machine.cpu_seconds(self.broker.pids if self.broker else []),
        }


def backends(database):
    with psycopg.connect(database, autocommit=True) as asked:
        rows = asked.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [pid for (pid,) in rows]


class Broker:
    """A Redis that may be stopped in the middle. The cache of the product is in it too."""

    def __init__(self):
        self.port = free_port()
        self.process = None
        self.program = shutil.which("redis-server")
        if self.program is None:
            raise SystemExit("These benchmarks start a redis-server; none is on the PATH.")

    def url(self, database):
        return f"redis://127.0.0.1:{self.port}/{database}"

    @property
    def pids(self):
        return [self.process.pid]

    def start(self):
        keeps_nothing = ["--save", "", "--appendonly", "no", "--loglevel", "warning"]
        self.process = subprocess.Popen(
            [self.program, "--port", str(self.port), *keeps_nothing],
            stdout=subprocess.DEVNULL,
        )
        wait_for_port(self.port, self.process)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def forget(self, pattern):
        """Remove keys from every database."""
        if self.process.poll() is not None:
            return
        for database in range(16):
            client = redis.Redis(port=self.port, db=database)
            keys = client.keys(pattern)
            if keys:
                client.delete(*keys)


@contextmanager
def own_redis():
    broker = Broker()
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@contextmanager
def running(command, environment=None):
    log = subprocess.DEVNULL if not os.environ.get("BENCH_LOGS") else None
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE_SECONDS)


def wait_for_port(port, process):
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"Nothing listens on port {port}.")


def wait_for_page(address, process):
    """The port is open before the workers have imported anything."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=PATIENCE_SECONDS).close()
        except urllib.error.HTTPError:
            return  # it answers
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{address} does not answer.")


@contextmanager
def accept_floor(name, accounts, broker=None):
    """Floor A, or B where there is a broker."""
    port = free_port()
    secrets = {f"door-{account['account']}": account["secret"] for account in accounts}
    address = f"http://127.0.0.1:{port}/webhooks/chatwoot"
    doors = [
        account | {"url": f"{address}/{token}/"}
        for account, token in zip(accounts, secrets, strict=True)
    ]
    with fresh_database() as database:
        with psycopg.connect(database, autocommit=True) as server:
            server.execute(TABLE)
        environment = clean_environment(
            FLOOR_DATABASE_URL=database,
            FLOOR_SECRETS=json.dumps(secrets),
            FLOOR_BROKER_URL=broker.url(FLOOR_B) if broker else "",
        )
        command = [sys.executable, *WEB, "--bind", f"127.0.0.1:{port}"]
        command += ["--config", "tests/benchmarks/floors/workers.py"]
        with running([*command, "tests.benchmarks.floors.accept:application"], environment) as web:
            wait_for_page(f"http://127.0.0.1:{port}/", web)
            yield Site(name, port, database, [web.pid], broker, doors)


@contextmanager
def product(
    accounts,
    broker,
    *,
    processes=("web",),
    chatwoot="http://127.0.0.1:9",
    redis_database=0,
    **settings,
):
    """The product in full mode, with a company for each account and these settings of theirs.

    It takes two databases of Redis, for its cache and its tasks.
    """
    port = free_port()
    with fresh_database() as database, TemporaryDirectory() as folder, ExitStack() as stack:
        environment = product_environment(
            port,
            DATABASE_URL=database,
            DATA_DIR=folder,
            REDIS_URL=broker.url(redis_database),
            CELERY_BROKER_URL=broker.url(redis_database + 1),
        )
        manage(environment, "migrate", "--verbosity", "0")
        companies = stack.enter_context(
            helper("tests.benchmarks.companies", environment=environment)
        )
        doors = companies.ask("connect", url=chatwoot, accounts=accounts, settings=settings)
        site = Site("product", port, database, [], broker, doors, companies)
        for name in processes:
            command = [sys.executable, *PROCESSES[name]]
            process = stack.enter_context(running(command, environment))
            site.processes[name] = process
            site.pids.append(process.pid)
        wait_for_page(f"http://127.0.0.1:{port}/health/live", site.processes["web"])
        if "beat" in processes:
            wait_for_workers(port)
        yield site


def product_environment(port, **values):
    return clean_environment(
        DJANGO_SETTINGS_MODULE="tests.benchmarks.settings",
        PORT=str(port),
        PUBLIC_URL=f"http://127.0.0.1:{port}",
        QDRANT_URL=f"http://127.0.0.1:{free_port()}",
        SECRET_KEY="a-long-secret-key-for-one-run-" + uuid.uuid4().hex,
        MASTER_KEYS="bench:" + base64.b64encode(os.urandom(32)).decode(),
        OUTBOUND_ALLOW_CIDRS="127.0.0.0/8",
        OUTBOUND_ALLOW_HTTP="true",
        **values,
    )


def made_up_accounts(count):
    """For a Chatwoot that nobody asks anything."""
    return [
        {
            "account": number,
            "inbox": number + 100,
            "bot": 7,
            "bot_token": f"bot-{number}",
            "user_token": f"user-{number}",
            "secret": uuid.uuid4().hex,
        }
        for number in range(1, count + 1)
    ]


@contextmanager
def crew_floor(broker, models_url):
    """Floor C1: a worker with 16 threads that answers by CrewAI, nothing else."""
    with fresh_database() as database:
        with psycopg.connect(database, autocommit=True) as server:
            server.execute(REPLIES)
        environment = clean_environment(
            FLOOR_DATABASE_URL=database,
            FLOOR_BROKER_URL=broker.url(FLOOR_C1),
            FLOOR_MODELS_URL=models_url,
            CREWAI_DISABLE_TELEMETRY="true",
            CREWAI_TRACING_ENABLED="false",
            CREWAI_DISABLE_VERSION_CHECK="true",
            CREWAI_STORAGE_DIR=f"/dev/shm/chatwootai-floor-{os.getpid()}",
        )
        command = [sys.executable, "-m", "celery", "-A", "tests.benchmarks.floors.crew"]
        command += ["worker", "-P", "threads", "-c", "16"]
        with running(command, environment) as worker:
            yield Site("C1", 0, database, [worker.pid], broker)
