"""Secrets are planted through every door, and then looked for in everything that leaves."""

import io
import json
import logging

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from tenants import credentials
from tenants.access import Role
from tenants.credentials import CredentialError, reveal
from tenants.models import (
    AuditEntry,
    Credential,
    CredentialAccess,
    DataKey,
    InstallationCredential,
    InstallationKey,
)
from tenants.models.api_token import Scope
from tests.architecture.walk import api_addresses, content_of, fill
from tests.factories import member, token_for

MARK = "zqxleak"
OPERATORS = "/admin/tenants/installationcredential/add/"
MOST_OPENED = 8
PAGES = ("credential", "installationcredential", "credentialaccess", "auditentry", "tenant")


def refuses(tenant, secret, credential):
    raise ValueError(f"The other system says: {secret.text} is wrong")


@pytest.fixture
def everywhere(moveis, platform_admin, helena, settings, tmp_path, caplog, capfd):
    """What was printed and answered while secrets went in through every door."""
    settings.CREDENTIAL_TESTS = {"odoo": "tests.walks.test_no_secret_leaves.refuses"}
    caplog.set_level(logging.DEBUG)
    said = []
    for door in (through_the_form, through_the_api, through_a_file, through_code):
        said += door(moveis, platform_admin, helena, tmp_path)
    said += used_and_broken(moveis, helena)
    with pytest.raises(CommandError) as left:
        call_command("rotate_keys", "--data-keys")
    printed = capfd.readouterr()
    return [*said, repr(left.value), caplog.text, printed.out, printed.err]


def through_the_form(moveis, platform_admin, helena, tmp_path):
    owner, operator = browser(helena), browser(platform_admin)
    address = "/admin/tenants/credential/add/"
    body = {"ref": "form", "kind": "odoo", "secret": f"{MARK}-form-secret"}
    operators = {"ref": "operator", "kind": "odoo", "offer": "all", "secret": f"{MARK}-operators"}
    return [
        text_of(owner.post(address, {**body, "ref": "a b"}, follow=True)),
        text_of(owner.post(address, {**body, "kind": "wrong"}, follow=True)),
        text_of(owner.post(address, body, follow=True)),
        text_of(owner.post(address, body, follow=True)),
        text_of(operator.post(OPERATORS, operators, follow=True)),
    ]


def through_the_api(moveis, platform_admin, helena, tmp_path):
    secret = f"{MARK}-api-secret"
    sync = {
        "metadata": {"account_id": "moveis", "action": "sync_credentials"},
        "params": {"credentials": {"sync": secret, "kind": {"value": secret, "kind": secret}}},
    }
    good = {**sync, "params": {"credentials": {"from-erp": secret}}}
    return [
        call(moveis, "put", "credentials/api", {"secret": secret}),
        call(moveis, "put", "credentials/a b", {"secret": secret}),
        call(moveis, "put", "credentials/api", {"secret": secret, "kind": "wrong"}),
        call(moveis, "put", "credentials/api", {"secret": [secret]}),
        call(moveis, "post", "credentials/sync", sync),
        call(moveis, "post", "credentials/sync", good),
    ]


def through_a_file(moveis, platform_admin, helena, tmp_path):
    path = tmp_path / "credentials.yaml"
    said = []
    for text in (
        f'moveis:\n  file: "{MARK}-file-secret"\n',
        f'moveis:\n  "a b": "{MARK}-file-secret"\n',
        f"moveis:\n  file: [{MARK}-file-secret]\n",
        f'moveis:\n  file: "{MARK}-file-secret\n',
        f"moveis: {MARK}-file-secret\n",
        f"moveis:\n  file: &{MARK} x\n",
    ):
        path.write_text(text)
        output = io.StringIO()
        try:
            call_command("import_credentials", path, stdout=output)
        except CommandError as error:
            said.append(f"{error!r} {error.__cause__!r}")
        said.append(output.getvalue())
    return said


def through_code(moveis, platform_admin, helena, tmp_path):
    said = []
    credentials.store(moveis, "code", f"{MARK}-code-secret", kind="odoo")
    for change in ({"ref": "a b"}, {"kind": "wrong"}, {"secret": f"{MARK}\0"}):
        values = {"ref": "code", "kind": "odoo", "secret": f"{MARK}-code-secret", **change}
        try:
            credentials.store(moveis, values["ref"], values["secret"], kind=values["kind"])
        except ValidationError as error:
            said.append(f"{error!r} {error}")
    return said


def used_and_broken(moveis, helena):
    """Read, tested, and found damaged."""
    said = []
    row = Credential.objects.get(ref="code")
    secret = reveal(moveis, "code", purpose="a test")
    reveal(moveis, "operator", purpose="a test")
    said += [f"{secret} {secret!r} {[secret]}", json.dumps(vars(row), default=str)]
    logging.getLogger("tenants").error("Used %s of %s", secret, row)
    owner = browser(helena)
    for ref in ("form", "code"):
        row = Credential.objects.get(ref=ref)
        said.append(text_of(owner.post(f"/admin/tenants/credential/{row.pk}/check/", follow=True)))
    Credential.objects.filter(ref="from-erp").note(ciphertext=b"broken")
    try:
        reveal(moveis, "from-erp", purpose="a test")
    except CredentialError as error:
        said.append(f"{error!r} {error.__cause__!r}")
    return said


def browser(user):
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def call(tenant, method, path, body):
    caller = Client(raise_request_exception=False)
    token = token_for(tenant, *Scope.values)[1]
    headers = {"Authorization": f"Bearer {token}"}
    options = {} if method == "get" else {"data": body, "content_type": "application/json"}
    return text_of(getattr(caller, method)(f"/api/v1/{path}", headers=headers, **options))


def text_of(answer):
    assert answer.status_code < 500
    return content_of(answer) + str(answer.headers) + str(answer.cookies)


def pages_of(user):
    client = browser(user)
    for name in PAGES:
        listed = reverse(f"admin:tenants_{name}_changelist")
        yield text_of(client.get(listed))
        model = apps.get_model("tenants", name)
        keys = list(model.objects.values_list("pk", flat=True))
        export = {"action": "export_as_csv", "_selected_action": keys, "index": 0}
        yield text_of(client.post(listed, export))
        for key in keys[-MOST_OPENED:]:
            for page in ("change", "history", "delete"):
                yield text_of(client.get(reverse(f"admin:tenants_{name}_{page}", args=[key])))
    for address in ("/admin/", "/admin/search/?s=code", "/admin/status/", "/metrics"):
        yield text_of(client.get(address))


def answers_of_the_api(tenant):
    row = Credential.objects.get(ref="code")
    for pattern in api_addresses():
        path = fill(pattern, row).removeprefix("/api/v1/")
        yield call(tenant, "get", path, {})
        yield call(tenant, "get", path.replace(str(row.pk), "code"), {})


def rows():
    """Every column of every table, as the database holds it."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            yield f"{table} {cursor.fetchall()}"


def test_no_secret_is_in_anything_that_was_said(everywhere):
    assert [text for text in everywhere if MARK in text] == []


def test_the_secrets_did_go_in(everywhere, moveis):
    refs = ("form", "api", "file", "code", "operator")

    assert all(MARK in reveal(moveis, ref, purpose="x").text for ref in refs)


def test_no_secret_is_in_the_database(everywhere):
    assert [text[:60] for text in rows() if MARK in text] == []


def test_no_secret_is_in_the_words_for_a_row(everywhere):
    for model in (
        Credential,
        InstallationCredential,
        CredentialAccess,
        AuditEntry,
        DataKey,
        InstallationKey,
    ):
        found = list(model.objects.all())
        assert found
        assert not any(MARK in f"{row} {row!r} {vars(row)}" for row in found)


def test_no_secret_is_on_a_page_or_in_an_export(everywhere, moveis, platform_admin):
    people = [platform_admin, *(member(moveis, role) for role in Role)]

    assert not any(MARK in text for person in people for text in pages_of(person))


def test_no_secret_is_in_an_answer_of_the_api(everywhere, moveis):
    assert not any(MARK in text for text in answers_of_the_api(moveis))


def test_no_secret_is_in_sessions_or_the_cache(everywhere):
    sessions = [str(session.get_decoded()) for session in Session.objects.all()]

    assert sessions
    assert not any(MARK in text for text in [*sessions, str(cache._cache)])
