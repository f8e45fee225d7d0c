"""Words as terms."""

import threading

import pytest

from knowledge.texts.chat_spelling import SPELLINGS, written_out
from knowledge.texts.folding import fold
from knowledge.texts.words import stems, telling_words


def tokens(text, language="pt"):
    return stems(telling_words(text, language), language)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("informação", "informações"),
        ("pão", "pães"),
        ("papel", "papéis"),
        ("lençol", "lençóis"),
        ("jornal", "jornais"),
        ("nuvem", "nuvens"),
        ("colchão", "COLCHOES"),
        ("cor", "cores"),
        ("vez", "vezes"),
        ("sofá", "sofas"),
        ("entregamos", "entregam"),
        ("termo", "termos"),
        ("você entrega", "vcs entregam"),
    ],
)
def test_portuguese_forms_of_a_word_meet(one, other):
    assert tokens(one) == tokens(written_out(other, "pt"))


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "delivery", "deliveries"),
        ("en-US", "returned shoes", "returning shoe"),
        ("es", "información", "informaciones"),
        ("es", "color", "colores"),
        ("es", "luz", "luces"),
        ("es", "mes", "meses"),
    ],
)
def test_forms_of_other_languages_meet(language, one, other):
    assert tokens(one, language) == tokens(other, language)


def test_an_unknown_language_is_read_as_portuguese():
    for code in ("pt-BR", "pt", "de", ""):
        assert tokens("os colchões", code) == tokens("colchao")


def test_words_that_say_nothing_are_left_out():
    assert tokens("Olá, bom dia! Quanto custa a entrega para Recife?") == tokens(
        "dia custa entrega recife"
    )
    assert tokens("¿Cuánto cuesta?", "es") == tokens("cuesta", "es")
    assert tokens("How much is the shipping?", "en") == tokens("shipping", "en")


def test_without_is_a_word():
    assert tokens("sem glúten") != tokens("glúten")


@pytest.mark.parametrize("text", ["", "   ", "??? !!!", "👍🏽", "___", "\u0301"])
def test_texts_without_words_have_no_terms(text):
    assert tokens(text) == []


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("AÇÃO", "acao"),
        ("ação", "acao"),  # c and cedilla apart
        ("ﬁm", "fim"),
        ("Straße", "strasse"),
        ("№ 5", "no 5"),
    ],
)
def test_letters_are_folded(written, folded):
    assert fold(written) == folded


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("vc entrega p/ salvador?", "voce entrega para  salvador?"),
        ("qto custa c/ montagem", "quanto custa com  montagem"),
        ("blz, obg", "tudo bem, obrigado"),
        ("N tem tb?", "nao tem tambem?"),
        ("s/glúten", "sem gluten"),
    ],
)
def test_chat_spelling_is_written_out(short, long):
    assert written_out(short, "pt") == long


@pytest.mark.parametrize("text", ["24h/7", "cor e/ou modelo", "10 cm"])
def test_what_only_looks_short_stays(text):
    assert written_out(text, "pt") == text


def test_other_languages_keep_their_spelling():
    assert written_out("to go", "en") == "to go"


def test_short_spellings_are_folded():
    for short, long in SPELLINGS.items():
        assert (fold(short), fold(long)) == (short, long)


def test_threads_do_not_mix_their_words():
    """The stemmer keeps the word it works on in itself."""
    words = [f"entregar{letter}mento" for letter in "abcdefghijklmnopqrstuvwxyz"]
    expected = [tokens(word + "s") for word in words]
    wrong = []

    def stem(start):
        for n in range(400):
            word = words[(start + n) % len(words)]
            if tokens(f"{word}s") != expected[(start + n) % len(words)]:
                wrong.append(word)

    threads = [threading.Thread(target=stem, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
