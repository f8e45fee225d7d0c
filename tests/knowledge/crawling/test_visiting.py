"""A visit to a website: what is read, what is left out and why, and what a second visit costs."""

import time

import pytest

from integrations.http import Session
from integrations.models import RemoteCall
from knowledge.crawling import asking, visiting
from knowledge.crawling.site import Known, Site, SiteUnwellError, Status
from knowledge.crawling.visiting import visit
from tests.fakes.website import Page, failing, page, plain, redirect, sitemap
from tests.fakes.website.shop import furnish

pytestmark = pytest.mark.django_db

GZIP_BOMB_BYTES = 60_000_000


def statuses(found):
    return {path: each.status.value for path, each in found.items()}


def stored(found):
    return {path for path, each in found.items() if each.status == Status.STORED}


def known_from(site, found):
    return {
        each.address: Known(
            each.content_hash, each.etag, each.last_modified, each.links, each.depth
        )
        for each in found.values()
        if each.status in (Status.STORED, Status.UNCHANGED)
    }


class TestWhatIsRead:
    def test_every_page_of_a_shop_has_a_status_and_a_reason(self, site, visited):
        furnish(site)

        found = visited(depth=3)
        assert statuses(found) == {
            "/": "stored",
            "/trocas": "stored",
            "/frete": "stored",
            "/fundo": "stored",
            "/antiga": "moved",
            "/nova": "stored",
            "/volta-1": "moved",
            "/volta-2": "moved",
            "/carrinho": "robots",
            "/catalogo.pdf": "not_html",
            "/dados": "not_html",
            "/oculta": "noindex",
            "/copia": "duplicate",
            "/impressao": "duplicate",
            "/erro": "failed",
            "/so-script": "no_text",
            "https://rede.example/a": "other_host",
            "/garantia": "stored",
            "/montagem": "stored",
            "/sumiu": "gone",
        }
        assert all(each.reason.endswith((".", f"{site.url}/nova.")) for each in found.values())

    def test_a_page_brings_its_text_without_the_frame(self, site, visited):
        site.pages["/"] = page(
            "Sete dias.", title="Trocas", head='<meta name="description" content="Sobre trocas">'
        )

        found = visited()["/"]
        assert (found.title, found.description, found.language) == (
            "Trocas",
            "Sobre trocas",
            "pt-BR",
        )
        assert [(each.path, each.text) for each in found.sections] == [(("Trocas",), "Sete dias.")]

    def test_links_are_followed_as_deep_as_wanted(self, site, visited):
        furnish(site)

        assert "/trocas" not in visited(depth=0)
        assert "/frete" not in visited(depth=1, reads_sitemap=False)
        assert "/frete" in stored(visited(depth=2))

    def test_patterns_include_and_exclude(self, site, visited):
        site.pages |= {
            "/": page(
                "Início.", links=["/ajuda/a", "/ajuda/política", "/ajuda/interno/c", "/blog/d"]
            ),
            "/ajuda/a": page("A."),
            "/ajuda/pol%C3%ADtica": page("B."),
            "/ajuda/interno/c": page("C."),
        }

        found = visited(include=("/ajuda/*",), exclude=("/ajuda/interno/*",))
        assert stored(found) == {"/ajuda/a", "/ajuda/pol%C3%ADtica"}
        assert found["/"].status == found["/blog/d"].status == Status.EXCLUDED
        assert "/blog/d" not in site.paths

    def test_the_limit_of_pages_holds_and_the_rest_is_named(self, site, visited):
        site.pages["/"] = page("Início.", links=[f"/p{number}" for number in range(9)])
        site.pages |= {f"/p{number}": page(f"Texto {number}.") for number in range(9)}

        found = visited(most_pages=4)
        assert len(site.paths) == 4
        assert list(statuses(found).values()).count("beyond_limit") == 6

    def test_a_visit_ends_when_nobody_asks_for_more(self, site, moveis):
        furnish(site)
        pages = visit(moveis, Site(site.url))

        next(page for page in pages if page.status == Status.STORED)
        pages.close()
        assert site.paths == ["/"]

    def test_a_calendar_without_end_is_left(self, site, visited, monkeypatch):
        monkeypatch.setattr(visiting, "MOST_VARIANTS", 5)

        def month(path):
            number = int(path.partition("=")[2] or 0)
            return page(f"Mês {number}.", links=[f"/agenda?m={number + 1}"])

        site.pages["/agenda"] = month
        site.pages |= {f"/agenda?m={number}": month for number in range(100)}

        assert len(stored(visited(start="/agenda", depth=50))) == 6

    def test_pages_are_read_in_the_encoding_they_are_in(self, site, visited):
        site.pages["/"] = Page("<p>Ação</p>".encode("cp1252"), kind="text/html; charset=ISO-8859-1")

        assert visited()["/"].sections[0].text == "Ação"


class TestRobotsAndSitemaps:
    def test_a_site_that_cannot_show_its_rules_is_left_alone(self, site, moveis):
        site.pages |= {"/robots.txt": failing(500), "/": page("Oi.")}

        with pytest.raises(SiteUnwellError, match="did not show its robots"):
            list(visit(moveis, Site(site.url)))
        assert site.paths == []

    @pytest.mark.parametrize("status", [404, 403])
    def test_a_site_without_rules_allows_everything(self, site, visited, status):
        site.pages |= {"/robots.txt": failing(status), "/": page("Oi.")}

        assert stored(visited()) == {"/"}

    def test_rules_made_for_us_come_before_those_for_all(self, site, visited):
        text = "User-agent: *\nDisallow: /\n\nUser-agent: chatwootai\nDisallow: /b*$\n"
        site.pages |= {"/robots.txt": plain(text), "/": page("Oi.", links=["/b1", "/c"])}
        site.pages |= {"/b1": page("B."), "/c": page("C.")}

        assert statuses(visited()) == {"/": "stored", "/b1": "robots", "/c": "stored"}

    def test_we_say_who_we_are(self, site, visited):
        visited()

        assert {each.headers["User-Agent"] for each in site.heard} == {"ChatwootAI"}

    def test_there_is_a_pause_between_requests(self, site, visited, monkeypatch):
        waited = []
        monkeypatch.setattr(asking, "PAUSE_SECONDS", 1.0)
        monkeypatch.setattr(time, "sleep", waited.append)
        site.pages |= {"/robots.txt": plain("User-agent: *\nCrawl-delay: 7\n"), "/": page("Oi.")}

        visited()
        longest = sorted(round(seconds) for seconds in waited)
        assert (longest[-1], longest.count(7)) == (7, 1)

    def test_no_site_may_ask_for_a_pause_of_hours(self, site, visited, monkeypatch):
        waited = []
        monkeypatch.setattr(time, "sleep", waited.append)
        site.pages |= {
            "/robots.txt": plain("User-agent: *\nCrawl-delay: 86400\n"),
            "/": page("Oi."),
        }

        visited()
        assert max(waited) <= asking.LONGEST_PAUSE_SECONDS

    @pytest.mark.parametrize(
        "content",
        [
            b"<not xml",
            b"no xml at all",
            b"\x1f\x8b\x08damaged",
            b'<!DOCTYPE x [<!ENTITY a "ha">]><urlset><url><loc>/&a;</loc></url></urlset>',
            b"<a>" * 100_000,
        ],
    )
    def test_a_broken_sitemap_harms_nothing(self, site, visited, content):
        site.pages |= {"/sitemap.xml": plain(content, "text/xml"), "/": page("Oi.")}

        assert stored(visited()) == {"/"}

    def test_sitemaps_that_list_each_other_end(self, site, visited):
        site.pages["/sitemap.xml"] = sitemap(
            f"{site.url}/sitemap.xml", f"{site.url}/b.xml", is_index=True
        )
        site.pages |= {
            "/b.xml": sitemap(f"{site.url}/sitemap.xml", is_index=True),
            "/": page("Oi."),
        }

        assert stored(visited()) == {"/"}

    def test_a_packed_sitemap_unpacks_no_further_than_allowed(self, site, visited):
        import gzip

        bomb = gzip.compress(b"<urlset>" + b" " * GZIP_BOMB_BYTES)
        site.pages |= {"/sitemap.xml": plain(bomb, "application/gzip"), "/": page("Oi.")}

        assert stored(visited()) == {"/"}


class TestRedirectsAndCopies:
    def test_redirects_without_end_are_left(self, site, visited):
        site.pages["/"] = page("Oi.", links=["/r0"])
        site.pages |= {f"/r{number}": redirect(f"/r{number + 1}") for number in range(50)}

        found = visited()
        assert found["/r5"].status == Status.FAILED
        assert "leads to itself" in found["/r5"].reason
        assert "/r6" not in found

    def test_a_page_that_leads_to_itself_is_told(self, site, visited):
        site.pages["/"] = redirect("/")

        assert "leads to itself" in visited()["/"].reason

    def test_a_start_that_leads_elsewhere_names_the_place(self, site, visited):
        site.pages["/"] = redirect("https://nova.example/inicio")

        assert visited()["/"].reason.startswith("https://nova.example/inicio belongs to another")

    def test_a_start_that_moves_on_the_same_site_is_followed(self, site, visited):
        site.pages |= {
            "/": redirect("/pt/"),
            "/pt/": page("Oi.", links=["/pt/a"]),
            "/pt/a": page("A."),
        }

        assert stored(visited()) == {"/pt/", "/pt/a"}

    def test_the_canonical_page_stands_for_its_variants(self, site, visited):
        head = '<link rel="canonical" href="/p">'
        site.pages["/"] = page("Oi.", links=["/p?cor=azul", "/p", "/p?cor=verde"])
        site.pages |= {
            "/p?cor=azul": page("Sofá azul.", head=head),
            "/p?cor=verde": page("Sofá verde.", head=head),
            "/p": page("Sofá.", head=head),
        }

        found = visited()
        assert stored(found) == {"/", "/p"}
        assert found["/p?cor=azul"].reason == f"It says the same as {site.url}/p."

    def test_a_canonical_page_that_is_not_there_stands_for_nothing(self, site, visited):
        site.pages["/"] = page("Oi.", links=["/p"])
        site.pages["/p"] = page("Sofá.", head='<link rel="canonical" href="/sumiu">')

        assert stored(visited()) == {"/", "/p"}

    def test_canonical_pages_that_name_each_other_leave_one(self, site, visited):
        site.pages["/"] = page("Oi.", links=["/a", "/b"])
        site.pages["/a"] = page("A.", head='<link rel="canonical" href="/b">')
        site.pages["/b"] = page("B.", head='<link rel="canonical" href="/a">')

        assert statuses(visited()) == {"/": "stored", "/b": "stored", "/a": "duplicate"}

    def test_a_template_that_names_the_first_page_everywhere_is_not_believed(self, site, visited):
        head = '<link rel="canonical" href="/">'
        site.pages |= {"/": page("Oi.", links=["/a"], head=head), "/a": page("A.", head=head)}

        assert stored(visited()) == {"/", "/a"}

    @pytest.mark.parametrize("header", ["noindex", "none", "noarchive, noindex"])
    def test_a_header_may_ask_not_to_be_indexed(self, site, visited, header):
        site.pages["/"] = page("Oi.", headers={"X-Robots-Tag": header})

        assert visited()["/"].status == Status.NOINDEX

    def test_links_that_are_not_to_be_followed_are_not(self, site, visited):
        site.pages["/"] = page("Oi.", links=["/a"], head='<meta name="robots" content="nofollow">')

        assert list(visited()) == ["/"]


class TestAgain:
    def test_unchanged_pages_are_asked_with_their_tag_and_cost_nothing(self, site, visited):
        furnish(site)
        known = known_from(site, visited())
        site.forget()

        again = visited(known)
        assert {each.status for each in again.values()} & {Status.STORED} == set()
        assert again["/trocas"].status == Status.UNCHANGED
        assert all("If-None-Match" in each.headers for each in site.heard if each.path == "/trocas")

    def test_a_changed_page_is_read_again_and_a_lost_one_is_gone(self, site, visited):
        furnish(site)
        known = known_from(site, visited())
        site.pages["/trocas"] = page("Agora são 30 dias.", title="Trocas")
        del site.pages["/garantia"]

        again = visited(known)
        assert again["/trocas"].status == Status.STORED
        assert again["/garantia"].status == Status.GONE

    def test_without_tags_the_text_tells_whether_it_changed(self, site, visited):
        site.pages["/"] = page("Oi.", has_tag=False)
        known = known_from(site, visited())
        site.pages["/"].body += b"<!-- another time -->"

        found = visited(known)["/"]
        assert (found.status, found.sections) == (Status.UNCHANGED, ())

    def test_the_date_is_sent_again(self, site, visited):
        date = "Sat, 28 Nov 2026 10:00:00 GMT"
        site.pages["/"] = page("Oi.", headers={"Last-Modified": date}, has_tag=False)
        known = known_from(site, visited())
        site.forget()
        visited(known)

        assert site.heard[-1].headers["If-Modified-Since"] == date

    def test_each_visit_goes_as_deep_as_the_first_and_no_deeper(self, site, visited):
        furnish(site)
        first = visited(depth=2)
        known = known_from(site, first)

        assert visited(known, depth=2).keys() == first.keys()

    def test_a_stored_page_that_is_no_longer_wanted_is_told(self, site, visited):
        furnish(site)
        known = known_from(site, visited())

        assert visited(known, exclude=("/trocas",))["/trocas"].status == Status.EXCLUDED


class TestSitesThatMisbehave:
    def test_a_page_that_is_too_large_is_told(self, site, visited, monkeypatch):
        monkeypatch.setattr(visiting, "MOST_MEGABYTES", 1)
        site.pages["/"] = page("x" * 1_100_000)

        assert visited()["/"].reason == "It is larger than 1 MB. Send its text as a file."

    def test_a_page_made_to_burst_a_parser_is_told(self, site, visited):
        site.pages |= {"/": page("Oi.", links=["/a", "/b"]), "/b": page("B.")}
        site.pages["/a"] = plain("<div>" * 50_000 + "x", "text/html")

        found = visited()
        assert found["/a"].status == Status.UNREADABLE
        assert found["/b"].status == Status.STORED

    def test_a_failing_page_stops_nothing(self, site, visited, monkeypatch):
        monkeypatch.setattr(time, "sleep", lambda _seconds: None)
        site.pages |= {"/": page("Oi.", links=["/a", "/b"]), "/a": failing(500), "/b": page("B.")}

        found = visited()
        assert "status 500" in found["/a"].reason
        assert stored(found) == {"/", "/b"}

    def test_a_slow_page_stops_nothing(self, site, visited, monkeypatch):
        monkeypatch.setattr(asking, "SECONDS", 0.2)
        site.pages |= {
            "/": page("Oi.", links=["/a", "/b"]),
            "/a": page("A.", wait=1),
            "/b": page("B."),
        }

        assert statuses(visited()) == {"/": "stored", "/a": "failed", "/b": "stored"}

    def test_a_page_cut_off_in_the_middle_is_not_stored(self, site, visited, monkeypatch):
        monkeypatch.setattr(time, "sleep", lambda _seconds: None)
        site.pages["/"] = page("Oi. " * 5_000, is_cut=True)

        assert visited()["/"].status == Status.FAILED

    def test_a_site_that_asks_us_to_wait_is_waited_for(self, site, visited, monkeypatch):
        waited = []
        monkeypatch.setattr(time, "sleep", waited.append)
        answers = [failing(429, headers={"Retry-After": "60"}), page("Oi.")]
        site.pages["/"] = lambda _path: answers.pop(0)

        assert stored(visited()) == {"/"}
        assert 60 in waited

    def test_a_site_that_breaks_down_ends_the_visit(self, site, moveis, monkeypatch):
        monkeypatch.setattr(time, "sleep", lambda _seconds: None)
        links = [f"/p{number}" for number in range(20)]
        site.pages = {"/": page("Oi.", links=links)} | {link: failing(502) for link in links}
        pages = visit(moveis, Site(site.url))

        with pytest.raises(SiteUnwellError, match="stopped answering"):
            list(pages)
        assert len(set(site.paths)) < 10

    def test_an_address_of_our_own_network_is_refused(self, site, moveis, settings):
        settings.OUTBOUND_ALLOW_CIDRS = []

        with pytest.raises(SiteUnwellError, match="may not be called"):
            list(visit(moveis, Site(site.url)))
        assert site.heard == []

    @pytest.mark.parametrize("start", ["", "ftp://x", "nada", "http://[", "https://a:b@c.example/"])
    def test_what_is_no_address_is_refused(self, moveis, start):
        with pytest.raises(SiteUnwellError, match="no address of a website"):
            visit(moveis, Site(start))

    def test_every_request_is_written_down_and_goes_alone(self, site, visited, moveis, monkeypatch):
        limits = []
        made = Session.__init__

        def spy(self, *args, **options):
            limits.append(options["most_at_once"])
            made(self, *args, **options)

        monkeypatch.setattr(Session, "__init__", spy)
        furnish(site)
        visited()

        assert set(limits) == {1}
        assert RemoteCall.objects.filter(tenant=moveis, service="website").count() == len(
            site.heard
        )
