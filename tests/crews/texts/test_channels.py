"""Answers as bubbles: what each channel shows, how long it may be, and not a word lost."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crews.texts.channels import CHANNELS, bubbles, shows_typing

WHATSAPP, WEB, MAIL, TELEGRAM = (
    f"Channel::{name}" for name in ("Whatsapp", "WebWidget", "Email", "Telegram")
)
KINDS = [*CHANNELS, "Channel::Pigeon", ""]
CHATS = [kind for kind in KINDS if kind not in (WEB, MAIL, TELEGRAM)]


def one(text, kind=WHATSAPP):
    (only,) = bubbles(text, kind, most=1)
    return only


class TestMarks:
    @pytest.mark.parametrize(
        "text",
        [
            "Temos sim, **a partir de R$ 900**.",
            "*itálico*, _itálico_, ~~riscado~~ e `código`",
            "- um\n- dois\n\n1. primeiro\n2. segundo",
            "> citação",
            "2 < 3 e 5 > 4, <3",
            "C# e #promo",
            "a | b sem tabela",
            "PIX: 00020126***6304ABCD",
            "https://loja.example.com/a_b_c?x=1&y=2",
        ],
    )
    @pytest.mark.parametrize("kind", KINDS)
    def test_what_every_channel_shows_is_left_alone(self, text, kind):
        assert one(text, kind) == text

    @pytest.mark.parametrize(
        ("text", "flat"),
        [
            ("# Título", "**Título**"),
            ("### Título ###", "**Título**"),
            ("## **Título** aqui", "**Título aqui**"),
            ("# Sobre C#", "**Sobre C#**"),
            ("Título\n=====\ntexto", "**Título**\ntexto"),
            ("#", ""),
            ("um\n\n---\n\ndois", "um\n\ndois"),
            ("um\n* * *\ndois", "um\n\ndois"),
        ],
    )
    @pytest.mark.parametrize("kind", [WHATSAPP, WEB, MAIL])
    def test_headings_are_bold_and_rules_are_gone(self, text, flat, kind):
        assert "\n\n".join(bubbles(text, kind, most=9)) == flat

    def test_table_becomes_one_item_for_each_row(self):
        table = (
            "Preços:\n"
            "| Produto | Preço: | |\n"
            "|:--|--:|---|\n"
            "| **Mesa** | R$ 900 | promoção |\n"
            "| Banco | | a\\|b |\n"
            "depois"
        )

        assert one(table).split("\n") == [
            "Preços:",
            "- Produto: **Mesa** · Preço: R$ 900 · promoção",
            "- Produto: Banco · Preço: – · a|b",
            "depois",
        ]

    def test_table_without_rows_keeps_its_names(self):
        assert one("| Produto | Preço |\n|---|---|") == "Produto · Preço"

    def test_items_within_items_are_lines_of_the_outer_one(self):
        text = "1. Entre\n   - clique\n     1. pague\n2. Aguarde\n\n  * só\n* outro"

        assert one(text) == "1. Entre\n– clique\n– 1. pague\n2. Aguarde\n\n– só\n* outro"

    @pytest.mark.parametrize("kind", [WEB, MAIL])
    def test_pages_show_items_within_items(self, kind):
        text = "1. Entre\n   - clique\n2. Aguarde"

        assert one(text, kind) == text

    def test_code_loses_its_fence_and_keeps_its_lines(self):
        text = "Copie:\n```html\n<b>oi</b>\n# fim\n```\npronto"

        assert one(text) == "Copie:\n\\<b>oi\\</b>\n\\# fim\npronto"

    def test_words_behind_a_fence_are_no_language(self):
        assert one("```Seu código é\n123\n```") == "Seu código é\n123"
        assert one("```Olá\nnunca fechado") == "Olá\nnunca fechado"

    @pytest.mark.parametrize("kind", [WEB, MAIL])
    def test_pages_show_code_as_it_is(self, kind):
        text = "```python\n# um\n\n\n| a |\n|---|\nprint('<b>')\n```"

        assert one(text, kind) == text

    @pytest.mark.parametrize(
        ("text", "flat"),
        [
            ("<p>Oi <b>Ana</b></p><p>tudo bem?</p>", "Oi Ana\n\ntudo bem?"),
            ("um<br>dois<BR/>três", "um\ndois\ntrês"),
            ("<ul><li>um</li><li>dois</li></ul>", "- um\n\n- dois"),
            ('veja <a href="https://x.example">aqui</a>', "veja aqui (https://x.example)"),
            ('<img alt="x" src="https://x.example/f.png">', "https://x.example/f.png"),
            ("<<b>b>oi", "oi"),
        ],
    )
    def test_tags_are_removed(self, text, flat):
        assert one(text) == flat

    @pytest.mark.parametrize("kind", KINDS)
    def test_what_only_looks_like_a_tag_is_kept_from_being_taken_for_one(self, kind):
        assert one("Escreva <seu nome> aqui", kind) == "Escreva \\<seu nome> aqui"

    def test_tags_within_code_are_text(self):
        assert one("use `<b>` aqui") == "use `<b>` aqui"


class TestLinks:
    @pytest.mark.parametrize("kind", CHATS)
    @pytest.mark.parametrize(
        ("text", "flat"),
        [
            ("[site](https://x.example)", "site (https://x.example)"),
            ('[site](https://x.example "dica")', "site (https://x.example)"),
            ("[a](https://x.example/a_(b))", "a (https://x.example/a_(b))"),
            ("[https://x.example/](https://x.example)", "https://x.example"),
            ("[www.x.example](https://x.example/)", "https://x.example/"),
            ("[](https://x.example)", "https://x.example"),
            ("[escreva](mailto:oi@x.example)", "escreva (oi@x.example)"),
            ("<https://x.example/a>", "https://x.example/a"),
            ("<oi@x.example>", "oi@x.example"),
            ("![foto](https://x.example/f.png)", "foto (https://x.example/f.png)"),
            ("![](https://x.example/f.png)", "https://x.example/f.png"),
            (
                "[![foto](https://x.example/f)](https://x.example)",
                "foto (https://x.example/f) (https://x.example)",
            ),
            ("[não é link] (ainda)", "[não é link] (ainda)"),
        ],
    )
    def test_chats_get_the_address_behind_the_text(self, text, flat, kind):
        assert one(text, kind) == flat

    @pytest.mark.parametrize("kind", [WEB, MAIL, TELEGRAM])
    def test_pages_and_telegram_get_links(self, kind):
        assert one("[site](https://x.example)", kind) == "[site](https://x.example)"
        assert one("![foto](https://x.example/f)", kind) == "[foto](https://x.example/f)"
        assert one("![](https://x.example/f)", kind) == "https://x.example/f"


class TestCharacters:
    @pytest.mark.parametrize(
        ("text", "seen"),
        [
            ("a\u202eb\u2066c\u200fd", "abcd"),
            ("a\u200bb\ufeffc\u00add\u2060e", "abcde"),
            ("a\x00b\x1bc\x7fd\ud800e", "abcde"),
            ("a\U000e0041\U000e0042b", "ab"),
            ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
            ("família 👨‍👩‍👧 ❤️‍🔥 👩🏽‍⚕️", "família 👨‍👩‍👧 ❤️‍🔥 👩🏽‍⚕️"),
            ("a\u200db \u200d👍\u200d", "ab 👍"),
            ("nao\u0303 👍🏽 🇧🇷", "nao\u0303 👍🏽 🇧🇷"),
        ],
    )
    def test_unseen_characters_go_and_emoji_stay(self, text, seen):
        assert one(text) == seen

    def test_templates_of_chatwoot_are_taken_apart(self):
        assert one("{{ contact.name }} {% if x %}") == "{ { contact.name }} { % if x %}"


class TestParts:
    def test_paragraphs_are_bubbles(self):
        assert bubbles("Oi!\n\nTemos sim.\n\n\nQuer ver?", WHATSAPP, most=3) == (
            "Oi!",
            "Temos sim.",
            "Quer ver?",
        )

    def test_too_many_paragraphs_share_bubbles_of_like_length(self):
        text = "\n\n".join(["a" * 10, "b" * 10, "c" * 10, "d" * 40])

        assert bubbles(text, WHATSAPP, most=2) == (
            f"{'a' * 10}\n\n{'b' * 10}\n\n{'c' * 10}",
            "d" * 40,
        )

    @pytest.mark.parametrize("most", [1, 0, -3])
    def test_one_bubble_holds_everything(self, most):
        assert bubbles("um\n\ndois", WHATSAPP, most=most) == ("um\n\ndois",)

    def test_list_stays_with_its_line_and_heading_with_its_text(self):
        text = "Temos:\n\n- um\n\n- dois\n\nOutra coisa\n\n# Prazo\n\nDez dias"

        assert bubbles(text, WHATSAPP, most=9) == (
            "Temos:\n\n- um\n\n- dois",
            "Outra coisa",
            "**Prazo**\n\nDez dias",
        )

    @pytest.mark.parametrize("kind", [MAIL, "Channel::Sms", "Channel::TwilioSms"])
    def test_mail_and_messages_paid_one_by_one_are_not_split(self, kind):
        assert bubbles("um\n\ndois", kind, most=3) == ("um\n\ndois",)

    def test_long_paragraph_ends_its_bubbles_with_sentences(self):
        sentences = [f"Frase {number} de um texto comprido." for number in range(300)]

        found = bubbles(" ".join(sentences), WHATSAPP, most=3)

        assert len(found) == 3
        assert all(part.endswith("comprido.") for part in found)
        assert " ".join(found) == " ".join(sentences)

    def test_limit_of_the_channel_wins_over_the_number(self):
        text = " ".join(["palavra"] * 2_000)

        found = bubbles(text, "Channel::Instagram", most=2)

        assert len(found) > 2
        assert max(len(part.encode()) for part in found) <= 1_000
        assert " ".join(found) == text

    def test_limit_in_bytes_counts_accents_twice(self):
        found = bubbles("é" * 700, "Channel::Instagram", most=1)

        assert [len(part) for part in found] == [500, 200]

    def test_nothing_is_cut_within_what_is_seen_as_one(self):
        family = "👨‍👩‍👧"

        found = bubbles(family * 300, "Channel::Instagram", most=1)

        assert "".join(found) == family * 300
        assert all(len(part) % len(family) == 0 for part in found)

    def test_text_after_a_cut_begins_no_heading_or_item(self):
        text = "x " * 475 + "# " + "y " * 475 + "- z" * 9

        assert not [part for part in bubbles(text, "Channel::Tiktok", most=1) if part[0] in "#-"]

    @pytest.mark.parametrize("text", ["", " \n ", "---", "\u200b", "#", "```\n```"])
    def test_text_without_words_is_no_bubble(self, text):
        assert bubbles(text, WHATSAPP, most=3) == ()


def test_typing_is_seen_where_chatwoot_passes_it_on():
    assert [kind for kind in KINDS if shows_typing(kind)] == [WEB, "Channel::Api"]


def line_of(number):
    return " ".join(f"w{number}x{place}é" for place in range(number % 12 + 1))


lines = st.integers(10, 999).map(line_of)
sentences = lines.map(lambda line: " ".join([f"{line}."] * (len(line) % 9 + 1)))
rows = lines.map(lambda line: f"| {line} | {line[::-1].replace('é', 'e')} |")
blocks = st.one_of(
    sentences,
    lines.map(lambda line: f"**{line}** e *{line}*"),
    lines.map(lambda line: f"## {line}"),
    lines.map(lambda line: f"{line}\n==="),
    lines.map(lambda line: f"> {line}"),
    lines.map(lambda line: f"[{line}](https://x.example/w5x5é)"),
    lines.map(lambda line: f"![{line}](https://x.example/w6x6é)"),
    lines.map(lambda line: f"<p>{line}<br>{line}</p>"),
    lines.map(lambda line: f"<{line}>"),
    lines.map(lambda line: f"😀\u200d{line} {{{{ {line} }}}}"),
    st.lists(lines, min_size=1, max_size=5).map(lambda ls: "- " + "\n  - ".join(ls)),
    st.lists(lines, min_size=1, max_size=5).map(lambda ls: "1. " + "\n   2) ".join(ls)),
    st.lists(lines, min_size=1, max_size=4).map(lambda ls: "```\n" + "\n\n# ".join(ls) + "\n```"),
    st.lists(rows, min_size=1, max_size=4).map(
        lambda table: "\n".join([table[0], "|---|---|", *table[1:]])
    ),
    st.sampled_from(["---", "***", ""]),
)
answers = st.lists(blocks, max_size=8).map("\n\n".join)
nasty = st.text(alphabet="#*_-+|`~<>[]()!\\ \n:=.19ab/é😀\u200d\u202e", max_size=200)
kinds = st.sampled_from(KINDS)
few = st.integers(1, 4)
quick = settings(max_examples=60, deadline=None)
WORD = r"w\d+x\d+é"


@quick
@given(answers, kinds, few)
def test_no_word_is_lost(text, kind, most):
    found = " ".join(bubbles(text, kind, most=most))

    assert set(re.findall(WORD, text)) == set(re.findall(WORD, found))


@quick
@given(nasty.filter(lambda text: not re.search("[`~<]", text)), kinds, few)
def test_no_letter_is_lost(text, kind, most):
    found = "".join(bubbles(text, kind, most=most))

    assert sorted(re.findall(r"[^\W_]|😀", text)) == sorted(re.findall(r"[^\W_]|😀", found))


@quick
@given(st.one_of(answers, nasty, st.text()), kinds, few)
def test_every_bubble_fits_and_is_not_empty(text, kind, most):
    channel = CHANNELS.get(kind)

    for part in bubbles(text, kind, most=most):
        assert part.strip()
        assert channel is None or channel.size(part) <= channel.longest


@quick
@given(st.one_of(answers, nasty), kinds, few)
def test_there_are_more_bubbles_only_where_two_do_not_fit_into_one(text, kind, most):
    found = bubbles(text, kind, most=most)
    channel = CHANNELS.get(kind)

    if len(found) > most and channel is not None:
        pairs = (f"{above}\n\n{below}" for above, below in pairwise(found))
        assert all(channel.size(pair) > channel.longest for pair in pairs)


@quick
@given(st.one_of(answers, nasty), kinds, few)
def test_bubbles_given_again_stay_as_they_are(text, kind, most):
    found = bubbles(text, kind, most=most)

    assert bubbles("\n\n".join(found), kind, most=most) == found
    for part in found:
        assert bubbles(part, kind, most=1) == (part,)


@quick
@given(answers, st.sampled_from(CHATS), few)
def test_chats_get_nothing_that_they_do_not_show(text, kind, most):
    for part in bubbles(text, kind, most=most):
        assert not re.search(
            r"\]\(|^ {0,3}#|^\s*```|^\s*\|?[-|: ]+\|[-|: ]*$|^ +[-*\d]", part, re.M
        )
        assert not re.search(r"(?<!\\)</?[a-z]", part)


HOSTILE = {
    "brackets": "[" * 30_000,
    "links begun": "[](" * 10_000,
    "links in links": "[a](b(c)" * 3_600,
    "images begun": "![a](" * 6_000,
    "tags begun": "<a href=" * 3_600,
    "anchors": "<a href=x href=x href=x " * 1_200,
    "spaces": "x" + " " * 29_800 + "#",
    "backticks": "` `` ` " * 4_200,
    "one tick": "`" + "a" * 29_800,
    "hashes": "# " + "#" * 29_800 + "x",
    "pipes": "|" * 30_000,
    "tables": "|a|\n|-|\n" * 3_600,
    "dashes": "- " * 15_000,
    "fences": "```\n" * 7_400,
    "items": "- a\n\n" * 6_000,
    "deeper items": "\n".join(" " * (n % 300) + "- a" for n in range(900)),
    "marks": "\u0315\u0300" * 15_000,
    "joiners": "😀\u200d" * 15_000,
    "tags in tags": "<" * 10_000 + "b>" * 10_000,
    "lines": "a\n" * 15_000,
    "words": "a " * 15_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_takes_little_time(text):
    """Thirty thousand characters; what takes the square of that takes minutes."""
    started = time.process_time()

    bubbles(text, "Channel::Instagram", most=3)
    bubbles(text, WEB, most=3)

    assert time.process_time() - started < 5
