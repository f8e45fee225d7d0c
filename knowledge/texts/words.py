"""Words as terms: in the singular, by their stem, without those that say nothing."""

from functools import cache, lru_cache
from threading import Lock
from typing import Any

from knowledge.texts.folding import folded_words
from knowledge.texts.languages import Language, find

MOST_REMEMBERED = 65_536


def telling_words(text: str, language: str) -> list[str]:
    """Folded, without stop words."""
    stop_words = find(language).stop_words
    return [word for word in folded_words(text) if word not in stop_words]


def stems(telling: list[str], language: str) -> list[str]:
    code = find(language).code
    return [_stem(word, code) for word in telling]


@lru_cache(MOST_REMEMBERED)
def _stem(word: str, code: str) -> str:
    rules = find(code)
    singular = _singular(word, rules)
    with _one_at_a_time:
        return str(_stemmer(rules.stemmer).stemWord(singular))


def _singular(word: str, rules: Language) -> str:
    for pattern, ending in rules.plurals:
        changed = pattern.sub(ending, word)
        if changed != word:
            return changed
    return word


# A stemmer keeps the word it works on in itself.
_one_at_a_time = Lock()


@cache
def _stemmer(name: str) -> Any:
    import snowballstemmer  # with the words of thirty languages

    return snowballstemmer.stemmer(name)
