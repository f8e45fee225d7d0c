"""A website of our own that belongs to the furniture shop, and a worker that visits it."""

import pytest
from django.utils import translation

from integrations import lines
from knowledge import tasks
from knowledge.crawling import asking
from knowledge.models import PageReport, WebPage, Website
from knowledge.websites import control, running
from tests.factories import WebsiteFactory
from tests.fakes.website import fake_website


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def alarm_clocks(monkeypatch):
    """Who was to be woken, instead of waking anybody."""
    heard = []
    monkeypatch.setattr(tasks.sync_index, "delay", lambda **names: heard.append(("index", names)))
    monkeypatch.setattr(
        tasks.visit_website, "delay", lambda **names: heard.append(("visit", names))
    )
    return heard


@pytest.fixture
def site(settings, monkeypatch):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    settings.OUTBOUND_ALLOW_HTTP = True
    monkeypatch.setattr(asking, "PAUSE_SECONDS", 0.0)
    with fake_website() as server:
        yield server
    lines.forget_lines()


@pytest.fixture
def website(site, moveis):
    moveis.language = "en"
    moveis.save()
    return WebsiteFactory(tenant=moveis, address=f"{site.url}/")


@pytest.fixture
def visited(website):
    """Visits to the end, as a worker does, and gives the website as it is then."""

    def go(row=website, tries=200):
        row = Website.objects.get(pk=row.pk)
        if not row.is_visited_now:
            assert control.start(row)
        for _try in range(tries):
            Website.objects.filter(pk=row.pk).note(lease_until=None)
            if running.run(row.pk).wait_seconds is None:
                break
        return Website.objects.get(pk=row.pk)

    return go


def pages_of(site):
    """Paths of what is kept, with their states."""
    found = WebPage.objects.filter(address__startswith=site.url).order_by("address")
    return {page.address.removeprefix(site.url): page.state for page in found}


def reports_of(site):
    return {
        report.address.removeprefix(site.url): report.status for report in PageReport.objects.all()
    }


def page_at(site, path):
    return WebPage.objects.get(address=f"{site.url}{path}")
