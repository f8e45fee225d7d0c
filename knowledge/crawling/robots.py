"""What a site allows us to read, by its robots.txt."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from django.utils.translation import gettext_lazy as _

from integrations.failures import RemoteError
from knowledge.crawling.asking import AGENT, Asker
from knowledge.crawling.site import SiteUnwellError

if TYPE_CHECKING:
    from protego import Protego

MOST_MEGABYTES = 1
MOST_CHARACTERS = 512_000  # more need not be read, says the standard (RFC 9309)
MOST_SITEMAPS = 20
UNREAD = _(
    "The site did not show its robots.txt, which says what may be read, so nothing was read. Visit "
    "it again later. (%(cause)s)"
)


@dataclass(frozen=True, slots=True)
class Rules:
    text: str
    parsed: "Protego"
    delay: float | None
    sitemaps: tuple[str, ...]

    def allow(self, address: str) -> bool:
        return bool(self.parsed.can_fetch(address, AGENT))


def read_rules(asker: Asker, start: str) -> Rules:
    """A site without robots.txt allows everything; one that cannot tell allows nothing."""
    try:
        content = asker.get(
            urljoin(start, "/robots.txt"), most_megabytes=MOST_MEGABYTES, follow_redirects=True
        ).content
    except RemoteError as error:
        if not _is_absent(error):
            raise SiteUnwellError(UNREAD, cause=str(error)) from error
        content = b""
    return rules_in(content.decode("utf-8-sig", errors="replace")[:MOST_CHARACTERS])


def rules_in(text: str) -> Rules:
    from protego import Protego

    parsed = Protego.parse(text)
    sitemaps = tuple(parsed.sitemaps)[:MOST_SITEMAPS]
    return Rules(text, parsed, parsed.crawl_delay(AGENT), sitemaps)


def _is_absent(error: RemoteError) -> bool:
    """Refusing to show it counts as having none; failing to show it does not."""
    return error.status is not None and 300 <= error.status < 500 and error.status != 429
