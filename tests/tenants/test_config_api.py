"""The API of configuration: own company only, refusals that name the field, never a 500."""

import json

import pytest
from django.test import Client

from tenants import configuration
from tenants.config import layers
from tenants.models import (
    AuditEntry,
    ChannelMapping,
    ChatwootInstallation,
    Configuration,
    Domain,
)
from tests.factories import ConversationFactory, token_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def furniture(db):
    return Domain.objects.create(slug="furniture", name="Furniture")


@pytest.fixture
def call(moveis):
    _token, secret = token_for(moveis, "config:read", "config:write")

    def send(method, address, body=None):
        answer = getattr(Client(raise_request_exception=False), method)(
            address,
            data=json.dumps(body) if body is not None else None,
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )
        return answer.status_code, answer.json()

    return send


@pytest.mark.parametrize("prefix", ["/api/v1", ""])
def test_configuration_is_read_under_both_addresses(prefix, call, moveis, furniture):
    configuration.write_domain(furniture, {"tables": {"products": "produtos"}})
    configuration.write(moveis, {"domain": "furniture"})

    status, body = call("get", f"{prefix}/configs/moveis/furniture/config")

    assert status == 200
    assert body["config"]["domain"] == "furniture"
    assert body["effective"]["tables"] == {"products": "produtos"}


def test_written_configuration_is_in_effect_and_has_its_note(call, moveis):
    body = {"config": {"tables": {"products": "p"}, "own": [1]}, "note": "by machine"}

    status, answer = call("put", "/api/v1/configs/moveis/-/config", body)

    assert (status, answer["effective"]["tables"]) == (200, {"products": "p"})
    assert moveis.configurationversion_set.latest("number").note == "by machine"
    assert answer["version"] == Configuration.objects.get(tenant=moveis).version


def test_section_left_out_is_emptied_and_identity_stays(call, moveis):
    call("put", "/api/v1/configs/moveis/-/config", {"config": {"tables": {"a": "b"}}})

    call("put", "/api/v1/configs/moveis/-/config", {"config": {"own": 1}})

    document = layers.document_of_tenant(moveis)
    assert (document["name"], document["own"]) == (moveis.name, 1)
    assert "tables" not in document


def test_change_from_an_old_version_is_refused(call, moveis):
    _status, seen = call("get", "/api/v1/configs/moveis/-/config")
    call("put", "/api/v1/configs/moveis/-/config", {"config": {"own": 1}})

    body = {"config": {"own": 2}, "version": seen["version"]}
    status, _answer = call("put", "/api/v1/configs/moveis/-/config", body)

    assert status == 409
    assert layers.document_of_tenant(moveis)["own"] == 1


def test_credentials_kind_names_references_only(call, moveis):
    from tenants import credentials

    credentials.store(moveis, "odoo", "s3cret-in-clear", kind="odoo")

    status, body = call("get", "/api/v1/configs/moveis/-/credentials")

    assert (status, [row["ref"] for row in body["config"]]) == (200, ["odoo"])
    assert "s3cret" not in json.dumps(body)


@pytest.mark.parametrize(
    "address",
    ["configs/cosmeticos/-/config", "configs/moveis/-/passwords", "configs/moveis/hidden/config"],
)
def test_what_is_not_the_companys_does_not_exist(address, call, cosmeticos):
    Domain.objects.create(slug="hidden", name="Hidden", is_offered=False)

    assert call("get", f"/api/v1/{address}")[0] == 404


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"language": "xx"}, "language"),
        ({"settings": {"outside_hours": "x"}}, "settings.outside_hours"),
        ({"account_id": "cosmeticos"}, "config"),
        ({"domain": "nowhere"}, "domain"),
        ({"limits": {"people": 9}}, "limits"),
        ({"channels": [{"account": 7}]}, "channels[0]"),
        ({"odoo": {"password": "clear"}}, "odoo.password"),
    ],
)
def test_refusal_names_the_field(config, field, call, cosmeticos):
    status, body = call("put", "/api/v1/configs/moveis/-/config", {"config": config})

    assert status == 400
    assert field in body["fields"]["config"]


@pytest.mark.parametrize(
    "config",
    [
        {"a": "\u0000"},
        {"a": "\ud800"},
        {"a": 10**400},
        {"a": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]},
        {"x" * 500: 1},
        [1],
        None,
        "text",
    ],
    ids=lambda value: repr(value)[:20],
)
def test_odd_document_is_refused(config, call):
    assert call("put", "/api/v1/configs/moveis/-/config", {"config": config})[0] == 400


def test_mapping_arranges_inboxes_of_own_accounts(call, moveis, cosmeticos):
    chatwoot = ChatwootInstallation.objects.create(name="Chatwoot")
    ChannelMapping.objects.create(tenant=moveis, installation=chatwoot, account_id=1)
    ChannelMapping.objects.create(tenant=moveis, installation=chatwoot, account_id=1, inbox_id=8)
    ChannelMapping.objects.create(tenant=cosmeticos, installation=chatwoot, account_id=2)

    told = {"channels": [{"account": 1, "inbox": 5, "name": "WhatsApp"}]}
    status, body = call("put", "/mapping", told)
    foreign, refusal = call("put", "/mapping", {"channels": [{"account": 2, "inbox": 5}]})

    assert (status, [c.get("inbox") for c in body["channels"]]) == (200, [None, 5])
    assert (foreign, list(refusal["fields"]["channels"])) == (400, ["channels[0]"])
    assert call("get", "/api/v1/mapping")[1] == body


def test_domain_for_tests_is_refused_in_production(call, furniture):
    status, body = call("post", "/api/admin/domain", {"domain": "furniture"})

    assert (status, body["success"]) == (400, False)
    assert "domain" in body["fields"]


def test_domain_for_tests_holds_outside_production(call, moveis, furniture, settings):
    settings.DEV_MODE = True

    status, body = call("post", "/api/admin/domain", {"domain": "furniture"})

    assert (status, body["success"]) == (200, True)
    assert configuration.effective(moveis.pk).domain == "furniture"


@pytest.mark.parametrize("body", [{"domain": "nowhere"}, {"domain": "furniture", "x": 1}, {}, []])
def test_wrong_domain_for_tests_is_refused(body, call, furniture, settings):
    settings.DEV_MODE = True

    status, answer = call("post", "/api/v1/admin/domain", body)

    assert (status, answer["success"]) == (400, False)


class TestDomainOfAConversation:
    @pytest.fixture
    def conversation(self, moveis):
        return ConversationFactory(tenant=moveis, number=205, contact_name="Ana Prado")

    def domain_of(self, conversation):
        conversation.refresh_from_db()
        return conversation.domain and conversation.domain.slug

    @pytest.mark.parametrize("address", ["/api/admin/domain", "/api/v1/admin/domain"])
    def test_it_is_chosen_in_production_too(self, address, call, conversation, furniture, settings):
        settings.DEV_MODE = False

        status, body = call("post", address, {"conversation_id": 205, "domain": "furniture"})

        assert (status, body["success"]) == (200, True)
        assert "205" in body["message"]
        assert "furniture" in body["message"]
        assert self.domain_of(conversation) == "furniture"

    @pytest.mark.parametrize("nothing", ["", None], ids=["empty", "null"])
    def test_it_is_taken_away_by_nothing(self, nothing, call, conversation, furniture):
        call("post", "/api/admin/domain", {"conversation_id": 205, "domain": "furniture"})

        status, body = call(
            "post", "/api/admin/domain", {"conversation_id": 205, "domain": nothing}
        )

        assert (status, body["success"]) == (200, True)
        assert self.domain_of(conversation) is None

    def test_the_domain_for_tests_stays_as_it_is(self, call, moveis, conversation, furniture):
        call("post", "/api/admin/domain", {"conversation_id": 205, "domain": "furniture"})

        assert Configuration.objects.get(tenant=moveis).test_domain is None

    def test_the_audit_log_tells_it_without_the_name_of_the_customer(
        self, call, conversation, furniture
    ):
        change = {"conversation_id": 205, "domain": "furniture"}
        call("post", "/api/admin/domain", change)
        call("post", "/api/admin/domain", change)

        entry = AuditEntry.objects.about(conversation).get()
        assert entry.changes == {"domain": [None, "furniture"]}
        assert entry.object_label == "#205"
        assert entry.actor_label.startswith("machine (")

    def test_a_conversation_of_another_company_does_not_exist(self, call, cosmeticos, furniture):
        theirs = ConversationFactory(tenant=cosmeticos, number=300)

        sentences = set()
        for number in (300, 301):
            change = {"conversation_id": number, "domain": "furniture"}
            status, body = call("post", "/api/admin/domain", change)
            assert status == 400
            sentences |= {body["fields"]["conversation_id"][0].replace(str(number), "N")}

        assert len(sentences) == 1
        assert self.domain_of(theirs) is None

    def test_of_several_accounts_one_has_to_be_named(self, call, moveis, conversation, furniture):
        other = ConversationFactory(tenant=moveis, number=205)
        change = {"conversation_id": 205, "domain": "furniture"}

        status, body = call("post", "/api/admin/domain", change)
        account = other.connection.account_id
        named, _body = call("post", "/api/admin/domain", {**change, "account": account})

        assert (status, named) == (400, 200)
        assert str(account) in body["fields"]["account"][0]
        assert self.domain_of(other) == "furniture"
        assert self.domain_of(conversation) is None

    def test_of_accounts_with_one_number_the_installation_has_to_be_named(
        self, call, moveis, conversation, furniture
    ):
        account = conversation.connection.account_id
        other = ConversationFactory(tenant=moveis, number=205, connection__account_id=account)
        change = {"conversation_id": 205, "domain": "furniture", "account": account}
        name = other.connection.installation.name

        assert call("post", "/api/admin/domain", change)[0] == 400
        assert call("post", "/api/admin/domain", {**change, "installation": name})[0] == 200
        assert self.domain_of(other) == "furniture"

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"domain": "nowhere"}, "domain"),
            ({"domain": "hidden"}, "domain"),
            ({}, "domain"),
            ({"domain": "furniture", "conversation_id": None}, "conversation_id"),
            ({"domain": "furniture", "conversation_id": 0}, "conversation_id"),
            ({"domain": "furniture", "conversation_id": "x"}, "conversation_id"),
            ({"domain": "furniture", "conversation_id": 2**63}, "conversation_id"),
            ({"domain": "furniture", "inbox": 1}, "inbox"),
            ({"domain": "furniture", "account": 999}, "conversation_id"),
        ],
    )
    def test_a_wrong_change_is_refused(self, change, field, call, conversation, furniture):
        Domain.objects.create(slug="hidden", name="Hidden", is_offered=False)

        status, body = call("post", "/api/admin/domain", {"conversation_id": 205, **change})

        assert (status, body["success"]) == (400, False)
        assert field in body["fields"]
        assert self.domain_of(conversation) is None

    def test_reading_does_not_allow_it(self, moveis, conversation, furniture):
        _token, secret = token_for(moveis, "config:read", "conversations:read")

        answer = Client().post(
            "/api/admin/domain",
            {"conversation_id": 205, "domain": "furniture"},
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )

        assert answer.status_code == 403


def test_domain_of_the_environment_holds_outside_production(moveis, furniture, settings):
    settings.DEV_MODE, settings.CHATWOOT_DOMAIN = True, "furniture"
    configuration.forget()

    assert configuration.effective(moveis.pk).domain == "furniture"


def test_notice_of_a_change_raises_the_version(call, moveis):
    before = configuration.effective(moveis.pk)

    status, body = call("post", "/api/v1/config-changed")

    assert status == 200
    assert body["version"] == configuration.effective(moveis.pk).version[0] > before.version[0]


def test_reading_does_not_allow_writing(moveis):
    _token, secret = token_for(moveis, "config:read")
    headers = {"Authorization": f"Bearer {secret}"}

    answer = Client().put(
        "/api/v1/configs/moveis/-/config", {}, content_type="application/json", headers=headers
    )

    assert answer.status_code == 403


def test_limit_of_the_plan_counts_all_tokens_of_a_company(call, moveis):
    moveis.api_requests_per_minute = 1
    moveis.save()
    assert call("get", "/mapping")[0] == 200

    assert call("get", "/mapping")[0] == 429


def test_description_is_public_and_loads_nothing_from_elsewhere(client):
    schema = client.get("/api/schema")
    page = client.get("/api/docs")

    assert schema.status_code == page.status_code == 200
    assert b"/api/v1/mapping" in schema.content
    assert b"https://" not in page.content
    assert b"<script>" not in page.content
