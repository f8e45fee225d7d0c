"""How much of a question the texts of a company cover: what decides whether it may be answered.

The share of the question's weight that is found in one passage, less where few words prove it. A
word weighs what it is rare among the company's own texts; one that it never uses weighs most.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from knowledge.engines.interface import Frequencies
from knowledge.models import Index, Passage
from knowledge.texts.likeness import is_slip_of
from knowledge.texts.questions import Question, Word
from knowledge.texts.words import stems, telling_words
from tenants import configuration
from tenants.models import Tenant

RELATIVE_SHARE = 0.7
SLIP_SHARE = 0.6
FAINT_WEIGHT = 0.1
STRANGE_WEIGHT = 1.3
DOUBT = 0.6
PASSING_WORTH = 0.3
USUAL = 53  # percent, until it is calibrated
MOST_KEPT = 20_000
PRICE_WORDS = {
    "pt": ["preco", "valor", "custo", "custa"],
    "en": ["price", "cost", "costs"],
    "es": ["precio", "valor", "costo", "cuesta"],
}


@dataclass(frozen=True, slots=True)
class PassageWords:
    """`titled`: the stems of the title alone."""

    stems: frozenset[str]
    titled: frozenset[str]
    words: frozenset[str]


def share(question: Question, passage: Passage, frequencies: Frequencies) -> float:
    """From 0 to 1. One word proves less than three, and one in the title more than in the text."""
    there = words_of(passage)
    weights = {word: _weight(word, frequencies) for word in question.words}
    covered = {word: _found(word, there, frequencies) for word in question.words}
    total = sum(weights.values())
    if not total:
        return 0.0
    proofs = sum(
        share * _worth(word, there) for word, share in covered.items() if not word.is_faint
    )
    of_weight = sum(weights[word] * share for word, share in covered.items()) / total
    return of_weight * proofs / (proofs + DOUBT)


def needed(tenant: Tenant) -> float:
    """What an answer of this company needs: as staff chose, else as calibrated."""
    chosen = configuration.effective(tenant.pk).setting("support_needed")
    if chosen:
        return float(chosen) / 100
    found = Index.objects.filter(tenant=tenant).values_list("support_needed", flat=True).first()
    return (USUAL if found is None else found) / 100


def missing(question: Question, passage: Passage, frequencies: Frequencies) -> list[str]:
    """The words of the question that say something and are not there, for staff to see."""
    there = words_of(passage)
    return [
        word.text
        for word in question.words
        if not word.is_faint and not _found(word, there, frequencies)
    ]


def words_of(passage: Passage) -> PassageWords:
    """Passages come up again and again; what they say is analysed once."""
    known = _kept.get(passage.revision)
    if known is None:
        titled = telling_words(passage.title, passage.language)
        telling = titled + telling_words(passage.text, passage.language)
        if passage.price is not None:
            telling += PRICE_WORDS[passage.language]  # told beside the text
        found = stems(telling, passage.language)
        known = PassageWords(frozenset(found), frozenset(found[: len(titled)]), frozenset(telling))
        _keep(passage.revision, known)
    return known


_kept: OrderedDict[str, PassageWords] = OrderedDict()
_keeping = Lock()


def _keep(revision: str, words: PassageWords) -> None:
    with _keeping:
        _kept[revision] = words
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)


def _weight(word: Word, frequencies: Frequencies) -> float:
    rarity = frequencies.rarity(word.term)
    if word.is_faint:
        return rarity * FAINT_WEIGHT
    return rarity if _is_known(word, frequencies.counts) else rarity * STRANGE_WEIGHT


def _found(word: Word, there: PassageWords, frequencies: Frequencies) -> float:
    if word.stem in there.stems:
        return 1.0
    if word.relatives & there.stems:
        return RELATIVE_SHARE
    if not _is_known(word, frequencies.counts) and _is_slip(word, there):
        return SLIP_SHARE
    return 0.0


def _worth(word: Word, there: PassageWords) -> float:
    """What a passage is about stands in its title; in its text a word may stand by the way."""
    is_titled = word.stem in there.titled or bool(word.relatives & there.titled)
    return 1.0 if is_titled else PASSING_WORTH


def _is_known(word: Word, counts: Mapping[int, int]) -> bool:
    return bool(counts.get(word.term))


def _is_slip(word: Word, there: PassageWords) -> bool:
    return any(is_slip_of(word.text, other) for other in there.words)
