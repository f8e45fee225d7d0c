"""The addresses that a site names itself, in sitemaps and in lists of sitemaps."""

import io
import logging
import time
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from urllib.parse import urljoin
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from integrations.failures import RemoteError
from knowledge.crawling.addresses import absolute, as_start, site_of
from knowledge.crawling.asking import Asker

logger = logging.getLogger(__name__)

MOST_MEGABYTES = 10
MOST_UNPACKED = 50_000_000  # what the protocol allows
MOST_SITEMAPS = 50
MOST_ADDRESSES = 20_000
MOST_SECONDS = 240.0  # of a site that asks for long pauses, or answers slowly
GZIP = b"\x1f\x8b"


def addresses_in(asker: Asker, sitemaps: Iterable[str], *, start: str) -> Iterator[str]:
    """Of this site only. A sitemap that cannot be read ends where it cannot."""
    waiting = deque(sitemaps or [urljoin(start, "/sitemap.xml")])
    seen: set[str] = set()
    found = 0
    until = time.monotonic() + MOST_SECONDS
    while waiting and len(seen) < MOST_SITEMAPS:
        if time.monotonic() > until:
            asker.is_blind = True
            return
        sitemap = as_start(absolute(waiting.popleft(), base=start), start=start)
        if sitemap in seen or site_of(sitemap) != site_of(start):
            continue
        seen.add(sitemap)
        for kind, place in _entries(_content_of(asker, sitemap)):
            address = as_start(absolute(place, base=sitemap), start=start)
            if kind == "sitemap":
                waiting.append(address)
            elif address and site_of(address) == site_of(start):
                yield address
            found += 1
            if found >= MOST_ADDRESSES:
                return


def _content_of(asker: Asker, sitemap: str) -> bytes:
    """Empty when there is none, which is no mistake."""
    try:
        content = asker.get(sitemap, most_megabytes=MOST_MEGABYTES, follow_redirects=True).content
    except RemoteError as error:
        asker.is_blind = asker.is_blind or error.status is None
        logger.info("No sitemap: %s", type(error).__name__)
        return b""
    return _unpacked(content) if content.startswith(GZIP) else content


def _unpacked(content: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(content, MOST_UNPACKED)
    except zlib.error:
        return b""


def _entries(content: bytes) -> Iterator[tuple[str, str]]:
    """Each place with what it is named for: url or sitemap."""
    if content.lstrip()[:1] != b"<":
        return
    try:
        for _event, element in iterparse(io.BytesIO(content), forbid_dtd=True):
            kind = _name_of(element.tag)
            if kind in {"url", "sitemap"}:
                places = (child.text for child in element if _name_of(child.tag) == "loc")
                yield from ((kind, place.strip()) for place in places if place)
                element.clear()
    except (ParseError, DefusedXmlException, ValueError) as error:
        logger.info("A sitemap could not be read to its end: %s", type(error).__name__)


def _name_of(tag: object) -> str:
    return str(tag).rpartition("}")[2]
