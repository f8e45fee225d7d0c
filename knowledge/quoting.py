"""What is shown of a passage: the part that answers, word for word."""

from decimal import Decimal

from knowledge.models import Passage
from knowledge.reading.splitting import split_sentences
from knowledge.texts.questions import Question
from knowledge.texts.words import stems, telling_words

LONGEST = 700


def excerpt(question: Question, passage: Passage, *, longest: int = LONGEST) -> str:
    """The whole passage where it is short, else the sentences around what was asked."""
    if len(passage.text) <= longest:
        return _named(passage, passage.text)
    parts = split_sentences(passage.text)
    best = max(range(len(parts)), key=lambda n: (_fit(question, parts[n], passage.language), -n))
    return _named(passage, _around(parts, best, longest))


def money(amount: Decimal, language: str) -> str:
    """In reais, as the reader writes numbers."""
    plain = f"{amount:,.2f}"
    if language.startswith("en"):
        return f"R$ {plain}"
    return "R$ " + plain.replace(",", " ").replace(".", ",").replace(" ", ".")


def _named(passage: Passage, text: str) -> str:
    """What a product is called stands in its title alone."""
    return f"{passage.title}\n{text}".strip() if passage.kind == "product" else text


def _fit(question: Question, sentence: str, language: str) -> int:
    there = set(stems(telling_words(sentence, language), language))
    return sum(word.stem in there for word in question.words if not word.is_faint)


def _around(parts: list[str], best: int, longest: int) -> str:
    first = last = best
    size = len(parts[best])
    while True:
        grown = False
        for step in (last + 1, first - 1):
            if 0 <= step < len(parts) and size + len(parts[step]) < longest:
                first, last = min(first, step), max(last, step)
                size += len(parts[step])
                grown = True
        if not grown:
            return "".join(parts[first : last + 1]).strip()[:longest]
