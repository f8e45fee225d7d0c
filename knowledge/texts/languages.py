"""What each language needs before words can be compared; an unknown one is read as Portuguese."""

import re
from dataclasses import dataclass

from knowledge.texts import stop_words


@dataclass(frozen=True, slots=True)
class Language:
    """`plurals` are tried in order, before the stemmer, which wants accents for them."""

    code: str
    stemmer: str
    stop_words: frozenset[str]
    plurals: tuple[tuple[re.Pattern[str], str], ...] = ()


def find(code: str) -> Language:
    """By codes like "pt", "pt-BR" or "en"."""
    return _LANGUAGES.get(code[:2].lower(), _PORTUGUESE)


def _rules(*pairs: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), ending) for pattern, ending in pairs)


_PORTUGUESE = Language(
    "pt",
    "portuguese",
    stop_words.PORTUGUESE,
    _rules(
        (r"oes$", "ao"),
        (r"aes$", "ao"),
        (r"(?<=\w\w)ais$", "al"),
        (r"(?<=\w\w)eis$", "el"),
        (r"(?<=\w\w)ois$", "ol"),
        (r"ns$", "m"),
        (r"(?<=\w\w[rz])es$", ""),
        (r"(?<=\w\w[a-rt-z])(?<!mo)s$", ""),  # "entregamos" is no plural
    ),
)
_SPANISH = Language(
    "es",
    "spanish",
    stop_words.SPANISH,
    _rules(
        (r"(?<=\w)ces$", "z"),
        (r"(?<=\w\w[lnrdsjy])es$", ""),
        (r"(?<=\w\w[aeiou])s$", ""),
    ),
)
_ENGLISH = Language("en", "english", stop_words.ENGLISH)

_LANGUAGES = {"pt": _PORTUGUESE, "en": _ENGLISH, "es": _SPANISH}
