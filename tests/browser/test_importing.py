"""A company's products and policies, sent in a real browser and found a moment later."""

import time

import pytest

from tests.knowledge.reading import makers

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ROWS = 1_000
WITHIN_SECONDS = 60


def table():
    lines = [
        f"P{n};Luminária modelo {n};R$ {n % 900 + 90},90;Iluminação;cor {n % 7}"
        for n in range(ROWS)
    ]
    return "\n".join(["código;nome;preço;categoria;cor", *lines, "P9999;;abc;;"]).encode("cp1252")


def policy():
    return makers.pdf(
        ["Politica de trocas", "", "A troca pode ser pedida em ate 30 dias com a nota fiscal."]
    )


def send(visitor, kind, name, content):
    page = visitor.go(f"/admin/knowledge/{kind}/import/")
    page.select_option("#content [name=company]", label="Móveis Jacarandá")
    page.set_input_files("[name=files]", {"name": name, "mimeType": "", "buffer": content})
    page.click("#content form button[type=submit]")
    page.wait_for_selector("#import")
    return page


def start_and_wait(page):
    page.click("#import form button[type=submit]")
    page.wait_for_selector("#import .bg-green-100", timeout=WITHIN_SECONDS * 1000)
    page.wait_for_selector("#import:not([hx-get])", timeout=WITHIN_SECONDS * 1000)


def test_a_table_and_a_policy_are_searchable_within_a_minute(visit):
    visitor = visit().sign_in()
    visitor.go("/admin/knowledge/product/import/")
    visitor.keep("import-upload")
    page = send(visitor, "product", "luminárias.csv", table())
    visitor.keep("import-preview")

    began = time.monotonic()
    page.click("#import form button[type=submit]")
    page.wait_for_selector("#import progress")
    visitor.keep("import-progress")
    page.wait_for_selector("#import:not([hx-get])", timeout=WITHIN_SECONDS * 1000)
    visitor.keep("import-done")
    assert page.locator("#import >> text=P9999").count() == 0
    assert page.locator("#import >> text=preço").count() == 1

    page = send(visitor, "document", "trocas.pdf", policy())
    start_and_wait(page)
    assert time.monotonic() - began < WITHIN_SECONDS

    page = visitor.go("/admin/knowledge/product/?q=Luminária modelo 77")
    visitor.keep("product-list")
    page.click("#result_list a >> text=Luminária modelo 777")
    page.wait_for_selector("[name=external_id]", state="attached")
    visitor.keep("product-change")
    assert page.locator(".cwai-cell .bg-green-100").count() == 1
    visitor.go("/admin/knowledge/index/")
    visitor.keep("index-list")
    visitor.go("/admin/knowledge/import/")
    visitor.keep("import-list")

    assert visitor.complaints == []


@pytest.mark.parametrize("kind", ["businessrule", "faq", "article", "document", "product"])
def test_pages_stand_on_a_telephone_too(kind, visit):
    visitor = visit(width=390, height=844).sign_in()
    page = visitor.go(f"/admin/knowledge/{kind}/add/")
    visitor.keep(f"{kind}-telephone")

    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert visitor.complaints == []
