"""The API does what its description says, whatever is sent, and to the token's company alone."""

import pytest
import schemathesis
from django.apps import apps
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chatwoot_ai.utf8 import make_application
from crews.models import Conversation
from tenants.models import AuditEntry, Credential, Domain, Membership, Tenant
from tenants.models.api_token import Scope
from tenants.scoping import TenantModel
from tests import factories
from tests.sample.models import Lamp, Room

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CONFIG = {
    "seed": 7,
    "suppress-health-check": ["all"],
    "generation": {"max-examples": 12, "deterministic": True, "database": "none"},
}
WITH_CHANNELS = {factories.ChannelMappingFactory, factories.ChatwootInstallationFactory}


def describe():
    """What /api/schema says, without a request: tests are collected before there is a database."""
    description = SchemaGenerator().get_schema(request=None, public=True)
    config = SchemathesisConfig.from_dict(CONFIG)
    found = schemathesis.openapi.from_dict(description, config=config)
    found.app = make_application()
    return found


schema = describe()
about_known_rows = schema.include(path_regex=r"\{|/sync$|/lamps$")
domains = schema.include(path_regex="/admin/domain$")


@pytest.fixture(autouse=True)
def _open_wide(settings, open_connection):
    """Nothing hides behind a limit or a switch of the operator."""
    settings.CREDENTIAL_API = True
    settings.API_REQUESTS_PER_MINUTE = 10_000_000


@pytest.fixture(autouse=True)
def _others_stay_as_they_are(moveis, cosmeticos):
    chatwoot = factories.ChatwootInstallationFactory()
    for account, tenant in enumerate((moveis, cosmeticos), start=1):
        factories.ChannelMappingFactory(
            tenant=tenant, installation=chatwoot, account_id=account, inbox_id=None
        )
        for model, factory in factories.FACTORIES.items():
            if issubclass(model, (TenantModel, AuditEntry)) and factory not in WITH_CHANNELS:
                factory(tenant=tenant)
    before = rows_of(cosmeticos)

    yield

    assert rows_of(cosmeticos) == before


def rows_of(tenant):
    rows = {Tenant: Tenant.objects.filter(pk=tenant.pk)}
    for model in apps.get_models():
        if issubclass(model, (TenantModel, AuditEntry)):
            rows[model] = model._base_manager.filter(tenant=tenant).order_by("pk")
    return {model._meta.label: list(found.values()) for model, found in rows.items()}


@pytest.fixture
def furniture(db):
    return Domain.objects.create(slug="furniture", name="Furniture")


@pytest.fixture
def talk(moveis):
    """A conversation whose number tests know."""
    return factories.ConversationFactory(tenant=moveis, number=205)


@pytest.fixture
def headers(moveis, furniture, talk):
    _token, secret = factories.token_for(moveis, *Scope.values)
    return {"Authorization": f"Bearer {secret}", "Accept-Language": "en"}


@pytest.fixture
def known(moveis):
    """What addresses and bodies are completed with so that they lead somewhere."""
    models = {
        "team": Membership,
        "audit": AuditEntry,
        "sample": Lamp,
        "room": Room,
        "conversations": Conversation,
    }
    return {
        "tenant": moveis.slug,
        "account_id": moveis.slug,
        "domain": "-",
        "ref": Credential.objects.for_tenant(moveis).order_by("ref").first().ref,
        **{name: model.objects.filter(tenant=moveis).first().pk for name, model in models.items()},
    }


@schema.parametrize()
def test_every_answer_is_as_described(case, headers):
    case.call_and_validate(headers=headers, checks=CHECKS)


@about_known_rows.parametrize()
def test_answers_to_those_who_know_names_are_as_described(case, headers, known):
    complete(case.path_parameters, {**known, "id": known.get(case.path.split("/")[3])})
    complete(case.body, known)

    case.call_and_validate(headers=headers, checks=CHECKS)


def complete(values, known):
    """Put what is known in the place of what was made up, as deep as names are met."""
    if not isinstance(values, dict):
        return
    for name, value in values.items():
        values[name] = known.get(name, value)
        complete(value, known)


@domains.parametrize()
def test_a_known_conversation_gets_its_domain_as_described(case, headers):
    complete(case.body, {"conversation_id": 205, "domain": "furniture"})

    case.call_and_validate(headers=headers, checks=CHECKS)


@domains.parametrize()
def test_outside_production_the_answers_are_as_described_too(case, headers, settings):
    settings.DEV_MODE = True

    case.call_and_validate(headers=headers, checks=CHECKS)


SECOND_ADDRESSES = {
    "/configs/moveis/-/config": "/api/v1/configs/moveis/-/config",
    "/configs/moveis/-/credentials": "/api/v1/configs/moveis/-/credentials",
    "/configs/nobody/-/config": "/api/v1/configs/nobody/-/config",
    "/mapping": "/api/v1/mapping",
    "/api/admin/domain": "/api/v1/admin/domain",
}
BODIES = [
    b"",
    b"{",
    b"[]",
    b"{}",
    b'{"config": {"tables": {"a": "b"}}}',
    b'{"channels": [{"account": 1, "inbox": 9}]}',
    b'{"channels": [{"account": 2, "inbox": 9}]}',
    b'{"domain": "furniture"}',
    b'{"conversation_id": 205, "domain": "furniture"}',
    b'{"conversation_id": 205, "domain": null}',
    b'{"conversation_id": 206, "domain": ""}',
]


@pytest.mark.parametrize(("second", "first"), SECOND_ADDRESSES.items())
@pytest.mark.parametrize("dev_mode", [True, False], ids=["development", "production"])
def test_second_addresses_answer_the_same(second, first, dev_mode, headers, settings):
    settings.DEV_MODE = dev_mode
    caller = Client(raise_request_exception=False, headers=headers)

    for method in ("GET", "PUT", "POST", "DELETE"):
        for body in BODIES if method != "GET" else [b""]:
            at_first, at_second = (
                caller.generic(method, address, body, content_type="application/json")
                for address in (first, second)
            )
            assert said(at_second) == said(at_first)
            assert at_first.status_code < 500


def said(answer):
    """Without what is never the same twice."""
    return answer.status_code, {**answer.json(), "request_id": "", "version": 0}
