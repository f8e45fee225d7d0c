"""An alert of a budget is posted to the address that the budget names."""

import pytest

from integrations import tasks
from integrations.models import RemoteCall
from tenants.models import Spending
from tenants.signals import budget_threshold_crossed
from tests.factories import BudgetFactory, SpendingFactory
from tests.integrations.servers import reply, scripted_server


@pytest.fixture
def chat(opened):
    with scripted_server(reply(b"ok")) as server:
        yield server


def crossed(tenant, url, **values):
    budget = BudgetFactory(tenant=tenant, alert_webhook_url=url, token_limit=100)
    return SpendingFactory(tenant=tenant, budget=budget, used_tokens=85, **values)


def test_crossing_a_threshold_queues_a_post_of_ids(moveis, chat, monkeypatch):
    queued = []
    monkeypatch.setattr(tasks.post_budget_alert, "delay", lambda **ids: queued.append(ids))
    row = crossed(moveis, f"{chat.url}/hook")

    budget_threshold_crossed.send(Spending, spending=row, percent=80)

    assert queued == [{"spending_id": row.pk, "percent": 80}]


def test_budget_without_an_address_queues_nothing(moveis, monkeypatch):
    queued = []
    monkeypatch.setattr(tasks.post_budget_alert, "delay", lambda **ids: queued.append(ids))

    budget_threshold_crossed.send(Spending, spending=crossed(moveis, ""), percent=80)

    assert queued == []


@pytest.mark.parametrize("percent", [80, 100])
def test_news_are_posted_as_json(percent, moveis, chat):
    row = crossed(moveis, f"{chat.url}/hook")

    tasks.post_budget_alert(spending_id=row.pk, percent=percent)

    heard = b"".join(chat.heard)
    assert heard.startswith(b"POST /hook ")
    assert f'"percent":{percent}'.encode() in heard.replace(b": ", b":")
    assert b'"company":"moveis"' in heard.replace(b": ", b":")


def test_address_that_lets_everybody_post_is_not_written_down(moveis, chat):
    row = crossed(moveis, f"{chat.url}/services/canary-path")

    tasks.post_budget_alert(spending_id=row.pk, percent=80)

    call = RemoteCall.objects.get()
    assert "canary" not in call.address
    assert call.address.startswith(chat.url)


def test_chat_that_is_down_harms_nobody(moveis, opened):
    row = crossed(moveis, "http://127.0.0.1:20/hook")

    tasks.post_budget_alert(spending_id=row.pk, percent=80)

    assert RemoteCall.objects.count() == 1
