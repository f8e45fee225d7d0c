"""What a customer asks for by words alone, before any model reads them."""

import re
from collections.abc import Iterable, Iterator

from crews.texts.wishes import ALONE, MENTIONED, NEEDS, STOP, WISHES
from knowledge.texts.folding import fold

# What `media` writes about a file is not what the customer says.
DESCRIBED = re.compile(r"^\[[^\]\n]*\]", re.MULTILINE)
APOSTROPHES = re.compile("['’‘`´]")
# "atendenteee" is "atendente"; a double letter may be right.
DRAWN_OUT = re.compile(r"([a-z])\1{2,}")
SENTENCE = re.compile(r"([^.!?\n]+)(\??)")
WORDS = re.compile(r"[^\W_]+|[,;:()\[\]…—–][,;:()\[\]…—– ]*")


def asks_for_person(text: str, *, more: Iterable[str] = ()) -> bool:
    """Whether a customer wants a person, or wants the bot to stop. Misses rather than mistakes.

    `more`: phrases of the company that mean the same wherever they stand.
    """
    text = fold(text)
    if matches_any(text, more):
        return True
    text = APOSTROPHES.sub("", DESCRIBED.sub("", text))
    text = DRAWN_OUT.sub(r"\1", text)
    lines = [" ".join(_words(line)) for line in text.splitlines()]
    if any(ALONE.fullmatch(line) for line in lines) or STOP.fullmatch(" ".join(lines).strip()):
        return True
    return any(_is_wish(clause, is_question) for clause, is_question in _sentences(text))


def matches_any(text: str, words: Iterable[str]) -> bool:
    """Whether one of the words or phrases stands in the text as a whole, whatever its case."""
    text = " ".join(fold(text).split())
    phrases = (" ".join(fold(word).split()) for word in words)
    return any(re.search(_whole(phrase), text) for phrase in phrases if phrase)


def _whole(phrase: str) -> str:
    """Marks such as # bound themselves."""
    before = r"(?<!\w)" if re.match(r"\w", phrase) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", phrase) else ""
    return before + re.escape(phrase) + after


def _words(text: str) -> Iterator[str]:
    """Words, and one comma for whatever stands between parts of a sentence."""
    for match in WORDS.finditer(text):
        yield match[0] if match[0].isalnum() else ","


def _sentences(text: str) -> Iterator[tuple[str, bool]]:
    for match in SENTENCE.finditer(text):
        yield "".join(f" {word}" for word in _words(match[1])), bool(match[2])


def _is_wish(clause: str, is_question: bool) -> bool:
    if not MENTIONED.search(clause):
        return False
    if any(pattern.search(clause) for pattern in WISHES):
        return True
    found = (match for pattern in NEEDS for match in pattern.finditer(clause))
    return any(not is_question or " ," in clause[match.end() :] for match in found)
