"""A change made in one process is what the next look-up of every other process uses."""

import base64
import json
import os
import subprocess
import sys
import uuid

import pytest
import redis

from tests.conftest import REDIS_URL
from tests.servers import ROOT, clean_environment, free_port
from tests.walks.test_full_mode import fresh_database, manage

READER = """
import sys, django
django.setup()
from tenants import configuration
from tenants.models import Tenant
pk = Tenant.objects.get(slug="moveis").pk
for _line in sys.stdin:
    print(configuration.effective(pk).get("tables", "products"), flush=True)
"""
WRITER = """
import sys, django
django.setup()
from tenants import configuration
from tenants.models import Tenant
configuration.write(Tenant.objects.get(slug="moveis"), {"tables": {"products": sys.argv[1]}})
"""


COUNTER = """
import json, django
django.setup()
from tenants import configuration
from tenants.models import ConfigurationVersion, Tenant
tenant = Tenant.objects.get(slug="moveis")
rows = ConfigurationVersion.objects.filter(tenant=tenant).order_by("number")
print(json.dumps({
    "numbers": list(rows.values_list("number", flat=True)),
    "said": [row.document.get("tables", {}).get("products") for row in rows],
    "now": configuration.effective(tenant.pk).get("tables", "products"),
}))
"""
WRITERS = 6


class Reader:
    """A process that says what it finds whenever it is asked."""

    def __init__(self, environment):
        self.process = subprocess.Popen(
            [sys.executable, "-c", READER],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def look_up(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)


def write(environment, value):
    subprocess.run([sys.executable, "-c", WRITER, value], cwd=ROOT, env=environment, check=True)


@pytest.fixture
def readers():
    started = []

    def start(environment):
        started.append(Reader(environment))
        return started[-1]

    yield start
    for reader in started:
        reader.end()


def prepared(environment):
    environment = {**environment, "DJANGO_SETTINGS_MODULE": "chatwoot_ai.settings"}
    manage(environment, "migrate", "--verbosity", "0")
    manage(environment, "init_tenant", "moveis")
    return environment


def tell_and_ask(environment, readers, values):
    both = [readers(environment), readers(environment)]
    found = []
    for value in values:
        write(environment, value)
        found.append({reader.look_up() for reader in both})
    return found


def test_on_the_embedded_database(tmp_path, readers):
    environment = prepared(clean_environment(DATA_DIR=str(tmp_path)))

    found = tell_and_ask(environment, readers, ["first", "second"])

    assert found == [{"first"}, {"second"}]


def write_all_at_once(environment):
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, f"v{n}"], cwd=ROOT, env=environment)
        for n in range(WRITERS)
    ]
    assert [process.wait(timeout=60) for process in started] == [0] * WRITERS
    done = subprocess.run(
        [sys.executable, "-c", COUNTER],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def check_versions(found):
    """Each change has its own version, and the last one is what holds."""
    numbers = found["numbers"]
    assert numbers == list(range(1, len(numbers) + 1))
    assert sorted(found["said"][-WRITERS:]) == [f"v{n}" for n in range(WRITERS)]
    assert found["now"] == found["said"][-1]


def test_processes_that_write_at_once_lose_nothing_on_sqlite(tmp_path):
    check_versions(write_all_at_once(prepared(clean_environment(DATA_DIR=str(tmp_path)))))


@pytest.mark.services
def test_processes_that_write_at_once_lose_nothing_on_postgresql(tmp_path):
    with fresh_database() as url:
        environment = prepared(clean_environment(DATA_DIR=str(tmp_path), DATABASE_URL=url))

        check_versions(write_all_at_once(environment))


@pytest.mark.services
@pytest.mark.parametrize("redis_url", [REDIS_URL, None], ids=["Redis", "no Redis there"])
def test_in_full_mode(tmp_path, readers, redis_url):
    with fresh_database() as url:
        environment = prepared(
            clean_environment(
                DATA_DIR=str(tmp_path),
                DATABASE_URL=url,
                REDIS_URL=redis_url or f"redis://127.0.0.1:{free_port()}/0",
                SECRET_KEY="a-long-secret-key-for-one-test-" + uuid.uuid4().hex,
                MASTER_KEYS="test:" + base64.b64encode(os.urandom(32)).decode(),
            )
        )
        if redis_url:
            redis.Redis.from_url(redis_url).flushdb()

        found = tell_and_ask(environment, readers, ["first", "second"])

        assert found == [{"first"}, {"second"}]


@pytest.mark.services
def test_copy_in_redis_never_goes_back(settings, db, moveis):
    from tenants.config import stamps

    settings.REDIS_URL = REDIS_URL
    settings.CACHES = {
        "default": {"BACKEND": "chatwoot_ai.cache.RedisCache", "LOCATION": REDIS_URL}
    }
    client = redis.Redis.from_url(REDIS_URL)
    key = stamps._key(moveis.pk)
    client.delete(key, stamps.DOMAINS_KEY)
    stamps._copy({key: 7})

    stamps._copy({key: 5})

    assert client.get(key) == b"7"
    assert 0 < client.ttl(key) <= stamps.COPY_SECONDS
