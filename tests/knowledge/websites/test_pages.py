"""Websites and their pages as staff see them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from knowledge.models import PageReport, WebPage, Website
from tenants.access import Role
from tests.factories import PageReportFactory, WebPageFactory, WebsiteFactory, member
from tests.fakes.website import page as web_page
from tests.knowledge.websites.conftest import page_at

WEBSITES = "/admin/knowledge/website/"
PAGES = "/admin/knowledge/webpage/"
PUBLIC = "93.184.216.34"
HOSTILE = "<script>alert(1)</script>"
FORM = {
    "address": "https://loja.example/",
    "depth": 2,
    "include": "",
    "exclude": "",
    "most_pages": 100,
    "language": "pt",
    "category": "",
    "is_enabled": "on",
    "every_hours": 24,
}


def of(row, part="change"):
    return f"/admin/knowledge/{row._meta.model_name}/{row.pk}/{part}/"


def text_of(page, address):
    answer = page.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def queries_of(page, address):
    with CaptureQueriesContext(connection) as queries:
        assert page.get(address).status_code == 200
    return len(queries)


@pytest.fixture
def page(helena, signed_in):
    helena.language = "en"
    helena.save()
    return signed_in(helena)


@pytest.fixture(autouse=True)
def _names(monkeypatch):
    """Every name leads to a public address, without asking anybody."""
    monkeypatch.setattr(
        "integrations.addresses._look_up", lambda host, _s: [host if host[0] in "1" else PUBLIC]
    )


class TestWebsite:
    def test_a_new_one_is_visited_soon(self, page, moveis):
        page.post(f"{WEBSITES}add/", {**FORM, "address": "www.loja.example"})

        row = Website.objects.get()
        assert (row.tenant, row.address) == (moveis, "https://www.loja.example/")
        assert row.next_at <= timezone.now()

    @pytest.mark.parametrize(
        ("address", "reason"),
        [
            ("https://10.0.0.1/", "This address cannot be called"),
            ("https://user:secret@loja.example/", "Leave name and password out"),
            ("ftp://loja.example/", "begins with https://"),
            ("https://", "This address cannot be called"),
        ],
    )
    def test_what_may_not_be_visited_is_refused_with_a_reason(
        self, page, address, reason, monkeypatch
    ):
        monkeypatch.setattr("integrations.addresses._look_up", lambda host, _s: [host])
        answer = page.post(f"{WEBSITES}add/", {**FORM, "address": address})

        assert reason in str(answer.context["adminform"].form.errors["address"])
        assert not Website.objects.exists()

    def test_a_new_one_has_no_visits_to_show(self, page):
        shown = page.get("/admin/knowledge/website/add/").context["adminform"]

        assert all(section.fields for section in shown)

    def test_the_same_address_twice_is_refused(self, page, moveis):
        WebsiteFactory(tenant=moveis, address=FORM["address"])
        answer = page.post(f"{WEBSITES}add/", FORM)

        assert "already" in str(answer.context["adminform"].form.errors)

    def test_a_form_leaves_alone_what_a_visit_wrote_meanwhile(self, page, moveis, monkeypatch):
        row = WebsiteFactory(tenant=moveis, address=FORM["address"], progress={"a": 1})
        clean = Website.clean

        def meanwhile(self):
            Website.objects.filter(pk=row.pk).note(state="running", counts={"stored": 3})
            clean(self)

        monkeypatch.setattr(Website, "clean", meanwhile)
        page.post(of(row), {**FORM, "depth": 5})

        row.refresh_from_db()
        assert (row.depth, row.state, row.counts, row.progress) == (
            5,
            "running",
            {"stored": 3},
            {"a": 1},
        )

    def test_the_buttons_begin_a_visit_and_stop_it(self, page, moveis, alarm_clocks):
        row = WebsiteFactory(tenant=moveis)
        assert page.get(of(row, "visit")).status_code == 200
        page.post(of(row, "visit"))
        row.refresh_from_db()
        assert row.state == "waiting"
        assert alarm_clocks == [("visit", {"website_id": row.pk})]

        page.post(of(row, "stop"))
        row.refresh_from_db()
        assert row.state == "stopped"

    def test_who_asks_for_a_visit_that_cannot_be_is_told(self, page, moveis, alarm_clocks):
        row = WebsiteFactory(tenant=moveis, is_enabled=False)
        answer = page.post(of(row, "visit"), follow=True)

        assert "not in use" in str(next(iter(answer.context["messages"])))
        assert alarm_clocks == []

    @pytest.mark.parametrize("part", ["visit", "stop"])
    def test_who_only_looks_has_no_such_buttons(self, part, moveis, signed_in):
        row = WebsiteFactory(tenant=moveis)
        page = signed_in(member(moveis, Role.VIEWER))

        assert page.post(of(row, part)).status_code == 403

    def test_others_cannot_reach_it(self, beatriz, moveis, signed_in):
        row = WebsiteFactory(tenant=moveis)
        page = signed_in(beatriz)

        for part in ("change", "reports"):
            assert page.get(of(row, part)).status_code in (302, 403)
        assert page.post(of(row, "visit")).status_code in (403, 404)
        assert row.address not in text_of(page, WEBSITES)
        row.refresh_from_db()
        assert row.state == "new"

    def test_the_last_error_is_told(self, page, moveis):
        row = WebsiteFactory(tenant=moveis, state="failed", error=f"No answer. {HOSTILE}")

        for address in (WEBSITES, of(row), of(row, "reports")):
            shown = text_of(page, address)
            assert "No answer." in shown
            assert HOSTILE not in shown


class TestReports:
    def test_pages_are_shown_with_their_reasons_and_by_status(self, page, moveis):
        row = WebsiteFactory(tenant=moveis, counts={"stored": 1, "gone": 1})
        PageReportFactory(tenant=moveis, website=row, address="https://a.example/there")
        PageReportFactory(
            tenant=moveis,
            website=row,
            address="https://a.example/lost",
            status="gone",
            detail="404",
        )
        everything = text_of(page, of(row, "reports"))
        lost = text_of(page, of(row, "reports") + "?status=gone")

        assert "It is not there (status 404)." in everything
        assert "https://a.example/there" in everything
        assert "https://a.example/there" not in lost
        assert f"{of(row, 'reports')}?status=gone" in text_of(page, of(row))

    def test_many_are_shown_in_as_many_queries(self, page, moveis):
        row = WebsiteFactory(tenant=moveis)
        PageReportFactory(tenant=moveis, website=row)
        page.get(of(row, "reports"))
        few = queries_of(page, of(row, "reports"))
        PageReportFactory.create_batch(120, tenant=moveis, website=row)

        assert queries_of(page, of(row, "reports")) == few
        assert "Further pages" in text_of(page, of(row, "reports"))

    def test_a_page_of_the_list_that_is_none_shows_the_last(self, page, moveis):
        row = WebsiteFactory(tenant=moveis)

        assert page.get(of(row, "reports") + "?p=x&status=nonsense").status_code == 200


class TestLists:
    @pytest.mark.parametrize(
        ("address", "factory"), [(WEBSITES, WebsiteFactory), (PAGES, WebPageFactory)]
    )
    def test_a_long_list_takes_as_many_queries_as_a_short_one(self, address, factory, page, moveis):
        factory.create_batch(2, tenant=moveis)
        page.get(address)
        few = queries_of(page, address)
        factory.create_batch(8, tenant=moveis)

        assert queries_of(page, address) == few

    def test_only_own_pages_and_websites_are_shown_and_offered(self, page, moveis, cosmeticos):
        WebPageFactory(tenant=moveis, title="Sofás")
        theirs = WebPageFactory(tenant=cosmeticos, title="Perfumes")
        shown = text_of(page, PAGES)

        assert "Sofás" in shown
        assert "Perfumes" not in shown
        assert theirs.website.address not in shown


class TestWebPage:
    def form_of(self, row, **changed):
        values = {
            "title": row.title,
            "category": row.category,
            "body": row.body,
            "state": row.state,
            "language": row.language,
            "external_id": "",
        }
        return values | changed

    def test_nobody_adds_one_by_hand(self, page):
        assert page.get(f"{PAGES}add/").status_code == 403

    def test_it_says_where_it_is_from_and_what_the_last_visit_told(self, page, moveis):
        row = WebPageFactory(tenant=moveis)
        PageReportFactory(tenant=moveis, website=row.website, address=row.address, status="noindex")
        shown = text_of(page, of(row))

        assert row.website.address in shown
        assert "The page itself asks not to be indexed." in shown
        assert "visits leave both alone from then on" in shown

    @pytest.mark.parametrize("changed", [{"title": "Nosso"}, {"body": "Nosso texto."}])
    def test_changing_title_or_text_makes_it_written_by_hand(self, changed, page, moveis):
        row = WebPageFactory(tenant=moveis)
        page.post(of(row), self.form_of(row, **changed))

        row.refresh_from_db()
        assert row.is_by_hand

    def test_changing_anything_else_does_not(self, page, moveis):
        row = WebPageFactory(tenant=moveis)
        page.post(of(row), self.form_of(row, category="Loja"))

        row.refresh_from_db()
        assert (row.category, row.is_by_hand) == ("Loja", False)

    def test_taking_the_mark_away_brings_the_text_of_the_website_back(
        self, page, site, website, visited
    ):
        site.pages["/"] = web_page("Oi.", title="Início")
        visited()
        row = page_at(site, "/")
        page.post(of(row), self.form_of(row, body="Nosso texto."))
        visited()
        assert page_at(site, "/").body == "Nosso texto."

        row.refresh_from_db()
        page.post(of(row), self.form_of(row))
        assert not page_at(site, "/").is_by_hand
        visited()
        assert page_at(site, "/").body == "# Início\n\nOi."

    def test_a_page_of_another_company_cannot_be_changed(self, beatriz, moveis, signed_in):
        row = WebPageFactory(tenant=moveis)
        signed_in(beatriz).post(of(row), self.form_of(row, title="Deles"))

        assert WebPage.objects.get().title == row.title
        assert not PageReport.objects.exists()
