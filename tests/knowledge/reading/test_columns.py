"""The columns of a table find their fields, and every cell its value, or a sentence that helps."""

from datetime import date
from decimal import Decimal

import pytest

from knowledge.reading import fields, values
from knowledge.reading.columns import Field, match
from knowledge.reading.fields import wanted
from knowledge.reading.files import File
from knowledge.reading.records import records
from knowledge.reading.rows import Row
from knowledge.reading.tables import read_table
from knowledge.reading.values import ValueRefusedError

PRODUCT = [wanted("name", is_required=True), wanted("price"), wanted("valid_until")]


class TestMatching:
    @pytest.mark.parametrize(
        ("column", "field"),
        [
            ("Nome", "name"),
            ("NOME DO PRODUTO", "name"),
            ("nome_do_produto", "name"),
            ("Preço (R$)", "price"),
            ("preco", "price"),
            (" Preço  de venda ", "price"),
            ("price", "price"),
            ("Válido até", "valid_until"),
        ],
    )
    def test_names_match_without_case_accents_and_units(self, column, field):
        assert match([column], PRODUCT).columns == {field: column}

    def test_unknown_and_missing_columns_are_told(self):
        matching = match(["preçoo", "Cor"], PRODUCT)

        assert (matching.unknown, matching.is_complete) == (("preçoo", "Cor"), False)
        assert matching.sentences() == [
            f"The column “nome” is missing. These names are known: {', '.join(PRODUCT[0].names)}.",
            "The column “preçoo” is not read. Is it “preço”?",
            "The column “Cor” is not read.",
        ]

    def test_the_first_of_two_columns_is_taken(self):
        matching = match(["nome", "título", "price"], PRODUCT)

        assert matching.columns == {"name": "nome", "price": "price"}
        assert matching.unknown == ("título",)

    def test_each_known_name_belongs_to_its_table_entry_once(self):
        for name, synonyms in fields.SYNONYMS.items():
            assert len({name, *synonyms}) == len(synonyms) + 1


class TestMoney:
    @pytest.mark.parametrize(
        ("cell", "amount"),
        [
            ("R$ 1.299,90", "1299.90"),
            ("R$\u00a01.299,90", "1299.90"),
            ("1299.90", "1299.90"),
            ("1299,9", "1299.90"),
            ("1.299", "1299"),
            ("1,299", "1299"),
            ("1,299.90", "1299.90"),
            ("1.234.567,89", "1234567.89"),
            ("0,50", "0.50"),
            ("0", "0"),
            ("12 reais", "12"),
            ("US$ 10", "10"),
            (1.299, "1.30"),
            (1299.9, "1299.90"),
            (10, "10"),
        ],
    )
    def test_amounts_are_read_as_brazilians_and_english_write_them(self, cell, amount):
        assert values.money(cell) == Decimal(amount)

    @pytest.mark.parametrize(
        "cell",
        [
            "",
            "abc",
            "-5",
            "1.2.3",
            "1,2,3",
            "12,345,6",
            "1e5",
            "٣",
            "=1+1",
            "0,999",
            "9" * 13,
            "10%",
            float("nan"),
            float("inf"),
            -1,
            True,
            None,
            [1],
            "1" * 10_000,
        ],
    )
    def test_what_is_no_amount_is_refused(self, cell):
        with pytest.raises(ValueRefusedError, match=r"such as 1\.299,90 or 1299\.90"):
            values.money(cell)


@pytest.mark.parametrize(
    ("cell", "amount"), [("1,299", "1.299"), ("1.299", "1299"), ("0.999", "0.999"), ("2", "2")]
)
def test_weights_have_three_decimals(cell, amount):
    assert values.number(cell) == Decimal(amount)


@pytest.mark.parametrize(
    ("parse", "cell", "value"),
    [
        (values.yes_no, "Sim", True),
        (values.yes_no, "NÃO", False),
        (values.yes_no, True, True),
        (values.yes_no, 0.0, False),
        (values.yes_no, 1, True),
        (values.day, "31/12/2026", date(2026, 12, 31)),
        (values.day, "1-2-26", date(2026, 2, 1)),
        (values.day, "31.12.2026", date(2026, 12, 31)),
        (values.day, "2026-12-31", date(2026, 12, 31)),
        (values.day, "2026-12-31T10:00:00", date(2026, 12, 31)),
        (values.items, "a; b;;c", ["a", "b", "c"]),
        (values.items, "a, b", ["a", "b"]),
        (values.items, "sofá, 3 lugares; mesa", ["sofá, 3 lugares", "mesa"]),
        (values.items, ["a", 1], ["a", "1"]),
        (values.whole, "10", 10),
        (values.whole, 3.0, 3),
        (values.text, 789123456789.0, "789123456789"),
        (values.text, " a ", "a"),
        (fields.PARSERS["status"], "Publicada", "published"),
        (fields.PARSERS["status"], "draft", "draft"),
    ],
)
def test_values_are_read(parse, cell, value):
    assert parse(cell) == value


@pytest.mark.parametrize(
    ("parse", "cell", "allowed"),
    [
        (values.yes_no, "talvez", "Yes or no: sim, não, yes, no, 1, 0, true, false."),
        (values.yes_no, float("nan"), "Yes or no: sim, não, yes, no, 1, 0, true, false."),
        (values.day, "12/31/2026", "A date such as 31/12/2026 or 2026-12-31."),
        (values.day, "31/02/2026", "A date such as 31/12/2026 or 2026-12-31."),
        (values.day, "46387", "A date such as 31/12/2026 or 2026-12-31."),
        (values.whole, "1,5", "A whole number such as 10."),
        (values.text, "x" * 100_001, "At most 100000 characters."),
        (values.items, "a;" * 101, "At most 100 entries."),
        (fields.PARSERS["status"], "novo", "One of these: rascunho, publicado, arquivado."),
    ],
)
def test_refusals_say_what_is_allowed(parse, cell, allowed):
    with pytest.raises(ValueRefusedError) as caught:
        parse(cell)

    assert str(caught.value) == allowed


class TestRecords:
    def test_a_bad_row_stops_nothing_and_tells_where_it_is_bad(self):
        content = "nome;preço;validade\nSofá;1.299,90;\n;dez;ontem\nMesa;10;31/12/2026\n"
        table = read_table(File.of("a.csv", content.encode()))

        first, bad, last = records(table.rows, PRODUCT, match(table.columns, PRODUCT))
        assert first.values == {"name": "Sofá", "price": Decimal("1299.90")}
        assert last.values["valid_until"] == date(2026, 12, 31)
        assert [(each.row, each.column, each.given) for each in bad.problems] == [
            (3, "nome", ""),
            (3, "preço", "dez"),
            (3, "validade", "ontem"),
        ]
        assert (first.is_good, bad.is_good, last.is_good) == (True, False, True)

    def test_a_missing_column_that_is_required_is_a_problem_of_each_row(self):
        (record,) = records([Row(2, {"x": 1})], PRODUCT, match(["x"], PRODUCT))

        assert [(each.column, each.given) for each in record.problems] == [("name", "")]

    def test_an_own_field_reads_with_its_own_parser(self):
        color = Field("color", ("cor",), values.one_of({"red": ("vermelho",), "blue": ()}))

        (record,) = records([Row(2, {"Cor": "azul"})], [color], match(["Cor"], [color]))
        assert record.problems[0].allowed == "One of these: vermelho, blue."
