"""The customer's language: told by small words, kept when a text does not tell."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crews.texts.languages import LANGUAGES, language_of

ALL = ("pt-br", "en", "es")

CLEAR = {
    "pt-br": [
        "quanto custa o frete para São Paulo?",
        "vcs entregam aos sábados?",
        "ainda nao recebi o codigo de rastreio",
        "Esse notebook gamer da Dell tem placa RTX?",
        "meu pedido não chegou",
        "qual o prazo de entrega?",
        "Quero o perfume Good Girl, vocês têm?",
        "gostaria de cancelar a compra",
    ],
    "en": [
        "hello, do you ship to Brazil?",
        "how much is the shipping?",
        "I haven’t received my order",
        "can you help me?",
        "what's the price of the sofá?",
        "thank you!",
        "looking for a gift for my mother",
        "it stopped working after two days",
    ],
    "es": [
        "¿cuánto cuesta el envío a Madrid?",
        "mi pedido no ha llegado",
        "cual es el plazo de entrega?",
        "todavía no recibí el código de seguimiento",
        "muchas gracias!",
        "donde está la tienda?",
        "vivo en Lima, cuando llega?",
        "quisiera saber si lo tienen en azul",
    ],
}
ROWS = [(language, text) for language, texts in CLEAR.items() for text in texts]


@pytest.mark.parametrize("known", ["", "pt-br", "en", "es", "fr"])
@pytest.mark.parametrize(("language", "text"), ROWS)
def test_clear_text_tells_its_language(language, text, known):
    assert language_of(text, known=known, allowed=ALL) == language


@pytest.mark.parametrize(("language", "text"), [("en", "hello"), ("es", "hola"), ("pt-br", "oi")])
def test_one_word_is_enough_to_begin_and_not_to_change(language, text):
    other = next(known for known in ALL if known != language)

    assert language_of(text, known="", allowed=ALL) == language
    assert language_of(text, known=other, allowed=ALL) == other


UNCLEAR = [
    "",
    "ok",
    "👍👍",
    "R$ 1.200,00",
    "iPhone 15 Pro Max",
    "Smart TV Samsung Crystal UHD 50",
    "show!",
    "Black Friday?",
    "maria@the-and-you.com",
    "https://loja.example.com/the/and/you/are/my/order",
    "(11) 98888-7777",
    "Rua Augusta 1200",
    "你好，请问这个多少钱",
    "..." * 10,
]


@pytest.mark.parametrize("known", ALL)
@pytest.mark.parametrize("text", UNCLEAR)
def test_unclear_text_keeps_the_language(text, known):
    assert language_of(text, known=known, allowed=ALL) == known


def test_nothing_known_and_nothing_told_is_the_first_allowed():
    assert language_of("ok", known="", allowed=("es", "en")) == "es"
    assert language_of("ok", known="pt-br", allowed=("es", "en")) == "es"


def test_language_that_is_not_allowed_is_not_answered_in():
    assert language_of("¿cuánto cuesta el envío?", known="en", allowed=("pt-br", "en")) == "en"
    assert language_of("how much is it?", known="", allowed=("pt-br",)) == "pt-br"


def test_no_choice_allows_every_language():
    assert language_of("how much is the sofa?", known="", allowed=()) == "en"


@given(st.text(), st.sampled_from(["", "xx", *ALL]), st.lists(st.sampled_from(ALL), min_size=1))
def test_answer_is_always_allowed(text, known, allowed):
    assert language_of(text, known=known, allowed=allowed) in allowed


def test_words_of_one_language_are_not_those_of_another():
    english = LANGUAGES["en"].words

    assert not english & (LANGUAGES["pt-br"].words | LANGUAGES["es"].words)


@pytest.mark.parametrize(
    "text", ["the " * 37_500, "a" * 150_000, "\u0315\u0300" * 75_000, "@" * 150_000]
)
def test_longest_text_takes_little_time(text):
    started = time.process_time()

    language_of(text, known="pt-br", allowed=ALL)

    assert time.process_time() - started < 1
