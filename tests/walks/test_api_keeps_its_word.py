"""The API does what its description says, whatever is sent, and to the token's company alone."""

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from drf_spectacular.generators import SchemaGenerator
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tenants.models import AuditEntry
from tenants.models.api_token import Scope
from tenants.scoping import TenantModel
from tests.factories import FACTORIES, token_for

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CONFIG = {
    "suppress-health-check": ["all"],
    "seed": 7,
    "generation": {"max-examples": 12, "deterministic": True, "database": "none"},
}
OF_A_COMPANY = [model for model in FACTORIES if issubclass(model, TenantModel)]


@pytest.fixture
def secret(moveis, cosmeticos, settings):
    settings.CREDENTIAL_API = True
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    for tenant in (moveis, cosmeticos):
        for model in OF_A_COMPANY:
            FACTORIES[model](tenant=tenant)
    return token_for(moveis, *Scope.values)[1]


def describe():
    """What /api/schema answers, without a request: tests are collected before there is a database."""
    config = SchemathesisConfig.from_dict(CONFIG)
    description = SchemaGenerator().get_schema(request=None, public=True)
    found = schemathesis.openapi.from_dict(description, config=config)
    found.app = WSGIHandler()
    return found


schema = describe()


@schema.parametrize()
def test_every_answer_is_as_described(case, secret):
    case.call_and_validate(headers={"Authorization": f"Bearer {secret}"}, checks=CHECKS)
