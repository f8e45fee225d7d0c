"""What the door for Chatwoot takes, and what it refuses; nothing makes it break."""

import json
import os
import time

import pytest
from django.db import DatabaseError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crews import intake
from crews.models import Conversation, InboundEvent
from integrations.chatwoot import connections
from integrations.webhooks import overload
from tenants.models import ChannelMapping, CredentialAccess, UnmappedChannel
from tests.fakes.chatwoot.deliveries import Delivery, headers_for

PAYLOADS = os.path.join(os.path.dirname(__file__), "..", "payloads", "chatwoot")


def payload(name):
    with open(os.path.join(PAYLOADS, f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)


def post(stage, body, *, secret=None, path="", **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    delivery = Delivery("", "", secret or stage.chatwoot.bot.secret, False, lambda: None)
    delivery.body = raw
    sent = {**headers_for(delivery, time.time()), **headers}
    return Client(raise_request_exception=False).post(
        path or stage.path,
        data=raw,
        content_type=sent.pop("Content-Type"),
        headers={name: value for name, value in sent.items() if value is not None},
    )


def question(stage, **changes):
    body = payload("message_created_text")
    body["account"]["id"] = stage.chatwoot.account.id
    body["conversation"]["account"] = {"id": stage.chatwoot.account.id}
    body["inbox"]["id"] = body["conversation"]["inbox_id"] = stage.chatwoot.inbox.id
    body["created_at"] = "2099-01-01T00:00:00.000Z"
    return {**body, **changes}


def test_a_message_is_accepted(stage):
    answer = post(stage, question(stage))

    assert answer.json() == {"status": "accepted", "reason": ""}
    assert answer.status_code == 200


def test_the_address_is_good_without_its_slash(stage):
    assert post(stage, question(stage), path=stage.path.rstrip("/")).status_code == 200


REFUSED = {
    "not JSON": (b"{", 400),
    "a list": (b"[]", 400),
    "null": (b"null", 400),
    "a text": (b'"event"', 400),
    "no event": (b"{}", 400),
    "an event that is no text": (b'{"event": 5}', 400),
    "not UTF-8": (b'{"event": "\xff"}', 400),
    "UTF-16": ('{"event": "x"}'.encode("utf-16"), 400),
    "a byte order mark": (b'\xef\xbb\xbf{"event": "x"}', 400),
    "nested too deep": (b'{"event":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    "nested deeper than we read": (
        b'{"event": "x", "a":' + b'{"a":' * 40 + b"1" + b"}" * 41,
        400,
    ),
    "too many digits": (b'{"event": "x", "id": ' + b"9" * 5_000 + b"}", 400),
    "too large": (b'{"event": "' + b"x" * 1_100_000 + b'"}', 413),
}


@pytest.mark.parametrize(("body", "status"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(stage, body, status):
    answer = post(stage, body)

    assert answer.status_code == status
    assert answer.json()["error"]
    assert not InboundEvent.objects.exists()


STRANGE = {
    "NUL": {"content": "a\0b"},
    "half a character": {"content": "\ud800"},
    "an infinite number": {"content_attributes": {"x": 1e400}},
    "an id that is too large": {"id": 2**70},
    "an id that is a text": {"id": "1"},
    "no conversation": {"conversation": None},
    "a conversation that is a list": {"conversation": []},
    "a type we do not know": {"message_type": "carrier pigeon"},
    "attachments that are a text": {"attachments": "x"},
    "a date that is none": {"created_at": "tomorrow"},
    "an empty message": {"content": "", "attachments": []},
}


@pytest.mark.parametrize("change", STRANGE.values(), ids=STRANGE.keys())
def test_what_is_strange_breaks_nothing(stage, change):
    body = json.dumps(question(stage, **change)).replace("Infinity", "1e999").encode()

    answer = post(stage, body)

    assert answer.status_code in (200, 400)
    assert Conversation.objects.count() == InboundEvent.objects.filter(outcome="").count()


@pytest.mark.parametrize("name", sorted(os.listdir(PAYLOADS)))
def test_every_event_of_chatwoot_is_known(stage, name):
    body = payload(name.removesuffix(".json"))
    if "account" in body:
        body["account"]["id"] = stage.chatwoot.account.id

    for row in (body, body.get("conversation") or {}):
        if "account" in row:
            row["account"]["id"] = stage.chatwoot.account.id
        for message in row.get("messages") or []:
            message["account_id"] = stage.chatwoot.account.id
    answer = post(stage, body)

    assert answer.status_code == 200, answer.json()
    assert InboundEvent.objects.count() == 1
    assert InboundEvent.objects.get().reason != "unknown_event"


def test_an_unknown_event_is_kept_and_ignored(stage):
    answer = post(stage, {"event": "moon_landed", "account": {"id": stage.chatwoot.account.id}})

    assert answer.json() == {"status": "ignored", "reason": "unknown_event"}
    assert InboundEvent.objects.get().event == "moon_landed"


def test_another_account_is_refused(stage):
    answer = post(stage, question(stage, account={"id": 999}))

    assert answer.status_code == 403
    assert not InboundEvent.objects.exists()


UNSIGNED = {
    "no signature": {"X-Chatwoot-Signature": None},
    "a wrong one": {"X-Chatwoot-Signature": "sha256=" + "0" * 64},
    "one with accents": {"X-Chatwoot-Signature": "sha256=é"},
    "no time": {"X-Chatwoot-Timestamp": None},
    "an old time": {"X-Chatwoot-Timestamp": str(int(time.time()) - 3_600)},
    "a time that is no number": {"X-Chatwoot-Timestamp": "nan"},
}


@pytest.mark.parametrize("headers", UNSIGNED.values(), ids=UNSIGNED.keys())
def test_who_is_not_chatwoot_is_refused(stage, headers):
    answer = post(stage, question(stage), **headers)

    assert answer.status_code == 401
    assert not InboundEvent.objects.exists()


def test_an_unknown_address_gets_the_same_answer_as_a_wrong_signature(stage):
    wrong = post(stage, question(stage), secret="other").json()
    unknown = post(stage, question(stage), path="/webhooks/chatwoot/nobody/").json()

    for answer in (wrong, unknown):
        answer.pop("request_id")
    assert wrong == unknown


def test_the_secret_of_another_company_opens_nothing(stage, cosmeticos):
    from tests.crews.stage import Stage
    from tests.fakes.chatwoot import fake_chatwoot

    with fake_chatwoot() as other:
        second = Stage(cosmeticos, other)

        assert post(stage, question(stage), path=second.path).status_code == 401


def test_each_of_several_secrets_is_good(stage):
    connections.connect(
        stage.tenant,
        installation=stage.installation,
        account_id=stage.chatwoot.account.id,
        secrets=["old-secret", "new-secret"],
    )

    assert post(stage, question(stage), secret="old-secret").status_code == 200
    assert post(stage, question(stage), secret="new-secret").status_code == 200
    assert post(stage, question(stage)).status_code == 401


def test_an_unsigned_connection_is_protected_by_its_address(stage):
    stage.connection.is_signed = False
    stage.connection.save()

    assert post(stage, question(stage), **{"X-Chatwoot-Signature": None}).status_code == 200


def test_a_connection_that_is_switched_off_takes_nothing(stage):
    stage.connection.is_enabled = False
    stage.connection.save()

    assert post(stage, question(stage)).status_code == 401


def test_other_kinds_of_content_are_refused(stage):
    answer = post(stage, question(stage), **{"Content-Type": "text/plain"})

    assert answer.status_code == 415


def test_a_database_that_is_down_is_the_only_500(stage, monkeypatch):
    def down(*args, **values):
        raise DatabaseError

    monkeypatch.setattr(intake, "take_question", down)

    answer = post(stage, question(stage))

    assert answer.status_code == 500
    assert answer.json()["reason"] == "database"


def test_too_much_at_once_is_put_off(stage, monkeypatch):
    monkeypatch.setattr(overload, "AT_ONCE", 1.0)
    monkeypatch.setattr(overload, "PER_SECOND", 0.0)
    overload.forget()

    assert post(stage, question(stage)).status_code == 200
    assert post(stage, question(stage)).status_code == 429
    overload.forget()


def test_an_inbox_of_nobody_is_seen_by_the_platform(stage):
    body = question(stage)
    body["inbox"]["id"] = body["conversation"]["inbox_id"] = 77_777

    answer = post(stage, body)

    assert answer.json() == {"status": "ignored", "reason": "unmapped"}
    assert UnmappedChannel.objects.get().inbox_id == 77_777


def test_an_inbox_may_belong_to_another_company(stage, cosmeticos):
    ChannelMapping(
        tenant=cosmeticos,
        installation=stage.installation,
        account_id=stage.chatwoot.account.id,
        inbox_id=88,
        settings={"mode": "automatic"},
    ).save()
    body = question(stage)
    body["inbox"]["id"] = body["conversation"]["inbox_id"] = 88

    assert post(stage, body).json()["status"] == "accepted"
    assert InboundEvent.objects.get().tenant == cosmeticos
    assert Conversation.objects.get().tenant == cosmeticos


def test_a_company_that_is_not_active_is_not_served(stage):
    stage.tenant.is_active = False
    stage.tenant.save()

    assert post(stage, question(stage)).status_code == 401


def test_taking_a_message_costs_few_statements(stage, django_assert_max_num_queries):
    post(stage, question(stage))

    with django_assert_max_num_queries(9):
        post(stage, question(stage, id=1))


def test_secrets_are_read_once_and_that_is_written_down(stage):
    before = CredentialAccess.objects.count()
    for number in range(5):
        post(stage, question(stage, id=number + 1))

    assert CredentialAccess.objects.count() - before == 3


def test_what_is_stored_has_no_token_of_the_visitor(stage):
    body = question(stage)
    body["conversation"]["contact_inbox"]["pubsub_token"] = "canary-visitor-token"

    post(stage, body)

    row = InboundEvent.objects.get()
    assert "canary" not in json.dumps(row.payload)
    assert row.text == body["content"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
PLACES = [
    ("content",),
    ("id",),
    ("event",),
    ("message_type",),
    ("created_at",),
    ("sender",),
    ("attachments",),
    ("content_attributes",),
    ("account",),
    ("inbox",),
    ("conversation",),
    ("conversation", "id"),
    ("conversation", "status"),
    ("conversation", "meta"),
    ("conversation", "messages"),
    ("conversation", "contact_inbox"),
    ("conversation", "inbox_id"),
    ("conversation", "can_reply"),
]


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(place=st.sampled_from(PLACES), value=JSON)
def test_whatever_stands_in_a_field_breaks_nothing(stage, place, value):
    body = question(stage)
    inner = body
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value

    answer = post(stage, json.dumps(body).encode())

    assert answer.status_code in (200, 400, 403), answer.content
