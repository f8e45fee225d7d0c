"""Signing in: who guesses is stopped, who forgot is helped, and nothing is given away."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from tenants.models import AuditEntry, User
from tests.factories import PASSWORD, UserFactory

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
LANGUAGE_COOKIE = "django_language"


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def sign_in(client, user, password=PASSWORD, *, address="203.0.113.9", **form):
    email = user if isinstance(user, str) else user.email
    return client.post(
        "/admin/login/", {"username": email, "password": password, **form}, REMOTE_ADDR=address
    )


def fail(client, user, times, **options):
    return [sign_in(client, user, "wrong", **options).status_code for _ in range(times)]


def is_in(client):
    return client.get("/admin/").status_code == 200


def entries(action):
    return AuditEntry.objects.filter(action=action)


def test_right_password_lets_in(client, helena):
    answer = sign_in(client, helena)

    assert answer.url == "/admin/"
    assert is_in(client)


@pytest.mark.parametrize("spelling", ["HELENA@moveis.example", " helena@moveis.example "])
def test_spelling_of_the_email_does_not_matter(client, helena, spelling):
    sign_in(client, spelling)

    assert is_in(client)


def test_wrong_password_is_answered_in_portuguese(client, helena):
    answer = sign_in(client, helena, "wrong")

    assert answer.status_code == 200
    assert answer.headers["Content-Language"] == "pt-br"
    assert not is_in(client)


def test_unknown_and_known_email_are_answered_alike(client, helena):
    known = sign_in(client, helena, "wrong").context["form"].errors
    unknown = sign_in(client, "nobody@moveis.example", "wrong").context["form"].errors
    inactive_person = UserFactory(is_active=False)
    inactive = sign_in(client, inactive_person).context["form"].errors

    assert known == unknown == inactive


@pytest.mark.parametrize(
    "email", ["", "\x00", "x" * 5_000, "a@b\r\nc", "🦄@example.com", "' OR 1=1 --"]
)
@pytest.mark.django_db
def test_nonsense_is_refused_and_breaks_nothing(client, email):
    assert sign_in(client, email, "wrong").status_code in (200, 400)


class TestLockOut:
    def test_sixth_try_is_refused_even_with_the_right_password(self, client, helena):
        fail(client, helena, 5)

        answer = sign_in(client, helena)

        assert answer.status_code == 429
        assert not is_in(client)

    def test_fifth_try_may_still_be_right(self, client, helena):
        fail(client, helena, 4)

        sign_in(client, helena)

        assert is_in(client)

    def test_page_says_in_portuguese_what_to_do(self, client, helena):
        fail(client, helena, 5)

        page = sign_in(client, helena).content.decode()

        assert "Muitas senhas erradas" in page
        assert "15 minutos" in page
        assert "link de senha" in page

    def test_page_is_english_for_those_who_chose_it(self, client, helena):
        client.post("/admin/language/", {"language": "en"})
        fail(client, helena, 5)

        assert "Too many wrong passwords" in sign_in(client, helena).content.decode()

    def test_another_address_does_not_help(self, client, helena):
        fail(client, helena, 5, address="203.0.113.9")

        answer = sign_in(client, helena, address="198.51.100.7")

        assert answer.status_code == 429

    def test_tries_from_many_addresses_are_counted_together(self, client, helena):
        for number in range(5):
            sign_in(client, helena, "wrong", address=f"203.0.113.{number}")

        assert sign_in(client, helena, address="198.51.100.7").status_code == 429

    def test_spelling_of_the_email_does_not_help(self, client, helena):
        for email in (
            "helena@moveis.example",
            "HELENA@moveis.example",
            " helena@moveis.example",
            "Helena@Moveis.example",
            "helena@moveis.example ",
        ):
            sign_in(client, email, "wrong")

        assert sign_in(client, helena).status_code == 429

    def test_forged_forwarding_does_not_help(self, client, helena):
        for number in range(5):
            client.post(
                "/admin/login/",
                {"username": helena.email, "password": "wrong"},
                headers={"X-Forwarded-For": f"203.0.113.{number}"},
            )

        assert sign_in(client, helena).status_code == 429

    def test_other_people_at_the_same_address_come_in(self, client, helena, beatriz):
        fail(client, helena, 6)

        sign_in(client, beatriz)

        assert is_in(client)

    def test_wrong_tries_before_a_right_one_are_forgotten(self, client, helena):
        fail(client, helena, 4)
        sign_in(client, helena)
        client.post("/admin/logout/")
        fail(client, helena, 4)

        sign_in(client, helena)

        assert is_in(client)

    def test_waiting_helps(self, client, helena, clock):
        fail(client, helena, 5)
        clock.shift(14 * 60)
        early = sign_in(client, helena).status_code
        clock.shift(16 * 60)

        sign_in(client, helena)

        assert early == 429
        assert is_in(client)

    def test_tries_during_the_lock_out_do_not_prolong_it(self, client, helena, clock):
        fail(client, helena, 5)
        for _ in range(3):
            clock.shift(4 * 60)
            fail(client, helena, 1)
        clock.shift(4 * 60)

        sign_in(client, helena)

        assert is_in(client)

    def test_who_is_already_in_stays_in(self, client, helena):
        sign_in(client, helena)
        fail(Client(), helena, 6)

        assert is_in(client)

    def test_password_link_opens_again(self, client, helena):
        from tenants.people import team

        fail(client, helena, 5)
        page = client.get(team.password_path(helena), follow=True)
        given = {"new_password1": "um-cavalo-bem-certo", "new_password2": "um-cavalo-bem-certo"}
        client.post(page.redirect_chain[-1][0], given)

        sign_in(client, helena, "um-cavalo-bem-certo")

        assert is_in(client)

    def test_failures_are_recorded_with_address_and_without_password(self, client, helena):
        fail(client, helena, 2)

        recorded = entries("sign-in failed")
        assert recorded.count() == 2
        assert recorded[0].object_label == helena.email
        assert recorded[0].address == "203.0.113.9"
        assert "wrong" not in str(recorded.values())

    def test_lock_out_is_recorded_once(self, client, helena):
        fail(client, helena, 12)

        assert entries("locked out").count() == 1
        assert entries("sign-in failed").count() <= 5

    def test_unknown_people_are_locked_out_alike(self, client, db):
        codes = fail(client, "nobody@moveis.example", 6)

        assert codes == [200, 200, 200, 200, 429, 429]

    def test_known_people_are_told_at_the_same_try(self, client, helena):
        codes = fail(client, helena, 6)

        assert codes == [200, 200, 200, 200, 429, 429]


class TestForgottenPassword:
    def ask(self, client, email):
        return client.post("/admin/forgotten/", {"email": email}, follow=True)

    def test_known_person_gets_a_link_in_portuguese(self, client, helena):
        self.ask(client, helena.email)

        [message] = mail.outbox
        assert message.to == [helena.email]
        assert "/admin/password/" in message.body
        assert "nova senha" in message.subject

    def test_unknown_person_sees_the_same_page(self, client, helena):
        known = self.ask(client, helena.email)
        unknown = self.ask(client, "nobody@moveis.example")

        assert [step for step, _ in known.redirect_chain] == [
            step for step, _ in unknown.redirect_chain
        ]
        assert visible(known) == visible(unknown)
        assert len(mail.outbox) == 1

    def test_link_of_the_mail_works(self, client, helena):
        self.ask(client, helena.email)
        path = next(word for word in mail.outbox[0].body.split() if "/admin/password/" in word)
        page = client.get(path, follow=True)
        given = {"new_password1": "um-cavalo-bem-certo", "new_password2": "um-cavalo-bem-certo"}
        client.post(page.redirect_chain[-1][0], given)

        sign_in(client, helena, "um-cavalo-bem-certo")

        assert is_in(client)

    def test_forged_host_is_not_in_the_link(self, client, helena, settings):
        settings.ALLOWED_HOSTS = ["testserver", "127.0.0.1", "bot.example.com"]

        client.post("/admin/forgotten/", {"email": helena.email}, headers={"Host": "evil.example"})

        assert all("evil.example" not in message.body for message in mail.outbox)

    def test_asking_does_not_change_the_password(self, client, helena):
        self.ask(client, helena.email)

        sign_in(client, helena)

        assert is_in(client)

    def test_new_password_ends_other_sessions(self, client, helena):
        elsewhere = Client()
        sign_in(elsewhere, helena)

        self.test_link_of_the_mail_works(client, helena)

        assert not is_in(elsewhere)

    @pytest.mark.parametrize("person", [{"is_active": False}], ids=["inactive"])
    def test_person_who_may_not_sign_in_gets_no_link(self, client, db, person):
        self.ask(client, UserFactory(**person).email)

        assert mail.outbox == []

    def test_invited_person_without_a_password_gets_a_link(self, client, moveis):
        person = User.objects.create_user("rita@moveis.example")

        self.ask(client, person.email)

        assert [message.to for message in mail.outbox] == [[person.email]]

    def test_mail_is_in_the_language_of_the_page(self, client, helena):
        client.post("/admin/language/", {"language": "en"})

        self.ask(client, helena.email)

        assert mail.outbox[0].subject == "Choose a new password for ChatwootAI"

    def test_mailbox_cannot_be_flooded(self, client, helena):
        for _ in range(30):
            self.ask(client, helena.email)

        assert 0 < len(mail.outbox) < 10


def visible(page):
    """The page without what differs on each visit."""
    import re

    return re.sub(r'csrf\w*" value="\w+"', "", page.content.decode())


class TestLanguage:
    def switch(self, client, language, **form):
        return client.post("/admin/language/", {"language": language, **form})

    def test_choice_is_kept_on_the_browser(self, client, db):
        answer = self.switch(client, "en")

        cookie = answer.cookies[LANGUAGE_COOKIE]
        assert cookie.value == "en"
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert client.get("/admin/login/").headers["Content-Language"] == "en"

    def test_choice_is_kept_on_the_account(self, signed_in, helena):
        self.switch(signed_in(helena), "en")

        helena.refresh_from_db()
        elsewhere = signed_in(helena)
        assert helena.language == "en"
        assert elsewhere.get("/admin/").headers["Content-Language"] == "en"

    def test_account_counts_more_than_the_browser(self, client, helena):
        self.switch(client, "en")
        client.force_login(helena, backend="django.contrib.auth.backends.ModelBackend")

        assert client.get("/admin/").headers["Content-Language"] == "pt-br"

    def test_each_person_has_the_own_language(self, signed_in, helena, beatriz):
        self.switch(signed_in(helena), "en")

        beatriz.refresh_from_db()
        assert beatriz.language == "pt-br"

    def test_choice_is_recorded_under_the_persons_name(self, signed_in, helena):
        self.switch(signed_in(helena), "en")

        entry = AuditEntry.objects.filter(object_type="tenants.user").latest("pk")
        assert entry.actor_id == helena.pk
        assert entry.changes == {"language": ["pt-br", "en"]}

    def test_browser_that_asks_for_english_gets_portuguese(self, client, db):
        page = client.get("/admin/login/", headers={"Accept-Language": "en-US,en;q=0.9"})

        assert page.headers["Content-Language"] == "pt-br"

    @pytest.mark.parametrize("language", ["", "fr", "xx", "../../etc", "pt-br\x00", "en" * 500])
    @pytest.mark.django_db
    def test_unknown_language_is_refused(self, client, language):
        answer = self.switch(client, language)

        assert answer.status_code == 400
        assert LANGUAGE_COOKIE not in answer.cookies

    def test_refusal_is_a_page_with_a_next_step(self, client, db):
        answer = self.switch(client, "fr")

        assert "/admin/" in answer.content.decode()

    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example/",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "http:evil.example",
            "https:///evil.example",
            " https://evil.example",
            "/\t/evil.example",
            "",
        ],
    )
    @pytest.mark.django_db
    def test_switch_leads_to_no_other_site(self, client, target):
        assert self.switch(client, "en", next=target).url == "/admin/"

    def test_switch_comes_back_to_the_page(self, client, db):
        answer = self.switch(client, "en", next="/admin/tenants/tenant/?q=a")

        assert answer.url == "/admin/tenants/tenant/?q=a"

    def test_switch_needs_a_post(self, client, db):
        assert client.get("/admin/language/?language=en").status_code == 405

    def test_switch_needs_the_form_of_this_site(self, db):
        client = Client(enforce_csrf_checks=True)

        assert self.switch(client, "en").status_code == 403


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_sign_in_leads_to_no_other_site(client, helena, target):
    answer = client.post(
        f"/admin/login/?next={target}",
        {"username": helena.email, "password": PASSWORD, "next": target},
    )

    assert answer.status_code == 302
    assert "evil" not in answer.url


def test_sign_in_comes_back_to_the_page_that_was_asked(client, helena):
    asked = client.get("/admin/tenants/membership/")

    answer = sign_in(client, helena, next="/admin/tenants/membership/")

    assert asked.url == "/admin/login/?next=/admin/tenants/membership/"
    assert answer.url == "/admin/tenants/membership/"


def test_sign_in_needs_the_form_of_this_site(helena):
    client = Client(enforce_csrf_checks=True)

    assert sign_in(client, helena).status_code == 403


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/", "/admin/forgotten/", "/nowhere"])
def test_pages_carry_the_secure_headers(signed_in, helena, client, path):
    page = (client if "login" in path else signed_in(helena)).get(path)

    policy = dict(
        part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["object-src"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe-inline" not in policy["script-src"]
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/", "/admin/account/"])
def test_pages_hold_nothing_the_policy_forbids(signed_in, helena, client, path):
    import re

    page = (client if "login" in path else signed_in(helena)).get(path).content.decode()

    inline = [
        script
        for attributes, script in re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
        if script.strip() and "application/json" not in attributes
    ]
    assert inline == []
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//[^"']+""", page) == []


def test_admin_pages_are_not_kept_by_caches(signed_in, helena):
    assert "no-store" in signed_in(helena).get("/admin/").headers["Cache-Control"]


class TestSession:
    def test_session_ends_twelve_hours_after_the_sign_in(self, client, helena, clock):
        sign_in(client, helena)
        clock.shift(12 * 60 * 60 - 60)
        before = is_in(client)
        clock.shift(120)

        assert before
        assert not is_in(client)

    def test_use_does_not_prolong_it(self, client, helena, clock):
        sign_in(client, helena)
        for _ in range(11):
            clock.shift(60 * 60)
            client.get("/admin/account/")
        clock.shift(61 * 60)

        assert not is_in(client)

    def test_cookie_is_for_the_server_alone(self, client, helena):
        cookie = sign_in(client, helena).cookies["sessionid"]

        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"

    def test_sign_in_makes_a_new_session(self, client, helena):
        client.get("/admin/login/")
        session = client.session
        session["x"] = 1
        session.save()
        client.cookies["sessionid"] = session.session_key

        sign_in(client, helena)

        assert client.cookies["sessionid"].value != session.session_key

    def test_sign_out_ends_it_on_the_server(self, client, helena):
        sign_in(client, helena)
        key = client.cookies["sessionid"].value

        client.post("/admin/logout/")

        assert not Session.objects.filter(session_key=key).exists()

    def test_sign_out_needs_a_post(self, client, helena):
        sign_in(client, helena)

        assert client.get("/admin/logout/").status_code == 405
        assert is_in(client)

    def test_changed_password_ends_the_other_sessions(self, client, helena):
        elsewhere = Client()
        sign_in(elsewhere, helena)
        sign_in(client, helena)

        client.post(
            "/admin/password_change/",
            {
                "old_password": PASSWORD,
                "new_password1": "um-cavalo-bem-certo",
                "new_password2": "um-cavalo-bem-certo",
            },
        )

        assert is_in(client)
        assert not is_in(elsewhere)

    def test_sign_in_and_sign_out_are_recorded(self, client, helena):
        sign_in(client, helena)
        client.post("/admin/logout/")

        signed_in, signed_out = entries("signed in").get(), entries("signed out").get()
        assert signed_in.actor_id == signed_out.actor_id == helena.pk
        assert signed_in.address == "203.0.113.9"


def test_old_password_cannot_be_guessed_on_an_open_screen(helena, signed_in):
    page = signed_in(helena)
    body = {"old_password": "wrong", "new_password1": "x" * 20, "new_password2": "x" * 20}

    answers = [page.post("/admin/password_change/", body) for _ in range(10)]

    assert answers[0].status_code == 200
    assert answers[-1].url.startswith("/admin/login/")
