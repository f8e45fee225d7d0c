"""Machines list, store and, where the operator allows it, read their company's secrets."""

import hashlib
import hmac
import json
import time
from urllib.parse import quote

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tenants import configuration
from tenants.config import layers
from tenants.credentials import reveal, store
from tenants.models import AuditEntry, Credential, CredentialAccess
from tenants.models.credential import Kind, Offer
from tests.factories import CredentialFactory, InstallationCredentialFactory, token_for

TEXT = "canary-33cd-secret"
SCOPES = ("credentials:read", "credentials:write", "credentials:sync", "credentials:reveal")


@pytest.fixture
def secret_of(moveis):
    """The text of a token with these scopes."""
    return lambda *scopes: token_for(moveis, *scopes)[1]


@pytest.fixture
def call(moveis):
    token = token_for(moveis, *SCOPES)[1]
    caller = Client(raise_request_exception=False)

    def call(method, path, body=None, *, raw=None, token=token, **headers):
        data = raw if raw is not None else json.dumps(body)
        options = {} if method == "get" else {"data": data, "content_type": "application/json"}
        return getattr(caller, method)(
            f"/api/v1/{path}",
            headers={
                "Authorization": f"Bearer {token}",
                "Accept-Language": "en",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
            **options,
        )

    return call


class TestList:
    def test_says_which_there_are_and_no_secret(self, call, moveis):
        store(moveis, "odoo-main", TEXT, kind=Kind.ODOO, label="Main")
        answer = call("get", "credentials")

        (row,) = answer.json()["results"]
        assert (row["ref"], row["kind"], row["label"]) == ("odoo-main", "odoo", "Main")
        assert row["ends_with"] == "cret"
        assert TEXT not in answer.content.decode()

    def test_one_alone(self, call, moveis):
        store(moveis, "odoo-main", TEXT, kind=Kind.ODOO)

        assert call("get", "credentials/odoo-main").json()["ref"] == "odoo-main"
        assert call("get", "credentials/other").status_code == 404

    def test_others_do_not_exist(self, call, cosmeticos):
        CredentialFactory(tenant=cosmeticos, ref="theirs")
        InstallationCredentialFactory(ref="operator", offer=Offer.ALL)

        assert call("get", "credentials").json()["results"] == []
        assert call("get", "credentials/theirs").status_code == 404
        assert call("get", "credentials/operator").status_code == 404


class TestStore:
    def test_new_one_is_made_and_a_known_one_replaced(self, call, moveis):
        new = call("put", "credentials/odoo-main", {"secret": "first", "kind": "odoo"})
        known = call("put", "credentials/odoo-main", {"secret": TEXT, "label": "Main"})

        assert (new.status_code, known.status_code) == (201, 200)
        assert reveal(moveis, "odoo-main", purpose="x").text == TEXT
        assert (known.json()["kind"], known.json()["label"]) == ("odoo", "Main")
        assert TEXT not in known.content.decode()

    @pytest.mark.parametrize(
        ("ref", "body", "field"),
        [
            ("a", {}, "secret"),
            ("a", {"secret": ""}, "secret"),
            ("a", {"secret": "   "}, "secret"),
            ("a", {"secret": None}, "secret"),
            ("a", {"secret": ["x"]}, "secret"),
            ("a", {"secret": "x" * 20_001}, "secret"),
            ("a", {"secret": "\ud800"}, "secret"),
            ("a", {"secret": "a\0b"}, "secret"),
            ("a", {"secret": TEXT, "kind": "unknown"}, "kind"),
            ("a", {"secret": TEXT, "label": "x" * 121}, "label"),
            ("a", {"secret": TEXT, "label": "a\0b"}, "label"),
            ("a b", {"secret": TEXT}, "ref"),
            ("sync", {"secret": TEXT}, None),
            ("a", [], "body"),
        ],
    )
    def test_mistakes_name_the_field(self, call, ref, body, field):
        answer = call("put", f"credentials/{ref}", body)

        assert answer.status_code == (405 if field is None else 400)
        assert field is None or list(answer.json()["fields"]) == [field]
        assert TEXT not in answer.content.decode()
        assert not Credential.objects.exists()

    def test_each_right_is_its_own(self, call, moveis, secret_of, settings):
        settings.CREDENTIAL_API = True
        store(moveis, "a", TEXT, kind=Kind.GENERIC)
        tries = {
            "credentials:read": ("get", "credentials/a"),
            "credentials:write": ("put", "credentials/a"),
            "credentials:sync": ("post", "credentials/sync"),
            "credentials:reveal": ("get", "credentials/a/secret"),
        }
        for scope in SCOPES:
            token = secret_of(scope)
            allowed = {
                name
                for name, (method, path) in tries.items()
                if call(method, path, {}, token=token).status_code != 403
            }
            assert allowed == {scope}


class TestSecret:
    def test_does_not_exist_by_default(self, call, moveis):
        store(moveis, "a", TEXT, kind=Kind.GENERIC)
        answer = call("get", "credentials/a/secret")

        assert answer.status_code == 404
        assert not CredentialAccess.objects.exists()

    def test_is_given_where_the_operator_allows_it_and_written_down(self, call, moveis, settings):
        settings.CREDENTIAL_API = True
        row = store(moveis, "a", TEXT, kind=Kind.GENERIC)
        answers = [call("get", "credentials/a/secret") for _time in range(2)]

        assert answers[0].json() == {"ref": "a", "secret": TEXT}
        assert answers[0].headers["Cache-Control"] == "no-store"
        assert CredentialAccess.objects.filter(via="api", purpose="API").count() == 2
        assert AuditEntry.objects.about(row).filter(action="revealed").count() == 2

    def test_the_operators_are_never_given(self, call, settings, moveis):
        settings.CREDENTIAL_API = True
        InstallationCredentialFactory(ref="a", secret=TEXT, offer=Offer.ALL)

        assert call("get", "credentials/a/secret").status_code == 404

    def test_others_do_not_exist(self, call, settings, cosmeticos):
        settings.CREDENTIAL_API = True
        CredentialFactory(tenant=cosmeticos, ref="a", secret=TEXT)

        assert call("get", "credentials/a/secret").status_code == 404

    def test_an_unreadable_one_is_a_conflict(self, call, settings, moveis):
        settings.CREDENTIAL_API = True
        row = store(moveis, "a", TEXT, kind=Kind.GENERIC)
        Credential.objects.filter(pk=row.pk).note(ciphertext=b"broken")
        answer = call("get", "credentials/a/secret")

        assert answer.status_code == 409
        assert answer.json()["error"].startswith("The secret “a” cannot be read.")


def message(credentials=None, *, account="moveis", **changes):
    body = {
        "metadata": {"source": "odoo", "account_id": account, "action": "sync_credentials"},
        "params": {"credentials": {"fb-token": TEXT} if credentials is None else credentials},
    }
    return {**body, **changes}


class TestSync:
    def test_unknown_ones_are_added_known_ones_replaced_missing_ones_kept(self, call, moveis):
        store(moveis, "kept", "as it is", kind=Kind.GENERIC)
        store(moveis, "known", "former", kind=Kind.ODOO, label="Main")
        answer = call(
            "post",
            "credentials/sync",
            message(
                {
                    "known": "newer",
                    "fresh": {"value": TEXT, "kind": "facebook", "label": "Page"},
                }
            ),
        )

        assert answer.json() == {
            "success": True,
            "result": {"new": ["fresh"], "changed": ["known"], "same": []},
        }
        rows = {row.ref: (row.kind, row.label) for row in Credential.objects.all()}
        assert rows == {
            "kept": ("generic", ""),
            "known": ("odoo", "Main"),
            "fresh": ("facebook", "Page"),
        }
        assert reveal(moveis, "known", purpose="x").text == "newer"

    def test_the_same_again_changes_nothing(self, call):
        call("post", "credentials/sync", message())
        before = (list(Credential.objects.values()), AuditEntry.objects.count())
        answer = call("post", "credentials/sync", message())

        assert answer.json()["result"] == {"new": [], "changed": [], "same": ["fb-token"]}
        assert (list(Credential.objects.values()), AuditEntry.objects.count()) == before

    @pytest.mark.parametrize("account", ["moveis", "account_moveis", "account-moveis"])
    def test_the_account_may_be_written_in_several_ways(self, call, account):
        assert call("post", "credentials/sync", message(account=account)).status_code == 200

    @pytest.mark.parametrize("account", ["cosmeticos", "account_2", "", "moveis2", 7, "\ud800"])
    def test_another_account_is_forbidden(self, call, cosmeticos, account):
        answer = call("post", "credentials/sync", message(account=account))

        assert answer.status_code == 403
        assert answer.json()["success"] is False
        assert "account_id" in answer.json()["error"]
        assert not Credential.objects.exists()

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ([], "body"),
            (None, "body"),
            ({}, "metadata"),
            (message(metadata=[]), "metadata"),
            (message(metadata={"account_id": "moveis", "action": "x"}), "metadata.action"),
            (message(metadata={"action": "sync_credentials"}), "metadata.account_id"),
            (message(params=5), "params"),
            (message(params={"credentials": {"a": "b"}, "x": 1}), "params"),
            (message(params={"credentials": {"a": "b"}, "config": {"a": 1}}), "params.config"),
            (message(params={}), "params.credentials"),
            (message({}), "params.credentials"),
            (message({str(n): "x" for n in range(501)}), "params.credentials"),
            (message({"a": 5}), "params.credentials.a"),
            (message({"a": {}}), "params.credentials.a.value"),
            (message({"a": {"value": ""}}), "params.credentials.a.value"),
            (message({"a": {"value": "x", "y": 1}}), "params.credentials.a"),
            (message({"a": {"value": "x", "kind": "y"}}), "params.credentials.a.kind"),
            (message({"a": {"value": "x", "label": {}}}), "params.credentials.a.label"),
            (message({"a b": "x"}), "params.credentials.a b"),
            (message({"a": "\ud800"}), "params.credentials.a.value"),
            (message({"\ud800": "x"}), "params.credentials.?"),
            (message({"a": {"value": "x", "\ud800": 1}}), "params.credentials.a"),
            (message({"a\0": "x"}), "params.credentials.a\0"),
        ],
    )
    def test_mistakes_name_the_field_and_store_nothing(self, call, body, field):
        answer = call("post", "credentials/sync", body)

        assert answer.status_code == 400
        assert list(answer.json()["fields"]) == [field]
        assert not Credential.objects.exists()

    def test_one_mistake_stores_nothing(self, call):
        answer = call("post", "credentials/sync", message({"good": TEXT, "bad one": TEXT}))

        assert answer.status_code == 400
        assert not Credential.objects.exists()

    def test_an_empty_configuration_is_no_mistake(self, call):
        body = message(params={"credentials": {"a": "b"}, "config": {}})

        assert call("post", "credentials/sync", body).status_code == 200


class TestSignature:
    KEY = "a-key-that-both-sides-know"

    @pytest.fixture(autouse=True)
    def _signed(self, moveis):
        store(moveis, "credential_sync_hmac", self.KEY, kind=Kind.GENERIC)

    def headers(self, raw, *, moment=None, key=KEY):
        moment = str(int(time.time())) if moment is None else moment
        digest = hmac.new(key.encode(), f"{moment}.{raw}".encode(), hashlib.sha256).hexdigest()
        return {"X_Timestamp": moment, "X_Signature": digest}

    def test_the_right_one_is_taken(self, call, moveis):
        raw = json.dumps(message(), indent=3)
        answer = call("post", "credentials/sync", raw=raw, **self.headers(raw))

        assert answer.status_code == 200
        assert reveal(moveis, "fb-token", purpose="x").text == TEXT

    @pytest.mark.parametrize(
        "change",
        [
            {"X_Signature": ""},
            {"X_Signature": "0" * 64},
            {"X_Signature": "é" * 64},
            {"X_Timestamp": ""},
            {"X_Timestamp": "soon"},
            {"X_Timestamp": "-5"},
            {"X_Timestamp": "1e9"},
            {"X_Timestamp": "٣" * 10},
            {"X_Timestamp": "9" * 5000},
        ],
        ids=str,
    )
    def test_others_are_refused(self, call, change):
        raw = json.dumps(message())
        answer = call("post", "credentials/sync", raw=raw, **{**self.headers(raw), **change})

        assert answer.status_code == 401
        assert answer.json()["success"] is False
        assert Credential.objects.count() == 1

    def test_none_at_all_is_refused(self, call):
        assert call("post", "credentials/sync", message()).status_code == 401

    @pytest.mark.parametrize("seconds", [-301, 302])
    def test_an_old_or_early_one_is_refused(self, call, seconds):
        raw = json.dumps(message())
        headers = self.headers(raw, moment=str(int(time.time()) + seconds))

        assert call("post", "credentials/sync", raw=raw, **headers).status_code == 401

    def test_one_made_with_another_key_or_for_another_body_is_refused(self, call):
        raw = json.dumps(message())
        other = self.headers(raw, key="another")
        moved = self.headers(raw + " ")

        assert call("post", "credentials/sync", raw=raw, **other).status_code == 401
        assert call("post", "credentials/sync", raw=raw, **moved).status_code == 401

    def test_an_unreadable_key_lets_nobody_in(self, call):
        Credential.objects.all().note(ciphertext=b"broken")
        raw = json.dumps(message())

        assert call("post", "credentials/sync", raw=raw, **self.headers(raw)).status_code == 409

    def test_the_operators_key_is_not_the_companys(self, call, cosmeticos):
        InstallationCredentialFactory(ref="credential_sync_hmac", offer=Offer.ALL)
        token = token_for(cosmeticos, "credentials:sync")[1]
        answer = call("post", "credentials/sync", message(account="cosmeticos"), token=token)

        assert answer.status_code == 200


# Halves of characters too.
NAME = st.text(st.characters(exclude_categories=()), max_size=8)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | NAME | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=3),
    max_leaves=6,
)
NEARLY = st.fixed_dictionaries(
    {
        "metadata": ANYTHING
        | st.fixed_dictionaries(
            {"account_id": ANYTHING | st.just("moveis"), "action": st.just("sync_credentials")}
        ),
        "params": ANYTHING
        | st.fixed_dictionaries({"credentials": ANYTHING}, optional={"config": ANYTHING}),
    }
)
SOME = hypothesis_settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@SOME
@given(body=ANYTHING | NEARLY)
def test_no_message_breaks_the_sync(call, body):
    with transaction.atomic():
        answer = call("post", "credentials/sync", body)
        transaction.set_rollback(True)

    assert answer.status_code < 500
    assert answer.headers["Content-Type"] == "application/json"


@SOME
@given(ref=st.text(min_size=1, max_size=8), body=ANYTHING)
def test_nothing_breaks_the_storing(call, ref, body):
    path = f"credentials/{quote(ref.encode('utf-8', 'replace'), safe='')}"
    with transaction.atomic():
        answers = [call("put", path, body), call("put", path, {"secret": body}), call("get", path)]
        transaction.set_rollback(True)

    assert all(answer.status_code < 500 for answer in answers)


@pytest.mark.parametrize(
    "raw", ["", "{", "nul", "[" * 100_000, '{"secret": ' + "1" * 5000 + "}", b"\xff\xfe", "NaN"]
)
def test_no_json_is_a_bad_request(call, raw):
    assert call("put", "credentials/a", raw=raw).status_code == 400
    assert call("post", "credentials/sync", raw=raw).status_code == 400


class TestSyncOfConfiguration:
    """An ERP may send sections of the configuration; what is there already stays."""

    @pytest.fixture
    def send(self, moveis, client):
        _token, secret = token_for(moveis, "credentials:sync")

        def send(config):
            body = {
                "metadata": {
                    "source": "odoo",
                    "account_id": "moveis",
                    "action": "sync_credentials",
                },
                "params": {"config": config},
            }
            return client.post(
                "/api/v1/credentials/sync",
                body,
                content_type="application/json",
                headers={"Authorization": f"Bearer {secret}"},
            )

        return send

    def test_it_is_merged_key_by_key(self, send, moveis):
        known = {"mcp": {"type": "odoo-mcp", "config": {"url": "http://old", "db": "kept"}}}
        configuration.write(moveis, {"integrations": known, "own": {"x": 1}})

        answer = send({"integrations": {"mcp": {"config": {"url": "http://new"}}}})

        document = layers.document_of_tenant(moveis)
        assert answer.status_code == 200
        assert document["integrations"]["mcp"] == {
            "type": "odoo-mcp",
            "config": {"url": "http://new", "db": "kept"},
        }
        assert document["own"] == {"x": 1}

    def test_secrets_become_references(self, send, moveis):
        answer = send({"integrations": {"odoo": {"config": {"password": "s3cret-of-odoo"}}}})

        config = layers.document_of_tenant(moveis)["integrations"]["odoo"]["config"]
        ref = config["password_ref"]
        assert answer.status_code == 200
        assert config == {"password_ref": ref}
        assert reveal(moveis, ref, purpose="test").text == "s3cret-of-odoo"

    def test_number_under_a_secrets_name_becomes_a_reference_too(self, send, moveis):
        answer = send({"integrations": {"odoo": {"config": {"password": 12345678}}}})

        ref = layers.document_of_tenant(moveis)["integrations"]["odoo"]["config"]["password_ref"]
        assert answer.status_code == 200
        assert reveal(moveis, ref, purpose="test").text == "12345678"

    def test_what_the_company_hides_stays_hidden(self, send, moveis):
        configuration.write(moveis, {"integrations": {"mcp": None, "odoo": {"enabled": True}}})

        answer = send({"integrations": {"odoo": {"enabled": False}}})

        known = {"mcp": None, "odoo": {"enabled": False}}
        assert answer.status_code == 200
        assert layers.document_of_tenant(moveis)["integrations"] == known

    def test_sending_it_twice_makes_no_second_version(self, send, moveis):
        config = {"integrations": {"odoo": {"config": {"token": "s3cret", "url": "http://x"}}}}
        send(config)
        count = moveis.configurationversion_set.count()

        assert send(config).status_code == 200
        assert moveis.configurationversion_set.count() == count

    @pytest.mark.parametrize(
        ("config", "field"),
        [
            ({"domain": "furniture"}, "params.config"),
            ({"settings": {"outside_hours": "x"}}, "params.config.settings.outside_hours"),
            ([], "params.credentials"),
            ("text", "params.config"),
            ({"crews": {"a": "\ud800"}}, "params.config.crews.a"),
        ],
    )
    def test_a_mistake_names_its_place_and_changes_nothing(self, send, moveis, config, field):
        before = layers.document_of_tenant(moveis)

        answer = send(config)

        assert answer.status_code == 400
        assert field in answer.json()["fields"]
        assert layers.document_of_tenant(moveis) == before
