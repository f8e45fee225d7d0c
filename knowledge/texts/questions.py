"""A question of a customer as words: which of them matter, and what else asks for the same."""

from collections.abc import Mapping
from dataclasses import dataclass

from knowledge.texts.characters import character_ids
from knowledge.texts.chat_spelling import written_out
from knowledge.texts.faint_words import faint_words
from knowledge.texts.synonyms import relatives
from knowledge.texts.token_ids import token_id
from knowledge.texts.words import stems, telling_words

RELATIVE_WEIGHT = 0.4
FAINT_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class Word:
    """`relatives` are stems of other words that ask for the same."""

    text: str
    stem: str
    is_faint: bool
    relatives: frozenset[str]

    @property
    def term(self) -> int:
        return token_id(self.stem)


@dataclass(frozen=True, slots=True)
class Question:
    words: tuple[Word, ...] = ()

    def word_vector(self) -> Mapping[int, float]:
        weights = {word.term: FAINT_WEIGHT if word.is_faint else 1.0 for word in self.words}
        for word in self.words:
            for stem in word.relatives:
                weights.setdefault(token_id(stem), RELATIVE_WEIGHT)
        return weights

    def character_vector(self) -> Mapping[int, float]:
        return dict.fromkeys(character_ids([word.text for word in self.words]), 1.0)


def read(text: str, language: str) -> Question:
    telling = telling_words(written_out(text, language), language)
    words = {
        stem: _word(word, stem, language)
        for word, stem in zip(telling, stems(telling, language), strict=True)
    }
    return Question(tuple(words.values()))


def _word(text: str, stem: str, language: str) -> Word:
    is_faint = text in faint_words(language)
    others = frozenset() if is_faint else relatives(language).get(stem, frozenset())
    return Word(text, stem, is_faint, others)
