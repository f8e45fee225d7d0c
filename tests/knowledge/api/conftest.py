"""A machine of the furniture shop, and one of the cosmetics shop."""

import json

import pytest
from django.test import Client

from tests.factories import token_for


def machine(tenant, *scopes):
    _token, secret = token_for(tenant, *scopes)

    def send(method, address, body=None):
        is_text = isinstance(body, str | bytes)
        answer = getattr(Client(raise_request_exception=False), method)(
            address if address.startswith("/") else f"/api/v1/knowledge/{address}",
            **({} if body is None else {"data": body if is_text else json.dumps(body)}),
            **({} if method == "get" else {"content_type": "application/json"}),
            headers={"Authorization": f"Bearer {secret}", "Accept-Language": "en"},
        )
        return answer.status_code, answer.json() if answer.content else None

    return send


@pytest.fixture
def call(moveis):
    return machine(moveis, "knowledge:read", "knowledge:write")


@pytest.fixture
def reader(moveis):
    return machine(moveis, "knowledge:read")


@pytest.fixture
def writer(moveis):
    return machine(moveis, "knowledge:write")


@pytest.fixture
def stranger(cosmeticos):
    return machine(cosmeticos, "knowledge:read", "knowledge:write")
