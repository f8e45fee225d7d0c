"""A secret comes out for its own company alone, and every time it does is written down."""

import copy
import json
import pickle

import pytest
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from tenants import context, credentials
from tenants.credentials import (
    Secret,
    UnknownCredentialError,
    UnreadableCredentialError,
    reveal,
    store,
)
from tenants.models import AuditEntry, Credential, CredentialAccess
from tenants.models.credential import Kind, Offer, Source
from tests.factories import CredentialFactory, InstallationCredentialFactory

TEXT = "canary-4c1d-secret"


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


class TestSecret:
    @pytest.mark.parametrize(
        "show", [str, repr, "{}".format, "{:>5}".format, lambda s: f"{s}", lambda s: f"{[s]}"]
    )
    def test_shows_dots(self, show):
        shown = show(Secret(TEXT))

        assert "•••" in shown
        assert TEXT not in shown

    @pytest.mark.parametrize(
        "write",
        [
            pickle.dumps,
            copy.copy,
            copy.deepcopy,
            json.dumps,
            lambda s: json.dumps(s, cls=DjangoJSONEncoder),
        ],
    )
    def test_cannot_be_written(self, write):
        with pytest.raises(TypeError) as refusal:
            write(Secret(TEXT))

        assert TEXT not in str(refusal.value)

    def test_has_no_hash_and_no_attributes(self):
        with pytest.raises(TypeError):
            hash(Secret(TEXT))

        assert not hasattr(Secret(TEXT), "__dict__")

    def test_equals_its_like_only(self):
        assert Secret(TEXT) == Secret(TEXT)
        assert Secret(TEXT) != Secret("other")
        assert Secret(TEXT) != TEXT


class TestReveal:
    def test_gives_what_was_stored(self, moveis):
        store(moveis, "odoo-main", TEXT, kind=Kind.ODOO)

        assert reveal(moveis, "odoo-main", purpose="look up").text == TEXT

    @pytest.mark.parametrize("text", ["é€😀\n", "x", "a" * 20_000], ids=["signs", "one", "long"])
    def test_every_text_survives(self, moveis, text):
        store(moveis, "odoo-main", text, kind=Kind.ODOO)

        assert reveal(moveis, "odoo-main", purpose="look up").text == text

    def test_another_company_has_none(self, moveis, cosmeticos):
        store(moveis, "odoo-main", TEXT, kind=Kind.ODOO)

        with pytest.raises(UnknownCredentialError, match="Flor do Campo has no secret “odoo-main”"):
            reveal(cosmeticos, "odoo-main", purpose="look up")

    def test_each_use_is_written_down(self, moveis):
        store(moveis, "odoo-main", TEXT, kind=Kind.ODOO)
        with context.bind(via="task crews.answer", actor="worker", request_id="request-1"):
            reveal(moveis, "odoo-main", purpose="look up a product")

        use = CredentialAccess.objects.get()
        assert (use.tenant, use.ref, use.kind) == (moveis, "odoo-main", Kind.ODOO)
        assert (use.source, use.purpose) == (Source.OWN, "look up a product")
        assert (use.actor, use.via, use.request_id) == ("worker", "task crews.answer", "request-1")

    def test_last_use_is_noted_once_a_minute_without_an_audit_entry(self, moveis):
        row = store(moveis, "odoo-main", TEXT, kind=Kind.ODOO)
        entries = AuditEntry.objects.count()
        reveal(moveis, "odoo-main", purpose="a")
        first = Credential.objects.get(pk=row.pk).last_used_at
        reveal(moveis, "odoo-main", purpose="b")

        assert first is not None
        assert Credential.objects.get(pk=row.pk).last_used_at == first
        assert AuditEntry.objects.count() == entries

    def test_costs_two_reads_and_a_record(self, moveis):
        row = store(moveis, "odoo-main", TEXT, kind=Kind.ODOO)
        Credential.objects.filter(pk=row.pk).note(last_used_at=timezone.now())
        with CaptureQueriesContext(
            connection,
        ) as queries:
            reveal(moveis, "odoo-main", purpose="look up")

        words = [query["sql"].split()[0] for query in queries]
        assert [word for word in words if word not in ("SAVEPOINT", "RELEASE")] == [
            "SELECT",
            "SELECT",
            "INSERT",
        ]


class TestFallback:
    def test_installation_helps_where_the_company_has_none(self, moveis):
        InstallationCredentialFactory(ref="openai", secret=TEXT, offer=Offer.ALL)

        assert reveal(moveis, "openai", purpose="answer").text == TEXT
        assert CredentialAccess.objects.get().source == Source.INSTALLATION

    def test_own_one_comes_first(self, moveis):
        InstallationCredentialFactory(ref="openai", secret="of-the-operator", offer=Offer.ALL)
        store(moveis, "openai", TEXT, kind=Kind.OPENAI)

        assert reveal(moveis, "openai", purpose="answer").text == TEXT

    def test_chosen_companies_only(self, moveis, cosmeticos):
        row = InstallationCredentialFactory(ref="openai", secret=TEXT, offer=Offer.CHOSEN)
        row.tenants.add(moveis)

        assert reveal(moveis, "openai", purpose="answer").text == TEXT
        with pytest.raises(UnknownCredentialError):
            reveal(cosmeticos, "openai", purpose="answer")

    def test_an_unreadable_own_one_is_not_replaced_silently(self, moveis):
        InstallationCredentialFactory(ref="openai", secret="of-the-operator", offer=Offer.ALL)
        row = store(moveis, "openai", TEXT, kind=Kind.OPENAI)
        Credential.objects.filter(pk=row.pk).note(ciphertext=b"broken")

        with pytest.raises(UnreadableCredentialError):
            reveal(moveis, "openai", purpose="answer")

    def test_the_operators_secret_is_not_the_companys_to_read(self, moveis):
        InstallationCredentialFactory(ref="openai", secret=TEXT, offer=Offer.ALL)

        with pytest.raises(UnknownCredentialError):
            credentials.reveal_own(moveis, "openai", purpose="API")


class TestStore:
    def test_replaces_the_secret_and_keeps_the_label(self, moveis):
        store(moveis, "odoo-main", "the-first-one-of-all", kind=Kind.ODOO, label="Main")
        row = store(moveis, "odoo-main", TEXT, kind=Kind.MCP)

        assert Credential.objects.get() == row
        assert (row.kind, row.label, row.ends_with) == (Kind.MCP, "Main", "cret")
        assert reveal(moveis, "odoo-main", purpose="look up").text == TEXT

    def test_same_values_change_nothing(self, moveis):
        row = store(moveis, "odoo-main", TEXT, kind=Kind.ODOO, label="Main")
        before = Credential.objects.values().get()
        entries = AuditEntry.objects.count()
        store(moveis, "odoo-main", TEXT, kind=Kind.ODOO, label="Main")

        assert Credential.objects.values().get(pk=row.pk) == before
        assert AuditEntry.objects.count() == entries

    def test_the_audit_log_says_that_it_changed_not_to_what(self, moveis):
        row = store(moveis, "odoo-main", "the-first-one-of-all", kind=Kind.ODOO)
        store(moveis, "odoo-main", TEXT, kind=Kind.ODOO)

        changes = AuditEntry.objects.about(row).order_by("-pk").first().changes
        assert changes == {"ciphertext": ["•••", "•••"]}

    def test_a_short_secret_gives_no_hint(self, moveis):
        assert store(moveis, "pin", "elevenchars", kind=Kind.GENERIC).ends_with == ""
        assert store(moveis, "pin", "twelve-chars", kind=Kind.GENERIC).ends_with == "hars"

    @pytest.mark.parametrize("ref", ["", "a b", "ação", "../x", "-x", "sync", "a" * 121, "a\n"])
    def test_other_references_are_refused(self, moveis, ref):
        with pytest.raises(ValidationError) as refusal:
            store(moveis, ref, TEXT, kind=Kind.ODOO)

        assert "ref" in refusal.value.message_dict

    @pytest.mark.parametrize("secret", ["", "  ", "a" * 20_001, "\ud800", "a\0b"], ids=repr)
    def test_other_secrets_are_refused(self, moveis, secret):
        with pytest.raises(ValidationError) as refusal:
            store(moveis, "odoo-main", secret, kind=Kind.ODOO)

        assert list(refusal.value.message_dict) == ["secret"]

    def test_an_unknown_kind_is_refused(self, moveis):
        with pytest.raises(ValidationError) as refusal:
            store(moveis, "odoo-main", TEXT, kind="palantir")

        assert list(refusal.value.message_dict) == ["kind"]

    def test_two_companies_use_the_same_reference(self, moveis, cosmeticos):
        CredentialFactory(tenant=moveis, ref="odoo-main", secret="of-moveis")
        CredentialFactory(tenant=cosmeticos, ref="odoo-main", secret="of-cosmeticos")

        assert reveal(moveis, "odoo-main", purpose="x").text == "of-moveis"
        assert reveal(cosmeticos, "odoo-main", purpose="x").text == "of-cosmeticos"
