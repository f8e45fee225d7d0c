"""What becomes of the rows of a table."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from knowledge.models import BusinessRule, Faq, Kind, Origin, Passage, PieceState, Product
from tenants.models import AuditEntry, Domain
from tests.factories import FaqFactory, ProductFactory
from tests.knowledge.imports.conftest import PRODUCTS, counts_of

HEADER = "código;nome;preço\n"


class TestProducts:
    def test_rows_become_products_with_their_passages(self, carry_out, moveis):
        row = carry_out("produtos.csv", PRODUCTS)

        chair = Product.objects.get(external_id="C1")
        assert counts_of(row) == (2, 0, 0, 0)
        assert (chair.name, chair.price, chair.brand) == ("Cadeira Lia", Decimal("1299.90"), "Vera")
        assert (chair.origin, chair.source) == (Origin.FILE, "produtos.csv")
        assert "cor: azul" in Passage.objects.get(piece_id=chair.pk).text

    def test_columns_of_the_company_become_attributes_but_the_stock_does_not(self, carry_out):
        carry_out("produtos.csv", PRODUCTS)

        assert Product.objects.get(external_id="C1").attributes == {"cor": "azul"}
        assert Product.objects.get(external_id="C2").attributes == {}

    def test_the_same_file_twice_changes_nothing(self, carry_out):
        carry_out("produtos.csv", PRODUCTS)
        before = list(Product.objects.order_by("pk").values())
        entries = AuditEntry.objects.count()
        row = carry_out("produtos.csv", PRODUCTS)

        assert counts_of(row) == (0, 0, 2, 0)
        assert list(Product.objects.order_by("pk").values()) == before
        assert AuditEntry.objects.count() == entries

    def test_a_new_price_changes_the_row_with_that_number(self, carry_out):
        carry_out("produtos.csv", PRODUCTS)
        row = carry_out("precos.csv", "código;preço\nC1;999\nC2;899,00\n")

        assert counts_of(row) == (0, 1, 1, 0)
        chair = Product.objects.get(external_id="C1")
        assert (chair.price, chair.name, chair.attributes) == (999, "Cadeira Lia", {"cor": "azul"})

    def test_an_empty_cell_takes_nothing_away(self, carry_out):
        carry_out("produtos.csv", PRODUCTS)
        row = carry_out("produtos.csv", HEADER + "C1;Cadeira Lia;\n")

        assert counts_of(row) == (0, 0, 1, 0)

    def test_an_unknown_number_without_a_name_is_refused(self, carry_out):
        row = carry_out("precos.csv", "código;preço\nX9;10\n")

        (problem,) = row.problems.all()
        assert counts_of(row) == (0, 0, 0, 1)
        assert (problem.line, problem.column) == (2, "name")

    def test_rows_without_a_number_are_known_by_their_name(self, carry_out, moveis):
        ProductFactory(tenant=moveis, name="Cadeira Lia")
        row = carry_out("produtos.csv", "nome;preço\nCadeira Lia;10\n")

        assert counts_of(row) == (0, 1, 0, 0)
        assert Product.objects.get().price == 10

    def test_a_row_written_here_gets_the_number_of_the_file(self, carry_out, moveis):
        product = ProductFactory(tenant=moveis, name="Cadeira Lia")
        carry_out("produtos.csv", PRODUCTS)

        product.refresh_from_db()
        assert product.external_id == "C1"

    def test_only_the_first_of_one_name_takes_the_row_written_here(self, carry_out, moveis):
        ProductFactory(tenant=moveis, name="Cadeira")
        text = HEADER + "1;Cadeira;10\n2;Cadeira;20\n"
        first = carry_out("produtos.csv", text)
        second = carry_out("produtos.csv", text)

        assert counts_of(first) == (1, 1, 0, 0)
        assert counts_of(second) == (0, 0, 2, 0)

    def test_another_number_is_another_row_though_the_name_is_the_same(self, carry_out):
        carry_out("produtos.csv", HEADER + "1;Cadeira;10\n2;Cadeira;20\n")

        assert Product.objects.filter(name="Cadeira").count() == 2

    @pytest.mark.parametrize(
        "rows",
        ["1;Cadeira;10\n1;Mesa;20\n", ";Cadeira;10\n;Cadeira;20\n", "1;Cadeira;1\n;Cadeira;2\n"],
        ids=["number", "name", "name of one with a number"],
    )
    def test_rows_that_would_undo_each_other_are_refused_from_the_second_on(self, rows, carry_out):
        first = carry_out("produtos.csv", HEADER + rows)
        second = carry_out("produtos.csv", HEADER + rows)

        assert counts_of(first) == (1, 0, 0, 1)
        assert counts_of(second) == (0, 0, 1, 1)
        assert first.problems.get().line == 3

    def test_a_bad_row_does_not_stop_the_others(self, carry_out):
        row = carry_out(
            "produtos.csv", HEADER + f"1;Cadeira;caro\n2;Mesa;10\n3;{'x' * 400};1\n4;Cama;2\n"
        )

        found = {(each.line, each.column): each for each in row.problems.all()}
        assert counts_of(row) == (2, 0, 0, 2)
        assert set(found) == {(2, "preço"), (4, "nome")}
        assert found[2, "preço"].given == "caro"
        assert "1.299,90" in found[2, "preço"].allowed

    def test_json_brings_attributes_in_a_mapping(self, carry_out):
        line = {"name": "Cadeira", "attributes": {"Cor": "azul", "Tons": ["a", "b"]}, "Peso": 12}
        carry_out("produtos.jsonl", json.dumps(line) + "\n")

        assert Product.objects.get().attributes == {
            "Peso": "12",
            "Cor": "azul",
            "Tons": ["a", "b"],
        }

    def test_a_workbook_is_read_as_well(self, carry_out):
        from openpyxl import Workbook

        book, stream = Workbook(), io.BytesIO()
        book.active.append(["Nome", "Preço"])
        book.active.append(["Cadeira", 1299.9])
        book.save(stream)
        row = carry_out("produtos.xlsx", stream.getvalue())

        assert counts_of(row) == (1, 0, 0, 0)
        assert Product.objects.get().price == Decimal("1299.90")

    def test_formulas_are_texts(self, carry_out):
        carry_out("produtos.csv", "nome\n=1+1\n")

        assert Product.objects.get().name == "=1+1"

    def test_what_the_file_does_not_say_is_chosen_once_for_new_rows(self, carry_out):
        options = {"language": "en", "category": "Outlet", "state": "draft"}
        carry_out("produtos.csv", "nome;categoria\nCadeira;Sala\nMesa;\n", **options)
        chair, table = Product.objects.order_by("pk")
        carry_out("produtos.csv", "nome;categoria\nMesa;\n", category="Other")

        table.refresh_from_db()
        assert (chair.category, table.category) == ("Sala", "Outlet")
        assert (table.language, table.state) == ("en", PieceState.DRAFT)
        assert not Passage.objects.exists()

    def test_rows_of_another_company_are_never_matched(self, carry_out, cosmeticos):
        theirs = ProductFactory(tenant=cosmeticos, name="Cadeira Lia", external_id="C1")
        row = carry_out("produtos.csv", PRODUCTS)

        theirs.refresh_from_db()
        assert counts_of(row) == (2, 0, 0, 0)
        assert theirs.price is None

    def test_a_column_that_is_needed_is_asked_for(self, carry_out):
        row = carry_out("produtos.csv", "preço;cor\n10;azul\n")

        assert row.state == "failed"
        assert "nome" in row.error
        assert not Product.objects.exists()

    def test_who_did_it_is_recorded(self, carry_out, helena):
        carry_out("produtos.csv", PRODUCTS, user=helena)

        entry = AuditEntry.objects.about(Product.objects.first()).get()
        assert entry.actor_label == "Helena <helena@moveis.example>"


class TestFaqs:
    def test_question_and_answer_are_needed(self, carry_out):
        row = carry_out("faq.csv", "Pergunta,Resposta\nEntregam?,Sim.\nTrocam?,\n", Kind.FAQ)

        assert counts_of(row) == (1, 0, 0, 1)
        assert Faq.objects.get().question == "Entregam?"
        assert row.problems.get().column == "Resposta"

    def test_a_changed_answer_changes_the_passage(self, carry_out, moveis):
        FaqFactory(tenant=moveis, question="Entregam?", answer="Não.")
        carry_out("faq.csv", "Pergunta,Resposta\nEntregam?,Sim.\n", Kind.FAQ)

        assert Passage.objects.get().text == "Sim."

    def test_language_and_state_are_read_as_people_write_them(self, carry_out):
        text = "pergunta;resposta;idioma;situação\nHow?;So.;Inglês;rascunho\nE?;I.;klingon;ativo\n"
        row = carry_out("faq.csv", text, Kind.FAQ)

        faq = Faq.objects.get()
        assert (faq.language, faq.state) == ("en", "draft")
        assert row.problems.get().column == "idioma"


class TestRules:
    def test_days_are_those_of_the_company_and_the_last_one_belongs(self, carry_out):
        text = (
            "título;regra;tipo;válido de;válido até\nFrete;Grátis.;entrega;01/12/2026;31/12/2026\n"
        )
        carry_out("regras.csv", text, Kind.RULE)

        rule = BusinessRule.objects.get()
        assert rule.rule_type == "entrega"
        assert rule.valid_from == datetime(2026, 12, 1, 3, tzinfo=UTC)
        assert rule.valid_until == datetime(2027, 1, 1, 3, tzinfo=UTC)

    def test_a_moment_stays_as_it_stands(self, carry_out):
        carry_out("r.csv", "title;text;valid until\nA;B;2026-12-31 00:00:00\n", Kind.RULE)

        assert BusinessRule.objects.get().valid_until == datetime(2026, 12, 31, 3, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("válido até", "31/11/2026"),
            ("válido até", "01/01/2020"),
            ("prioridade", "101"),
            ("domínio", "hidden"),
            ("domínio", "other"),
        ],
    )
    def test_what_no_rule_may_say_is_refused(self, column, value, carry_out):
        Domain.objects.create(slug="hidden", name="Hidden", is_offered=False)
        text = f"título;regra;válido de;{column}\nFrete;Grátis.;01/12/2026;{value}\n"
        row = carry_out("regras.csv", text, Kind.RULE)

        assert counts_of(row) == (0, 0, 0, 1)
        assert row.problems.get().column == column

    def test_a_rule_of_a_domain_is_found_there_only(self, carry_out):
        Domain.objects.create(slug="moveis", name="Móveis")
        text = "título;regra;domínio\nFrete;Grátis.;moveis\nTroca;7 dias.;moveis\n"
        carry_out("regras.csv", text, Kind.RULE)
        row = carry_out("regras.csv", text, Kind.RULE)

        assert counts_of(row) == (0, 0, 2, 0)
        assert set(Passage.objects.values_list("domain", flat=True)) == {"moveis"}
