"""Portuguese pages are Portuguese: a complete catalogue, and nothing English on a page."""

import gettext
import re
from html.parser import HTMLParser

import pytest
from django.contrib import admin

from chatwoot_ai.management.commands.translations import find_problems
from knowledge.models import Website
from tests.factories import (
    FACTORIES,
    AlarmFactory,
    AuditEntryFactory,
    BudgetFactory,
    CredentialAccessFactory,
    CredentialFactory,
    InboundEventFactory,
    InstallationCredentialFactory,
    MembershipFactory,
    OutboundMessageFactory,
    PageReportFactory,
    SpendingFactory,
    WebPageFactory,
)
from tests.factories import ApiTokenFactory as TokenFactory

SPOKEN_ATTRIBUTES = {"title", "placeholder", "aria-label", "alt"}
SILENT_TAGS = {"script", "style", "code", "noscript"}
ENGLISH = re.compile(
    r"\b(the|and|of|for|with|your|you|not|this|that|select|add|search|change|delete|filter|"
    r"view|history|save|required|please|all|none|yes|no results|today|yesterday|any|by|show|hide|"
    r"log ?out|password|user|settings|loading|apply|reset|close|open|back|next|previous)\b",
    re.IGNORECASE,
)
# Words that are the same in both languages, or names.
OWN_NAMES = {"English"}  # a language calls itself by its own name
SAME_IN_BOTH = re.compile(r"\b(reset|online|no)\b", re.IGNORECASE)


def test_the_catalogue_is_complete():
    assert find_problems() == []


class Spoken(HTMLParser):
    """The texts of a page that a person reads or hears."""

    def __init__(self):
        super().__init__()
        self.texts = []
        self.silent = []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        is_icon = "material-symbols" in (attrs.get("class") or "")
        if tag not in {"input", "img", "meta", "link", "br", "hr"}:
            self.silent.append(tag in SILENT_TAGS or is_icon)
        self.texts += [attrs[name] for name in SPOKEN_ATTRIBUTES & attrs.keys() if attrs[name]]
        if tag == "input" and attrs.get("type") == "submit":
            self.texts.append(attrs.get("value") or "")

    def handle_endtag(self, tag):
        if self.silent and tag not in {"input", "img", "meta", "link", "br", "hr"}:
            self.silent.pop()

    def handle_data(self, data):
        if data.strip() and not any(self.silent):
            self.texts.append(" ".join(data.split()))


def english_in(html, catalogue):
    spoken = Spoken()
    spoken.feed(html)
    return sorted(
        {
            text
            for text in spoken.texts
            if text not in OWN_NAMES
            and (catalogue.get(text, text) != text or ENGLISH.search(SAME_IN_BOTH.sub("", text)))
        }
    )


@pytest.fixture(scope="module")
def catalogue():
    from pathlib import Path

    folder = Path(__file__).resolve().parents[2] / "chatwoot_ai" / "locale"
    entries = gettext.translation("django", folder, languages=["pt_BR"])._catalog
    return {key: text for key, text in entries.items() if isinstance(key, str) and key}


PAGES = [
    "/admin/",
    "/admin/account/",
    "/admin/status/",
    "/admin/password_change/",
    "/admin/second-factor/set-up/",
    "/admin/no-such-page/",
]


@pytest.fixture
def rows(moveis, platform_admin):
    """One row of each kind, named in no language."""
    MembershipFactory(tenant=moveis, user__name="Nn")
    BudgetFactory(tenant=moveis)
    SpendingFactory(tenant=moveis)
    TokenFactory(tenant=moveis, name="Tt")
    CredentialFactory(tenant=moveis, ref="Cc", label="Ll", kind="odoo")
    InstallationCredentialFactory(ref="Cc", label="Ll", kind="odoo")
    CredentialAccessFactory(tenant=moveis, ref="Cc", actor="Aa", purpose="Pp")
    AlarmFactory(tenant=moveis, text="Tt")
    message = OutboundMessageFactory(tenant=moveis, body="Tt", turn__handoff={"summary": "Ss"})
    InboundEventFactory(
        tenant=moveis, text="Tt", turn=message.turn, conversation=message.conversation
    )
    page = WebPageFactory(tenant=moveis, title="Tt", body="Bb", category="Cc")
    PageReportFactory(tenant=moveis, website=page.website, address=page.address)
    Website.objects.update(counts={"stored": 1}, state="failed", error="Ee")
    AuditEntryFactory(
        tenant=moveis, object_label="Rr", actor_label="Aa", changes={"name": ["x", "y"]}
    )


def pages_of_rows():
    for model in FACTORIES:
        meta = model._meta
        if meta.app_label == "sample" or model not in admin.site._registry:
            continue
        address = f"/admin/{meta.app_label}/{meta.model_name}/"
        yield address
        page = admin.site._registry[model]
        for row in model.objects.order_by("-pk")[:1]:
            yield f"{address}{row.pk}/change/"
            yield f"{address}{row.pk}/history/"
            yield f"{address}{row.pk}/delete/"
            for name in page.actions_detail:
                yield f"{address}{row.pk}/{getattr(page, name).url_path}/"
        yield f"{address}add/"


def test_pages_in_portuguese_show_no_english(rows, platform_admin, signed_in, catalogue):
    page = signed_in(platform_admin)
    found = {}
    for address in [*PAGES, *pages_of_rows()]:
        answer = page.get(address)
        if answer.status_code in (200, 404) and (
            english := english_in(answer.content.decode(), catalogue)
        ):
            found[address] = english

    assert found == {}


def test_pages_without_sign_in_show_no_english(client, db, catalogue):
    for address in ("/admin/login/", "/admin/forgotten/", "/admin/password/x/y/", "/nowhere"):
        answer = client.get(address)

        assert english_in(answer.content.decode(), catalogue) == [], address


def test_refused_forms_show_no_english(rows, platform_admin, signed_in, catalogue):
    page = signed_in(platform_admin)
    for model in (
        "tenant",
        "membership",
        "apitoken",
        "budget",
        "channelmapping",
        "domain",
        "chatwootinstallation",
        "user",
        "credential",
        "installationcredential",
    ):
        answer = page.post(f"/admin/tenants/{model}/add/", {})

        assert answer.status_code == 200
        assert english_in(answer.content.decode(), catalogue) == [], model


def test_the_detector_notices_english(catalogue):
    assert english_in("<p>Save the changes</p><p>Overview</p><p>Salvar</p>", catalogue) == [
        "Overview",
        "Save the changes",
    ]


def test_pages_are_english_for_those_who_chose_it(platform_admin, signed_in):
    platform_admin.language = "en"
    platform_admin.save()

    assert "Overview" in signed_in(platform_admin).get("/admin/").content.decode()
