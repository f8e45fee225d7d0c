"""Owners write secrets on a page, and the page never gives one back."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.access import Role
from tenants.credentials import reveal, store
from tenants.models import (
    AuditEntry,
    Credential,
    CredentialAccess,
    DataKey,
    InstallationCredential,
)
from tenants.models.credential import CheckResult, Kind, Offer
from tenants.tasks import drop_old_credential_accesses
from tests.factories import (
    CredentialAccessFactory,
    CredentialFactory,
    InstallationCredentialFactory,
    member,
)

TEXT = "canary-5d7f-secret"
LIST = "/admin/tenants/credential/"
ADD = f"{LIST}add/"
OPERATOR = "/admin/tenants/installationcredential/"
USES = "/admin/tenants/credentialaccess/"


def change(row):
    return f"/admin/tenants/{row._meta.model_name}/{row.pk}/change/"


def body(**values):
    return {"ref": "odoo-main", "kind": "odoo", "label": "Main", "secret": TEXT, **values}


@pytest.fixture
def page(signed_in, helena):
    """Helena's browser, in English."""
    page = signed_in(helena)
    page.cookies["django_language"] = "en"
    helena.language = "en"
    helena.save()
    return page


class TestForm:
    def test_a_secret_is_stored(self, page, moveis):
        answer = page.post(ADD, body())

        row = Credential.objects.get()
        assert answer.status_code == 302
        assert (row.tenant, row.ref, row.kind, row.label) == (moveis, "odoo-main", "odoo", "Main")
        assert reveal(moveis, "odoo-main", purpose="x").text == TEXT

    def test_says_how_it_ends_and_when_it_was_changed_and_used(self, page, moveis):
        row = store(moveis, "odoo-main", TEXT, kind=Kind.ODOO)
        before = page.get(change(row)).content.decode()
        reveal(moveis, "odoo-main", purpose="x")
        after = page.get(change(row)).content.decode()

        assert "Set, ends in …cret." in before
        assert "Leave the field empty to keep it." in before
        assert "Last used on" not in before
        assert "Last used on" in after
        assert TEXT not in before + after

    def test_an_empty_field_keeps_it(self, page, moveis):
        row = store(moveis, "odoo-main", TEXT, kind=Kind.ODOO)
        page.post(change(row), {"kind": "mcp", "label": "Renamed", "secret": ""})

        again = Credential.objects.get()
        assert (again.kind, again.label, again.updated_at) == ("mcp", "Renamed", row.updated_at)
        assert reveal(moveis, "odoo-main", purpose="x").text == TEXT

    def test_another_one_replaces_it(self, page, moveis):
        row = store(moveis, "odoo-main", "the-former-one", kind=Kind.ODOO)
        page.post(change(row), body())

        assert reveal(moveis, "odoo-main", purpose="x").text == TEXT
        assert Credential.objects.get().updated_at > row.updated_at

    def test_the_reference_stays_as_it_was_given(self, page, moveis):
        row = store(moveis, "odoo-main", TEXT, kind=Kind.ODOO)
        page.post(change(row), body(ref="other"))

        assert Credential.objects.get().ref == "odoo-main"

    def test_a_new_one_needs_a_secret(self, page):
        answer = page.post(ADD, body(secret=""))

        assert answer.context["adminform"].form.errors.keys() == {"secret"}
        assert not Credential.objects.exists()

    def test_a_mistake_elsewhere_does_not_give_it_back(self, page):
        answer = page.post(ADD, body(ref="a b"))

        assert answer.context["adminform"].form.errors.keys() == {"ref"}
        assert TEXT not in answer.content.decode()
        assert not Credential.objects.exists()

    def test_a_reference_that_is_taken_is_a_mistake(self, page, moveis):
        store(moveis, "odoo-main", "the-former-one", kind=Kind.ODOO)
        answer = page.post(ADD, body())

        assert "already has a secret of this reference" in answer.content.decode()
        assert reveal(moveis, "odoo-main", purpose="x").text == "the-former-one"

    def test_platform_admin_chooses_the_company(self, signed_in, platform_admin, moveis):
        answer = signed_in(platform_admin).post(ADD, body(tenant=moveis.pk))

        assert answer.status_code == 302
        assert reveal(moveis, "odoo-main", purpose="x").text == TEXT

    def test_without_a_company_the_platform_admin_is_asked(self, signed_in, platform_admin):
        answer = signed_in(platform_admin).post(ADD, body())

        assert answer.context["adminform"].form.errors.keys() == {"tenant"}

    def test_a_key_that_cannot_be_opened_is_told_on_the_form(self, page, moveis):
        CredentialFactory(tenant=moveis)
        DataKey.objects.update(wrapped=b"broken")
        answer = page.post(ADD, body())

        assert answer.status_code == 200
        assert answer.context["adminform"].form.errors.keys() == {"secret"}

    @pytest.mark.parametrize("role", [Role.EDITOR, Role.AGENT, Role.VIEWER])
    def test_only_owners_come_here(self, signed_in, moveis, role):
        row = store(moveis, "odoo-main", TEXT, kind=Kind.ODOO)
        page = signed_in(member(moveis, role))
        page.raise_request_exception = False

        for address in (LIST, ADD, change(row), USES, f"{LIST}{row.pk}/check/", OPERATOR):
            assert page.get(address, follow=True).status_code == 403, address

    def test_owners_do_not_see_the_operators(self, page):
        row = InstallationCredentialFactory(secret=TEXT)
        page.raise_request_exception = False

        assert page.get(OPERATOR).status_code == 403
        assert page.get(change(row)).status_code == 403


class TestOperator:
    def test_stores_one_for_chosen_companies(self, signed_in, platform_admin, moveis):
        values = {**body(ref="openai"), "offer": "chosen", "tenants": [moveis.pk]}
        signed_in(platform_admin).post(f"{OPERATOR}add/", values)

        assert InstallationCredential.objects.get().offer == Offer.CHOSEN
        assert reveal(moveis, "openai", purpose="x").text == TEXT

    def test_sees_how_far_the_change_of_keys_is(self, signed_in, platform_admin, moveis, settings):
        CredentialFactory(tenant=moveis)
        settings.MASTER_KEYS = (("new", b"k" * 32), *settings.MASTER_KEYS)
        platform_admin.language = "en"
        platform_admin.save()
        shown = signed_in(platform_admin).get("/admin/status/").content.decode()

        assert "1 key is still protected by an old master key" in shown


def says_yes(tenant, secret, credential):
    says_yes.seen = (tenant, secret.text, credential.ref)
    return f"Signed in with {secret.text}."


def says_no(tenant, secret, credential):
    raise RuntimeError(f"401: {secret.text} is wrong.")


class TestTest:
    @pytest.fixture(autouse=True)
    def _tests(self, settings):
        path = "tests.tenants.test_credentials_admin"
        settings.CREDENTIAL_TESTS = {"odoo": f"{path}.says_yes", "openai": f"{path}.says_no"}

    def test_is_offered_for_kinds_that_have_one(self, page, moveis):
        with_test = store(moveis, "a", TEXT, kind=Kind.ODOO)
        without = store(moveis, "b", TEXT, kind=Kind.MCP)

        assert f"{with_test.pk}/check/" in page.get(change(with_test)).content.decode()
        assert f"{without.pk}/check/" not in page.get(change(without)).content.decode()
        page.raise_request_exception = False
        assert page.post(f"{LIST}{without.pk}/check/").status_code == 403

    def test_a_success_is_kept_and_told(self, page, moveis):
        row = store(moveis, "a", TEXT, kind=Kind.ODOO)
        answer = page.post(f"{LIST}{row.pk}/check/", follow=True)

        row.refresh_from_db()
        assert says_yes.seen == (moveis, TEXT, "a")
        assert (row.last_check, row.last_check_message) == (CheckResult.OK, "Signed in with •••.")
        assert row.last_checked_at is not None
        assert "Signed in with •••." in answer.content.decode()
        assert CredentialAccess.objects.get().ref == "a"

    def test_a_failure_is_kept_and_told_without_the_secret(self, page, moveis, caplog):
        row = store(moveis, "a", TEXT, kind=Kind.OPENAI)
        with caplog.at_level("DEBUG"):
            answer = page.post(f"{LIST}{row.pk}/check/", follow=True)

        row.refresh_from_db()
        assert (row.last_check, row.last_check_message) == (
            CheckResult.FAILED,
            "401: ••• is wrong.",
        )
        assert TEXT not in answer.content.decode() + caplog.text

    def test_it_is_asked_first(self, page, moveis):
        row = store(moveis, "a", TEXT, kind=Kind.ODOO)
        says_yes.seen = None
        page.get(f"{LIST}{row.pk}/check/")

        assert says_yes.seen is None

    def test_another_secret_makes_the_old_result_void(self, page, moveis):
        row = store(moveis, "a", TEXT, kind=Kind.ODOO)
        page.post(f"{LIST}{row.pk}/check/")
        store(moveis, "a", "another-secret", kind=Kind.ODOO)

        row.refresh_from_db()
        assert (row.last_check, row.last_check_message, row.last_checked_at) == ("", "", None)

    def test_an_unreadable_one_fails(self, page, moveis):
        row = store(moveis, "a", TEXT, kind=Kind.ODOO)
        Credential.objects.filter(pk=row.pk).note(ciphertext=b"broken")
        page.post(f"{LIST}{row.pk}/check/")

        row.refresh_from_db()
        assert row.last_check == CheckResult.FAILED
        assert "cannot be read" in row.last_check_message

    def test_the_operators_are_tested_too(self, signed_in, platform_admin):
        row = InstallationCredentialFactory(secret=TEXT, kind=Kind.ODOO)
        signed_in(platform_admin).post(f"{OPERATOR}{row.pk}/check/")

        assert says_yes.seen == (None, TEXT, row.ref)
        assert InstallationCredential.objects.get().last_check == CheckResult.OK


class TestLists:
    @pytest.mark.parametrize(
        ("address", "factory"),
        [
            (LIST, CredentialFactory),
            (OPERATOR, InstallationCredentialFactory),
            (USES, CredentialAccessFactory),
        ],
    )
    def test_cost_the_same_for_few_and_many(self, signed_in, platform_admin, address, factory):
        page = signed_in(platform_admin)

        def queries():
            with CaptureQueriesContext(connection) as captured:
                assert page.get(address).status_code == 200
            return len(captured)

        factory()
        queries()
        few = queries()
        for _row in range(5):
            factory()

        assert queries() == few

    def test_uses_are_read_only(self, page, moveis):
        row = CredentialAccessFactory(tenant=moveis)
        page.raise_request_exception = False

        assert page.get(f"{USES}{row.pk}/change/").status_code == 200
        assert page.post(f"{USES}{row.pk}/change/", {"ref": "x"}).status_code == 403
        assert page.post(f"{USES}{row.pk}/delete/", {"post": "yes"}).status_code == 403

    def test_old_uses_are_dropped(self, moveis, settings):
        settings.CREDENTIAL_ACCESS_DAYS = 30
        now = timezone.now()
        for days in (0, 29, 31, 400):
            row = CredentialAccessFactory(tenant=moveis)
            moment = now - timezone.timedelta(days=days)
            CredentialAccess.objects.filter(pk=row.pk).update(created_at=moment)
        entries = AuditEntry.objects.count()
        drop_old_credential_accesses()

        assert CredentialAccess.objects.count() == 2
        assert AuditEntry.objects.count() == entries
