"""A machine comes in with a token, reaches its company's rows alone, and is refused in words."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.settings import api_settings

from chatwoot_ai.cache import _Steady
from tenants.access import Role
from tenants.api.throttling import WRONG_TOKENS_PER_MINUTE
from tenants.models import ApiToken, AuditEntry, Membership
from tests.factories import AuditEntryFactory, LampFactory, RoomFactory, member, token_for
from tests.sample.models import Lamp
from tests.servers import free_port

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
LISTS = {"team": "team:read", "audit": "audit:read"}
ALL_SCOPES = tuple(LISTS.values())


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def call(client):
    """Call the API: `call("team", secret)`."""

    def call(path, secret="", method="get", **options):
        headers = {**(bearer(secret) if secret else {}), **options.pop("headers", {})}
        return getattr(client, method)(
            f"/api/v1/{path}", headers=headers, content_type="application/json", **options
        )

    return call


@pytest.fixture
def token(moveis):
    return token_for(moveis, *ALL_SCOPES)[0]


@pytest.fixture
def secret(moveis):
    return token_for(moveis, *ALL_SCOPES)[1]


def assert_refusal(answer, status):
    body = answer.json()
    assert answer.status_code == status
    assert body["success"] is False
    assert body["error"]
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert set(body) <= {"success", "error", "request_id", "fields"}


class TestToken:
    @pytest.mark.parametrize("path", ["token", "team", "audit", "team/1", "audit/1"])
    @pytest.mark.django_db
    def test_without_a_token_nothing_is_answered(self, call, path):
        answer = call(path)

        assert_refusal(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_token_says_whose_it_is(self, call, secret):
        answer = call("token", secret)

        assert answer.status_code == 200
        assert answer.json()["tenant"] == {"slug": "moveis", "name": "Móveis Jacarandá"}
        assert answer.json()["scopes"] == list(ALL_SCOPES)

    def test_word_before_the_token_may_be_small(self, call, secret):
        assert call("token", headers={"Authorization": f"bearer {secret}"}).status_code == 200

    @pytest.mark.parametrize("given", ["cwai_unknown", "x", "cwai_" + "a" * 43, "a" * 5_000])
    def test_unknown_token_is_refused(self, call, secret, given):
        answer = call("token", given)

        assert_refusal(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_digest_is_no_token(self, call, token):
        assert call("token", token.digest).status_code == 401

    @pytest.mark.parametrize("change", ["upper", "swapcase", "spaced", "cut"])
    def test_altered_token_is_refused(self, call, secret, change):
        altered = {
            "upper": secret.upper(),
            "swapcase": secret.swapcase(),
            "spaced": f"{secret} {secret}",
            "cut": secret[:-1],
        }

        assert call("token", altered[change]).status_code == 401

    def test_expired_token_is_refused(self, call, moveis):
        token, secret = token_for(moveis)
        with time_machine.travel(NOON, tick=False) as clock:
            token.expires_at = NOON + timedelta(hours=1)
            token.save()
            before = call("token", secret)
            clock.shift(60 * 60)
            after = call("token", secret)

        assert before.status_code == 200
        assert_refusal(after, 401)

    def test_revoked_token_is_refused(self, call, moveis):
        token, secret = token_for(moveis)
        token.revoke(now=NOON)

        assert_refusal(call("token", secret), 401)

    def test_token_of_an_inactive_company_is_refused(self, call, moveis, secret):
        moveis.is_active = False
        moveis.save()

        assert_refusal(call("token", secret), 401)

    def test_rotated_token_ends_the_old_one(self, call, moveis):
        token, old = token_for(moveis)
        new = token.make_secret()
        token.save()

        assert (call("token", old).status_code, call("token", new).status_code) == (401, 200)

    def test_token_in_the_address_is_no_token(self, call, secret):
        assert call(f"token?token={secret}&access_token={secret}").status_code == 401

    def test_signed_in_person_needs_a_token_too(self, signed_in, helena):
        assert signed_in(helena).get("/api/v1/team").status_code == 401

    @pytest.mark.parametrize(
        "header",
        [
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Basic dXNlcjpwYXNz",
            "Bearer \xe9\xff\x80",
            "\xff\xfe",
            "Bearer \x00",
            "Bearer é",
            ", ,",
            "Bearer " + "\xe9" * 300,
        ],
    )
    @pytest.mark.django_db
    def test_malformed_header_is_refused_not_broken(self, client, header):
        answer = client.get("/api/v1/token", HTTP_AUTHORIZATION=header)

        assert_refusal(answer, 401)

    @pytest.mark.parametrize("header", ["HTTP_ACCEPT_LANGUAGE", "HTTP_ACCEPT", "HTTP_X_REQUEST_ID"])
    @pytest.mark.parametrize("value", ["\xff\xfe", "x" * 10_000, "\x00", ";q=,,", "text/html"])
    def test_other_malformed_headers_break_nothing(self, client, secret, header, value):
        answer = client.get("/api/v1/token", **{header: value}, headers=bearer(secret))

        assert answer.status_code in (200, 406)

    def test_only_the_digest_is_kept(self, token, secret):
        rows = str(list(ApiToken.objects.values()))

        assert secret not in rows
        assert hashlib.sha256(secret.encode()).hexdigest() in rows

    def test_secret_is_not_in_the_audit_log(self, secret):
        changes = str(list(AuditEntry.objects.values()))

        assert secret not in changes
        assert hashlib.sha256(secret.encode()).hexdigest() not in changes


class TestScope:
    @pytest.mark.parametrize("path", LISTS)
    def test_missing_scope_is_refused(self, call, moveis, path):
        _, secret = token_for(moveis, *(scope for name, scope in LISTS.items() if name != path))

        answer = call(path, secret)

        assert_refusal(answer, 403)

    @pytest.mark.parametrize(("path", "scope"), LISTS.items())
    def test_scope_opens_its_list_alone(self, call, moveis, path, scope):
        _, secret = token_for(moveis, scope)

        answers = {name: call(name, secret).status_code for name in LISTS}

        assert answers == {name: 200 if name == path else 403 for name in LISTS}

    @pytest.mark.parametrize("path", LISTS)
    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_lists_cannot_be_written(self, call, secret, path, method):
        before = Membership.objects.count(), AuditEntry.objects.count()

        answer = call(path, secret, method, data={})

        assert answer.status_code in (403, 405)
        assert (Membership.objects.count(), AuditEntry.objects.count()) == before

    @pytest.mark.parametrize("method", ["head", "options"])
    def test_asking_about_a_list_takes_its_scope(self, call, moveis, method):
        _, secret = token_for(moveis)

        assert call("team", secret, method).status_code == 403

    def test_token_without_scopes_may_ask_about_itself(self, call, moveis):
        _, secret = token_for(moveis)

        assert call("token", secret).status_code == 200


class TestRows:
    def test_team_is_the_companys_own(self, call, secret, helena, beatriz):
        [row] = call("team", secret).json()["results"]

        assert (row["name"], row["email"], row["role"]) == ("Helena", helena.email, "owner")

    def test_audit_log_is_the_companys_own(self, call, secret, moveis, cosmeticos):
        mine = AuditEntryFactory(tenant=moveis, object_label="Mine")
        AuditEntryFactory(tenant=cosmeticos, object_label="Theirs")
        AuditEntryFactory(tenant=None, object_label="Platform")

        rows = call("audit?page_size=200", secret).json()["results"]

        labels = {row["object_label"] for row in rows}
        assert mine.pk in {row["id"] for row in rows}
        assert "Mine" in labels
        assert not {"Theirs", "Platform"} & labels

    @pytest.mark.parametrize("path", LISTS)
    def test_row_of_another_company_does_not_exist(self, call, secret, beatriz, path):
        foreign = {
            "team": Membership.objects.get(user=beatriz).pk,
            "audit": AuditEntry.objects.filter(tenant__slug="cosmeticos").first().pk,
        }

        foreign_answer = call(f"{path}/{foreign[path]}", secret)
        missing_answer = call(f"{path}/999999", secret)

        assert_refusal(foreign_answer, 404)
        assert foreign_answer.json()["error"] == missing_answer.json()["error"]

    def test_own_row_is_shown(self, call, secret, helena):
        row = call(f"team/{Membership.objects.get(user=helena).pk}", secret).json()

        assert row["email"] == helena.email

    @pytest.mark.parametrize("number", ["0", "9" * 30, "-1", "x", "1.0"])
    def test_impossible_number_is_not_found(self, call, secret, number):
        assert_refusal(call(f"team/{number}", secret), 404)

    def test_body_cannot_name_another_company(self, call, moveis, cosmeticos):
        _, secret = token_for(moveis)
        room = RoomFactory(tenant=moveis)

        answer = call(
            "sample/lamps",
            secret,
            "post",
            data={
                "name": "new",
                "room": room.pk,
                "tenant": cosmeticos.pk,
                "tenant_id": cosmeticos.pk,
            },
        )

        assert answer.status_code == 201
        assert Lamp.objects.get().tenant == moveis

    def test_row_of_another_company_cannot_be_named_in_a_body(self, call, moveis, cosmeticos):
        _, secret = token_for(moveis)
        foreign = RoomFactory(tenant=cosmeticos)

        answer = call("sample/lamps", secret, "post", data={"name": "new", "room": foreign.pk})

        assert_refusal(answer, 400)
        assert "room" in answer.json()["fields"]
        assert not Lamp.objects.exists()

    @pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
    def test_row_of_another_company_cannot_be_touched(self, call, moveis, cosmeticos, method):
        _, secret = token_for(moveis)
        foreign = LampFactory(tenant=cosmeticos, name="Theirs")

        answer = call(f"sample/lamps/{foreign.pk}", secret, method, data={"name": "mine"})

        assert_refusal(answer, 404)
        assert Lamp.objects.get().name == "Theirs"

    def test_change_is_recorded_under_the_tokens_name(self, call, moveis):
        token, secret = token_for(moveis)
        lamp = LampFactory(tenant=moveis)

        call(f"sample/lamps/{lamp.pk}", secret, "patch", data={"name": "New"})

        entry = AuditEntry.objects.about(lamp).latest("pk")
        assert (entry.via, entry.actor_label, entry.tenant) == ("api", str(token), moveis)


class TestPages:
    @pytest.fixture
    def entries(self, moveis):
        return [AuditEntryFactory(tenant=moveis, object_label=f"Row {n}") for n in range(7)]

    def test_pages_show_each_row_once_newest_first(self, call, secret, entries):
        seen, path = [], "audit?page_size=3"
        while path:
            page = call(path, secret).json()
            seen += [row["id"] for row in page["results"]]
            path = (page["next"] or "").partition("/api/v1/")[2]

        assert seen == sorted(seen, reverse=True)
        assert {entry.pk for entry in entries} <= set(seen)

    def test_page_is_never_larger_than_two_hundred(self, call, secret, moveis):
        AuditEntry.objects.bulk_create(
            AuditEntryFactory.build_batch(210, tenant=moveis, actor=None)
        )

        assert len(call("audit?page_size=100000", secret).json()["results"]) == 200

    @pytest.mark.parametrize("size", ["0", "-1", "x", "", "9" * 30])
    def test_odd_page_size_is_the_usual_one(self, call, secret, entries, size):
        assert call(f"audit?page_size={size}", secret).status_code == 200

    @pytest.mark.parametrize("cursor", ["x", "AAAA", "cD0yMDI2", "bz05OTk5OTk5OTk5", "%ff"])
    def test_made_up_cursor_is_refused_not_broken(self, call, secret, cursor):
        assert call(f"audit?cursor={cursor}", secret).status_code in (200, 400, 404)

    @pytest.mark.parametrize("path", LISTS)
    def test_long_list_takes_as_many_queries_as_a_short_one(
        self, call, moveis, helena, path, django_assert_num_queries
    ):
        _, secret = token_for(moveis, *ALL_SCOPES)
        call(path, secret)
        with CaptureQueriesContext(connection) as short:
            call(path, secret)
        for _ in range(20):
            member(moveis, Role.AGENT)

        with django_assert_num_queries(len(short)):
            answer = call(path, secret)

        assert len(answer.json()["results"]) > 20


class TestLastUse:
    def test_use_is_noted(self, call, moveis):
        token, secret = token_for(moveis)
        with time_machine.travel(NOON, tick=False):
            call("token", secret)

        token.refresh_from_db()
        assert token.last_used_at == NOON

    def test_use_is_noted_at_most_once_a_minute(self, call, moveis):
        token, secret = token_for(moveis)
        noted = []
        with time_machine.travel(NOON, tick=False) as clock:
            for _ in range(5):
                call("token", secret)
                token.refresh_from_db()
                noted.append(token.last_used_at)
                clock.shift(25)

        assert noted == [
            NOON,
            NOON,
            NOON,
            NOON + timedelta(seconds=75),
            NOON + timedelta(seconds=75),
        ]

    def test_use_is_no_change_in_the_audit_log(self, call, moveis):
        token, secret = token_for(moveis)
        before = AuditEntry.objects.about(token).count()

        call("token", secret)

        assert AuditEntry.objects.about(token).count() == before

    def test_refused_call_is_no_use(self, call, moveis):
        token, secret = token_for(moveis)
        token.revoke(now=NOON)

        call("token", secret)

        token.refresh_from_db()
        assert token.last_used_at is None


class TestThrottle:
    @pytest.fixture(autouse=True)
    def _three_a_minute(self, settings):
        settings.API_REQUESTS_PER_MINUTE = 3
        with time_machine.travel(NOON + timedelta(seconds=20), tick=False) as clock:
            self.clock = clock
            yield

    def test_fourth_call_in_a_minute_waits(self, call, secret):
        answers = [call("token", secret) for _ in range(4)]

        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert_refusal(answers[-1], 429)
        assert answers[-1].headers["Retry-After"] == "40"

    def test_next_minute_is_open(self, call, secret):
        for _ in range(4):
            call("token", secret)
        self.clock.shift(40)

        assert call("token", secret).status_code == 200

    def test_one_token_does_not_hold_back_another(self, call, moveis, cosmeticos):
        _, mine = token_for(moveis)
        _, theirs = token_for(cosmeticos)
        for _ in range(4):
            call("token", mine)

        assert call("token", theirs).status_code == 200

    def test_who_guesses_tokens_is_stopped(self, call, db):
        guesses = [call("token", f"cwai_{number}") for number in range(WRONG_TOKENS_PER_MINUTE + 1)]

        assert {guess.status_code for guess in guesses[:-1]} == {401}
        assert_refusal(guesses[-1], 429)
        assert guesses[-1].headers["Retry-After"] == "40"

    def test_guesser_may_try_again_after_a_minute(self, call, db):
        for number in range(WRONG_TOKENS_PER_MINUTE + 1):
            call("token", f"cwai_{number}")
        self.clock.shift(40)

        assert call("token", "cwai_unknown").status_code == 401

    def test_guesses_from_one_address_do_not_hold_back_another(self, client, secret):
        for number in range(WRONG_TOKENS_PER_MINUTE + 1):
            client.get("/api/v1/token", headers=bearer(f"cwai_{number}"), REMOTE_ADDR="203.0.113.9")

        assert client.get("/api/v1/token", headers=bearer(secret)).status_code == 200

    def test_broken_cache_holds_nobody_back(self, call, secret, settings, monkeypatch):
        monkeypatch.setattr(_Steady, "paused_until", 0.0)
        settings.CACHES = {
            "default": {
                "BACKEND": "chatwoot_ai.cache.RedisCache",
                "LOCATION": f"redis://127.0.0.1:{free_port()}/0",
            }
        }

        assert [call("token", secret).status_code for _ in range(6)] == [200] * 6

    def test_cache_that_forgets_holds_nobody_back(self, call, secret, settings):
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

        assert [call("token", secret).status_code for _ in range(6)] == [200] * 6


class TestErrors:
    @pytest.mark.parametrize(
        ("languages", "sentence"),
        [
            ("pt-BR,pt;q=0.9", "O token é desconhecido, expirou ou foi revogado. Crie um novo."),
            ("en", "The token is unknown, expired or revoked. Make a new one."),
            ("en-US,en;q=0.5", "The token is unknown, expired or revoked. Make a new one."),
            ("fr", "O token é desconhecido, expirou ou foi revogado. Crie um novo."),
            ("", "O token é desconhecido, expirou ou foi revogado. Crie um novo."),
        ],
    )
    @pytest.mark.django_db
    def test_error_is_in_the_language_that_is_asked_for(self, call, languages, sentence):
        answer = call("token", "cwai_unknown", headers={"Accept-Language": languages})

        assert answer.json()["error"] == sentence

    @pytest.mark.parametrize(
        ("language", "status"), [("pt-br", 403), ("en", 403), ("pt-br", 404), ("en", 404)]
    )
    def test_other_refusals_are_translated_too(self, call, moveis, language, status):
        _, secret = token_for(moveis, "team:read")
        path = {403: "audit", 404: "team/999999"}[status]

        answer = call(path, secret, headers={"Accept-Language": language})

        words = answer.json()["error"].lower()
        assert ("não" in words) is (language == "pt-br")

    @pytest.mark.parametrize(
        "body", ["{", "[]", '"x"', "null", "\x00", "{" * 5_000, '{"name": NaN}']
    )
    def test_broken_body_is_refused_in_the_same_shape(self, client, moveis, body):
        _, secret = token_for(moveis)

        answer = client.post(
            "/api/v1/sample/lamps", body, content_type="application/json", headers=bearer(secret)
        )

        assert_refusal(answer, 400)

    def test_missing_fields_are_named(self, call, moveis):
        _, secret = token_for(moveis)

        answer = call("sample/lamps", secret, "post", data={})

        assert_refusal(answer, 400)
        assert set(answer.json()["fields"]) == {"name", "room"}

    def test_form_body_is_refused(self, client, moveis):
        _, secret = token_for(moveis)

        answer = client.post("/api/v1/sample/lamps", {"name": "x"}, headers=bearer(secret))

        assert_refusal(answer, 415)

    def test_unknown_address_is_refused_in_the_same_shape(self, client, db):
        assert_refusal(client.get("/api/v1/nowhere"), 404)

    def test_own_request_id_comes_back(self, call, db):
        answer = call("token", headers={"X-Request-ID": "order-12345678"})

        assert answer.json()["request_id"] == "order-12345678"

    @pytest.mark.parametrize(
        "given", ["short", "a b c d e f g h", "x" * 65, "abcdefgh\n", "<script>alert"]
    )
    @pytest.mark.django_db
    def test_odd_request_id_is_replaced(self, call, given):
        answer = call("token", headers={"X-Request-ID": given})

        assert len(answer.json()["request_id"]) == 32


def test_every_view_uses_the_shared_classes():
    assert [entry.__name__ for entry in api_settings.DEFAULT_AUTHENTICATION_CLASSES] == [
        "TokenAuthentication"
    ]
    assert [entry.__name__ for entry in api_settings.DEFAULT_PERMISSION_CLASSES] == ["HasScope"]
    assert [entry.__name__ for entry in api_settings.DEFAULT_THROTTLE_CLASSES] == ["TokenThrottle"]
    assert django_settings.REST_FRAMEWORK["EXCEPTION_HANDLER"] == "tenants.api.errors.answer_error"


def test_page_of_a_token_says_its_state_in_words(moveis, helena, signed_in):
    token, _secret = token_for(moveis, "team:read")

    page = signed_in(helena).get(f"/admin/tenants/apitoken/{token.pk}/change/").content.decode()

    assert "válido" in page
    assert "(&#x27;valid" not in page
