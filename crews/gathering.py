"""Collects what an answer needs, before anybody is asked: messages, files, history, language."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from crews import outbox, transcribing
from crews.desk import Desk
from crews.models import InboundEvent, OutboundMessage, OutboundState, Part, Turn
from crews.questions import Line, Question, Said, Speaker, Talk
from crews.stored import event_of
from crews.texts import languages, media
from integrations.chatwoot.payloads import Kind
from integrations.chatwoot.values import ActorKind, Attachment, Message, MessageKind
from tenants.configuration import Effective

MOST_LINES = 20
TRANSCRIBING_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Gathered:
    """`after`: the newest message that was there when this was collected."""

    question: Question
    attachments: tuple[Attachment, ...]
    after: int
    oldest_is_too_old: bool


def gather(desk: Desk, turn: Turn, *, checkpoint: Callable[[], None]) -> Gathered:
    events = list(turn.events.order_by("message_id"))
    files = {event.pk: _files_of(desk, turn, event) for event in events}
    text = "\n".join(event.text for event in events)
    language = languages.language_of(
        text,
        known=desk.conversation.language or desk.config.get("language", default=""),
        allowed=allowed_languages(desk.config),
    )
    question = Question(
        tenant=desk.conversation.tenant,
        talk=_talk(desk, events, language),
        messages=tuple(_said(event, files[event.pk], language) for event in events),
        history=_history(desk, events),
        config=desk.config,
        deadline=desk.deadline,
        checkpoint=checkpoint,
        turn_id=turn.pk,
    )
    return Gathered(
        question,
        attachments=tuple(part for event in events for part in files[event.pk]),
        after=_newest(desk, events),
        oldest_is_too_old=_is_too_old(desk, events),
    )


def allowed_languages(config: Effective) -> Sequence[str]:
    chosen = config.setting("languages").lower().replace(",", " ").split()
    return chosen or ["pt-br"]


def _files_of(desk: Desk, turn: Turn, event: InboundEvent) -> tuple[Attachment, ...]:
    """With what is said in recordings, where a model can listen to them."""
    if not event.payload.get("attachments"):
        return ()
    found = event_of(event)
    if found is None or found.message is None:
        return ()
    return transcribing.transcribed(
        desk.conversation.tenant,
        found.message.attachments,
        connection_key=desk.door.key,
        base_url=desk.door.base_url,
        turn=turn.pk,
        seconds=TRANSCRIBING_SECONDS,
    )


def _said(event: InboundEvent, files: Sequence[Attachment], language: str) -> Said:
    described = media.describe(files, language) if files else ""
    return Said(
        message_id=event.message_id or 0,
        written=event.text.strip(),
        text="\n".join(part for part in (event.text.strip(), described) if part),
        at=event.occurred_at or event.received_at,
        media=tuple(part.kind for part in files),
    )


def _talk(desk: Desk, events: Iterable[InboundEvent], language: str) -> Talk:
    row = desk.conversation
    about = next((e.payload.get("conversation") or {} for e in events), {})
    return Talk(
        id=row.pk,
        number=row.number,
        channel_kind=row.channel_kind,
        inbox_id=row.inbox_id,
        language=language,
        contact_id=row.contact_id,
        contact_name=row.contact_name,
        labels=tuple(about.get("labels") or ()),
        custom_attributes=about.get("custom_attributes") or {},
    )


def _history(desk: Desk, events: Sequence[InboundEvent]) -> tuple[Line, ...]:
    """What was said before, since the conversation was last resolved."""
    first = min((event.message_id or 0 for event in events), default=0)
    lines = _lines_read(desk, first) if desk.reading is not None else _lines_known(desk, first)
    return tuple(lines)[-MOST_LINES:]


def _lines_read(desk: Desk, before: int) -> Iterator[Line]:
    assert desk.reading is not None  # noqa: S101  the caller looked
    for message in desk.reading.messages:
        is_of_now = desk.conversation.boundary_message_id < message.id < before
        speaker = _speaker_of(message)
        if is_of_now and speaker is not None and message.text.strip():
            yield Line(speaker, message.text, message.created_at)


def _speaker_of(message: Message) -> Speaker | None:
    """None for what was not said to or by the customer."""
    if message.is_private or message.kind in (MessageKind.ACTIVITY, MessageKind.OTHER):
        return None
    if message.kind == MessageKind.INCOMING:
        return Speaker.CUSTOMER
    is_person = message.sender is not None and message.sender.kind == ActorKind.PERSON
    return Speaker.PERSON if is_person or message.is_external_echo else Speaker.BOT


def _lines_known(desk: Desk, before: int) -> list[Line]:
    """Without the token of a person: from what came in and went out here."""
    row = desk.conversation
    said = InboundEvent.objects.filter(
        conversation=row,
        event=Kind.MESSAGE_CREATED,
        author__in=["customer", "person"],
        message_id__gt=row.boundary_message_id,
        message_id__lt=before,
    ).order_by("-message_id")[:MOST_LINES]
    lines = [
        Line(Speaker(event.author), event.text, event.occurred_at or event.received_at)
        for event in said
        if event.text
    ]
    replies = OutboundMessage.objects.filter(
        conversation=row,
        state=OutboundState.SENT,
        part__in=[Part.REPLY, Part.NOTICE],
        remote_id__gt=row.boundary_message_id,
    ).order_by("-pk")[:MOST_LINES]
    lines += [Line(Speaker.BOT, reply.body, reply.created_at) for reply in replies if reply.body]
    return sorted(lines, key=lambda line: line.at)


def _newest(desk: Desk, events: Iterable[InboundEvent]) -> int:
    known = [event.message_id or 0 for event in events]
    if desk.reading is not None:
        known += [message.id for message in desk.reading.messages]
        return max(known, default=0)
    return max([*known, outbox.known_message(desk.conversation)])


def _is_too_old(desk: Desk, events: Sequence[InboundEvent]) -> bool:
    moments: list[datetime] = [event.occurred_at or event.received_at for event in events]
    oldest = timezone.now() - timedelta(hours=desk.config.setting("max_message_age_hours"))
    return bool(moments) and min(moments) < oldest
