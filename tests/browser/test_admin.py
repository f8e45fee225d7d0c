"""The admin in a real browser: what people click first."""

import re

import pytest
from django_otp.oath import totp

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PAGES = {
    "overview": "/admin/",
    "companies": "/admin/tenants/tenant/",
    "team": "/admin/tenants/membership/",
    "add-member": "/admin/tenants/membership/add/",
    "tokens": "/admin/tenants/apitoken/",
    "add-token": "/admin/tenants/apitoken/add/",
    "budgets": "/admin/tenants/budget/",
    "add-budget": "/admin/tenants/budget/add/",
    "spending": "/admin/tenants/spending/",
    "conversations": "/admin/crews/conversation/",
    "alarms": "/admin/crews/alarm/",
    "turns": "/admin/crews/turn/",
    "events": "/admin/crews/inboundevent/",
    "outgoing": "/admin/crews/outboundmessage/",
    "people": "/admin/tenants/user/",
    "audit": "/admin/tenants/auditentry/",
    "system": "/admin/status/",
    "account": "/admin/account/",
}


def text_of(page):
    return page.inner_text("body")


def test_first_page_is_portuguese_even_for_an_english_browser(visit):
    page = visit().sign_in().page

    assert page.locator("html").get_attribute("lang") == "pt-br"
    assert "Visão geral" in text_of(page)


def test_pages_load_without_a_complaint_of_the_browser(visit):
    visitor = visit().sign_in()
    for name, path in PAGES.items():
        visitor.go(path)
        visitor.page.wait_for_load_state("networkidle")
        visitor.keep(name)

    assert visitor.complaints == []


def test_pages_fit_a_phone(visit):
    visitor = visit(width=390, height=844, has_touch=True, is_mobile=True).sign_in()
    widths = {}
    for name, path in PAGES.items():
        page = visitor.go(path)
        visitor.keep(f"phone-{name}")
        widths[name] = page.evaluate("document.documentElement.scrollWidth")

    assert {name: width for name, width in widths.items() if width > 390} == {}


def test_language_is_switched_and_kept(visit):
    visitor = visit().sign_in()
    page = visitor.page
    page.click("nav [x-data] >> text=Admin")
    page.click("button:has-text('English')")
    page.wait_for_selector("text=Overview")
    again = visit().sign_in().page

    assert "Overview" in text_of(again)

    again.click("nav [x-data] >> text=Admin")
    again.click("button:has-text('Português')")
    again.wait_for_selector("text=Visão geral")


def test_language_is_chosen_before_signing_in(visit):
    page = visit().go("/admin/login/")
    page.click("button:has-text('English')")
    page.wait_for_selector("text=Welcome back to")

    assert page.locator("html").get_attribute("lang") == "en"


def test_theme_is_switched(visit):
    visitor = visit().sign_in()
    page = visitor.page
    page.click("nav [x-data] >> text=Admin")
    page.click("text=Escuro")
    page.wait_for_function("document.documentElement.classList.contains('dark')")
    visitor.keep("dark")
    page.reload()

    assert "dark" in page.locator("html").get_attribute("class")


def test_company_and_role_are_switched(visit):
    visitor = visit().sign_in()
    page = visitor.page
    page.select_option("select[name=tenant]", "moveis")
    page.wait_for_selector("select[name=role]")
    page.select_option("select[name=role]", "viewer")
    page.wait_for_load_state()
    page.wait_for_selector("option[value=viewer][selected]", state="attached")
    sidebar = page.inner_text("#nav-sidebar-apps")
    visitor.keep("as-viewer")

    assert "Equipe" not in sidebar
    assert "Cosméticos" not in page.inner_text("#content")

    page.select_option("select[name=tenant]", "")
    page.wait_for_selector("text=Pessoas")


def test_palette_finds_rows(visit):
    visitor = visit().sign_in()
    page = visitor.page
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Control+k")
    page.locator("#search-input-command").press_sequentially("jacarand")
    page.wait_for_selector("#command-results-list >> text=Móveis Jacarandá")
    visitor.keep("palette")


def test_a_person_is_invited_and_comes_in(visit):
    visitor = visit().sign_in()
    page = visitor.go("/admin/tenants/membership/add/")
    page.select_option("#content [name=tenant]", label="Móveis Jacarandá")
    page.fill("[name=email]", "nova@moveis.example")
    page.fill("[name=name]", "Nova Pessoa")
    page.select_option("[name=role]", "editor")
    page.click("[name=_save]")
    link = page.inner_text("#secret")
    visitor.keep("password-link")

    guest = visit()
    guest.page.goto(link)
    guest.keep("choose-password")
    guest.page.fill("[name=new_password1]", "uma-frase-bem-longa")
    guest.page.fill("[name=new_password2]", "uma-frase-bem-longa")
    guest.page.click("button[type=submit]")
    guest.sign_in("nova@moveis.example", "uma-frase-bem-longa")
    guest.keep("as-editor")

    assert "Móveis Jacarandá" in text_of(guest.page)
    assert "Cosméticos" not in text_of(guest.page)
    assert visitor.complaints == guest.complaints == []


def test_second_factor_is_set_up_and_asked(visit):
    owner = visit().sign_in()
    owner.go("/admin/tenants/user/add/")
    owner.page.fill("[name=email]", "duas@etapas.example")
    owner.page.click("[name=_save]")
    person = visit()
    person.page.goto(owner.page.inner_text("#secret"))
    person.page.fill("[name=new_password1]", "uma-frase-bem-longa")
    person.page.fill("[name=new_password2]", "uma-frase-bem-longa")
    person.page.click("button[type=submit]")
    person.sign_in("duas@etapas.example", "uma-frase-bem-longa")
    page = person.go("/admin/second-factor/set-up/")
    person.keep("second-factor")
    key = re.sub(r"\s", "", page.inner_text("code.cwai-secret"))
    page.fill("[name=code]", code_for(key))
    page.click("button[type=submit]")
    codes = page.locator(".cwai-codes code").all_inner_texts()
    person.keep("recovery-codes")

    assert len(codes) == 10

    again = visit().sign_in("duas@etapas.example", "uma-frase-bem-longa")
    assert "/second-factor/" in again.page.url
    again.go("/admin/account/")
    assert "/second-factor/" in again.page.url
    again.page.fill("[name=code]", codes[0])
    again.page.click("button[type=submit]")
    again.page.wait_for_selector("text=Visão geral")


def code_for(key):
    import base64

    padded = key + "=" * (-len(key) % 8)
    return f"{totp(base64.b32decode(padded)):06d}"


def test_an_api_token_is_made_and_works(visit):
    visitor = visit().sign_in()
    page = visitor.go("/admin/tenants/apitoken/add/")
    page.select_option("#content [name=tenant]", label="Cosméticos Flor do Campo")
    page.fill("[name=name]", "Painel")
    page.check("[name=scopes][value='team:read']")
    page.click("[name=_save]")
    secret = page.inner_text("#secret")
    visitor.keep("token")
    answer = page.request.get(
        f"{visitor.server.address}/api/v1/token", headers={"Authorization": f"Bearer {secret}"}
    )

    assert answer.json()["tenant"]["slug"] == "cosmeticos"


def test_too_many_wrong_passwords_lock_the_door(visit):
    visitor = visit()
    for _ in range(6):
        visitor.sign_in("helena@moveis.example", "wrong")
    visitor.keep("locked")

    assert "Muitas senhas erradas" in text_of(visitor.page)
