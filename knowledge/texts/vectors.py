"""BM25 as sparse vectors: the half a text brings; how rare a term is, the search engine knows.

The score of a passage is the sum over the question's terms of their rarity times their weight here.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.texts.characters import character_ids
from knowledge.texts.token_ids import token_id
from knowledge.texts.words import stems, telling_words

SATURATION = 1.2
LENGTH_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Lengths:
    """How many terms a passage has on average. A part of stored vectors: fixed per collection."""

    words: float = 30.0
    chars: float = 132.0


@dataclass(frozen=True, slots=True)
class Terms:
    """A text as numbers of terms, in order and with repetitions."""

    words: Sequence[int]
    chars: Sequence[int]


@dataclass(frozen=True, slots=True)
class Vectors:
    words: dict[int, float]
    chars: dict[int, float]


def passage_terms(title: str, text: str, language: str) -> Terms:
    """What stands in the title counts twice."""
    telling = telling_words(title, language) * 2 + telling_words(text, language)
    words = [token_id(stem) for stem in stems(telling, language)]
    return Terms(words, character_ids(telling))


def passage_vectors(terms: Terms, lengths: Lengths) -> Vectors:
    return Vectors(
        document_vector(terms.words, lengths.words), document_vector(terms.chars, lengths.chars)
    )


def document_vector(terms: Sequence[int], average_length: float) -> dict[int, float]:
    share = LENGTH_SHARE * len(terms) / average_length
    norm = SATURATION * (1 - LENGTH_SHARE + share)
    return {
        term: count * (SATURATION + 1) / (count + norm) for term, count in Counter(terms).items()
    }
