"""The system page: how each part does and what to do about it, for the platform alone."""

import pytest
from django.utils import timezone

from chatwoot_ai import health, status_page
from chatwoot_ai.models import Pulse
from tenants.access import Role
from tests.conftest import REDIS_URL
from tests.factories import member
from tests.servers import free_port

PATH = "/admin/status/"


@pytest.fixture
def page(signed_in, platform_admin):
    """The page as the platform admin reads it."""

    def page():
        answer = signed_in(platform_admin).get(PATH)
        assert answer.status_code == 200
        return answer.content.decode()

    return page


@pytest.fixture
def pulses(db, settings):
    for queue in settings.LOCAL_QUEUE_THREADS:
        Pulse.objects.create(queue=queue, ran_at=timezone.now(), waited_seconds=0.25)


@pytest.mark.parametrize("role", Role)
def test_people_of_a_company_may_not_see_it(signed_in, moveis, role):
    assert signed_in(member(moveis, role)).get(PATH).status_code == 403


def test_platform_admin_who_works_for_a_company_may_not_see_it(signed_in, platform_admin, moveis):
    client = signed_in(platform_admin)
    client.post("/admin/act-as/", {"tenant": "moveis"})

    assert client.get(PATH).status_code == 403


def test_stranger_is_led_to_the_sign_in(client, db):
    assert client.get(PATH).url.startswith("/admin/login/")


def test_all_well_is_said_in_words(page, pulses):
    text = page()

    assert "Tudo funciona." in text
    assert "Banco de dados" in text
    assert "Migrações" in text


def test_what_fails_comes_with_what_to_do(page):
    text = page()

    assert "Funciona, mas nem tudo está bem." in text
    assert "no sign of life from: chat, indexing, maintenance" in text
    assert "eles dão sinal a cada 30 segundos" in text


def test_queues_are_listed_with_their_wait(page, pulses):
    text = page()

    assert "indexing" in text
    assert "0,25 s" in text


def test_installation_is_described_without_secrets(page, settings):
    settings.SECRET_KEY_FALLBACKS = ["k3j4-fallback"]
    settings.METRICS_TOKEN = "k3j4-metrics"

    text = page()

    assert str(settings.DATA_DIR) in text
    assert settings.PUBLIC_URL in text
    assert "k3j4" not in text
    assert settings.SECRET_KEY not in text


def test_without_redis_nothing_is_said_of_it(page):
    assert "Redis" not in page()


def test_redis_that_is_away_is_named_and_the_page_opens(page, settings):
    settings.REDIS_URL = f"redis://:k3j4@127.0.0.1:{free_port()}/0"

    text = page()

    assert "Confira REDIS_URL" in text
    assert "k3j4" not in text


def test_every_part_has_a_name_and_a_remedy():
    probes = {**health._local_probes(), "redis": None, "broker": None, "qdrant": None}

    assert set(status_page.NAMES) == set(status_page.REMEDIES) == set(probes)


@pytest.mark.services
def test_redis_is_shown_with_memory_keys_and_hits(page, settings):
    settings.REDIS_URL = REDIS_URL

    text = page()

    assert "Memória" in text
    assert "Encontradas no cache" in text
    assert "Conexões" in text


@pytest.mark.services
def test_redis_usage_is_read_from_the_server(settings):
    settings.REDIS_URL = REDIS_URL

    usage = status_page.redis_usage()

    assert usage.memory
    assert usage.clients >= 1
    assert usage.keys >= 0
    assert usage.hit_percent is None or 0 <= usage.hit_percent <= 100


def test_usage_without_any_question_has_no_share_of_hits():
    assert status_page._usage({}, 0).hit_percent is None
    assert status_page._usage({"keyspace_hits": 2, "keyspace_misses": 1}, 0).hit_percent == 67
