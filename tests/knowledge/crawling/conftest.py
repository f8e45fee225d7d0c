"""A website of our own that may be called, and no waiting."""

import pytest
from django.utils import translation

from integrations import lines
from knowledge.crawling import asking
from knowledge.crawling.site import Site
from knowledge.crawling.visiting import visit
from tests.fakes.website import fake_website


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def site(settings, monkeypatch):
    settings.OUTBOUND_ALLOW_CIDRS = ["127.0.0.0/8"]
    settings.OUTBOUND_ALLOW_HTTP = True
    monkeypatch.setattr(asking, "PAUSE_SECONDS", 0.0)
    with fake_website() as server:
        yield server
    lines.forget_lines()


@pytest.fixture
def visited(site, moveis):
    """What a visit tells, by path."""

    def go(known=(), start="/", **wishes):
        found = list(visit(moveis, Site(site.url + start, **wishes), known=dict(known)))
        assert len({page.address for page in found}) == len(found)
        return {page.address.removeprefix(site.url): page for page in found}

    return go
