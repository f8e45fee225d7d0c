"""Setting up a company in a real browser, in Portuguese, as an agency does it."""

import re

import pytest

from tests.servers import ROOT

pytestmark = [pytest.mark.browser]

EXAMPLES = ROOT / "tests" / "payloads" / "configuration" / "config"


def text_of(page):
    return page.inner_text("#main, main, body")


def click(page, text):
    names = {"name": text, "exact": True}
    page.get_by_role("button", **names).or_(page.get_by_role("link", **names)).first.click()
    page.wait_for_load_state()


@pytest.fixture
def visitor(visit):
    return visit(width=1440, height=1000).sign_in()


def make_company(visitor, name, starter="furniture"):
    page = visitor.go("/admin/tenants/tenant/add/")
    page.fill("#id_name", name)
    page.select_option("#id_starter", starter)
    page.press("#id_name", "Tab")
    page.click("button[name=_save]")
    page.wait_for_load_state()
    return page


def configuration_of(visitor, name):
    page = visitor.go("/admin/tenants/configuration/?q=" + name.split()[-1])
    page.click(f"#result_list a:has-text('{name}')")
    page.wait_for_load_state()
    return page


def test_company_is_made_from_a_starter_and_its_first_steps_are_tried(visitor):
    page = make_company(visitor, "Casa Alfa")
    visitor.keep("first-steps")

    assert "2 de" in text_of(page)
    page.locator("tr", has_text="horários de atendimento").get_by_role("button").click()
    page.wait_for_selector("text=/A empresa está (aberta|fechada)/")
    assert visitor.complaints == []


def test_files_are_shown_before_they_are_imported(visitor):
    page = visitor.go("/admin/tenants/configuration/import-files/")
    files = [EXAMPLES / "furniture" / "account_2.yaml", EXAMPLES / "domains" / "cosmeticos.yaml"]
    page.set_input_files("input[type=file]", [str(file) for file in files])
    click(page, "Mostrar o que mudaria")
    visitor.keep("import-preview")

    assert "+name: Cliente Exemplo" in text_of(page)
    click(page, "Importar agora")
    assert "2 novos" in text_of(page)
    assert visitor.complaints == []


def test_mistakes_in_a_file_are_shown_with_their_line(visitor, tmp_path):
    file = tmp_path / "account_9.yaml"
    file.write_text("account_id: account_9\nname: Nove\nlanguage: klingon\n")
    page = visitor.go("/admin/tenants/configuration/import-files/")
    page.set_input_files("input[type=file]", str(file))
    click(page, "Mostrar o que mudaria")
    visitor.keep("import-mistakes")

    row = page.locator("tr", has_text="account_9.yaml").inner_text()
    assert re.split(r"\s+", row)[:3] == ["account_9.yaml", "3", "language"]
    assert page.get_by_role("button", name="Importar agora").count() == 0


def test_value_is_changed_traced_to_its_layer_and_restored(visitor):
    make_company(visitor, "Casa Beta")
    page = configuration_of(visitor, "Casa Beta")
    page.select_option("#id_option_outside_hours", "silent")
    page.fill("#id_note", "fim de ano")
    page.click("button[name=_continue]")
    page.wait_for_load_state()
    click(page, "Valores em vigor")
    visitor.keep("values-in-effect")

    row = page.locator("tr", has_text="settings.outside_hours").first.inner_text()
    assert "Não dizer nada" in row
    assert "ESTA EMPRESA" in row.upper()
    assert "Anotar o pedido" in row

    page = configuration_of(visitor, "Casa Beta")
    click(page, "Versões")
    visitor.keep("versions")
    assert "fim de ano" in text_of(page)
    assert page.locator("#result_list tbody tr").count() == 3
    page.locator("#result_list tbody tr", has_text="Modelo").first.locator("a").first.click()
    page.wait_for_load_state()
    visitor.keep("version")
    click(page, "Restaurar")
    click(page, "Sim, fazer")

    page = configuration_of(visitor, "Casa Beta")
    assert page.input_value("#id_option_outside_hours") == ""
    assert visitor.complaints == []


def test_domain_gets_two_parents_and_no_circle(visitor):
    make_company(visitor, "Casa Gama")
    page = visitor.go("/admin/tenants/domain/?q=brasil")
    page.click("#result_list tbody a")
    page.wait_for_load_state()

    page.click("text=Domínios base")
    page.get_by_role("link", name=re.compile("Adicionar outro")).first.click()
    visitor.keep("domain-parents")
    page.locator("[name=parent_links-0-parent]").locator("xpath=..").locator(".select2").click()
    page.locator(".select2-search__field").fill("Varejo")
    page.locator(".select2-results__option", has_text="Varejo").first.click()
    page.click("button[name=_save]")
    page.wait_for_load_state()

    visitor.keep("domain-circle")
    assert "círculo" in text_of(page)


def test_account_is_mapped_to_a_company(visitor):
    make_company(visitor, "Casa Delta")
    page = visitor.go("/admin/tenants/chatwootinstallation/add/")
    page.fill("#id_name", "Chat da agência")
    page.fill("#id_base_url", "https://chat.example.com")
    page.click("button[name=_save]")
    page = visitor.go("/admin/tenants/channelmapping/add/")
    page.select_option("#id_tenant", label="Casa Delta")
    page.select_option("#id_installation", label="Chat da agência")
    page.fill("#id_account_id", "31")
    page.fill("#id_inbox_id", "5")
    visitor.keep("channel")
    page.click("button[name=_save]")
    page.wait_for_load_state()
    visitor.keep("channels")

    assert "31/5" in text_of(page)
    assert visitor.complaints == []
