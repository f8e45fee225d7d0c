"""What becomes of a question without a model: answered from a passage, asked back, or left."""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from knowledge.search import Found, Result

# Of the support that an answer needs; with less nobody can guess what is meant.
CLOSE = 0.6
ABOUT = 0.1
LOOKED_AT = 5


class Verdict(TextChoices):
    ANSWER = "answer", _("It would be answered from this.")
    ASK = "ask", _("The customer would be asked what is meant.")
    PERSON = "person", _("It would be handed to a person.")
    GREETING = "greeting", _("It asks for nothing, so it would be greeted.")


@dataclass(frozen=True, slots=True)
class Judgement:
    """`best` is what would be quoted."""

    verdict: Verdict
    best: Found | None = None


def judge(result: Result, needed: float) -> Judgement:
    """`needed`: the support that an answer of this company needs."""
    if not any(not word.is_faint for word in result.question.words):
        return Judgement(Verdict.GREETING)
    found = result.found[:LOOKED_AT]
    support = max((one.support for one in found), default=0.0)
    # The first one that the search names of those that cover about as much as any.
    least = max(needed, support - ABOUT)
    best = next((one for one in found if one.support >= least), None)
    if best is not None:
        return Judgement(Verdict.ANSWER, best)
    return Judgement(Verdict.ASK if support >= needed * CLOSE else Verdict.PERSON)
