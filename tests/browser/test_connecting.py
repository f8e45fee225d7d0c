"""Connecting a Chatwoot in a real browser, with a stand-in that creates bots and sends webhooks."""

import re

import pytest

from tests.fakes.chatwoot import fake_chatwoot
from tests.servers import embedded_server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ADD = "/admin/integrations/connection/add/"
OPENED = {"OUTBOUND_ALLOW_CIDRS": "127.0.0.0/8", "OUTBOUND_ALLOW_HTTP": "true"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with embedded_server(tmp_path_factory.mktemp("connecting"), **OPENED) as running:
        yield running


@pytest.fixture
def chatwoot():
    with fake_chatwoot() as running:
        yield running


def connect(visitor, chatwoot, token):
    page = visitor.go(ADD)
    page.select_option("#content [name=tenant]", label="Móveis Jacarandá")
    page.fill("[name=address]", f"{chatwoot.url}/app/accounts/3/dashboard")
    page.fill("[name=user_token]", token)
    page.click("[name=_save]")
    page.wait_for_selector("#inboxes-inside")
    return page


def choose_inbox(page, chatwoot, **also):
    page.check(f"[name=inbox][value='{chatwoot.inbox.id}']")
    for name in also:
        page.check(f"[name={name}]")
    page.click("#inboxes-inside button")


def test_from_an_address_and_a_token_to_the_first_event(visit, chatwoot):
    visitor = visit().sign_in()
    page = connect(visitor, chatwoot, chatwoot.admin.token)
    visitor.keep("connection-new")
    choose_inbox(page, chatwoot, replace=True)
    page.wait_for_selector("#inboxes-inside >> text=✓")
    page.wait_for_selector("#modes a")
    visitor.keep("connection-attached")

    bot = chatwoot.world.bots[chatwoot.inbox.bot_id]
    assert bot is not chatwoot.bot
    assert bot.outgoing_url == page.inner_text("#address")
    assert page.locator("#rights .bg-red-100").count() == 0

    chatwoot.world.customer_writes("Bom dia", inbox=chatwoot.inbox)
    page.wait_for_selector("#seen:not([hx-get]) .bg-green-100")
    visitor.keep("connection-seen")

    assert page.locator("#state .bg-green-100").count() == 1
    assert visitor.complaints == []
    assert chatwoot.complaints == []


def test_another_bot_stays_until_somebody_says_otherwise(visit, chatwoot):
    page = connect(visit().sign_in(), chatwoot, chatwoot.admin.token)
    choose_inbox(page, chatwoot)
    page.wait_for_selector("#inboxes-inside ol li")

    assert chatwoot.inbox.bot_id == chatwoot.bot.id


def test_a_member_is_led_through_the_rest_by_hand(visit, chatwoot):
    visitor = visit().sign_in()
    page = connect(visitor, chatwoot, chatwoot.agent.token)
    choose_inbox(page, chatwoot)
    page.wait_for_selector("#inboxes-inside ol li")
    visitor.keep("connection-by-hand")

    assert page.locator("#inboxes-inside ol li").count() >= 3
    assert page.locator("[name=replace]").count() == 0
    assert chatwoot.inbox.bot_id == chatwoot.bot.id


def test_a_chatwoot_that_is_gone_is_told_of(visit, chatwoot):
    visitor = visit().sign_in()
    page = connect(visitor, chatwoot, chatwoot.admin.token)
    chatwoot.go_down()
    page.click("#rights button")
    page.wait_for_selector("#inboxes-inside p")
    visitor.keep("connection-down")

    assert page.locator("#rights tr").count() == 1
    assert page.locator("#rights .bg-red-100").count() == 1


def test_the_address_is_renewed_and_the_connection_switched_off(visit, chatwoot):
    visitor = visit().sign_in()
    page = connect(visitor, chatwoot, chatwoot.admin.token)
    choose_inbox(page, chatwoot, replace=True)
    page.wait_for_selector("#inboxes-inside >> text=✓")
    old = page.inner_text("#address")
    page.click("#webhook a")
    page.click("#content button[type=submit]")
    page.wait_for_selector("#address")
    new = page.inner_text("#address")

    assert new != old
    assert chatwoot.world.bots[chatwoot.inbox.bot_id].outgoing_url == new

    page.click("a[href$='/switch/']")
    page.click("#content button[type=submit]")
    page.wait_for_selector("#state .bg-blue-100")
    assert visitor.complaints == []


def test_pages_fit_a_phone(visit, chatwoot):
    visitor = visit(width=390, height=844, has_touch=True, is_mobile=True).sign_in()
    page = connect(visitor, chatwoot, chatwoot.admin.token)
    guide = re.sub(r"^https?://[^/]+", "", page.url)
    widths = {}
    for path in (ADD, guide.replace("/change/", "/edit/"), guide):
        page = visitor.go(path)
        page.wait_for_load_state("networkidle" if path != guide else "load")
        widths[path] = page.evaluate("document.documentElement.scrollWidth")
    page.wait_for_selector("#inboxes-inside form")
    visitor.keep("phone-connection")
    widths["inboxes"] = page.evaluate("document.documentElement.scrollWidth")

    assert {path: width for path, width in widths.items() if width > 390} == {}
