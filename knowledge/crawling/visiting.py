"""A visit to a website: one page after the other, one result for each."""

import hashlib
import json
import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.utils.translation import gettext_lazy as _

from integrations.failures import AnswerTooLargeError, CircuitOpenError, RemoteError, StatusError
from integrations.http import REDIRECTS, Reply
from knowledge.crawling import robots, sitemaps
from knowledge.crawling.addresses import absolute, as_start, fits, is_file, site_of
from knowledge.crawling.asking import Asker
from knowledge.crawling.site import Known, Site, SiteUnwellError, Status, Visited
from knowledge.reading.failures import UnreadableError
from knowledge.reading.pages import Page, read_page

MOST_ADDRESSES = 20_000
MOST_MEGABYTES = 5
MOST_HOPS = 5
MOST_VARIANTS = 50  # of one path with different queries: calendars and filters have no end
PAGES = frozenset({"text/html", "application/xhtml+xml", ""})
GONE_STATUSES = frozenset({404, 410})
KEPT = frozenset({Status.STORED, Status.UNCHANGED})
# Of the first page, when what it leads to was seen.
BEGINNINGS = KEPT | {
    Status.MOVED,
    Status.EXCLUDED,
    Status.NOINDEX,
    Status.DUPLICATE,
    Status.NO_TEXT,
}
NOTHING: Mapping[str, Known] = {}
NO_START = _("This is no address of a website. Write one such as https://example.com.")
CIRCLE = _("It leads to itself, or through too many other addresses. Check it in a browser.")
STOPPED = _(
    "The site stopped answering. What was read so far stays; visit it again later. (%(cause)s)"
)


def visit(tenant: Any, site: Site, *, known: Mapping[str, Known] = NOTHING) -> Iterator[Visited]:
    """Pages as they are read, each address once; closing the iterator ends the visit.

    `known` are the stored pages by address: they are asked whether they changed, and are told to
    be gone when they are. SiteUnwellError when the site cannot be read on.
    """
    return Visit(tenant, site, known=known).pages()


@dataclass(frozen=True, slots=True)
class _Stop:
    """An address to go to. `hops` are redirects on the way; `is_own` ignores its canonical link."""

    address: str
    depth: int
    hops: int = 0
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class _Read:
    """What an answer holds. `wishes` are what it asks of robots, in its own words."""

    page: Page
    reply: Reply
    wishes: frozenset[str]
    links: tuple[str, ...]


class Visit:
    """A visit, step by step. What `kept()` tells lets another process go on between two steps."""

    def __init__(
        self,
        tenant: Any,
        site: Site,
        *,
        known: Mapping[str, Known] = NOTHING,
        kept: Mapping[str, Any] | None = None,
    ) -> None:
        """SiteUnwellError when the start is no address. What was kept of another start is void."""
        self._site = site
        self._start = absolute(site.start, base=site.start)
        if not self._start:
            raise SiteUnwellError(NO_START)
        self._known = known
        self._asker = Asker(tenant, site_of(self._start))
        self._rules: robots.Rules | None = None
        self._waiting: deque[_Stop] = deque()
        self._depths: dict[str, int] = {}
        self._seen: set[str] = set()
        self._results: dict[str, Status] = {}
        self._by_hash: dict[str, str] = {}
        self._variants: Counter[str] = Counter()
        self._foreign: set[str] = set()
        self._reached: set[str] = set()
        self._unreached: dict[str, tuple[str, ...]] = {}
        self._asked = 0
        if kept and kept["start"] == self._start:
            self._go_on_from(kept)

    @property
    def is_over(self) -> bool:
        return self._rules is not None and not self._waiting

    @property
    def pause(self) -> float:
        """Seconds that the site wants between two requests."""
        return self._asker.pause

    def pages(self) -> Iterator[Visited]:
        while not self.is_over:
            yield from self.step()

    def step(self) -> Iterator[Visited]:
        """The first one reads robots.txt and sitemaps, each further one a page."""
        if self._rules is None:
            yield from self._begin()
        elif self._asked >= self._site.most_pages:
            while self._waiting:
                stop = self._waiting.popleft()
                if stop.address not in self._results:
                    yield self._told(stop, Status.BEYOND_LIMIT)
        else:
            stop = self._as_near(self._waiting.popleft())
            if stop.address not in self._results:
                yield from self._go(stop)

    def unlinked(self) -> Iterator[Visited]:
        """Stored pages that nothing leads to any more, once the visit is over.

        None unless all was seen: what could not be read might have led to them.
        """
        if self._is_complete():
            for address in self._known:
                if address not in self._reached or address not in self._results:
                    yield Visited(address, Status.UNLINKED)

    def kept(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "start": self._start,
            "robots": None if self._rules is None else self._rules.text,
            "waiting": [astuple(self._as_near(stop)) for stop in self._waiting],
            "results": dict(self._results),
            "hashes": self._by_hash,
            "variants": dict(self._variants),
            "foreign": sorted(self._foreign),
            "reached": sorted(self._reached),
            "unreached": self._unreached,
            "asked": self._asked,
            "is_blind": self._asker.is_blind,
        }

    def _go_on_from(self, kept: Mapping[str, Any]) -> None:
        if kept["robots"] is not None:
            self._rules = robots.rules_in(kept["robots"])
            self._asker.keep_pause(self._rules.delay)
        self._waiting.extend(_Stop(*stop) for stop in kept["waiting"])
        self._results |= {address: Status(status) for address, status in kept["results"].items()}
        self._seen |= self._results.keys() | {stop.address for stop in self._waiting}
        self._by_hash |= kept["hashes"]
        self._variants.update(kept["variants"])
        self._foreign |= set(kept["foreign"])
        self._reached |= set(kept["reached"])
        self._unreached |= {page: tuple(links) for page, links in kept["unreached"].items()}
        self._asked = kept["asked"]
        self._asker.is_blind = kept["is_blind"]

    def _is_complete(self) -> bool:
        has_begun = self._results.get(self._start) in BEGINNINGS
        has_limit = Status.BEYOND_LIMIT in self._results.values()
        return self.is_over and has_begun and not has_limit and not self._asker.is_blind

    def _begin(self) -> Iterator[Visited]:
        rules = robots.read_rules(self._asker, self._start)
        self._asker.keep_pause(rules.delay)
        self._seen.add(self._start)
        self._reach(self._start)
        self._waiting.append(_Stop(self._start, 0))
        # Stored pages come before all others: they are what answers are made of.
        for address, known in self._known.items():
            yield from self._hear_of(address, depth=known.depth)
        if self._site.reads_sitemap and self._site.depth > 0:
            for address in sitemaps.addresses_in(self._asker, rules.sitemaps, start=self._start):
                self._reach(address)
                yield from self._hear_of(address, depth=1)
        self._rules = rules

    def _reach(self, address: str) -> None:
        """What a reached page leads to is reached too, whichever was read first."""
        waiting = [address]
        while waiting:
            reached = waiting.pop()
            if reached not in self._reached:
                self._reached.add(reached)
                waiting += self._unreached.pop(reached, ())

    def _lead(self, page: str, links: tuple[str, ...]) -> None:
        if page in self._reached:
            for link in links:
                self._reach(link)
        else:
            self._unreached[page] = (*self._unreached.get(page, ()), *links)

    def _follow(self, stop: _Stop, links: tuple[str, ...]) -> Iterator[Visited]:
        self._lead(stop.address, links)
        for link in links:
            yield from self._hear_of(link, depth=stop.depth + 1)

    def _hear_of(self, address: str, *, depth: int) -> Iterator[Visited]:
        if depth > self._site.depth:
            return
        self._depths[address] = min(depth, self._depths.get(address, depth))
        if address in self._seen or len(self._seen) >= MOST_ADDRESSES:
            return
        self._seen.add(address)
        stop = _Stop(address, depth)
        if site_of(address) != site_of(self._start):
            yield from self._hear_of_other_site(stop)
        elif is_file(address):
            yield self._told(stop, Status.NOT_HTML)
        elif not self._is_wanted(address):
            yield self._told(stop, Status.EXCLUDED)
        elif self._is_one_of_too_many(address):
            yield self._told(stop, Status.BEYOND_LIMIT)
        else:
            self._waiting.append(stop)

    def _as_near(self, stop: _Stop) -> _Stop:
        """Something nearer to the start may have led to it since it waits."""
        return replace(stop, depth=min(stop.depth, self._depths.get(stop.address, stop.depth)))

    def _hear_of_other_site(self, stop: _Stop) -> Iterator[Visited]:
        """Told once for each."""
        if site_of(stop.address) not in self._foreign:
            self._foreign.add(site_of(stop.address))
            yield self._told(stop, Status.OTHER_HOST, stop.address)

    def _is_wanted(self, address: str) -> bool:
        is_included = not self._site.include or fits(address, self._site.include)
        return is_included and not fits(address, self._site.exclude)

    def _is_one_of_too_many(self, address: str) -> bool:
        path, query, _rest = address.partition("?")
        self._variants[path] += bool(query)
        return self._variants[path] > MOST_VARIANTS

    def _told(self, stop: _Stop, status: Status, detail: str = "", **more: Any) -> Visited:
        self._results[stop.address] = status
        return Visited(stop.address, status, detail, stop.depth, **more)

    def _go(self, stop: _Stop) -> Iterator[Visited]:
        if self._rules is not None and not self._rules.allow(stop.address):
            yield self._told(stop, Status.ROBOTS)
            return
        self._asked += 1
        try:
            reply = self._asker.get(
                stop.address, most_megabytes=MOST_MEGABYTES, headers=self._conditions(stop.address)
            )
        except StatusError as error:
            yield from self._refused(stop, error.reply)
        except AnswerTooLargeError:
            yield self._told(stop, Status.TOO_LARGE, str(MOST_MEGABYTES))
        except CircuitOpenError as error:
            raise SiteUnwellError(STOPPED, cause=str(error)) from error
        except RemoteError as error:
            yield self._told(stop, Status.FAILED, str(error))
        else:
            yield from self._answered(stop, reply)

    def _conditions(self, address: str) -> dict[str, str]:
        """Answered with 304 when nothing changed."""
        known = self._known.get(address, Known(""))
        conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
        return {name: value for name, value in conditions.items() if value}

    def _refused(self, stop: _Stop, reply: Reply) -> Iterator[Visited]:
        if reply.status in REDIRECTS:
            yield from self._moved(stop, reply.headers.get("location", ""))
        elif reply.status in GONE_STATUSES:
            yield self._told(stop, Status.GONE, str(reply.status))
        else:
            yield self._told(stop, Status.FAILED, str(StatusError(reply)))

    def _moved(self, stop: _Stop, location: str) -> Iterator[Visited]:
        target = self._address(location, base=stop.address)
        if not target or target == stop.address or stop.hops >= MOST_HOPS:
            yield self._told(stop, Status.FAILED, str(CIRCLE))
        elif site_of(target) != site_of(self._start):
            yield self._told(stop, Status.OTHER_HOST, target)
        else:
            yield self._told(stop, Status.MOVED, target)
            self._lead(stop.address, (target,))
            if target not in self._seen and (stop.depth == 0 or self._is_wanted(target)):
                self._seen.add(target)
                self._waiting.appendleft(_Stop(target, stop.depth, stop.hops + 1))

    def _address(self, link: str, *, base: str) -> str:
        return as_start(absolute(link, base=base), start=self._start)

    def _answered(self, stop: _Stop, reply: Reply) -> Iterator[Visited]:
        if reply.status == 304:
            known = self._known.get(stop.address, Known(""))
            self._by_hash[known.content_hash] = stop.address
            yield self._told(stop, Status.UNCHANGED)
            yield from self._follow(stop, known.links)
            return
        kind, charset = _content_type(reply)
        if kind not in PAGES:
            yield self._told(stop, Status.NOT_HTML)
            return
        try:
            page = read_page(reply.content, charset=charset)
        except UnreadableError as error:
            yield self._told(stop, Status.UNREADABLE, str(error))
            return
        read = self._read(stop, page, reply)
        yield from self._judged(stop, read)
        yield from self._follow(stop, read.links)

    def _read(self, stop: _Stop, page: Page, reply: Reply) -> _Read:
        wishes = _wishes(page, reply)
        if wishes & {"nofollow", "none"}:
            return _Read(page, reply, wishes, ())
        base = self._address(page.base, base=stop.address) or stop.address
        addresses = (self._address(link, base=base) for link in page.links)
        return _Read(page, reply, wishes, tuple(dict.fromkeys(filter(None, addresses))))

    def _judged(self, stop: _Stop, read: _Read) -> Iterator[Visited]:
        if read.wishes & {"noindex", "none"}:
            yield self._told(stop, Status.NOINDEX)
        elif not self._is_wanted(stop.address):
            yield self._told(stop, Status.EXCLUDED)
        elif not read.page.sections:
            yield self._told(stop, Status.NO_TEXT)
        else:
            yield from self._compared(stop, read)

    def _compared(self, stop: _Stop, read: _Read) -> Iterator[Visited]:
        canonical = self._canonical_of(stop, read.page)
        if canonical:
            self._lead(stop.address, (canonical,))
        if canonical and canonical not in self._results:
            self._seen.add(canonical)
            yield from self._go(_Stop(canonical, stop.depth, stop.hops, is_own=True))
        content_hash = _hash(read.page)
        first = self._by_hash.setdefault(content_hash, stop.address)
        if canonical and self._results.get(canonical) in KEPT:
            yield self._told(stop, Status.DUPLICATE, canonical)
        elif first != stop.address:
            yield self._told(stop, Status.DUPLICATE, first)
        else:
            yield self._kept(stop, read, content_hash)

    def _canonical_of(self, stop: _Stop, page: Page) -> str:
        """Empty unless it names another page of the site. Some name the first page on every one."""
        if not page.canonical or stop.is_own:
            return ""
        address = self._address(page.canonical, base=stop.address)
        is_first = address in (self._start, urljoin(self._start, "/"))
        is_here = site_of(address) == site_of(self._start) and self._is_wanted(address)
        is_same_path = urlsplit(address).path == urlsplit(stop.address).path
        is_other = address != stop.address and (is_same_path or not is_first)
        return address if is_here and is_other else ""

    def _kept(self, stop: _Stop, read: _Read, content_hash: str) -> Visited:
        known = self._known.get(stop.address)
        is_same = known is not None and known.content_hash == content_hash
        return self._told(
            stop,
            Status.UNCHANGED if is_same else Status.STORED,
            title=read.page.title,
            description=read.page.description,
            language=read.page.language,
            content_hash=content_hash,
            etag=read.reply.headers.get("etag", "")[:500],
            last_modified=read.reply.headers.get("last-modified", "")[:100],
            links=read.links,
            sections=() if is_same else read.page.sections,
        )


def _content_type(reply: Reply) -> tuple[str, str]:
    kind, _mark, rest = reply.headers.get("content-type", "").partition(";")
    found = re.search(r"charset\s*=\s*[\"']?([\w-]{1,30})", rest, re.IGNORECASE)
    return kind.strip().lower(), found[1] if found else ""


def _wishes(page: Page, reply: Reply) -> frozenset[str]:
    words = f"{page.robots},{reply.headers.get('x-robots-tag', '')}".lower()
    return frozenset(word.strip() for word in words.split(","))


def _hash(page: Page) -> str:
    content = [page.title, [[section.path, section.text] for section in page.sections]]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
