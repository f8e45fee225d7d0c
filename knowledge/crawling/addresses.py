"""Addresses of pages: one form for each, so that none is visited twice."""

import re
from fnmatch import fnmatchcase
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

from integrations.addresses import DEFAULT_PORTS, LONGEST_URL

SCHEMES = frozenset({"http", "https"})
TRACKING = re.compile(r"utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|_ga|_gl|phpsessid|jsessionid", re.I)
FILES = frozenset(
    {"jpg", "jpeg", "png", "gif", "webp", "svg", "ico", "bmp", "avif", "css", "js", "json", "xml"}
    | {"pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "csv", "zip", "rar", "7z", "gz", "exe"}
    | {"mp3", "mp4", "avi", "mov", "webm", "ogg", "wav", "woff", "woff2", "ttf", "apk", "dmg"}
)

_SAFE = "/%:@!$&'()*+,;=~-._"


def absolute(link: str, *, base: str) -> str:
    """Empty for what is no page: other schemes, names and passwords, and what nobody can read."""
    try:
        parts = urlsplit(urljoin(base, link.strip().replace("\\", "/")))
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in SCHEMES or not host or parts.username or parts.password:
        return ""
    name = f"[{host}]" if ":" in host else host
    netloc = name if port in (None, DEFAULT_PORTS[parts.scheme]) else f"{name}:{port}"
    path = quote(parts.path or "/", safe=_SAFE)
    address = urlunsplit((parts.scheme, netloc, path, _without_tracking(parts.query), ""))
    return address if len(address) <= LONGEST_URL else ""


def _without_tracking(query: str) -> str:
    """As it is written, when there is nothing to leave out."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return quote(query, safe=_SAFE + "?")
    kept = [pair for pair in pairs if not TRACKING.fullmatch(pair[0])]
    return urlencode(kept) if len(kept) < len(pairs) else quote(query, safe=_SAFE + "?")


def site_of(address: str) -> str:
    """Host and port; with and without www. is the same site."""
    return urlsplit(address).netloc.removeprefix("www.")


def as_start(address: str, *, start: str) -> str:
    """On a site that is asked by https, old links to http lead to the same pages."""
    is_old = address.startswith("http://") and start.startswith("https://")
    return f"https://{address.removeprefix('http://')}" if is_old else address


def is_file(address: str) -> bool:
    """By its ending, which saves asking for it."""
    return urlsplit(address).path.rpartition(".")[2].lower() in FILES


def fits(address: str, patterns: tuple[str, ...]) -> bool:
    """Patterns such as /ajuda/* are about the path, as people read it."""
    path = unquote(urlsplit(address).path)
    return any(fnmatchcase(path, pattern) for pattern in patterns)
