"""Passages are small enough to be one answer, and never lose a word."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.reading.chunking import FEWEST_WORDS, LONG_WORD, MOST_WORDS, passages
from knowledge.reading.sections import Section

TEXT = "a troca de produtos com defeito deve ser feita em até sete dias depois da entrega"
WORDS = TEXT.split()


def sentence(words, seed=1):
    made = random.Random(seed)
    return " ".join(made.choice(WORDS) for _ in range(words)).capitalize() + "."


def paragraph(*lengths):
    return " ".join(sentence(length, seed) for seed, length in enumerate(lengths))


def size(passage):
    return len(passage.text.split())


def texts_of(*sections, **options):
    return [passage.text for passage in passages(sections, **options)]


def test_headings_are_the_title():
    (passage,) = passages([Section(("Política", "Trocas"), "Sete dias.", 3)], title="Manual")

    assert (passage.title, passage.page) == ("Manual › Política › Trocas", 3)
    assert passage.whole == "Manual › Política › Trocas\nSete dias."


def test_a_title_that_the_headings_begin_with_is_not_said_twice():
    (passage,) = passages([Section(("Manual", "Trocas"), "Sete dias.")], title="Manual")

    assert passage.title == "Manual › Trocas"


def test_long_text_becomes_passages_of_a_good_size():
    text = "\n\n".join(paragraph(*[12] * count) for count in (3, 5, 2, 8, 1, 6, 4, 9, 2, 2, 7))

    sizes = [size(passage) for passage in passages([Section(("A",), text)])]
    assert all(FEWEST_WORDS <= each <= MOST_WORDS for each in sizes)


def test_a_little_too_much_becomes_two_even_passages():
    text = "\n\n".join(paragraph(10) for _ in range(20))

    assert [size(passage) for passage in passages([Section(("A",), text)])] == [100, 100]


def test_sentences_are_not_cut_and_the_last_is_said_again():
    first, second, *_rest = texts_of(Section(("A",), paragraph(*[20] * 30)))

    assert first.endswith(".")
    assert second.startswith(re.split(r"(?<=\.) ", first)[-1])


def test_whole_paragraphs_do_not_overlap():
    text = "\n\n".join(paragraph(12, 12, 12, 12, 12) + f" Fim{n}." for n in range(6))

    assert "\n\n".join(texts_of(Section(("A",), text))) == text


def test_small_neighbours_share_a_passage_and_keep_their_headings():
    sections = [
        Section(("Frete", "SP"), "Três dias."),
        Section(("Frete", "BA"), "Cinco dias."),
        Section(("Troca", "Prazo"), "Sete dias."),
    ]

    assert [(each.title, each.text) for each in passages(sections)] == [
        ("Frete", "SP: Três dias.\n\nBA: Cinco dias."),
        ("Troca › Prazo", "Sete dias."),
    ]


def test_questions_stay_alone_with_their_answers():
    sections = [Section(("FAQ", "Posso trocar?"), "Sim."), Section(("FAQ", "Quando?"), "Hoje.")]

    assert [passage.title for passage in passages(sections)] == [
        "FAQ › Posso trocar?",
        "FAQ › Quando?",
    ]


def test_text_that_goes_on_over_pages_is_one_text():
    sections = [Section(("A",), paragraph(30), page=1), Section(("A",), paragraph(30, 9), page=2)]

    (passage,) = passages(sections)
    assert passage.page == 1


def test_rows_keep_the_header_of_their_table():
    rows = "\n".join(f"| Cidade {number} | {number} dias úteis" for number in range(60))
    texts = texts_of(Section(("Frete",), f"| Cidade | Prazo\n{rows}"))

    assert len(texts) > 1
    assert all(text.startswith("| Cidade | Prazo\n| Cidade ") for text in texts)
    assert sum(text.count("dias úteis") for text in texts) == 60


def test_a_row_that_is_too_long_keeps_the_header_in_each_part():
    texts = texts_of(Section(("A",), f"| Nome | Texto\n| x | {'palavra ' * 400}"))

    assert all(text.startswith("| Nome | Texto\n") for text in texts)
    assert max(len(text.split()) for text in texts) <= MOST_WORDS


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "palavra " * 50_000,
        "A. " * 50_000,
        "." * 100_000,
        "| a\n" * 20_000,
        "- a\n" * 20_000,
    ],
    ids=["one word", "one sentence", "short sentences", "dots", "rows", "entries"],
)
def test_nothing_makes_a_passage_longer_than_allowed(text):
    for passage in passages([Section((), text.strip())]):
        assert size(passage) <= MOST_WORDS
        assert len(passage.text) <= MOST_WORDS * (LONG_WORD + 2)


def test_titles_have_a_limit_and_keep_the_innermost_heading():
    (passage,) = passages([Section(("a" * 900, "Trocas"), "Oi.")])

    assert len(passage.title) == 300
    assert passage.title.endswith("Trocas")


texts = st.text(st.sampled_from("ab. \n|-?"), max_size=300)
many_sections = st.lists(
    st.builds(Section, st.lists(texts, max_size=2).map(tuple), texts, st.none()), max_size=5
)


@settings(max_examples=100, deadline=None)
@given(many_sections)
def test_the_same_text_gives_the_same_passages(sections):
    assert list(passages(sections)) == list(passages(sections))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=80), st.randoms(use_true_random=False))
def test_no_word_is_lost(lengths, chance):
    numbers = iter(range(10_000))
    sentences = [" ".join(f"w{next(numbers)}" for _ in range(length)) + "." for length in lengths]
    text = "".join(each + chance.choice([" ", "\n\n"]) for each in sentences).strip()

    found = " ".join(texts_of(Section(("A",), text)))
    assert set(re.findall(r"w\d+", found)) == set(re.findall(r"w\d+", text))
