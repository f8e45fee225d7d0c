"""A real browser on the real embedded server with its demo companies."""

import os

import pytest

from tests.conftest import find_chromium
from tests.servers import embedded_server

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with embedded_server(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield chromium
        chromium.close()


class Visitor:
    """A page that remembers what went wrong on it."""

    def __init__(self, page, server):
        self.page = page
        self.server = server
        self.complaints = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, message):
        if message.type in {"error", "warning"} and "favicon" not in message.text:
            self.complaints.append(message.text)

    def go(self, path):
        self.page.goto(self.server.address + path)
        return self.page

    def sign_in(self, email=None, password=None):
        own_email, own_password = self.server.login()
        self.go("/admin/login/")
        self.page.fill("[name=username]", email or own_email)
        self.page.fill("[name=password]", password or own_password)
        self.page.click("#login-form button[type=submit]")
        self.page.wait_for_load_state()
        return self

    def keep(self, name):
        if folder := os.environ.get("SCREENSHOTS"):
            self.page.wait_for_timeout(400)
            self.page.screenshot(path=f"{folder}/{name}.png")


@pytest.fixture
def visit(browser, server):
    """`visit()` opens a fresh browser window; `visit(width=…)` one of another width."""
    contexts = []

    def open_window(width=1280, height=900, **options):
        options.setdefault("locale", "en-US")
        options.setdefault("timezone_id", "America/Sao_Paulo")
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        return Visitor(context.new_page(), server)

    yield open_window
    for context in contexts:
        context.close()
