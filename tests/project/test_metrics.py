"""Counters for those who watch: protected, with labels of few values."""

from datetime import timedelta

import pytest
from django.conf import settings as project
from django.db import DatabaseError, connections
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from chatwoot_ai import local_queue, metrics
from chatwoot_ai.local_queue import Workers
from chatwoot_ai.models import Pulse
from chatwoot_ai.tasks import report_alive
from crews.models import AlarmKind, Turn
from crews.signals import turn_ended
from tests.factories import (
    AlarmFactory,
    ConversationFactory,
    OutboundMessageFactory,
    TenantFactory,
    TurnFactory,
    token_for,
)

REQUESTS = "chatwootai_http_requests_total"


@pytest.fixture(autouse=True)
def _no_named_tenants(monkeypatch):
    monkeypatch.setattr(metrics, "_named_tenants", set())


def read(client, **options):
    return client.get("/metrics", **options)


def samples(client):
    families = text_string_to_metric_families(read(client).content.decode())
    return [sample for family in families for sample in family.samples]


def requests_counted(**labels):
    return REGISTRY.get_sample_value(REQUESTS, labels) or 0


@pytest.mark.django_db
class TestDoor:
    def test_this_machine_may_read(self, client):
        answer = read(client)

        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/plain")

    @pytest.mark.parametrize(
        "address", ["203.0.113.9", "10.0.0.1", "", "unix:", "::ffff:203.0.113.9"]
    )
    def test_other_machines_may_not_without_a_token(self, client, address):
        answer = read(client, REMOTE_ADDR=address)

        assert answer.status_code == 403
        assert "METRICS_TOKEN" in answer.content.decode()

    @pytest.mark.parametrize("forged", ["127.0.0.1", "::1", "127.0.0.1, 127.0.0.1", ""])
    def test_forged_forwarding_is_refused(self, client, forged):
        answer = read(client, REMOTE_ADDR="203.0.113.9", headers={"X-Forwarded-For": forged})

        assert answer.status_code == 403

    def test_request_that_came_through_a_proxy_on_this_machine_is_refused(self, client):
        answer = read(client, headers={"X-Forwarded-For": "203.0.113.9"})

        assert answer.status_code == 403

    @pytest.mark.parametrize(
        "forged", ["127.0.0.1", "127.0.0.1, 127.0.0.1", "127.0.0.1, 203.0.113.9"]
    )
    def test_forged_forwarding_behind_a_trusted_proxy_is_refused(self, client, settings, forged):
        settings.TRUSTED_PROXIES = 1

        answer = read(client, REMOTE_ADDR="10.0.0.1", headers={"X-Forwarded-For": forged})

        assert answer.status_code == 403

    def test_token_opens_from_anywhere(self, client, settings):
        settings.METRICS_TOKEN = "k3j4"

        answer = read(client, REMOTE_ADDR="203.0.113.9", headers={"Authorization": "Bearer k3j4"})

        assert answer.status_code == 200

    @pytest.mark.parametrize(
        "header", [None, "", "Bearer", "Bearer ", "Bearer K3J4", "bearer k3j4x", "k3j4", "\xff\xfe"]
    )
    def test_with_a_token_set_nothing_else_opens(self, client, settings, header):
        settings.METRICS_TOKEN = "k3j4"
        headers = {} if header is None else {"Authorization": header}

        assert read(client, headers=headers).status_code == 403

    def test_login_does_not_open(self, signed_in, platform_admin):
        answer = read(signed_in(platform_admin), REMOTE_ADDR="203.0.113.9")

        assert answer.status_code == 403

    def test_it_is_not_led_to_https(self, client, settings):
        settings.SECURE_SSL_REDIRECT = True

        assert read(client).status_code == 200


class TestRequests:
    def test_request_is_counted_by_route_method_status_and_company(self, client, moveis):
        _, secret = token_for(moveis)
        labels = {"route": "api_token", "method": "GET", "status": "200", "tenant": "moveis"}
        before = requests_counted(**labels)

        client.get("/api/v1/token", headers={"Authorization": f"Bearer {secret}"})

        assert requests_counted(**labels) == before + 1

    def test_page_is_counted_for_the_company_of_the_person(self, signed_in, helena):
        labels = {"route": "admin:index", "method": "GET", "status": "200", "tenant": "moveis"}
        before = requests_counted(**labels)

        signed_in(helena).get("/admin/")

        assert requests_counted(**labels) == before + 1

    def test_rows_share_one_route(self, signed_in, platform_admin, moveis, cosmeticos):
        client = signed_in(platform_admin)

        for tenant in (moveis, cosmeticos):
            client.get(f"/admin/tenants/tenant/{tenant.pk}/change/")

        routes = {s.labels["route"] for s in samples(client) if s.name == REQUESTS}
        assert "admin:tenants_tenant_change" in routes
        assert not any(str(moveis.pk) in route for route in routes if "tenants_tenant" in route)

    def test_made_up_addresses_are_one_route(self, client, db):
        for number in range(20):
            client.get(f"/made-up-{number}")

        routes = {s.labels["route"] for s in samples(client) if s.name == REQUESTS}
        assert "none" in routes
        assert not any("made-up" in route for route in routes)

    def test_made_up_methods_are_few_values(self, client, db):
        for number in range(20):
            client.generic(f"MADEUP{number}", "/health/live")

        methods = {s.labels["method"] for s in samples(client) if s.name == REQUESTS}
        assert not any(method.startswith("MADEUP") for method in methods)

    def test_failure_is_counted_too(self, client, db, monkeypatch):
        def broken(*_):
            raise RuntimeError

        monkeypatch.setattr("chatwoot_ai.health.overall", broken)
        client.raise_request_exception = False
        labels = {"route": "ready", "method": "GET", "status": "500", "tenant": ""}
        before = requests_counted(**labels)

        client.get("/health/ready")

        assert requests_counted(**labels) == before + 1

    def test_duration_is_observed(self, client, db):
        name, labels = "chatwootai_http_request_seconds_count", {"route": "live"}
        before = REGISTRY.get_sample_value(name, labels) or 0

        client.get("/health/live")

        assert REGISTRY.get_sample_value(name, labels) == before + 1


class TestTenantLabel:
    def test_first_hundred_companies_are_named_and_the_rest_are_other(self):
        labels = {metrics.tenant_label(f"company-{number}") for number in range(150)}

        assert len(labels) == metrics.MOST_TENANTS + 1
        assert metrics.tenant_label("company-99") == "company-99"
        assert metrics.tenant_label("company-100") == "other"

    def test_company_named_once_stays_named(self):
        metrics.tenant_label("moveis")
        for number in range(200):
            metrics.tenant_label(f"company-{number}")

        assert metrics.tenant_label("moveis") == "moveis"

    def test_no_company_is_an_empty_label(self):
        assert metrics.tenant_label("") == ""

    def test_unknown_tokens_name_no_company(self, client, db):
        TenantFactory(slug="moveis")

        client.get("/api/v1/token", headers={"Authorization": "Bearer cwai_moveis"})

        assert metrics._named_tenants == set()


class TestTasks:
    def counted(self, outcome):
        labels = {"task": "chatwoot_ai.tasks.report_alive", "outcome": outcome}
        return REGISTRY.get_sample_value("chatwootai_tasks_total", labels) or 0

    def test_task_that_succeeds_is_counted(self, db):
        before = self.counted("success")

        report_alive.apply(kwargs={"queue": "chat"})

        assert self.counted("success") == before + 1

    def test_task_that_fails_is_counted(self, db):
        before = self.counted("failure")

        report_alive.apply(kwargs={"no_such": "argument"})

        assert self.counted("failure") == before + 1

    def test_duration_is_observed(self, db):
        name = "chatwootai_task_seconds_count"
        labels = {"task": "chatwoot_ai.tasks.report_alive"}
        before = REGISTRY.get_sample_value(name, labels) or 0

        report_alive.apply(kwargs={"queue": "chat"})

        assert REGISTRY.get_sample_value(name, labels) == before + 1


class TestState:
    def test_signs_of_life_are_shown_by_queue(self, client, db):
        Pulse.objects.create(queue="chat", ran_at=timezone.now(), waited_seconds=1.5)

        found = {(s.name, s.labels.get("queue")): s.value for s in samples(client)}

        assert found["chatwootai_queue_wait_seconds", "chat"] == 1.5
        assert 0 <= found["chatwootai_queue_seconds_since_alive", "chat"] < 60

    def test_conversations_that_wait_are_shown(self, client, db):
        ConversationFactory(due_at=timezone.now() - timedelta(seconds=30))
        ConversationFactory(due_at=timezone.now() - timedelta(seconds=50))
        ConversationFactory(due_at=timezone.now() + timedelta(minutes=5))

        found = {s.name: s.value for s in samples(client)}

        assert found["chatwootai_conversations_due"] == 2
        assert 50 <= found["chatwootai_conversations_due_seconds"] < 110

    def test_without_conversations_nothing_waits(self, client, db):
        found = {s.name: s.value for s in samples(client)}

        assert found["chatwootai_conversations_due"] == 0
        assert found["chatwootai_conversations_due_seconds"] == 0

    def test_messages_on_their_way_out_are_shown_by_state(self, client, db):
        turn = TurnFactory(state="sending")
        for state in ("pending", "pending", "unknown", "sent"):
            OutboundMessageFactory(tenant=turn.tenant, turn=turn, state=state)

        found = {
            s.labels["state"]: s.value
            for s in samples(client)
            if s.name == "chatwootai_outbox_messages"
        }

        assert found == {"pending": 2, "sending": 0, "unknown": 1}

    def test_alarms_are_shown_by_kind_until_they_are_over(self, client, db):
        AlarmFactory(kind=AlarmKind.QUEUE_AGE)
        AlarmFactory(kind=AlarmKind.QUEUE_AGE)
        AlarmFactory(kind=AlarmKind.BREAKER, ended_at=timezone.now())

        found = {
            s.labels["kind"]: s.value for s in samples(client) if s.name == "chatwootai_alarms"
        }

        assert len(found) == len(AlarmKind)
        assert (found["queue_age"], found["breaker"]) == (2, 0)

    def test_turns_are_counted_by_outcome_and_reason(self, db):
        labels = {"outcome": "handed_off", "reason": "model_down"}
        before = REGISTRY.get_sample_value("chatwootai_turns_total", labels) or 0
        turn = TurnFactory.build(**labels)

        turn_ended.send(Turn, turn=turn)

        assert REGISTRY.get_sample_value("chatwootai_turns_total", labels) == before + 1

    def test_waiting_calls_of_this_process_are_shown(self, client, db, monkeypatch):
        workers = Workers(None, project.LOCAL_QUEUE_THREADS)
        monkeypatch.setattr(local_queue, "_workers", workers)

        found = {
            s.labels["queue"]: s.value
            for s in samples(client)
            if s.name == "chatwootai_local_queue_waiting"
        }

        assert found == dict.fromkeys(project.LOCAL_QUEUE_THREADS, 0)

    def test_counters_are_shown_without_a_database(self, client, db, monkeypatch):
        def broken(*_args, **_options):
            raise DatabaseError

        with monkeypatch.context() as patch:
            patch.setattr(connections["default"], "cursor", broken)
            answer = read(client)

        assert answer.status_code == 200
        assert REQUESTS in answer.content.decode()

    def test_every_name_begins_alike(self, client, db):
        own = {s.name for s in samples(client) if not s.name.startswith(("python_", "process_"))}

        assert own
        assert all(name.startswith("chatwootai_") for name in own)
