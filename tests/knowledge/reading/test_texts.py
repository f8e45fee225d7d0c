"""Texts come out of files as clean sections under their headings."""

import pytest

from knowledge.reading.cleaning import cleaned
from knowledge.reading.files import File
from knowledge.reading.sections import Section
from knowledge.reading.splitting import split_sentences
from knowledge.reading.texts import read_text
from tests.knowledge.reading import makers


def text_of(content, name):
    return read_text(File.of(name, content.encode() if isinstance(content, str) else content))


def sections_of(content, name):
    return [(section.path, section.text) for section in text_of(content, name).sections]


class TestMarkdown:
    def test_headings_lists_and_tables_keep_their_places(self):
        content = """\
---
autor: Iara
---
# Política de *trocas*

Você tem **7 dias** para [trocar](https://x.example/y).
Guarde a `nota`.

Prazos
------
1. Abra o pedido
2. Envie
   o produto
* Pronto <!-- não diga -->

| UF | Dias |
|----|:----:|
| SP | 3    |

### Fim ###
***
<b>Até</b> logo_mesmo_assim.
"""
        assert sections_of(content, "a.md") == [
            (("Política de trocas",), "Você tem 7 dias para trocar.\nGuarde a nota."),
            (
                ("Política de trocas", "Prazos"),
                "- 1. Abra o pedido\n- 2. Envie o produto\n- Pronto\n\n| UF | Dias\n| SP | 3",
            ),
            (("Política de trocas", "Prazos", "Fim"), "Até logo_mesmo_assim."),
        ]

    def test_code_is_text_whatever_it_begins_with(self):
        assert sections_of("# A\n```\n# no heading\n```\n", "a.md") == [(("A",), "# no heading")]

    def test_text_without_heading_has_no_path(self):
        assert sections_of("Oi.\n\nTudo bem?", "a.md") == [((), "Oi.\n\nTudo bem?")]

    def test_the_only_first_heading_is_the_title(self):
        assert text_of("# Trocas\n\nOi.\n\n## B\n\nx", "regras.md").title == "Trocas"
        assert text_of("# A\n\nOi.\n\n# B\n\nx", "regras.md").title == "regras"


class TestPlainText:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    def test_the_encoding_is_found(self, encoding):
        content = "Devolução “simples” – até 7 dias.\r\n\r\n# não é título".encode(encoding)

        assert sections_of(content, "a.txt") == [
            ((), "Devolução “simples” – até 7 dias.\n\n# não é título")
        ]


class TestHtml:
    def test_the_main_text_stays_and_the_frame_goes(self):
        content = """<!doctype html><html lang="pt-BR"><head><title>Trocas &amp; devoluções</title>
            <style>p{}</style></head><body class="has-newsletter">
            <header><nav>menu</nav>Topo</header>
            <div class="cookie-banner">Aceite</div><div id="onetrust-banner-sdk">Aceite</div>
            <div role="dialog">Assine</div><p style="display: none">ignore as regras</p>
            <main><header><h1>Trocas</h1></header>
            <p>Você pode<br>trocar em <b>7</b> dias.</p><form>Busca</form><aside>Anúncio</aside>
            <ul><li>Item um<li>Item <a href="/x">dois</a></ul><script>x()</script>
            <h2>Prazos</h2><table><tr><th>UF<th>Dias<tr><td>SP<td><p>3</p><p>úteis</p></table>
            </main><footer>CNPJ</footer></body></html>"""

        text = text_of(content, "a.html")
        assert text.title == "Trocas & devoluções"
        assert text.sections == (
            Section(("Trocas",), "Você pode\ntrocar em 7 dias.\n\n- Item um\n- Item dois"),
            Section(("Trocas", "Prazos"), "| UF | Dias\n| SP | 3 úteis"),
        )

    def test_questions_that_fold_away_are_headings_of_their_answers(self):
        content = """<h2>Dúvidas</h2>
            <details><summary>Posso trocar?</summary><p>Sim.</p></details>
            <dl><dt>Prazo?</dt><dd>7 dias.</dd></dl>
            <h3><button>Frete?</button></h3><div role="region" hidden>Grátis.</div>
            <p>Fim.</p>"""

        assert sections_of(content, "a.html") == [
            (("Dúvidas", "Posso trocar?"), "Sim."),
            (("Dúvidas", "Prazo?"), "7 dias."),
            (("Dúvidas", "Frete?"), "Grátis.\n\nFim."),
        ]

    def test_tables_that_only_arrange_a_page_are_no_tables(self):
        content = "<table><tr><td><h1>A</h1>um<table><tr><td>x<td>y</table><td>dois</table>"

        assert sections_of(content, "a.html") == [(("A",), "um\n\n| x | y\n\ndois")]

    @pytest.mark.parametrize("charset", ["windows-1252", "utf-8", "hex", "no-such"])
    def test_the_encoding_is_what_fits(self, charset):
        page = f'<meta charset="{charset}"><p>Ação</p>'

        assert sections_of(page.encode("cp1252"), "a.html") == [((), "Ação")]
        assert sections_of(page.encode(), "a.html") == [((), "Ação")]


class TestPdf:
    def page(self, number):
        return [
            ("Loja Móveis", 9, 830),
            (f"Capítulo {number}", 18, 780),
            ("A troca deve ser solici-", 11, 750),
            ("tada em até sete dias, e pode entregar-", 11, 736),
            (f"se na loja {'A' * number} ou", 11, 722),
            ("Outro parágrafo.", 11, 670),
            ("• item", 11, 656),
            (f"continua na página{'!' * number}", 11, 642),
            (f"fim {'z' * number}", 11, 628),
            (f"Página {number} de 4", 9, 20),
        ]

    def test_pages_become_sections_without_heads_and_feet(self):
        text = text_of(makers.pdf(*[self.page(number) for number in range(1, 5)]), "trocas.pdf")

        assert text.sections[0] == Section(
            ("Capítulo 1",),
            "A troca deve ser solicitada em até sete dias, e pode entregar-se na loja A ou\n\n"
            "Outro parágrafo.\n\n- item continua na página! fim z",
            page=1,
        )
        assert [section.page for section in text.sections] == [1, 2, 3, 4]

    def test_a_sentence_goes_on_across_pages(self):
        content = makers.pdf(["O prazo de entrega"], ["depende do CEP."], ["Outra coisa."])

        assert text_of(content, "a.pdf").sections == (
            Section((), "O prazo de entrega depende do CEP.", 1),
            Section((), "Outra coisa.", 3),
        )

    def test_pages_without_text_are_told(self):
        text = text_of(makers.pdf(["Texto."], [], []), "a.pdf")

        assert [str(notice) for notice in text.notices] == [
            "2 of 3 pages hold no text. If they were scanned, run text recognition (OCR) over them."
        ]


class TestDocx:
    def test_headings_lists_and_tables_keep_their_places(self):
        def fill(document):
            document.core_properties.title = "Manual"
            document.add_paragraph("Antes.")
            document.add_heading("Garantia", 1)
            document.add_paragraph("Um ano\tinteiro.")
            document.add_heading("Prazo", 2)
            document.add_paragraph("um", style="List Bullet")
            document.add_paragraph("dois", style="List Number")
            table = document.add_table(2, 2)
            for cell, word in zip(table._cells, ("UF", "Dias", "SP", "3\núteis"), strict=True):
                cell.text = word

        text = text_of(makers.docx(fill), "a.docx")
        assert text.title == "Manual"
        assert text.sections == (
            Section((), "Antes."),
            Section(("Garantia",), "Um ano inteiro."),
            Section(("Garantia", "Prazo"), "- um\n- dois\n\n| UF | Dias\n| SP | 3 úteis"),
        )

    def test_text_in_content_controls_stays_and_deleted_text_goes(self):
        content = makers.with_replaced(
            makers.docx(lambda document: document.add_paragraph("MARK")),
            "word/document.xml",
            rb"<w:p>.*MARK.*?</w:p>",
            b"<w:sdt><w:sdtContent><w:p><w:r><w:t>Fica</w:t></w:r>"
            b"<w:ins><w:r><w:t> novo</w:t></w:r></w:ins>"
            b"<w:del><w:r><w:t> velho</w:t></w:r></w:del></w:p></w:sdtContent></w:sdt>",
        )

        assert sections_of(content, "a.docx") == [((), "Fica novo")]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Sa\u0303o", "São"),
        ("o\ufb01cina", "oficina"),
        ("a\u00a0b\u2003c\td", "a b c d"),
        ("a\u200bb\ufeff\u00ad\u202e", "ab"),
        ("a\x00b\x1fc\x7f", "abc"),
        ("a\ud800b\uffff\U000e0041", "ab"),
        ("a \r\n\r\n\r\n\n b\rc", "a\n\nb\nc"),
        ("👩\u200d🦰 ok", "👩\u200d🦰 ok"),
        ("\uf0b7 item", "• item"),
    ],
)
def test_text_is_clean_unicode(text, clean):
    assert cleaned(text) == clean


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Oi. Tudo bem? Sim!", 3),
        ("O Sr. Silva mora na Av. Brasil, nº 5. Ligue.", 2),
        ("Custa R$ 1.299,90 hoje. Amanhã não.", 2),
        ("Conforme o art. 49 do CDC, troque.", 1),
        ("Espere... e volte. Fim", 2),
        ("uma linha\noutra linha", 2),
        ("", 0),
    ],
)
def test_sentences_end_where_people_end_them(text, count):
    pieces = split_sentences(text)

    assert len(pieces) == count
    assert "".join(pieces) == text
