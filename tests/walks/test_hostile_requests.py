"""What a hostile caller sends: each is refused at once, costs little and never ends in a 500."""

from wsgiref.util import setup_testing_defaults

import pytest
from django.contrib.auth.hashers import get_hasher
from django.core import mail
from django.test import Client

from chatwoot_ai.utf8 import make_application
from tenants.audit import Action
from tenants.models import AuditEntry, User
from tenants.people.hashers import FrugalArgon2Hasher
from tests.factories import PASSWORD, UserFactory, token_for


@pytest.fixture
def caller():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    "query",
    [
        {"time_zone__regex": "(?:.|.)*$"},
        {"name__iregex": "."},
        {"created_at__year": "-1"},
        {"slug__startswith": "m"},
        {"name": "\0"},
        {"q": "\0"},
    ],
    ids=str,
)
def test_filters_beyond_those_on_display_are_refused(signed_in, helena, query):
    page = signed_in(helena)
    page.raise_request_exception = False

    assert page.get("/admin/tenants/tenant/", query).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/admin/login/", "/api/v1/token", "/metrics"])
def test_a_cookie_with_a_nul_is_refused(caller, path):
    caller.cookies["sessionid"] = "\0abcdefghij"

    assert caller.get(path).status_code == 400


@pytest.mark.parametrize("path", ["/admin/login/", "/api/v1/token", "/health/ready"])
@pytest.mark.parametrize("charset", ["zlib", "rot13", "undefined", "idna", "punycode", "utf-16"])
def test_a_charset_that_makes_no_text_is_not_used(path, charset, open_connection):
    told = []
    environ = {
        "PATH_INFO": path,
        "QUERY_STRING": "next=a%C3%A3",
        "CONTENT_TYPE": f"text/plain; charset={charset}",
        "HTTP_HOST": "127.0.0.1",
    }
    setup_testing_defaults(environ)

    make_application()(environ, lambda status, headers: told.append(status))

    assert told == ["401 Unauthorized" if "token" in path else "200 OK"]


@pytest.mark.django_db
@pytest.mark.parametrize("target", ["abc", "admin:index", "//evil.example", "javascript:alert(1)"])
def test_language_switch_leads_to_own_pages_only(caller, target):
    answer = caller.post("/admin/language/", {"language": "en", "next": target})

    assert (answer.status_code, answer.url) == (302, "/admin/")


def test_a_selection_that_names_no_rows_is_refused(signed_in, helena):
    page = signed_in(helena)
    page.raise_request_exception = False
    body = {"action": "export_as_csv", "_selected_action": "x", "index": 0}

    assert page.post("/admin/tenants/membership/", body).status_code == 400


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_forged_cursor_is_not_found(caller, moveis, moment):
    from base64 import b64encode
    from urllib.parse import urlencode

    _token, secret = token_for(moveis, "team:read")
    cursor = b64encode(urlencode({"p": moment}).encode()).decode()
    answer = caller.get(
        "/api/v1/team", {"cursor": cursor}, headers={"Authorization": f"Bearer {secret}"}
    )

    assert answer.status_code in (200, 404)


def test_an_invented_method_is_no_label_of_its_own(caller, db):
    caller.generic("INVENTED", "/health/live")
    shown = caller.get("/metrics").content.decode()

    assert "INVENTED" not in shown
    assert 'method="OTHER"' in shown


def test_guessing_tokens_shuts_out_nobody_else(caller, moveis):
    _token, secret = token_for(moveis)
    for _ in range(40):
        wrong = caller.get("/api/v1/token", headers={"Authorization": "Bearer nope"})
    right = caller.get("/api/v1/token", headers={"Authorization": f"Bearer {secret}"})

    assert (wrong.status_code, right.status_code) == (429, 200)


def test_many_names_from_one_address_have_to_wait(caller, helena, settings):
    settings.LOGIN_FAILURES_PER_ADDRESS = 10
    for number in range(10):
        caller.post("/admin/login/", {"username": f"n{number}@x.example", "password": "wrong"})
    here = caller.post("/admin/login/", {"username": helena.email, "password": PASSWORD})
    elsewhere = Client(REMOTE_ADDR="198.51.100.1").post(
        "/admin/login/", {"username": helena.email, "password": PASSWORD}
    )

    assert (here.status_code, elsewhere.status_code) == (429, 302)
    assert AuditEntry.objects.filter(action=Action.SIGN_IN_FAILED).count() == 10


def test_links_in_mails_lead_to_the_public_address(caller, helena, settings):
    caller.post("/admin/forgotten/", {"email": helena.email}, HTTP_HOST="localhost:6666")

    assert f"{settings.PUBLIC_URL}/admin/password/" in mail.outbox[0].body
    assert "6666" not in mail.outbox[0].body


def test_making_a_password_link_is_written_down(signed_in, platform_admin, helena):
    answer = signed_in(platform_admin).post(
        f"/admin/tenants/user/{helena.pk}/password-link/", HTTP_HOST="localhost:4444"
    )

    entry = AuditEntry.objects.get(action=Action.PASSWORD_LINK_MADE)
    assert (entry.object_id, entry.actor_id) == (str(helena.pk), platform_admin.pk)
    assert "4444" not in answer.context_data["secret"]


def test_a_name_cannot_be_mistaken_for_another_person(signed_in, helena, moveis):
    rogue = UserFactory(name="Ada", email="rogue@moveis.example")
    signed_in(rogue).post("/admin/account/", {"name": "Helena", "language": "pt-br"})

    entry = AuditEntry.objects.about(rogue).filter(action=Action.CHANGED).get()
    assert entry.actor_label.endswith("<rogue@moveis.example>")


def test_a_password_hash_takes_little_memory(settings):
    from django.conf import settings as project

    from chatwoot_ai.settings import base

    assert base.PASSWORD_HASHERS[0] == "tenants.people.hashers.FrugalArgon2Hasher"
    assert project.PASSWORD_HASHERS[0] != base.PASSWORD_HASHERS[0]
    hasher = FrugalArgon2Hasher()
    user = User()
    user.password = hasher.encode(PASSWORD, hasher.salt())

    assert "m=19456,t=2,p=1" in user.password
    assert hasher.verify(PASSWORD, user.password)
    assert get_hasher("md5")


def test_viewers_do_not_read_who_did_what(moveis, signed_in):
    from tenants.access import Role
    from tests.factories import member

    page = signed_in(member(moveis, Role.VIEWER))

    assert page.get(f"/admin/tenants/tenant/{moveis.pk}/history/").status_code == 403
