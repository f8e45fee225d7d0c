"""An import among workers that are killed, slow, or many."""

import tracemalloc
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from knowledge import indexing, search, standing, tasks
from knowledge.imports import batching, control, running, writing
from knowledge.imports.drafts import RefusedError
from knowledge.models import (
    Document,
    Faq,
    Import,
    ImportProblem,
    Kind,
    Passage,
    Product,
    Upload,
    UploadPart,
)
from tests.factories import DocumentFactory
from tests.knowledge.imports.conftest import PRODUCTS, counts_of


def table_of(rows):
    lines = (f"N{n};Produto {n};{n},90;Cor {n}\n" for n in range(rows))
    return "código;nome;preço;cor\n" + "".join(lines)


@pytest.fixture(autouse=True)
def _no_alarm_clocks(monkeypatch):
    monkeypatch.setattr(tasks.sync_index, "delay", lambda **_names: None)
    monkeypatch.setattr(tasks.run_import, "delay", lambda **_names: None)


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(batching, "MOST_ROWS", 10)


def later(row, **time):
    """As if so much time had passed for whoever holds the lease."""
    fresh = Import.objects.get(pk=row.pk)
    if fresh.lease_until is not None:
        Import.objects.filter(pk=row.pk).update(lease_until=fresh.lease_until - timedelta(**time))


class TestKilled:
    """A worker that is killed in the middle has stored whole batches only."""

    @pytest.mark.parametrize("batch", [0, 1, 3])
    def test_another_one_goes_on_where_it_was(self, batch, prepare, small_batches, monkeypatch):
        row = prepare("produtos.csv", table_of(45))
        control.start(row)
        stored = []

        class Killed(BaseException):
            pass

        def write(*args, **options):
            if len(stored) == batch:
                raise Killed
            stored.append(original(*args, **options))
            return stored[-1]

        original = writing.write
        monkeypatch.setattr(writing, "write", write)
        with pytest.raises(Killed):
            running.run(row.pk)
        monkeypatch.setattr(writing, "write", original)

        row.refresh_from_db()
        assert (row.state, row.done, row.created) == ("reading", batch * 10, batch * 10)
        assert running.left_behind(limit=9) == []

        later(row, minutes=10)
        assert running.left_behind(limit=9) == [row.pk]
        running.run(row.pk)

        row.refresh_from_db()
        assert (row.state, row.done, row.total) == ("done", 45, 45)
        assert counts_of(row) == (45, 0, 0, 0)
        assert Product.objects.count() == Passage.objects.count() == 45

    def test_a_batch_is_stored_with_its_place_or_not_at_all(
        self, prepare, small_batches, monkeypatch
    ):
        row = prepare("produtos.csv", table_of(20))
        control.start(row)
        monkeypatch.setattr(running, "_add", lambda *_args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            running.run(row.pk)

        row.refresh_from_db()
        assert (row.done, Product.objects.count(), Passage.objects.count()) == (0, 0, 0)

    def test_what_always_breaks_is_given_up_with_a_reason(self, prepare, monkeypatch):
        row = prepare("produtos.csv", PRODUCTS)
        control.start(row)
        monkeypatch.setattr(running, "_store", lambda *_args: 1 / 0)
        for _attempt in range(running.MOST_ATTEMPTS):
            with pytest.raises(ZeroDivisionError):
                running.run(row.pk)
            later(row, minutes=10)
        running.run(row.pk)

        row.refresh_from_db()
        assert row.state == "failed"
        assert row.error
        assert not Upload.objects.exists()

    def test_names_of_rows_before_the_break_still_count(self, prepare, small_batches, monkeypatch):
        row = prepare("produtos.csv", table_of(15) + "N3;Outro;1;x\n")
        control.start(row)
        monkeypatch.setattr(running, "STRETCH_SECONDS", -1.0)
        while not running.run(row.pk).is_over:
            pass

        row.refresh_from_db()
        assert counts_of(row) == (15, 0, 0, 1)


class TestManyWorkers:
    def test_one_import_is_read_by_one_worker(self, prepare, monkeypatch):
        row = prepare("produtos.csv", PRODUCTS)
        control.start(row)
        seen = []
        original = running._store

        def store(*args):
            seen.append(running.run(row.pk).tenant_id)
            original(*args)

        monkeypatch.setattr(running, "_store", store)
        running.run(row.pk)

        row.refresh_from_db()
        assert seen == [None]
        assert counts_of(row) == (2, 0, 0, 0)

    def test_who_was_too_slow_stores_nothing(self, prepare, monkeypatch, small_batches):
        row = prepare("produtos.csv", table_of(30))
        control.start(row)
        original = running._store

        def overtaken(taken, *args):
            monkeypatch.setattr(running, "_store", original)
            later(row, minutes=10)
            running.run(row.pk)
            original(taken, *args)

        monkeypatch.setattr(running, "_store", overtaken)
        running.run(row.pk)

        row.refresh_from_db()
        assert (row.state, row.done) == ("done", 30)
        assert counts_of(row) == (30, 0, 0, 0)

    def test_a_long_import_lets_others_have_their_turn(
        self, prepare, small_batches, monkeypatch, moveis
    ):
        monkeypatch.setattr(running, "STRETCH_SECONDS", -1.0)
        called = []
        monkeypatch.setattr(tasks.run_import, "delay", lambda **names: called.append(names))
        monkeypatch.setattr(tasks.sync_index, "delay", lambda **names: called.append(names))
        row = prepare("produtos.csv", table_of(20))
        control.start(row)
        called.clear()
        tasks.run_import.run(import_id=row.pk)

        row.refresh_from_db()
        assert (row.state, row.done) == ("reading", 10)
        assert called == [{"tenant_id": moveis.pk}, {"import_id": row.pk}]


class TestStopping:
    def test_a_stopped_import_stores_no_further_batch_and_can_go_on(
        self, prepare, small_batches, monkeypatch
    ):
        row = prepare("produtos.csv", table_of(30))
        control.start(row)
        original = running._store

        def store(*args):
            if Product.objects.exists():
                control.stop(row)
            original(*args)

        monkeypatch.setattr(running, "_store", store)
        running.run(row.pk)

        row.refresh_from_db()
        assert (row.state, row.done, Product.objects.count()) == ("stopped", 10, 10)

        monkeypatch.setattr(running, "_store", original)
        assert control.start(row)
        running.run(row.pk)

        row.refresh_from_db()
        assert (row.state, row.done, row.created) == ("done", 30, 30)

    def test_what_is_over_is_neither_stopped_nor_started(self, carry_out):
        row = carry_out("produtos.csv", PRODUCTS)

        assert not control.stop(row)
        assert not control.start(row)

    def test_what_was_not_started_is_not_read(self, prepare):
        row = prepare("produtos.csv", PRODUCTS)

        assert running.run(row.pk).tenant_id is None
        assert running.left_behind(limit=9) == []


class TestFiles:
    def test_a_file_is_kept_in_pieces_until_its_import_is_done(self, prepare, monkeypatch):
        from knowledge.imports import uploads

        monkeypatch.setattr(uploads, "PART", 16)
        row = prepare("produtos.csv", PRODUCTS)
        with uploads.opened(row.upload) as file:
            assert file.stream.read().decode() == PRODUCTS
        assert UploadPart.objects.count() > 5
        assert row.upload.size == len(PRODUCTS.encode())

        control.start(row)
        running.run(row.pk)

        row.refresh_from_db()
        assert row.upload is None
        assert row.file_name == "produtos.csv"
        assert not UploadPart.objects.exists()

    def test_a_file_that_nobody_started_goes_after_a_while(self, prepare):
        old, new = prepare("a.csv", PRODUCTS), prepare("b.csv", PRODUCTS)
        waiting = prepare("c.csv", PRODUCTS)
        control.start(waiting)
        before = timezone.now() - timedelta(days=3)
        Import.objects.exclude(pk=new.pk).update(created_at=before)
        Upload.objects.exclude(pk=new.upload_id).update(created_at=before)
        tasks.drop_old_uploads.run()

        assert set(Upload.objects.values_list("name", flat=True)) == {"b.csv", "c.csv"}
        assert not Import.objects.filter(pk=old.pk).exists()

    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            ("../../etc/passwd.csv", "passwd.csv"),
            ("C:\\Users\\ana\\lista.csv", "lista.csv"),
            (f"{'x' * 400}.csv", f"{'x' * 296}.csv"),
            ("a\u202evsc.csv", "avsc.csv"),
        ],
        ids=["way up", "windows", "long", "turned around"],
    )
    def test_of_a_name_only_the_harmless_part_is_kept(self, name, kept, prepare):
        assert prepare(name, PRODUCTS).file_name == kept

    @pytest.mark.parametrize(
        ("name", "content", "kind"),
        [
            ("produtos.pdf", b"%PDF-1.7", Kind.PRODUCT),
            ("produtos.csv", b"", Kind.PRODUCT),
            ("produtos.csv", b"%PDF-1.7 x", Kind.PRODUCT),
            ("tabela.csv", b"a;b", Kind.DOCUMENT),
            ("programa.exe", b"MZ", Kind.DOCUMENT),
        ],
        ids=["text", "empty", "disguised", "table as document", "program"],
    )
    def test_what_cannot_be_read_is_refused_before_it_is_kept(self, name, content, kind, prepare):
        with pytest.raises(RefusedError) as refusal:
            prepare(name, content, kind)

        assert str(refusal.value)
        assert not Upload.objects.exists()


class TestDocuments:
    TEXT = (
        "# Trocas\n\nEm 7 dias.\n\n## Prazo\n\n- Loja\n- Site\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )

    def test_a_text_becomes_a_document_in_markdown(self, carry_out):
        row = carry_out("politica.md", self.TEXT, Kind.DOCUMENT)

        document = Document.objects.get()
        assert counts_of(row) == (1, 0, 0, 0)
        assert (document.title, document.source) == ("Trocas", "politica.md")
        assert "## Prazo" in document.body
        assert "- Loja\n- Site" in document.body

    def test_its_markdown_read_again_gives_the_same_sections(self):
        from knowledge.imports.documents import as_markdown
        from knowledge.reading.markdown import blocks_of
        from knowledge.reading.sections import sections_of

        sections = list(sections_of(blocks_of(self.TEXT)))

        assert list(sections_of(blocks_of(as_markdown(sections)))) == sections

    def test_the_same_file_twice_changes_nothing_and_a_new_one_changes_the_document(
        self, carry_out
    ):
        carry_out("politica.md", self.TEXT, Kind.DOCUMENT)
        same = carry_out("politica.md", self.TEXT, Kind.DOCUMENT)
        new = carry_out("politica.md", self.TEXT.replace("7", "30"), Kind.DOCUMENT)

        assert counts_of(same) == (0, 0, 1, 0)
        assert counts_of(new) == (0, 1, 0, 0)
        assert "30 dias" in Document.objects.get().body

    def test_two_files_with_one_title_are_two_documents(self, carry_out):
        carry_out("a.md", self.TEXT, Kind.DOCUMENT)
        carry_out("b.md", self.TEXT, Kind.DOCUMENT)

        assert Document.objects.count() == 2

    def test_a_document_written_here_is_known_by_its_title(self, carry_out, moveis):
        DocumentFactory(tenant=moveis, title="Trocas")
        row = carry_out("politica.md", self.TEXT, Kind.DOCUMENT)

        assert counts_of(row) == (0, 1, 0, 0)
        assert Document.objects.get().source == "politica.md"

    def test_a_damaged_file_fails_with_the_next_step(self, carry_out):
        row = carry_out("politica.pdf", b"%PDF-1.7 nothing more", Kind.DOCUMENT)

        assert row.state == "failed"
        assert row.error
        assert not Document.objects.exists()


class TestCosts:
    def test_a_thousand_products_are_searchable(self, carry_out, moveis, indexed):
        row = carry_out("produtos.csv", table_of(1_000))
        indexed(moveis)

        assert counts_of(row) == (1_000, 0, 0, 0)
        found = standing.standing_of_kind(moveis, Kind.PRODUCT)
        assert (found.ready, found.total) == (1_000, 1_000)
        best = search.search(moveis, search.Wanted(text="produto 777")).found[0]
        assert best.passage.title == "Produto 777"

    def test_memory_does_not_grow_with_the_file(self, prepare):
        peaks, sizes = {}, {}
        for rows in (600, 1_800):
            lines = (f"N{n};Produto {n};{'muito bom ' * 200}\n" for n in range(rows))
            row = prepare(f"{rows}.csv", "código;nome;descrição\n" + "".join(lines))
            sizes[rows] = row.upload.size
            control.start(row)
            Product.objects.all().delete()
            tracemalloc.start()
            while not running.run(row.pk).is_over:
                pass
            peaks[rows] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()

        assert peaks[1_800] - peaks[600] < (sizes[1_800] - sizes[600]) / 2

    def test_an_unchanged_file_costs_a_few_statements_per_batch(self, carry_out, prepare):
        carry_out("produtos.csv", table_of(400))
        row = prepare("produtos.csv", table_of(400))
        control.start(row)
        with CaptureQueriesContext(connection) as queries:
            running.run(row.pk)

        row.refresh_from_db()
        assert counts_of(row) == (0, 0, 400, 0)
        assert len(queries) < 60

    def test_of_very_many_problems_the_first_are_kept(self, carry_out, monkeypatch):
        monkeypatch.setattr(running, "MOST_PROBLEMS", 7)
        row = carry_out("p.csv", "nome;preço\n" + "Cadeira;caro\n" * 20)

        assert (row.failed, ImportProblem.objects.count()) == (20, 7)


def test_imports_of_two_companies_do_not_touch_each_other(carry_out, moveis, cosmeticos):
    carry_out("faq.csv", "pergunta;resposta\nEntregam?;Sim.\n", Kind.FAQ)
    row = carry_out("faq.csv", "pergunta;resposta\nEntregam?;Não.\n", Kind.FAQ, tenant=cosmeticos)

    assert counts_of(row) == (1, 0, 0, 0)
    assert Faq.objects.get(tenant=moveis).answer == "Sim."
    assert indexing.due_tenants(limit=9) != []
