"""What visits make of a website: pages, reports, and what happens when either side changes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from knowledge import indexing, search, tasks
from knowledge.crawling.site import Site
from knowledge.crawling.visiting import Visit
from knowledge.models import PageReport, Passage, PieceState, WebPage, Website
from knowledge.websites import control, keeping, running
from tenants.models import AuditEntry
from tests.factories import WebPageFactory, WebsiteFactory
from tests.fakes.website import failing, page, plain, sitemap
from tests.fakes.website.shop import furnish
from tests.knowledge.websites.conftest import page_at, pages_of, reports_of


class TestFirstVisit:
    def test_pages_with_a_text_are_kept_and_all_others_reported(self, site, website, visited):
        furnish(site)
        row = visited()

        assert row.state == "done"
        assert set(pages_of(site)) == {
            "/",
            "/trocas",
            "/frete",
            "/fundo",
            "/nova",
            "/garantia",
            "/montagem",
        }
        reports = reports_of(site)
        assert (reports["/carrinho"], reports["/sumiu"], reports["/trocas"]) == (
            "robots",
            "gone",
            "stored",
        )
        assert row.counts["stored"] == 7
        assert sum(row.counts.values()) == PageReport.objects.count()

    def test_a_page_has_the_words_of_the_site_and_the_choices_of_the_website(
        self, site, website, visited
    ):
        site.pages["/"] = page("Sete dias.", title="Trocas")
        Website.objects.filter(pk=website.pk).update(category="Loja", language="es")
        visited()

        kept = page_at(site, "/")
        assert (kept.title, kept.body) == ("Trocas", "# Trocas\n\nSete dias.")
        assert (kept.category, kept.language, kept.origin) == ("Loja", "es", "website")
        assert kept.source == kept.address

    def test_what_was_read_is_found_by_its_own_company_alone(
        self, site, website, visited, engine, moveis, cosmeticos
    ):
        site.pages["/"] = page("Montamos armários em cinco dias.", title="Montagem")
        visited()
        for tenant in (moveis, cosmeticos):
            indexing.sync(tenant)

        wanted = search.Wanted(text="montagem de armários")
        assert [each.passage.kind for each in search.search(moveis, wanted).found] == ["page"]
        assert not search.search(cosmeticos, wanted).found

    def test_two_companies_may_keep_the_same_page(self, site, website, visited, cosmeticos):
        site.pages["/"] = page("Oi.")
        visited()
        visited(WebsiteFactory(tenant=cosmeticos, address=website.address))

        assert WebPage.objects.filter(address=website.address).count() == 2

    def test_a_page_belongs_to_the_website_that_read_it_first(self, site, website, visited, moveis):
        site.pages |= {"/": page("Oi.", links=["/a"]), "/a": page("A.")}
        visited()
        other = WebsiteFactory(tenant=moveis, address=f"{site.url}/a")
        visited(other)

        report = PageReport.objects.get(website=other, address=f"{site.url}/a")
        assert report.reason == f"It is read already, for {website.address}."
        assert page_at(site, "/a").website == website

    def test_an_address_of_our_own_network_is_refused_in_words(
        self, site, website, visited, settings
    ):
        settings.OUTBOUND_ALLOW_CIDRS = []
        row = visited()

        assert row.state == "failed"
        assert "This address may not be called." in row.error
        assert site.heard == []


class TestAgain:
    def test_nothing_new_costs_no_passage_and_no_word_in_the_audit_log(
        self, site, website, visited
    ):
        furnish(site)
        visited()
        before = AuditEntry.objects.count()
        passages = list(Passage.objects.order_by("pk").values())
        pages = list(WebPage.objects.order_by("pk").values())
        row = visited()

        assert row.counts["unchanged"] == 7
        assert list(Passage.objects.order_by("pk").values()) == passages
        assert list(WebPage.objects.order_by("pk").values()) == pages
        assert AuditEntry.objects.count() == before

    def test_a_changed_page_changes_its_passages(self, site, website, visited):
        furnish(site)
        visited()
        site.pages["/trocas"] = page("Agora são 30 dias.", title="Trocas", links=["/frete"])
        row = visited()

        assert row.counts["stored"] == 2  # and its copy, which is none any more
        kept = page_at(site, "/trocas")
        passage = Passage.objects.get(kind="page", piece_id=kept.pk)
        assert "30 dias" in kept.body
        assert "30 dias" in passage.text

    def test_what_staff_wrote_is_left_alone(self, site, website, visited):
        site.pages["/"] = page("Oi.")
        visited()
        WebPage.objects.update(body="Nosso texto.", is_by_hand=True)
        site.pages["/"] = page("Outro.")
        visited()

        assert page_at(site, "/").body == "Nosso texto."

    def test_reports_of_what_is_no_longer_heard_of_go(self, site, website, visited):
        site.pages["/"] = page("Oi.", links=["/a.pdf"])
        visited()
        site.pages["/"] = page("Oi!")
        visited()

        assert set(reports_of(site)) == {"/"}


class TestGone:
    def test_a_page_that_is_missing_twice_is_archived_and_comes_back(self, site, website, visited):
        site.pages |= {"/": page("Oi.", links=["/a"]), "/a": page("A.")}
        visited()
        lost = site.pages.pop("/a")
        visited()
        assert pages_of(site)["/a"] == PieceState.PUBLISHED

        visited()
        assert pages_of(site)["/a"] == PieceState.ARCHIVED
        assert not Passage.objects.there().filter(piece_id=page_at(site, "/a").pk).exists()

        site.pages["/a"] = lost
        visited()
        assert pages_of(site)["/a"] == PieceState.PUBLISHED
        assert Passage.objects.there().filter(piece_id=page_at(site, "/a").pk).exists()

    def test_missing_once_in_a_while_is_forgiven(self, site, website, visited):
        site.pages |= {"/": page("Oi.", links=["/a"]), "/a": page("A.")}
        visited()
        for _time in range(3):
            lost = site.pages.pop("/a")
            visited()
            site.pages["/a"] = lost
            visited()

        assert pages_of(site)["/a"] == PieceState.PUBLISHED

    def test_a_page_that_nothing_leads_to_is_archived(self, site, website, visited):
        site.pages |= {
            "/": page("Oi.", links=["/a"]),
            "/a": page("A.", links=["/a", "/b"]),
            "/b": page("B.", links=["/a"]),
        }
        visited()
        site.pages["/"] = page("Oi!")
        row = visited()

        assert pages_of(site) == {"/": "published", "/a": "archived", "/b": "archived"}
        assert row.counts == {"stored": 1, "unlinked": 2}

    def test_links_of_pages_that_did_not_change_still_count(self, site, website, visited):
        furnish(site)
        visited()
        visited()

        assert set(pages_of(site).values()) == {"published"}

    @pytest.mark.parametrize(
        "trouble",
        [{"/c": failing(500)}, {"/sitemap.xml": failing(500)}, {"/": failing(404)}],
        ids=["page", "sitemap", "start"],
    )
    def test_what_could_not_be_read_might_have_led_to_it(
        self, site, website, visited, trouble, monkeypatch
    ):
        monkeypatch.setattr("time.sleep", lambda _seconds: None)
        site.pages |= {
            "/": page("Oi.", links=["/c"]),
            "/c": page("C.", links=["/a"]),
            "/a": page("A."),
            "/sitemap.xml": sitemap(f"{site.url}/b"),
            "/b": page("B."),
        }
        visited()
        site.pages |= trouble
        visited()

        assert set(pages_of(site).values()) == {"published"}

    def test_pages_deeper_than_wanted_are_archived(self, site, website, visited):
        site.pages |= {
            "/": page("Oi.", links=["/a"]),
            "/a": page("A.", links=["/b"]),
            "/b": page("B."),
        }
        visited()
        Website.objects.update(depth=1)
        visited()

        assert pages_of(site) == {"/": "published", "/a": "published", "/b": "archived"}

    def test_a_visit_that_reached_its_limit_archives_nothing(self, site, website, visited):
        site.pages |= {"/": page("Oi.", links=["/a", "/b"]), "/a": page("A."), "/b": page("B.")}
        visited()
        site.pages["/"] = page("Oi!", links=["/b"])
        Website.objects.update(most_pages=2)
        visited()

        assert set(pages_of(site).values()) == {"published"}

    @pytest.mark.parametrize(
        "asked",
        [
            {"/robots.txt": plain("User-agent: *\nDisallow: /a\n")},
            {"/a": page("A.", head='<meta name="robots" content="noindex">')},
        ],
        ids=["robots", "noindex"],
    )
    def test_a_page_that_asks_not_to_be_read_is_archived(self, site, website, visited, asked):
        site.pages |= {"/": page("Oi.", links=["/a"]), "/a": page("A.")}
        visited()
        site.pages |= asked
        visited()

        assert pages_of(site)["/a"] == PieceState.ARCHIVED

    def test_what_staff_archived_stays_archived(self, site, website, visited):
        site.pages["/"] = page("Oi.")
        visited()
        WebPage.objects.update(state=PieceState.ARCHIVED)
        site.pages["/"] = page("Outro.")
        visited()

        assert pages_of(site)["/"] == PieceState.ARCHIVED

    def test_pages_go_with_their_website(self, website):
        kept = WebPageFactory(tenant=website.tenant, website=website)
        website.delete()

        assert not WebPage.objects.exists()
        assert not Passage.objects.there().filter(piece_id=kept.pk).exists()


class TestStretches:
    @pytest.fixture
    def short(self, monkeypatch):
        monkeypatch.setattr(running, "MOST_STEPS", 2)

    def test_a_visit_in_stretches_tells_the_same_and_asks_nothing_twice(
        self, site, website, visited, short
    ):
        furnish(site)
        row = visited()

        assert row.counts["stored"] == 7
        assert len(site.heard) == len({each.path for each in site.heard})
        assert row.progress == {}

    def test_what_is_kept_survives_a_killed_worker(
        self, site, website, visited, short, monkeypatch
    ):
        furnish(site)

        class Killed(BaseException):
            pass

        def keep(*args, **options):
            if len(pages_of(site)) == 3:
                raise Killed
            kept(*args, **options)

        kept = keeping.keep
        monkeypatch.setattr(keeping, "keep", keep)
        with pytest.raises(Killed):
            visited()
        monkeypatch.setattr(keeping, "keep", kept)
        assert len(pages_of(site)) == 3

        row = visited()
        assert (row.state, row.counts["stored"] + row.counts["unchanged"]) == ("done", 7)
        assert Passage.objects.there().filter(kind="page").count() == 7

    def test_a_website_that_asks_for_long_pauses_holds_nobody(self, site, website):
        site.pages |= {
            "/robots.txt": plain("User-agent: *\nCrawl-delay: 30\n"),
            "/": page("Oi.", links=["/a"]),
        }
        Website.objects.update(depth=0)
        control.start(website)
        first = running.run(website.pk)

        assert first.wait_seconds == 30
        assert running.left_behind(limit=9) == []
        assert len(site.heard) == 1

    def test_two_workers_never_visit_at_once(self, site, website, monkeypatch):
        site.pages["/"] = page("Oi.")
        seen = []
        step = Visit.step

        def watched(self):
            seen.append(running.run(website.pk))
            yield from step(self)

        monkeypatch.setattr(Visit, "step", watched)
        control.start(website)
        running.run(website.pk)

        assert set(seen) == {running.Stretch()}

    def test_a_visit_that_is_stopped_keeps_no_further_page(self, site, website, monkeypatch):
        furnish(site)
        step = Visit.step

        def watched(self):
            if len(pages_of(site)) == 2:
                control.stop(website)
            yield from step(self)

        monkeypatch.setattr(Visit, "step", watched)
        control.start(website)
        running.run(website.pk)

        website.refresh_from_db()
        assert (website.state, website.progress, len(pages_of(site))) == ("stopped", {}, 2)
        assert website.next_at > timezone.now()

    def test_what_always_breaks_is_given_up_with_a_reason(
        self, site, website, visited, monkeypatch
    ):
        monkeypatch.setattr(keeping, "keep", lambda *_args, **_options: 1 / 0)
        control.start(website)
        for _attempt in range(running.MOST_ATTEMPTS):
            with pytest.raises(ZeroDivisionError):
                running.run(website.pk)
            Website.objects.filter(pk=website.pk).note(lease_until=None)
        running.run(website.pk)

        website.refresh_from_db()
        assert (website.state, website.error) == (
            "failed",
            "The visit was broken off several times.",
        )

    def test_another_start_address_begins_anew(self, site, website, visited, short):
        furnish(site)
        control.start(website)
        running.run(website.pk)
        Website.objects.update(address=f"{site.url}/trocas", depth=0)
        row = visited()

        assert row.state == "done"
        assert "/trocas" in pages_of(site)


class TestTimetable:
    def test_what_is_due_is_begun_once(self, moveis, cosmeticos):
        hour = timedelta(hours=1)
        due = WebsiteFactory(tenant=moveis, next_at=timezone.now() - hour)
        WebsiteFactory(tenant=moveis, next_at=timezone.now() + hour)
        WebsiteFactory(tenant=cosmeticos, next_at=timezone.now() - hour, is_enabled=False)
        WebsiteFactory(tenant=cosmeticos, next_at=timezone.now() - hour, every_hours=0)

        assert running.start_due(limit=9) == [due.pk]
        assert running.start_due(limit=9) == []
        assert running.left_behind(limit=9) == [due.pk]

    def test_the_next_visit_is_so_many_hours_after_the_end(self, site, website, visited):
        row = visited()

        assert row.next_at - row.finished_at == timedelta(hours=24)

    def test_by_hand_only_means_no_next_visit(self, site, website, visited):
        Website.objects.update(every_hours=0)

        assert visited().next_at is None

    def test_a_website_that_is_not_in_use_is_not_visited(self, moveis):
        row = WebsiteFactory(tenant=moveis, is_enabled=False)

        assert not control.start(row)

    def test_a_new_timetable_counts_from_the_last_visit(self, site, website, visited):
        row = visited()
        Website.objects.update(every_hours=2)
        control.plan(row)

        row.refresh_from_db()
        assert row.next_at - row.finished_at == timedelta(hours=2)

    def test_a_new_website_is_due_at_once(self, moveis):
        row = WebsiteFactory(tenant=moveis)
        control.plan(row)

        assert running.start_due(limit=9) == [row.pk]

    def test_switching_off_stops_the_visit(self, moveis):
        row = WebsiteFactory(tenant=moveis)
        control.start(row)
        Website.objects.update(is_enabled=False)
        control.plan(row)

        row.refresh_from_db()
        assert row.state == "stopped"


def test_what_a_visit_keeps_of_itself_is_json(site, moveis):
    import json

    furnish(site)
    visit = Visit(moveis, Site(site.url))
    told = []
    while not visit.is_over:
        told += visit.step()
        kept = json.loads(json.dumps(visit.kept()))
        visit = Visit(moveis, Site(site.url), kept=kept)

    assert len({each.address for each in told}) == len(told) == 20


class TestTasks:
    @pytest.fixture
    def later(self, monkeypatch):
        heard = []
        monkeypatch.setattr(
            tasks.visit_website, "apply_async", lambda **options: heard.append(options)
        )
        return heard

    def test_a_visit_goes_on_after_the_pause_and_is_indexed_meanwhile(
        self, site, website, later, alarm_clocks, monkeypatch
    ):
        monkeypatch.setattr(running, "MOST_STEPS", 2)
        furnish(site)
        control.start(website)
        alarm_clocks.clear()
        tasks.visit_website.run(website_id=website.pk)

        (again,) = later
        assert again["kwargs"] == {"website_id": website.pk}
        assert again["countdown"] == pytest.approx(0.01)
        assert alarm_clocks == [("index", {"tenant_id": website.tenant_id})]

    def test_a_visit_that_is_over_wakes_nobody(self, site, website, later):
        control.start(website)
        tasks.visit_website.run(website_id=website.pk)

        assert later == []

    def test_the_sweep_finds_what_is_due_and_what_was_left(self, moveis, cosmeticos, alarm_clocks):
        hour = timedelta(hours=1)
        left = WebsiteFactory(tenant=moveis, state="running", lease_until=timezone.now() - hour)
        due = WebsiteFactory(tenant=cosmeticos, next_at=timezone.now() - hour)
        WebsiteFactory(tenant=moveis, state="running", lease_until=timezone.now() + hour)
        tasks.sweep_websites.run()

        assert alarm_clocks == [
            ("visit", {"website_id": left.pk}),
            ("visit", {"website_id": due.pk}),
        ]
