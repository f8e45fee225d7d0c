"""Conversations for machines: how they stand and what became of them, never what was said."""

import json
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import (
    ConversationFactory,
    InboundEventFactory,
    LlmCallFactory,
    OutboundMessageFactory,
    TurnFactory,
    token_for,
)

ADDRESS = "/api/v1/conversations"


@pytest.fixture
def read(moveis):
    _token, secret = token_for(moveis, "conversations:read")

    def read(address):
        answer = Client(raise_request_exception=False).get(
            address, headers={"Authorization": f"Bearer {secret}"}
        )
        return answer.status_code, answer.json()

    return read


def test_conversations_are_listed_with_how_messages_ended(read, moveis, cosmeticos):
    first = ConversationFactory(tenant=moveis, number=12, contact_name="Ana")
    second = ConversationFactory(tenant=moveis, number=7)
    ConversationFactory(tenant=cosmeticos)
    for outcome in ("answered", "answered", "ignored", ""):
        InboundEventFactory(tenant=moveis, conversation=first, outcome=outcome, text="secret")
    InboundEventFactory(tenant=moveis, conversation=first, author="bot", outcome="ignored")

    status, body = read(ADDRESS)

    assert status == 200
    assert [row["number"] for row in body["results"]] == [7, 12]
    assert body["results"][1]["outcomes"] == {
        "open": 1,
        "answered": 2,
        "handed_off": 0,
        "ignored": 1,
        "expired": 0,
    }
    assert body["results"][0]["account"] == second.connection.account_id
    assert "secret" not in json.dumps(body)
    assert "Ana" not in json.dumps(body)


def test_a_conversation_is_told_with_its_latest_turns(read, moveis):
    conversation = ConversationFactory(tenant=moveis)
    turns = [TurnFactory(tenant=moveis, conversation=conversation).pk for _n in range(52)]
    reply = OutboundMessageFactory(tenant=moveis, turn_id=turns[-1], conversation=conversation)
    LlmCallFactory(tenant=moveis, turn=turns[-1], cost=Decimal("0.25"))

    status, body = read(f"{ADDRESS}/{conversation.pk}")

    assert status == 200
    assert [turn["turn"] for turn in body["turns"]] == turns[:1:-1]
    latest = body["turns"][0]
    assert [told["key"] for told in latest["replies"]] == [reply.key]
    assert (latest["model_calls"], latest["cost"]) == (1, "0.250000")
    assert reply.body not in json.dumps(body)


def test_long_lists_are_read_with_as_many_queries_as_short_ones(read, moveis):
    def queries():
        with CaptureQueriesContext(connection) as queries:
            read(ADDRESS)
        return len(queries)

    InboundEventFactory(tenant=moveis)
    read(ADDRESS)  # the first use of a token is noted
    few = queries()
    for _n in range(10):
        InboundEventFactory(tenant=moveis)

    assert queries() == few


def test_pages_lead_through_all_conversations_once(read, moveis):
    numbers = [ConversationFactory(tenant=moveis).number for _n in range(5)]

    found, address = [], f"{ADDRESS}?page_size=2"
    while address:
        _status, body = read(address)
        found += [row["number"] for row in body["results"]]
        address = body["next"]

    assert found == numbers[::-1]


@pytest.mark.parametrize(
    "cursor", ["cD1hYmM=", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ==", "x", "cD0="]
)
def test_a_forged_page_does_not_exist(cursor, read, moveis):
    ConversationFactory(tenant=moveis)

    assert read(f"{ADDRESS}?cursor={cursor}")[0] in (200, 404)


def test_a_conversation_of_another_company_does_not_exist(read, cosmeticos):
    conversation = ConversationFactory(tenant=cosmeticos)

    assert read(f"{ADDRESS}/{conversation.pk}")[0] == 404


def test_other_scopes_do_not_open_conversations(moveis):
    _token, secret = token_for(moveis, "config:read", "team:read")

    answer = Client().get(ADDRESS, headers={"Authorization": f"Bearer {secret}"})

    assert answer.status_code == 403
