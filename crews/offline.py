"""Answers without a language model: by quoting what the company wrote, or not at all."""

from collections.abc import Sequence

from crews import sentences
from crews.models import Reason
from crews.questions import Answer, HandOff, Question, Source, Speaker
from crews.texts import phrases
from knowledge import judging, quoting, search, support
from knowledge.judging import Verdict
from knowledge.models import Index
from knowledge.search import Found, Result

MOST_OPTIONS = 3
THANKS = (
    "obrigado",
    "obrigada",
    "muito obrigado",
    "muito obrigada",
    "valeu",
    "brigado",
    "thanks",
    "thank you",
    "gracias",
    "muchas gracias",
)


def answer(question: Question) -> Answer:
    """Says what is supported, asks when something is near, and leaves the rest to people."""
    if not Index.objects.filter(tenant=question.tenant, space__isnull=False).exists():
        return Answer(handoff=HandOff(Reason.NO_ANSWERER))
    text = _asked(question)
    result = search.search(question.tenant, _wanted(question, text))
    question.checkpoint()
    judged = judging.judge(result, support.needed(question.tenant))
    if judged.verdict == Verdict.GREETING:
        return _courtesy(question, text)
    if judged.best is not None:
        return _quote(question, result, judged.best)
    if judged.verdict == Verdict.ASK and not _was_asked_back(question):
        return _ask_back(question, result.found)
    return Answer(handoff=HandOff(Reason.NOT_SUPPORTED, tried=_tried(result)))


def _asked(question: Question) -> str:
    """All that is to be answered; the number of an option stands for its text."""
    text = "\n".join(said.text for said in question.messages).strip()
    options = _options_before(question)
    number = text.strip(" .)#")
    if number.isascii() and number.isdigit() and 1 <= int(number) <= len(options):
        return options[int(number) - 1]
    return text


def _options_before(question: Question) -> Sequence[str]:
    said = [line.text for line in question.history if line.speaker == Speaker.BOT]
    if not said or not _was_asked_back(question):
        return ()
    lines = (line.strip() for line in said[-1].splitlines())
    return [line[3:] for line in lines if line[:1].isdigit() and line[1:3] == ". "]


def _was_asked_back(question: Question) -> bool:
    said = [line.text for line in question.history if line.speaker == Speaker.BOT]
    asking = sentences.say("offline_ask", question.talk.language)
    return bool(said) and asking.splitlines()[0] in said[-1]


def _wanted(question: Question, text: str) -> search.Wanted:
    return search.Wanted(
        text=text,
        language=question.talk.language[:2] or question.tenant.language[:2],
        domain=question.config.domain,
        limit=judging.LOOKED_AT,
    )


def _courtesy(question: Question, text: str) -> Answer:
    what = "offline_thanks" if phrases.matches_any(text, THANKS) else "offline_greeting"
    return Answer(text=sentences.say(what, question.talk.language))


def _quote(question: Question, result: Result, best: Found) -> Answer:
    quoted = quoting.excerpt(result.question, best.passage)
    language = question.talk.language
    parts = [quoted]
    if best.passage.price is not None:
        price = quoting.money(best.passage.price, language)
        parts.append(sentences.say("offline_price", language, price=price))
    text = sentences.say("offline_found", language, text="\n\n".join(parts))
    return Answer(text=text, sources=(_source(best),))


def _ask_back(question: Question, found: Sequence[Found]) -> Answer:
    titles = list(dict.fromkeys(one.passage.title or one.passage.text[:80] for one in found))
    options = [f"{number}. {title}" for number, title in enumerate(titles[:MOST_OPTIONS], 1)]
    asking = sentences.say("offline_ask", question.talk.language)
    sources = tuple(_source(one) for one in found[:MOST_OPTIONS])
    return Answer(text="\n".join([asking, *options]), is_helpful=False, sources=sources)


def _source(found: Found) -> Source:
    passage = found.passage
    return Source(
        piece=passage.piece,
        title=passage.title,
        passage=str(passage.pk),
        support=round(found.support, 3),
    )


def _tried(result: Result) -> tuple[str, ...]:
    return tuple(one.passage.title for one in result.found[:MOST_OPTIONS] if one.passage.title)
