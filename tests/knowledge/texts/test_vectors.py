"""Terms as numbers and weights."""

import pytest

from knowledge.texts import questions
from knowledge.texts.characters import character_tokens
from knowledge.texts.token_ids import token_id
from knowledge.texts.vectors import (
    Lengths,
    document_vector,
    passage_terms,
    passage_vectors,
)


@pytest.mark.parametrize(
    "word", ["a", "ab", "abc", "abcd", "abcde", "ação", "12000", "entrega" * 9, "日本"]
)
def test_numbers_of_terms_are_those_of_the_engine(word):
    assert engines_own(7).embed_query(word).indices == [token_id(word)]


def test_weights_are_those_of_the_engine():
    words = ["mesa", "mesa", "cadeira", "mesa", "cama", "cadeira"]
    theirs = engines_own(7).embed_document(" ".join(words))

    ours = document_vector([token_id(word) for word in words], 7)

    assert ours == pytest.approx(dict(zip(theirs.indices, theirs.values, strict=True)))


def engines_own(average_length):
    """The engine's BM25 with no rules of a language."""
    import qdrant_edge as q

    nothing = q.StopwordsSet(languages=set(), custom=set())
    rules = {"stemmer": q.DisabledStemmer(), "stopwords": nothing, "ascii_folding": False}
    return q.Bm25(q.Bm25Config(k=1.2, b=0.75, avg_len=average_length, **rules))


def test_a_word_said_more_often_weighs_more_but_not_much():
    once, twice, often = (
        document_vector([1] * count + [2] * (20 - count), 20)[1] for count in (1, 2, 20)
    )

    assert once < twice < often < 2.2


def test_what_stands_in_the_title_counts_twice():
    titled = passage_terms("Sofá", "azul", "pt").words

    assert titled.count(token_id("sof")) == 2
    assert titled.count(token_id("azul")) == 1


def test_pieces_of_words_know_where_words_begin_and_end():
    assert character_tokens(["mesa", "tv", "ar"]) == ["<mes", "mesa", "esa>", "<tv>", "<ar>"]


def test_a_slip_leaves_pieces_in_common():
    right, wrong = (
        set(passage_terms("", text, "pt").chars) for text in ("guarda-roupa", "guarda roupq")
    )

    assert len(right & wrong) >= 5


def test_questions_and_passages_meet():
    passage = passage_terms("", "Entregamos em Salvador. A montagem é cobrada à parte.", "pt")
    question = questions.read("oi, vcs entregam p/ salvador c/ montagem?", "pt")

    assert {word.term for word in question.words} <= set(passage.words)
    assert {word.term for word in question.words} <= set(question.word_vector())
    assert set(question.character_vector()) & set(passage.chars)


def test_words_that_ask_for_the_same_weigh_less_than_those_that_were_written():
    question = questions.read("qual o frete?", "pt")

    written, relatives = token_id("fret"), token_id("entreg")

    assert question.word_vector()[written] == 1
    assert 0 < question.word_vector()[relatives] < 1


def test_words_around_a_question_weigh_less():
    weights = questions.read("posso parcelar hoje?", "pt").word_vector()

    assert weights[token_id("hoj")] < weights[token_id("parcel")]


def test_a_word_with_the_stem_of_a_wrapping_word_counts():
    words = questions.read("vcs sabem se abre sábado?", "pt").words

    assert {word.text: word.is_faint for word in words}["sabado"] is False


def test_long_passages_weigh_less_per_word():
    lengths = Lengths(words=10, chars=50)
    short = passage_vectors(passage_terms("", "sofá azul", "pt"), lengths)
    long = passage_vectors(
        passage_terms("", "sofá azul " + "muito confortável " * 30, "pt"), lengths
    )

    assert long.words[token_id("sof")] < short.words[token_id("sof")]


def test_texts_without_words_have_no_vectors():
    vectors = passage_vectors(passage_terms("", "???", "pt"), Lengths())

    assert (vectors.words, vectors.chars) == ({}, {})
