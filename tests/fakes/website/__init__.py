"""A stand-in for a company's website: pages, sitemap and robots.txt, and the ways they misbehave.

In tests: `with fake_website() as site:`, then `site.pages["/x"] = page(…)` and look at `heard`.
By hand: `python -m tests.fakes.website --port 9300` shows a small shop with every oddity.
"""

import gzip
import hashlib
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """One answer. `has_tag` lets it answer 304 to who knows its content already."""

    body: bytes = b""
    status: int = 200
    kind: str = "text/html; charset=utf-8"
    headers: dict = field(default_factory=dict)
    has_tag: bool = True
    wait: float = 0.0
    is_cut: bool = False  # the connection ends in the middle

    @property
    def tag(self):
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


@dataclass
class Heard:
    path: str
    headers: dict
    at: float


def page(text, *, title="", links=(), head="", **details):
    """A page with a frame around its text, as websites have it."""
    body = (
        f"<!doctype html><html lang='pt-BR'><head><title>{title}</title>{head}</head><body>"
        f"<nav><a href='/'>Início</a></nav><main><h1>{title or 'Página'}</h1><p>{text}</p>"
        f"{''.join(f'<a href={link!r}>{link}</a> ' for link in links)}</main>"
        "<footer>CNPJ 00.000.000/0001-00</footer></body></html>"
    )
    return Page(body.encode(), **details)


def redirect(target, status=301):
    return Page(status=status, headers={"Location": target})


def plain(text, kind="text/plain", **details):
    return Page(text.encode() if isinstance(text, str) else text, kind=kind, **details)


def sitemap(*addresses, is_index=False, is_packed=False):
    outer, inner = ("sitemapindex", "sitemap") if is_index else ("urlset", "url")
    entries = "".join(f"<{inner}><loc>{address}</loc></{inner}>" for address in addresses)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<{outer} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{outer}>'
    ).encode()
    return Page(gzip.compress(text) if is_packed else text, kind="application/xml")


def failing(status, **details):
    return Page(b"<h1>Erro</h1>", status=status, has_tag=False, **details)


class FakeWebsite:
    """Paths with their answers; everything else is 404."""

    def __init__(self, port=0):
        self.pages = {}
        self.heard = []
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.site = self

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def paths(self):
        """Of pages that were asked for."""
        return [each.path for each in self.heard if not each.path.endswith((".txt", ".xml", ".gz"))]

    def forget(self):
        self.heard.clear()

    def answer_to(self, path, headers):
        found = self.pages.get(path) or failing(404)
        if callable(found):
            found = found(path)
        is_known = headers.get("If-None-Match") == found.tag
        if found.status == 200 and found.has_tag and is_known:
            return Page(status=304, headers={"ETag": found.tag})
        return found

    def start(self):
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def serve(self):
        self._server.serve_forever()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def fake_website(port=0):
    site = FakeWebsite(port)
    site.start()
    try:
        yield site
    finally:
        site.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Clients that lost their patience are part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_args):
        pass

    def do_GET(self):
        site = self.server.site
        headers = dict(self.headers.items())
        site.heard.append(Heard(self.path, headers, time.monotonic()))
        answer = site.answer_to(self.path, headers)
        time.sleep(answer.wait)
        self.send_response(answer.status)
        for name, value in self.headers_of(answer).items():
            self.send_header(name, value)
        self.end_headers()
        if answer.status != 304:
            self.wfile.write(answer.body[: len(answer.body) // 2] if answer.is_cut else answer.body)
        if answer.is_cut:
            self.close_connection = True

    def headers_of(self, answer):
        headers = {"Content-Type": answer.kind, **answer.headers}
        if answer.status != 304:
            headers["Content-Length"] = str(len(answer.body))
        if answer.has_tag and answer.status == 200:
            headers.setdefault("ETag", answer.tag)
        return headers
