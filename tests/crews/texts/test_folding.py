"""Folded text: what people type differently and mean the same."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.texts.folding import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("NÃO, obrigado", "nao, obrigado"),
        ("nao\u0303", "nao"),
        ("¿Qué señal?", "¿que senal?"),
        ("Straße", "strasse"),
        ("ＡＴＥＮＤＥＮＴＥ", "atendente"),
        ("𝐡𝐮𝐦𝐚𝐧𝐨", "humano"),
        ("hu\u200bma\u00adno", "humano"),
        ("İstanbul", "istanbul"),
        ("", ""),
    ],
)
def test_case_accents_and_unseen_characters_go(text, folded):
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("marks", ["\u0315" * 75_000 + "\u0300" * 75_000, "\u0f73" * 150_000])
def test_marks_without_end_cost_no_time(marks):
    started = time.process_time()

    fold("a" + marks)

    assert time.process_time() - started < 2
