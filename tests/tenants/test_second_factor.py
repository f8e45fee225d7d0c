"""Nobody passes without the second factor, and nobody uses a code twice."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib import admin
from django.urls import get_resolver
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants.models import AuditEntry
from tenants.people import second_factor
from tests.factories import PASSWORD

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
CODE_SECONDS = 30


@pytest.fixture
def clock():
    """Time moves only when a test says so."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def device(helena, clock):
    """Helena's app, set up an hour ago."""
    return TOTPDevice.objects.create(user=helena, name="app", confirmed=True)


@pytest.fixture
def page(signed_in, helena, device):
    """Helena's browser, after the password and before the code."""
    return signed_in(helena)


def code_of(device, *, steps=0):
    generator = TOTP(device.bin_key)
    generator.time = datetime.now(UTC).timestamp() + steps * CODE_SECONDS
    return f"{generator.token():06d}"


def wrong_code(device):
    return f"{(int(code_of(device)) + 1) % 1_000_000:06d}"


def give(client, code):
    return client.post("/admin/second-factor/", {"code": code})


def is_in(client):
    return client.get("/admin/").status_code == 200


def pending(client):
    """The device that this browser is setting up."""
    client.get("/admin/second-factor/set-up/")
    return TOTPDevice(key=client.session[second_factor.PENDING_KEY])


def set_up(client, user, code=None):
    given = code or code_of(pending(client))
    return client.post("/admin/second-factor/set-up/", {"code": given})


def actions_of(user):
    return list(AuditEntry.objects.filter(actor_id=user.pk).values_list("action", flat=True))


@pytest.mark.usefixtures("clock")
class TestSettingUp:
    def test_page_shows_picture_and_key_and_is_not_kept(self, signed_in, helena):
        client = signed_in(helena)
        page = client.get("/admin/second-factor/set-up/")

        key = second_factor.key_as_text(pending(client))
        assert key in page.content.decode()
        assert "data:image/svg+xml" in page.content.decode()
        assert "no-store" in page.headers["Cache-Control"]

    def test_key_stays_the_same_until_it_is_confirmed(self, signed_in, helena):
        client = signed_in(helena)

        keys = {client.get("/admin/second-factor/set-up/").context["key"] for _ in range(2)}

        assert len(keys) == 1

    def test_right_code_switches_on_and_shows_ten_recovery_codes(self, signed_in, helena):
        client = signed_in(helena)

        page = set_up(client, helena)

        assert second_factor.is_on(helena)
        assert len(set(page.context["codes"])) == 10
        assert all(code in page.content.decode() for code in page.context["codes"])
        assert "no-store" in page.headers["Cache-Control"]
        assert is_in(client)
        assert "second factor on" in actions_of(helena)

    def test_wrong_code_switches_nothing_on(self, signed_in, helena):
        client = signed_in(helena)

        page = set_up(client, helena, wrong_code(pending(client)))

        assert page.status_code == 200
        assert "O código não confere" in page.content.decode()
        assert not second_factor.is_on(helena)
        assert not StaticDevice.objects.exists()

    def test_code_with_a_space_is_right_too(self, signed_in, helena):
        client = signed_in(helena)
        code = code_of(pending(client))

        set_up(client, helena, f"{code[:3]} {code[3:]}")

        assert second_factor.is_on(helena)

    def test_device_is_not_replaced_without_switching_off_first(self, signed_in, helena):
        client = signed_in(helena)
        set_up(client, helena)

        answer = client.get("/admin/second-factor/set-up/")

        assert answer.url == "/admin/account/"

    def test_key_is_another_one_in_another_browser(self, client_factory, helena):
        keys = {pending(client_factory(helena)).key for _ in range(2)}

        assert len(keys) == 2

    def test_other_sessions_of_the_person_must_pass_too(self, client, client_factory, helena):
        elsewhere = client_factory(helena)
        assert is_in(elsewhere)

        set_up(client_factory(helena), helena)

        assert elsewhere.get("/admin/").url == "/admin/second-factor/"

    def test_key_is_not_in_the_audit_log(self, signed_in, helena):
        client = signed_in(helena)
        set_up(client, helena)

        device = TOTPDevice.objects.get(user=helena)
        changes = str(list(AuditEntry.objects.values_list("changes", flat=True)))
        assert device.key not in changes
        assert device.bin_key.hex() not in changes


@pytest.fixture
def client_factory():
    from django.test import Client

    def make(user):
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


class TestPassing:
    def test_password_alone_leads_to_the_code(self, client, helena, device):
        client.post("/admin/login/", {"username": helena.email, "password": PASSWORD})

        assert client.get("/admin/").url == "/admin/second-factor/"

    def test_right_code_lets_in(self, page, device):
        answer = give(page, code_of(device))

        assert answer.url == "/admin/"
        assert is_in(page)

    @pytest.mark.parametrize("steps", [-1, 1])
    def test_clock_of_the_phone_may_be_half_a_minute_off(self, page, device, steps):
        give(page, code_of(device, steps=steps))

        assert is_in(page)

    @pytest.mark.parametrize("steps", [-20, 20])
    def test_code_of_another_time_is_wrong(self, page, device, steps):
        give(page, code_of(device, steps=steps))

        assert not is_in(page)

    def test_wrong_code_says_what_to_do_and_is_recorded(self, page, device, helena):
        answer = give(page, wrong_code(device))

        assert "Espere o próximo" in answer.content.decode()
        assert not is_in(page)
        assert "second factor failed" in actions_of(helena)

    @pytest.mark.parametrize("code", ["", " ", "abcdef", "１２３４５６", "9" * 5000, "-12345"])
    def test_nonsense_is_wrong_and_breaks_nothing(self, page, code):
        assert give(page, code).status_code == 200
        assert not is_in(page)

    def test_code_works_once(self, page, device, client_factory, helena):
        code = code_of(device)
        give(page, code)
        elsewhere = client_factory(helena)

        give(elsewhere, code)

        assert is_in(page)
        assert not is_in(elsewhere)

    def test_next_code_works_after_the_first(self, page, device, client_factory, helena, clock):
        give(page, code_of(device))
        elsewhere = client_factory(helena)
        clock.shift(CODE_SECONDS)

        give(elsewhere, code_of(device))

        assert is_in(elsewhere)

    def test_code_of_another_person_is_wrong(self, page, beatriz):
        foreign = TOTPDevice.objects.create(user=beatriz, name="app", confirmed=True)

        give(page, code_of(foreign))

        assert not is_in(page)

    def test_unconfirmed_device_lets_nobody_in(self, page, helena):
        pending = TOTPDevice.objects.create(user=helena, name="app", confirmed=False)

        give(page, code_of(pending))

        assert not is_in(page)

    def test_sign_out_asks_for_the_code_again(self, page, device, client_factory, helena):
        give(page, code_of(device))
        page.post("/admin/logout/")

        again = client_factory(helena)

        assert not is_in(again)


class TestThrottling:
    def test_right_code_right_after_a_wrong_one_must_wait(self, page, device):
        give(page, wrong_code(device))

        give(page, code_of(device))

        assert not is_in(page)

    def test_waiting_helps(self, page, device, clock):
        give(page, wrong_code(device))
        clock.shift(2)

        give(page, code_of(device))

        assert is_in(page)

    def test_each_failure_doubles_the_wait(self, page, device, clock):
        for wait in (1, 2, 4, 8):
            give(page, wrong_code(device))
            clock.shift(wait + 1)
        give(page, wrong_code(device))
        clock.shift(8)

        give(page, code_of(device))

        assert not is_in(page)

    def test_machine_that_tries_all_codes_gets_few_tries(self, page, device, clock):
        for _ in range(60):
            give(page, wrong_code(device))
            clock.shift(1)

        device.refresh_from_db()
        assert device.throttling_failure_count < 8

    def test_recovery_codes_cannot_be_guessed_faster(self, page, helena, device):
        second_factor.make_recovery_codes(helena)
        for _ in range(3):
            give(page, "0000000000")

        answer = give(page, StaticDevice.objects.get(user=helena).token_set.first().token)

        assert answer.status_code == 200
        assert not is_in(page)

    def test_failures_with_the_app_leave_the_recovery_codes_open(self, page, helena, device):
        codes = second_factor.make_recovery_codes(helena)
        for _ in range(5):
            give(page, wrong_code(device))

        give(page, codes[0])

        assert is_in(page)


class TestRecovery:
    @pytest.fixture
    def codes(self, helena, device):
        return second_factor.make_recovery_codes(helena)

    def test_recovery_code_lets_in_and_is_recorded(self, page, codes, helena):
        give(page, codes[3])

        assert is_in(page)
        assert "recovery code used" in actions_of(helena)

    def test_recovery_code_may_be_typed_in_capitals_with_spaces(self, page, codes):
        give(page, f" {codes[0][:5].upper()} {codes[0][5:]}")

        assert is_in(page)

    def test_recovery_code_works_once(self, page, codes, client_factory, helena, clock):
        give(page, codes[0])
        elsewhere = client_factory(helena)
        clock.shift(60)

        give(elsewhere, codes[0])
        refused = is_in(elsewhere)
        clock.shift(60)
        give(elsewhere, codes[1])

        assert not refused
        assert is_in(elsewhere)

    def test_fresh_codes_end_the_old_ones(self, page, codes, device, client_factory, helena, clock):
        give(page, code_of(device))

        fresh = page.post("/admin/second-factor/recovery-codes/", {"password": PASSWORD}).context[
            "codes"
        ]

        elsewhere = client_factory(helena)
        give(elsewhere, codes[0])
        refused = is_in(elsewhere)
        clock.shift(60)
        give(elsewhere, fresh[0])
        assert not refused
        assert is_in(elsewhere)

    def test_fresh_codes_are_not_for_a_session_that_did_not_pass(self, page, codes):
        answer = page.post("/admin/second-factor/recovery-codes/")

        assert answer.url == "/admin/second-factor/"
        assert StaticDevice.objects.get().token_set.filter(token=codes[0]).exists()

    def test_fresh_codes_need_a_post(self, page, codes, device):
        give(page, code_of(device))

        page.get("/admin/second-factor/recovery-codes/")

        assert StaticDevice.objects.get().token_set.filter(token=codes[0]).exists()


@pytest.mark.usefixtures("clock")
class TestRequired:
    @pytest.fixture(autouse=True)
    def _required(self, settings):
        settings.REQUIRE_2FA = True

    def test_person_without_it_is_led_to_the_set_up(self, signed_in, helena):
        assert signed_in(helena).get("/admin/").url == "/admin/second-factor/set-up/"

    def test_set_up_opens_the_admin(self, signed_in, helena):
        client = signed_in(helena)

        set_up(client, helena)

        assert is_in(client)

    def test_no_page_opens_before_the_set_up(self, signed_in, platform_admin):
        client = signed_in(platform_admin)

        opened = [path for path in admin_paths() if not leads_to(client, path, "set-up/")]

        assert opened == []

    def test_it_cannot_be_switched_off(self, signed_in, helena):
        client = signed_in(helena)
        set_up(client, helena)

        client.post("/admin/second-factor/off/", {"password": PASSWORD})

        assert second_factor.is_on(helena)

    def test_login_and_logout_stay_open(self, signed_in, helena, client):
        signed_in(helena)

        assert client.post("/admin/logout/").status_code in (200, 302)
        assert client.get("/admin/login/").status_code == 200


ALWAYS_OPEN = {"login", "logout", "second_factor", "second_factor_set_up", "language", "jsi18n"}
BY_LINK = {"password_set", "admin_password_reset", "forgotten_password_sent"}


def admin_paths():
    """Every address of the admin that takes no argument, or a row's number."""
    paths = set()
    for name, possibilities in get_resolver().namespace_dict["admin"][1].reverse_dict.lists():
        if not isinstance(name, str) or name in ALWAYS_OPEN | BY_LINK:
            continue
        for (path, arguments), *_ in (variant[0] for variant in possibilities):
            paths.add("/admin/" + path % dict.fromkeys(arguments, 1))
    return sorted(paths)


def leads_to(client, path, end):
    answer = client.get(path)
    return answer.status_code == 302 and answer.url == f"/admin/second-factor/{end}"


def test_walk_knows_the_pages():
    paths = admin_paths()

    assert len(paths) > 5 * len(admin.site._registry)
    assert {
        "/admin/",
        "/admin/account/",
        "/admin/status/",
        "/admin/tenants/tenant/1/change/",
    } <= set(paths)


def test_no_page_opens_before_the_code(page):
    opened = [path for path in admin_paths() if not leads_to(page, path, "")]

    assert opened == []


def test_no_post_acts_before_the_code(page, helena):
    page.post("/admin/account/", {"name": "Changed", "language": "en"})
    page.post("/admin/act-as/", {"tenant": "moveis", "role": "viewer"})
    page.post("/admin/second-factor/off/", {"password": PASSWORD})

    helena.refresh_from_db()
    assert helena.name == "Helena"
    assert second_factor.is_on(helena)
    assert "acting_role" not in page.session


def test_second_set_up_cannot_replace_the_code_that_is_asked(page, device, helena):
    answer = page.get("/admin/second-factor/set-up/")

    page.post("/admin/second-factor/set-up/", {"code": "000000"})

    assert answer.url == "/admin/second-factor/"
    assert list(TOTPDevice.objects.filter(user=helena)) == [device]


def test_switching_off_needs_the_password(page, device, helena):
    give(page, code_of(device))

    answer = page.post("/admin/second-factor/off/", {"password": "guessed"}, follow=True)

    assert second_factor.is_on(helena)
    assert "Esta não é a sua senha" in answer.content.decode()


def test_switching_off_with_the_password_ends_it_and_is_recorded(page, device, helena):
    second_factor.make_recovery_codes(helena)
    give(page, code_of(device))

    page.post("/admin/second-factor/off/", {"password": PASSWORD})

    assert not second_factor.is_on(helena)
    assert not StaticDevice.objects.filter(user=helena).exists()
    assert "second factor off" in actions_of(helena)
    assert is_in(page)


def test_passwords_cannot_be_guessed_by_switching_off(page, device, helena):
    give(page, code_of(device))
    for number in range(20):
        page.post("/admin/second-factor/off/", {"password": f"guess-{number}"})

    page.post("/admin/second-factor/off/", {"password": PASSWORD})

    assert second_factor.is_on(helena)


def test_platform_admin_can_remove_anothers_second_factor(
    signed_in, platform_admin, helena, device
):
    signed_in(platform_admin).post(f"/admin/tenants/user/{helena.pk}/second-factor/")

    assert not second_factor.is_on(helena)


def test_owner_of_a_company_cannot_remove_anothers_second_factor(signed_in, helena, beatriz, clock):
    TOTPDevice.objects.create(user=beatriz, name="app", confirmed=True)

    signed_in(helena).post(f"/admin/tenants/user/{beatriz.pk}/second-factor/")

    assert second_factor.is_on(beatriz)


def test_devices_have_no_admin_page(signed_in, platform_admin):
    client = signed_in(platform_admin)

    assert client.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert client.get("/admin/otp_static/staticdevice/").status_code == 404
