"""Full mode on bare processes: PostgreSQL, Redis, and either broker."""

import base64
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from tests.conftest import AMQP_URL, POSTGRES_URL, REDIS_URL
from tests.servers import PATIENCE_SECONDS, ROOT, clean_environment, free_port

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("full-mode")]

BROKERS = {"Redis": REDIS_URL, "RabbitMQ": AMQP_URL}
PROCESSES = {
    "web": ["-m", "gunicorn", "chatwoot_ai.wsgi"],
    "chat": [
        "-m",
        "celery",
        "-A",
        "chatwoot_ai",
        "worker",
        "-Q",
        "chat",
        "-P",
        "threads",
        "-c",
        "2",
    ],
    "indexing": ["-m", "celery", "-A", "chatwoot_ai", "worker", "-Q", "indexing,maintenance"],
    "beat": ["-m", "celery", "-A", "chatwoot_ai", "beat"],
}


@contextmanager
def fresh_database():
    name = f"chatwootai_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(POSTGRES_URL, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(POSTGRES_URL)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(POSTGRES_URL, autocommit=True) as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    with fresh_database() as url:
        values = clean_environment(
            DATA_DIR=str(tmp_path_factory.mktemp("full-mode")),
            DATABASE_URL=url,
            REDIS_URL=REDIS_URL,
            QDRANT_URL=f"http://127.0.0.1:{free_port()}",
            SECRET_KEY="a-long-secret-key-for-one-test-" + uuid.uuid4().hex,
            MASTER_KEYS="test:" + base64.b64encode(os.urandom(32)).decode(),
            PUBLIC_URL="https://bot.example.com",
            TRUSTED_PROXIES="1",
            METRICS_TOKEN="metrics-token-for-one-test",
            REQUIRE_2FA="true",
            WEB_WORKERS="1",
        )
        values["CELERY_BROKER_URL"] = REDIS_URL
        manage(values, "migrate", "--verbosity", "0")
        yield values


def manage(values, *command):
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=values,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@contextmanager
def process(name, values, folder):
    log = (folder / f"{name}.log").open("w")
    running = subprocess.Popen(
        [sys.executable, *PROCESSES[name]], cwd=ROOT, env=values, stdout=log, stderr=log
    )
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=PATIENCE_SECONDS)
        log.close()


def ask(port, path, **headers):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"X-Forwarded-Proto": "https", **headers}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


def wait_for_workers(port):
    until = time.monotonic() + PATIENCE_SECONDS
    found = None
    while time.monotonic() < until:
        try:
            found = json.loads(ask(port, "/health/ready"))
        except (urllib.error.URLError, OSError):
            found = None
        if found and found["checks"]["workers"]["ok"]:
            return found
        time.sleep(0.2)
    raise AssertionError(found)


def test_deployment_check_is_clean(environment):
    assert "no issues" in manage(environment, "check", "--deploy", "--fail-level", "INFO")


@pytest.mark.parametrize("name", ["web", "chat", "beat"])
def test_a_wrong_master_key_stops_a_process_at_its_start(name, environment):
    begun = subprocess.run(
        [sys.executable, "-c", "import chatwoot_ai.wsgi"], cwd=ROOT, env=environment, check=False
    )
    other = "test:" + base64.b64encode(os.urandom(32)).decode()
    done = subprocess.run(
        [sys.executable, *PROCESSES[name]],
        cwd=ROOT,
        env={**environment, "MASTER_KEYS": other, "PORT": str(free_port())},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )

    assert begun.returncode == 0
    assert done.returncode != 0
    assert "chatwootai.E011" in done.stdout + done.stderr


@pytest.mark.parametrize("broker", BROKERS)
def test_all_processes_work_together(broker, environment, tmp_path):
    port = free_port()
    values = {**environment, "CELERY_BROKER_URL": BROKERS[broker], "PORT": str(port)}
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as database:
        database.execute("DELETE FROM chatwoot_ai_pulse")
    with ExitStack() as stack:
        running = {name: stack.enter_context(process(name, values, tmp_path)) for name in PROCESSES}
        health = wait_for_workers(port)
        metrics = ask(port, "/metrics", Authorization="Bearer metrics-token-for-one-test")
        page = ask(port, "/admin/login/", Host="bot.example.com")
        ended = [name for name, started in running.items() if started.poll() is not None]

    checks = {name: check["ok"] for name, check in health["checks"].items()}
    assert checks == {
        "database": True,
        "migrations": True,
        "keys": True,
        "workers": True,
        "disk": True,
        "redis": True,
        "broker": True,
        "qdrant": False,
        "messages": True,
    }
    assert health["status"] == "degraded"
    assert "chatwootai_queue_seconds_since_alive" in metrics
    assert "Senha" in page
    assert ended == []


def test_pages_work_while_the_broker_is_down(environment, tmp_path):
    port = free_port()
    down = f"redis://127.0.0.1:{free_port()}/0"
    values = {**environment, "CELERY_BROKER_URL": down, "REDIS_URL": down, "PORT": str(port)}
    with process("web", values, tmp_path):
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            try:
                ready = json.loads(ask(port, "/health/ready"))
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        page = ask(port, "/admin/login/", Host="bot.example.com")

    assert ready["status"] == "degraded"
    assert not ready["checks"]["redis"]["ok"]
    assert not ready["checks"]["broker"]["ok"]
    assert "Senha" in page
