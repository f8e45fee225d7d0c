"""A file on its way in, as staff see it."""

import csv
import io

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from knowledge import tasks
from knowledge.imports import running
from knowledge.models import Document, Faq, Import, Product, Upload
from tenants.access import Role
from tests.factories import ImportFactory, ImportProblemFactory, ProductFactory, member

IMPORTS = "/admin/knowledge/import/"
UPLOAD = "/admin/knowledge/product/import/"
TABLE = "código;nome;preço;cor\nC1;Cadeira Lia;1.299,90;azul\nC2;Mesa;caro;\n"
HOSTILE = "<script>alert(1)</script>\u202e"
OPTIONS = {"language": "pt", "category": "", "state": "published"}


@pytest.fixture(autouse=True)
def _no_alarm_clocks(monkeypatch):
    monkeypatch.setattr(tasks.sync_index, "delay", lambda **_names: None)
    monkeypatch.setattr(tasks.run_import, "delay", lambda **_names: None)


def sent(content=TABLE, name="produtos.csv"):
    return SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)


def send(page, *files, address=UPLOAD, **options):
    return page.post(address, {"files": list(files), **OPTIONS, **options})


def page_of(row):
    return f"{IMPORTS}{row.pk}/change/"


def text_of(page, address):
    answer = page.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def said_by(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


@pytest.fixture
def page(helena, signed_in):
    helena.language = "en"
    helena.save()
    return signed_in(helena)


class TestSending:
    def test_the_lists_have_a_button_for_it(self, page):
        for kind in ("product", "faq", "businessrule", "document"):
            shown = text_of(page, f"/admin/knowledge/{kind}/")
            assert f"/admin/knowledge/{kind}/import/" in shown, kind

        assert "/article/import/" not in text_of(page, "/admin/knowledge/article/")

    def test_nothing_is_read_before_somebody_has_looked(self, page, helena):
        answer = send(page, sent(), category="Outlet")

        row = Import.objects.get()
        assert answer.url == page_of(row)
        assert (row.state, row.started_by, row.options["category"]) == (
            "prepared",
            helena,
            "Outlet",
        )
        assert not Product.objects.exists()

    def test_the_preview_shows_rows_columns_and_problems(self, page, moveis):
        ProductFactory(tenant=moveis, external_id="C1", name="Cadeira", price=10)
        send(page, sent())
        shown = text_of(page, page_of(Import.objects.get()))

        assert "preço → Price" in shown
        assert "Taken as attributes:" in shown
        assert "Cadeira Lia" in shown
        assert "An amount such as" in shown
        assert Product.objects.get().price == 10

    def test_a_missing_column_is_told_and_nothing_can_be_started(self, page):
        send(page, sent("preço\n10\n"))
        shown = text_of(page, page_of(Import.objects.get()))

        assert "is missing" in shown
        assert "/start/" not in shown

    def test_several_documents_are_started_at_once(self, page):
        files = [sent("# A\n\nText.", "a.md"), sent("Text of B.", "b.txt")]
        answer = send(page, *files, address="/admin/knowledge/document/import/")

        assert answer.url == IMPORTS
        assert set(Import.objects.values_list("state", flat=True)) == {"waiting"}

    @pytest.mark.parametrize(
        ("files", "reason"),
        [
            ([], "Choose a file first."),
            ([sent(), sent()], "At most 1 files at once."),
            ([sent(b"%PDF-1.7", "a.pdf")], "A table is expected here."),
            ([sent(b"", "a.csv")], "This file is empty."),
            ([sent(b"PK\x03\x04broken", "a.xlsx")], "damaged"),
        ],
        ids=["none", "several", "text", "empty", "broken"],
    )
    def test_what_cannot_be_read_is_refused_with_the_next_step(self, files, reason, page):
        answer = send(page, *files)

        assert answer.status_code == 200
        assert any(reason in message for message in said_by(answer))
        assert not Upload.objects.exists()

    def test_a_table_among_documents_is_refused_and_the_others_are_kept(self, page):
        files = [sent(), sent("Text.", "b.txt")]
        answer = send(page, *files, address="/admin/knowledge/document/import/")

        assert "A text is expected here" in said_by(answer)[0]
        assert Import.objects.get().file_name == "b.txt"

    def test_a_platform_admin_says_for_which_company(self, platform_admin, signed_in, moveis):
        page = signed_in(platform_admin)
        refused = send(page, sent())
        send(page, sent(), company=moveis.pk)

        assert refused.status_code == 200
        assert Import.objects.get().tenant == moveis

    def test_who_works_for_one_company_sends_to_no_other(self, page, moveis, cosmeticos):
        send(page, sent(), company=cosmeticos.pk)

        assert Import.objects.get().tenant == moveis

    @pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER], ids=str)
    def test_who_may_not_add_may_not_import(self, role, moveis, signed_in):
        page = signed_in(member(moveis, role))
        row = ImportFactory(tenant=moveis)

        assert send(page, sent()).status_code == 403
        assert page.post(f"{IMPORTS}{row.pk}/start/").status_code == 403
        assert page.get(page_of(row)).status_code == 200


class TestProgress:
    def started(self, page):
        send(page, sent())
        row = Import.objects.get()
        page.post(f"{IMPORTS}{row.pk}/start/")
        row.refresh_from_db()
        return row

    def test_the_page_looks_again_by_itself_until_all_is_found(self, page, moveis, indexed):
        row = self.started(page)
        assert 'hx-trigger="every 2s"' in text_of(page, page_of(row))

        running.run(row.pk)
        shown = text_of(page, page_of(row))
        assert 'hx-trigger="every 2s"' in shown
        assert "2 of 2" in shown
        assert "0 of 1" in shown

        indexed(moveis)
        shown = text_of(page, page_of(row))
        assert "every 2s" not in shown
        assert "1 of 1" in shown

    def test_problems_stand_on_the_page_and_in_a_spreadsheet(self, page):
        row = self.started(page)
        running.run(row.pk)
        answer = page.get(f"{IMPORTS}{row.pk}/problems/")
        lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))

        assert "caro" in text_of(page, page_of(row))
        assert lines[0] == ["Line", "Column", "What stands there", "What may stand there"]
        assert lines[1][:3] == ["3", "preço", "caro"]

    def test_cells_of_the_spreadsheet_are_no_formulas(self, page, moveis):
        row = ImportFactory(tenant=moveis, state="done")
        ImportProblemFactory(tenant=moveis, run=row, given="=cmd()", column="@sum")
        answer = page.get(f"{IMPORTS}{row.pk}/problems/")

        assert ";'@sum;'=cmd();" in answer.content.decode()

    def test_a_running_import_can_be_stopped_and_can_go_on(self, page):
        row = self.started(page)
        page.post(f"{IMPORTS}{row.pk}/stop/")
        row.refresh_from_db()
        assert row.state == "stopped"
        assert "Go on" in text_of(page, page_of(row))

        page.post(f"{IMPORTS}{row.pk}/start/")
        running.run(row.pk)
        row.refresh_from_db()
        assert (row.state, row.created) == ("done", 1)

    def test_a_link_only_asks(self, page):
        send(page, sent())
        row = Import.objects.get()
        page.get(f"{IMPORTS}{row.pk}/start/")

        row.refresh_from_db()
        assert row.state == "prepared"

    def test_what_files_say_is_shown_as_text(self, page, moveis):
        table = f"nome;{HOSTILE}\n{HOSTILE};{HOSTILE}\nMesa;x;{HOSTILE}\n"
        send(page, sent(table, f"{HOSTILE}.csv"))
        row = Import.objects.get()
        ImportProblemFactory(tenant=moveis, run=row, given=HOSTILE, column=HOSTILE)
        shown = [text_of(page, page_of(row)), text_of(page, IMPORTS)]
        page.post(f"{IMPORTS}{row.pk}/start/")
        running.run(row.pk)
        shown.append(text_of(page, page_of(row)))

        for text in shown:
            assert "<script>alert(1)" not in text
            assert "\u202e" not in text

    def test_rows_of_another_company_are_not_there(self, beatriz, moveis, signed_in):
        row = ImportFactory(tenant=moveis)
        page = signed_in(beatriz)

        for address in (page_of(row), *(f"{IMPORTS}{row.pk}/{n}/" for n in ("start", "problems"))):
            assert page.get(address).status_code in (302, 403, 404), address
            assert page.post(address).status_code in (302, 403, 404), address
        row.refresh_from_db()
        assert row.state == "prepared"
        assert str(row) not in text_of(page, IMPORTS)


class TestCosts:
    def queries_of(self, page, address):
        page.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert page.get(address).status_code == 200
        return len(queries)

    def test_the_list_takes_as_many_queries_however_long(self, page, moveis):
        ImportFactory.create_batch(2, tenant=moveis)
        few = self.queries_of(page, IMPORTS)
        ImportFactory.create_batch(8, tenant=moveis)

        assert self.queries_of(page, IMPORTS) == few

    def test_so_does_the_page_however_many_problems(self, page, moveis):
        row = ImportFactory(tenant=moveis, state="done", upload=None)
        ImportProblemFactory.create_batch(2, tenant=moveis, run=row)
        few = self.queries_of(page, page_of(row))
        ImportProblemFactory.create_batch(150, tenant=moveis, run=row)

        assert self.queries_of(page, page_of(row)) == few


def test_from_the_browser_to_a_found_answer(page, moveis, indexed):
    """A table of answers and a policy, sent, started, read, indexed, found."""
    from knowledge import search

    faq = "/admin/knowledge/faq/import/"
    send(page, sent("Pergunta;Resposta\nVocês entregam em Olinda?;Sim, em 5 dias.\n"), address=faq)
    policy = "/admin/knowledge/document/import/"
    send(page, sent("# Trocas\n\nTroca em 30 dias com a nota.", "t.md"), address=policy)
    for row in Import.objects.all():
        page.post(f"{IMPORTS}{row.pk}/start/")
        tasks.run_import.run(import_id=row.pk)
    indexed(moveis)

    assert (Faq.objects.count(), Document.objects.count()) == (1, 1)
    for question, answer in (("voces entregam em olinda", "5 dias"), ("posso trocar", "30 dias")):
        found = search.search(moveis, search.Wanted(text=question)).found
        assert answer in found[0].passage.text
