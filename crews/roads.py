"""Roads to a person that need no model: the customer asks for one, or answering leads nowhere."""

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from crews import sentences
from crews.desk import Desk
from crews.models import OutboundMessage, OutboundState, Part, Reason
from crews.questions import Answer, HandOff, Question, Said
from crews.texts import media, phrases
from integrations.chatwoot.values import Attachment
from knowledge.texts.folding import fold
from tenants import hours

MOST_REPLIES_PER_HOUR = 20
LAST_REPLIES = 2


def before_answering(question: Question, attachments: Sequence[Attachment]) -> Answer | None:
    """What is decided without asking anybody, the weightiest first; prompts cannot change it."""
    if any(_asks_for_person(question, said) for said in question.messages):
        return Answer(handoff=HandOff(Reason.ASKED_FOR_PERSON))
    if not hours.is_open(question.config, timezone.now()):
        chosen = _outside_hours(question)
        if chosen is not None:
            return chosen
    return _about_media(question, attachments)


def _asks_for_person(question: Question, said: Said) -> bool:
    more = question.config.setting("person_words").splitlines()
    return phrases.asks_for_person(said.written, more=[word for word in more if word.strip()])


def _outside_hours(question: Question) -> Answer | None:
    if question.config.setting("outside_hours") != "collect":
        return None
    text = question.config.setting("outside_hours_text") or _closed_sentence(question)
    return Answer(handoff=HandOff(Reason.OUTSIDE_HOURS, customer_text=text))


def _closed_sentence(question: Question) -> str:
    opening = hours.next_opening(question.config, timezone.now())
    if opening is None:
        return sentences.say("closed", question.talk.language)
    when = f"{opening:%d/%m %H:%M}"
    return sentences.say("closed_until", question.talk.language, when=when)


def _about_media(question: Question, attachments: Sequence[Attachment]) -> Answer | None:
    """Files we cannot read, and no words beside them."""
    unread = media.unreadable_kinds(attachments)
    if not unread or any(said.written for said in question.messages):
        return None
    language, own = question.talk.language, question.config.setting("media_text")
    if question.config.setting("media_hands_over"):
        text = own or sentences.say("media_handoff", language)
        return Answer(handoff=HandOff(Reason.MEDIA, summary=", ".join(unread), customer_text=text))
    return Answer(text=own or sentences.say("media", language), is_helpful=False)


def after_answering(desk: Desk, answer: Answer) -> Answer:
    """An answer that was given already, or one too many that did not help, ends with a person."""
    if answer.handoff is not None or not answer.text:
        return answer
    reason = _why_it_leads_nowhere(desk, answer, _replies(desk))
    if reason is None:
        return answer
    return Answer(handoff=HandOff(reason, tried=(answer.text[:500],)))


def _why_it_leads_nowhere(desk: Desk, answer: Answer, told: Sequence[str]) -> Reason | None:
    """So many answers in an hour nobody needs: most likely another machine is answering."""
    if _folded(answer.text) in map(_folded, told[:LAST_REPLIES]):
        return Reason.REPEATED
    most = desk.config.setting("most_unhelped")
    if most and not answer.is_helpful and desk.conversation.unhelped + 1 >= most:
        return Reason.UNHELPED
    return Reason.LOOP if len(told) > MOST_REPLIES_PER_HOUR else None


def _folded(text: str) -> str:
    return " ".join(fold(text).split())


def _replies(desk: Desk) -> list[str]:
    """Of the last hour, the newest first."""
    rows = OutboundMessage.objects.filter(
        conversation=desk.conversation,
        part__in=[Part.REPLY, Part.DRAFT],
        state=OutboundState.SENT,
        created_at__gte=timezone.now() - timedelta(hours=1),
    )
    newest = rows.order_by("-pk").values_list("body", flat=True)
    return list(newest[: MOST_REPLIES_PER_HOUR + 1])
