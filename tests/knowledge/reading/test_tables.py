"""Tables come out of files row by row, whatever program wrote them, and whoever means harm."""

import csv
import io
import itertools
import tracemalloc

import pytest

from knowledge.reading import delimited
from knowledge.reading.failures import UnreadableError
from knowledge.reading.files import File
from knowledge.reading.tables import read_table
from tenants.spreadsheet import safe_cell
from tests.knowledge.reading import makers


def table_of(content, name="produtos.csv", **options):
    content = content.encode() if isinstance(content, str) else content
    return read_table(File.of(name, content), **options)


def cells_of(content, name="produtos.csv", **options):
    return [row.cells for row in table_of(content, name, **options).rows]


def refusal_of(content, name="produtos.csv", **options):
    with pytest.raises(UnreadableError) as caught:
        list(table_of(content, name, **options).rows)
    return caught.value


class TestCsv:
    @pytest.mark.parametrize(
        "separator", [",", ";", "\t", "|"], ids=["comma", "semi", "tab", "bar"]
    )
    def test_the_separator_is_found(self, separator):
        text = f"nome{separator}preço\nSofá{separator}10\nMesa{separator}20\n"

        assert cells_of(text) == [{"nome": "Sofá", "preço": "10"}, {"nome": "Mesa", "preço": "20"}]

    def test_decimal_commas_are_no_separators(self):
        assert cells_of("nome;preço\nSofá;1,5\nMesa;2,5\n")[0]["preço"] == "1,5"

    def test_a_separator_that_excel_names_is_taken(self):
        table = table_of("sep=|\nnome|preço\nA|1\n")

        assert [(row.number, row.cells) for row in table.rows] == [(3, {"nome": "A", "preço": "1"})]

    def test_a_single_column_is_a_table(self):
        assert cells_of("pergunta\nQual o prazo?\n") == [{"pergunta": "Qual o prazo?"}]

    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be-bom", "utf-32", "cp1252"]
    )
    def test_the_encoding_is_found(self, encoding):
        text = "nome;preço\nColchão “King” São João – 2ª;10\n"
        is_be = encoding == "utf-16-be-bom"
        content = b"\xfe\xff" + text.encode("utf-16-be") if is_be else text.encode(encoding)

        assert cells_of(content) == [{"nome": "Colchão “King” São João – 2ª", "preço": "10"}]

    def test_one_broken_character_does_not_turn_a_file_into_windows(self):
        content = b"nome\n" + "São João, coração\n".encode() * 50 + b"p\xe9\n"

        assert cells_of(content)[0] == {"nome": "São João, coração"}

    def test_a_file_cut_in_the_middle_of_a_character_stays_utf_8(self):
        assert cells_of("nome\nAção\nSofá".encode()[:-1])[0] == {"nome": "Ação"}

    def test_an_accent_far_behind_the_beginning_is_seen(self):
        content = b"nome\n" + b"a\n" * 100_000 + "Ação\n".encode("cp1252")

        assert cells_of(content)[-1] == {"nome": "Ação"}

    def test_rows_are_numbered_as_a_person_counts_lines(self):
        rows = table_of('\n\nnome;preço\n\n"A\nB";1\n;\nC;2\n').rows

        assert [(row.number, row.cells["nome"]) for row in rows] == [(5, "A\nB"), (8, "C")]

    def test_old_mac_line_ends_are_lines(self):
        assert cells_of("nome;preço\rA;1\rB;2\r")[1] == {"nome": "B", "preço": "2"}

    def test_a_short_row_lacks_its_last_cells(self):
        assert cells_of("a;b;c\n1;2\n") == [{"a": "1", "b": "2"}]

    def test_a_long_row_is_told_and_the_rest_is_read(self):
        long, good = table_of("a;b\n1;2;3\n4;5;\n").rows

        assert [(problem.row, problem.given) for problem in long.problems] == [(2, "3")]
        assert "At most 2 cells" in long.problems[0].allowed
        assert (good.cells, good.problems) == ({"a": "4", "b": "5"}, ())

    def test_columns_of_one_name_are_told_apart(self):
        assert table_of("nome;nome;;preço\nA;B;C;1\n").columns == ("nome", "nome (2)", "preço")

    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "=cmd|'/C calc'!A0"])
    def test_what_looks_like_a_formula_is_text_and_is_escaped_on_the_way_out(self, text):
        found = cells_of(f"nome;x\n{text};1\n")[0]["nome"]

        assert found == text
        assert safe_cell(found) == f"'{text}"

    def test_quotes_in_the_middle_are_a_part_of_the_text(self):
        assert cells_of('nome;x\nTV 32";1\n')[0]["nome"] == 'TV 32"'

    def test_an_open_quote_costs_one_row(self):
        rows = list(table_of('nome;preço\n"TV;1\nMesa;2\nSofá;3\n').rows)

        assert [row.number for row in rows] == [2, 3, 4]
        assert rows[0].problems[0].given == '"TV;1'
        assert [row.cells["nome"] for row in rows[1:]] == ["Mesa", "Sofá"]

    def test_too_many_open_quotes_end_the_reading(self, monkeypatch):
        monkeypatch.setattr(delimited, "LONGEST_ROW", 1_000)
        rows = ('"TV;1\n' + "Mesa de jantar;2\n" * 99) * 21

        assert refusal_of(f"nome;preço\n{rows}").code == "open_quotes"

    def test_a_line_of_many_megabytes_costs_one_row(self, monkeypatch):
        monkeypatch.setattr(delimited, "LONGEST_ROW", 10_000)
        rows = list(table_of("nome;x\n" + "a" * 500_000 + "\nMesa;2\n").rows)

        assert [(row.number, bool(row.problems)) for row in rows] == [(2, True), (3, False)]

    def test_a_row_that_never_ends_costs_one_row(self, monkeypatch):
        monkeypatch.setattr(delimited, "LONGEST_ROW", 10_000)
        rows = table_of("nome;x\n" + '"' + '";"\n' * 5_000 + 'a"\n').rows

        assert next(rows).problems[0].row == 2

    def test_a_header_that_never_ends_is_refused(self):
        assert refusal_of("a" * 1_100_000).code == "header_too_long"

    def test_a_million_columns_are_refused(self):
        error = refusal_of(";".join("ab" for _ in range(300_000)) + "\n")

        assert error.code == "too_many_columns"
        assert "500" in str(error)

    def test_nul_bytes_are_dropped(self):
        assert cells_of("nome;x\nSo\0fá;1\n") == [{"nome": "Sofá", "x": "1"}]

    def test_unseen_characters_are_dropped(self):
        assert cells_of("nome\nSo\u200bfa\u0301\u202e\u00ad\n") == [{"nome": "Sofá"}]

    @pytest.mark.parametrize(
        ("content", "name", "code"),
        [
            (b"", "a.csv", "empty"),
            (b"\n\n ;; \n", "a.csv", "no_header"),
            (bytes(range(256)) * 10, "a.csv", "binary"),
            (b"a;b\n1;2\n", "a.exe", "unknown_kind"),
            (b"a;b\n1;2\n", "a", "unknown_kind"),
            (b"%PDF-1.4", "a.pdf", "not_a_table"),
            (b"%PDF-1.4 x", "a.csv", "wrong_ending"),
            (b"<!doctype html><html>", "a.csv", "wrong_ending"),
            (b"\x1f\x8b\x08\x00", "a.csv", "wrong_ending"),
            (b"a;b\n1;2\n", "a.xlsx", "damaged"),
        ],
    )
    def test_what_is_no_table_is_refused_with_the_next_step(self, content, name, code):
        error = refusal_of(content, name)

        assert error.code == code
        assert str(error).endswith(".")

    def test_memory_does_not_grow_with_the_file(self):
        content = b"nome;preco\n" + b"Sofa de tres lugares;1299,90\n" * 30_000
        rows = table_of(content).rows
        next(rows)
        tracemalloc.start()
        for _row in itertools.islice(rows, 20_000):
            pass
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert peak < 2_000_000

    def test_a_file_above_the_limit_is_refused_unread(self):
        class Huge(io.BytesIO):
            def seek(self, offset, whence=0):
                return 500 * 1024 * 1024 if whence == io.SEEK_END else super().seek(offset, whence)

            def read(self, *_args):
                raise AssertionError("It was read.")

        with pytest.raises(UnreadableError) as caught:
            read_table(File("a.csv", Huge()))

        assert caught.value.code == "too_large"
        assert "100 MB" in str(caught.value)

    def test_what_python_writes_is_read_back(self):
        rows = [['a"b', "x;y", "linha\noutra"], ["é", "", "z"]]
        out = io.StringIO()
        csv.writer(out, delimiter=";").writerows([["a", "b", "c"], *rows])

        assert [list(cells.values()) for cells in cells_of(out.getvalue())] == rows


class TestJsonLines:
    def test_each_line_is_a_row(self):
        table = table_of(
            '{"nome": "Sofá", "preço": 10.5}\n\n{"nome": "Mesa", "tags": ["a"]}\n', "a.jsonl"
        )

        assert table.columns == ("nome", "preço", "tags")
        assert [(row.number, row.cells) for row in table.rows] == [
            (1, {"nome": "Sofá", "preço": 10.5}),
            (3, {"nome": "Mesa", "tags": ["a"]}),
        ]

    @pytest.mark.parametrize(
        "line",
        ["{", "[1]", '"x"', "null", '{"a": NaN}', "[" * 5_000, '{"a": ' * 5_000, "1" * 5_000],
        ids=["cut", "list", "text", "null", "nan", "deep list", "deep object", "long number"],
    )
    def test_a_bad_line_costs_one_row(self, line):
        good, bad, last = table_of(f'{{"a": 1}}\n{line}\n{{"a": 2}}\n', "a.jsonl").rows

        assert (good.cells, last.cells) == ({"a": 1}, {"a": 2})
        assert bad.problems[0].row == 2

    def test_lone_surrogates_and_nul_are_dropped(self):
        assert cells_of('{"a": "x\\ud800\\u0000y"}\n', "a.jsonl") == [{"a": "xy"}]

    def test_one_list_around_everything_is_refused(self):
        assert refusal_of('[{"a": 1},\n{"a": 2}]', "a.jsonl").code == "not_json_lines"

    def test_a_line_that_is_too_long_costs_one_row(self):
        text = '{"a": 1}\n{"a": "' + "x" * 2_500_000 + '"}\n{"a": 3}\n'

        assert [bool(row.problems) for row in table_of(text, "a.jsonl").rows] == [0, 1, 0]

    def test_a_million_names_are_refused(self):
        names = ", ".join(f'"a{number}": 1' for number in range(2_000))

        assert refusal_of(f"{{{names}}}\n", "a.jsonl").code == "too_many_columns"


class TestXlsx:
    def test_values_keep_what_the_sheet_knows(self):
        from datetime import date, datetime

        content = makers.xlsx(
            [None, None], ["nome", "preço", "dia", "ok"], ["Sofá ", 1.299, date(2026, 12, 31), True]
        )

        (row,) = table_of(content, "a.xlsx").rows
        assert row.number == 3
        assert row.cells == {"nome": "Sofá", "preço": 1.299, "dia": "2026-12-31", "ok": True}
        assert datetime.fromisoformat(row.cells["dia"])

    def test_formulas_give_their_value_or_nothing(self):
        content = makers.xlsx(["nome", "preço"], ["Sofá", "=1+1"], ["=cmd|'/C calc'!A0", 2])
        content = makers.with_replaced(
            content,
            "xl/worksheets/sheet1.xml",
            rb"<f>1\+1</f><v ?/>|<f>1\+1</f><v></v>",
            b"<f>1+1</f><v>2</v>",
        )

        assert cells_of(content, "a.xlsx")[0] == {"nome": "Sofá", "preço": 2}
        assert cells_of(content, "a.xlsx")[1] == {"nome": None, "preço": 2}

    def test_a_named_sheet_is_taken(self):
        content = makers.xlsx(sheets={"Um": [["a"], [1]], "Dois": [["b"], [2]]})

        assert cells_of(content, "a.xlsx", sheet="Dois") == [{"b": 2}]
        error = refusal_of(content, "a.xlsx", sheet="Três")
        assert str(error) == "There is no sheet “Três”. The file has these: Um, Dois."

    def test_a_stated_size_of_millions_of_cells_is_not_believed(self):
        content = makers.with_replaced(
            makers.xlsx(["a", "b"], [1, 2]),
            "xl/worksheets/sheet1.xml",
            b'ref="A1:B2"',
            b'ref="A1:XFD1048576"',
        )

        assert cells_of(content, "a.xlsx") == [{"a": 1, "b": 2}]

    def test_sixteen_thousand_columns_are_refused(self):
        assert refusal_of(makers.xlsx(["a"] * 16_000), "a.xlsx").code == "too_many_columns"

    def test_entities_are_refused(self):
        laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
        for part in ("xl/workbook.xml", "xl/worksheets/sheet1.xml"):
            content = makers.with_replaced(makers.xlsx(["a"], [1]), part, b"<", laughs + b"<", 1)

            assert refusal_of(content, "a.xlsx").code == "dangerous_xml"

    def test_a_reading_left_early_leaves_no_process(self, monkeypatch):
        import subprocess

        started = []
        start = subprocess.Popen
        monkeypatch.setattr(
            subprocess, "Popen", lambda *a, **k: started.append(start(*a, **k)) or started[-1]
        )
        rows = table_of(makers.xlsx(["a"], *([n] for n in range(5_000))), "a.xlsx").rows

        next(rows)
        rows.close()
        assert started[0].returncode is not None
