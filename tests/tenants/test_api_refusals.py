"""Bodies that are no object, too large or of another kind are refused in words, everywhere."""

import pytest
from django.test import Client

from tenants.api.base import MOST_BYTES
from tenants.models.api_token import Scope
from tests.factories import token_for

WRITES = [
    ("put", "/api/v1/configs/moveis/-/config"),
    ("put", "/configs/moveis/-/config"),
    ("put", "/api/v1/mapping"),
    ("put", "/mapping"),
    ("post", "/api/v1/admin/domain"),
    ("post", "/api/admin/domain"),
    ("put", "/api/v1/credentials/odoo"),
    ("post", "/api/v1/credentials/sync"),
]
every_write = pytest.mark.parametrize(("method", "path"), WRITES)


@pytest.fixture
def send(moveis):
    _token, secret = token_for(moveis, *Scope.values)

    def send(method, path, body=b"", content_type="application/json", **headers):
        return Client(raise_request_exception=False).generic(
            method.upper(),
            path,
            body,
            content_type=content_type,
            headers={"Authorization": f"Bearer {secret}", "Accept-Language": "en", **headers},
        )

    return send


def assert_refusal(answer, status, *fields):
    body = answer.json()
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"
    assert body["success"] is False
    assert body["error"]
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert tuple(body.get("fields", ())) == fields


@every_write
@pytest.mark.parametrize("body", [b"[]", b"[{}]", b"5", b"1.5", b"null", b"true", b'"{}"'])
def test_body_that_is_no_object_is_refused(send, method, path, body):
    answer = send(method, path, body)

    assert_refusal(answer, 400, "body")
    assert answer.json()["fields"]["body"] == ["Send an object, written as {…}."]


@every_write
@pytest.mark.parametrize("body", [b"{", b"\xff\xfe{\x00}\x00", b'{"a": NaN}', b"[" * 100_000])
def test_body_that_is_no_json_is_refused(send, method, path, body):
    assert_refusal(send(method, path, body), 400)


@every_write
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "x"],
)
def test_body_of_another_kind_is_refused(send, method, path, content_type):
    assert_refusal(send(method, path, b"{}", content_type), 415)


@every_write
def test_body_beyond_a_megabyte_is_refused(send, method, path):
    assert_refusal(send(method, path, b" " * MOST_BYTES + b"x"), 413)


def test_body_of_a_megabyte_is_read(send):
    body = b'{"config": {}}'

    assert send("put", WRITES[0][1], body + b" " * (MOST_BYTES - len(body))).status_code == 200


def test_strangers_learn_nothing_about_sizes(db):
    answer = Client().put("/mapping", b" " * MOST_BYTES + b"x", content_type="application/json")

    assert_refusal(answer, 401)


@pytest.mark.parametrize("length", ["many", "-1", "9" * 5_000])
def test_length_without_sense_is_no_fault_of_ours(moveis, length):
    _token, secret = token_for(moveis, *Scope.values)

    answer = Client(raise_request_exception=False).put(
        "/mapping",
        b"{}",
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
        CONTENT_LENGTH=length,
    )

    assert answer.status_code == 400


@every_write
@pytest.mark.parametrize("charset", ["zlib", "rot13", "utf-16", "undefined", "idna", "nowhere"])
def test_json_is_utf_8_whatever_charset_is_named(send, method, path, charset):
    body = '{"channels": [], "config": {}, "note": "não"}'.encode()
    plainly = send(method, path, body)

    answer = send(method, path, body, f"application/json; charset={charset}")

    assert answer.status_code == plainly.status_code < 500


@pytest.mark.parametrize("method", ["options", "trace", "delete", "patch", "invented"])
@pytest.mark.parametrize("path", ["/mapping", "/api/v1/mapping"])
def test_unknown_method_is_refused_with_those_that_are_known(send, method, path):
    answer = send(method, path)

    assert_refusal(answer, 405)
    assert answer.headers["Allow"] == "GET, HEAD, PUT"


def test_other_kinds_of_answer_are_refused(send):
    assert_refusal(send("get", "/mapping", Accept="text/html"), 406)


@pytest.mark.parametrize("path", ["/configs/moveis/-/config?a=%00", "/mapping?%00", "/api/v1/x%00"])
def test_nul_in_an_address_is_refused(send, path):
    assert_refusal(send("get", path), 400)


@pytest.mark.parametrize("path", ["/configs/moveis", "/configs/a/b/c/d", "/mapping/", "/api/v1/x"])
def test_address_that_leads_nowhere_is_refused_in_the_same_shape(send, path):
    assert_refusal(send("get", path), 404)


@pytest.mark.parametrize("path", ["/mapping", "/api/v1/mapping", "/configs/x", "/api/v1/x"])
def test_refusals_are_in_the_language_that_is_asked_for(send, path):
    english, portuguese = (
        send("put", path, b"{}", **{"Accept-Language": language}).json()["error"]
        for language in ("en", "pt-BR")
    )

    assert english != portuguese
