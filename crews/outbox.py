"""Sends each message once: written down before the first attempt, looked for before the next.

Chatwoot takes no key that would let it notice a repetition. So every message carries a mark of
ours, an attempt is committed before it is made, and one whose end is unknown is looked for until
it is found, or until Chatwoot can no longer be busy with it.
"""

import logging
import random
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NoReturn

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from crews.desk import Desk, TakenOverError
from crews.models import (
    PRIVATE,
    Control,
    Conversation,
    InboundEvent,
    OutboundMessage,
    OutboundState,
    Outcome,
    Part,
    Reason,
    Turn,
)
from crews.speaking import may_speak, opens_for_people
from integrations.chatwoot import connections, values
from integrations.chatwoot.payloads import Kind
from integrations.chatwoot.values import Message, MessageKind
from integrations.failures import RemoteError

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 300.0
LOOKED_EVERY_SECONDS = 2.0


class NotNowError(Exception):
    """The next message cannot leave yet; `seconds` says when to try again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class NotTakenError(Exception):
    """It will not arrive: `reason` says why a person has to go on."""

    def __init__(self, reason: Reason, error: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.error = error


def write(
    desk: Desk,
    turn: Turn,
    parts: Iterable[tuple[Part, str]],
    *,
    after: int,
    first: int = 0,
) -> None:
    """Rows in the order in which they leave, from a position on. `after`: the newest message that
    was there before.
    """
    OutboundMessage.objects.bulk_create(
        [
            OutboundMessage(
                tenant_id=turn.tenant_id,
                conversation=desk.conversation,
                turn=turn,
                position=position,
                key=uuid.uuid4().hex,
                part=part,
                body=body,
                after_message_id=after,
            )
            for position, (part, body) in enumerate(parts, start=first)
        ]
    )


def flush(desk: Desk, turn: Turn) -> None:
    """Send what is left of the turn, one after the other.

    NotNowError when the next one has to wait, NotTakenError when it will never arrive,
    TakenOverError when a person came first, also when that person's arrival cancelled them.
    """
    was_sent = False
    while rows := list(turn.outbox.unfinished()):
        is_over = all(_is_over(desk, row) for row in rows)
        was_sent = was_sent or any(row.state == OutboundState.SENT for row in rows)
        if is_over:
            break
    if turn.outcome == Outcome.ANSWERED and not (was_sent or desk.is_sandbox or is_said(turn)):
        raise TakenOverError


def _is_over(desk: Desk, row: OutboundMessage) -> bool:
    """Bring it as far as it goes now; whether nothing is left to be done for it."""
    if row.state == OutboundState.SENDING:
        # Its worker is gone, for the lease is ours: nobody knows what became of the attempt, and if
        # it was only frozen, the attempt may begin now.
        row.state, row.last_attempt_at = OutboundState.UNKNOWN, timezone.now()
        rows = OutboundMessage.objects.filter(pk=row.pk, state=OutboundState.SENDING)
        rows.update(state=row.state, last_attempt_at=row.last_attempt_at)
    if row.state == OutboundState.UNKNOWN:
        return _find_out(desk, row)
    return _send(desk, row)


def _find_out(desk: Desk, row: OutboundMessage) -> bool:
    """Sent if it is there; to be sent again if it is not, and cannot come any more."""
    desk.hold()
    settled_at = (row.last_attempt_at or row.created_at) + timedelta(
        seconds=desk.config.setting("settle_seconds")
    )
    asked_at = timezone.now()
    found = _look_for(desk, row) if desk.can_look else None
    if found is not None:
        _sent(row, found.id)
        return True
    left = (settled_at - asked_at).total_seconds()
    if left > 0:
        raise NotNowError(min(left, LOOKED_EVERY_SECONDS) if desk.can_look else left)
    # A note that stands there twice does no harm; a missing one does.
    chooses_person = desk.config.setting("unconfirmed") == "hand_over"
    if not desk.can_look and row.part not in PRIVATE and chooses_person:
        _end(row, OutboundState.UNKNOWN, OutboundState.CANCELLED, _("Its arrival is unknown."))
        raise NotTakenError(Reason.UNSURE_SENT)
    _change(row, OutboundState.UNKNOWN, OutboundState.PENDING)
    return False


def _look_for(desk: Desk, row: OutboundMessage) -> Message | None:
    try:
        return desk.client.find_message(
            desk.conversation.number, row.key, after=row.after_message_id or None
        )
    except RemoteError as error:
        _note(row, error)
        raise NotNowError(_pause(row, error)) from error


def _send(desk: Desk, row: OutboundMessage) -> bool:
    now = timezone.now()
    if row.next_try_at is not None and row.next_try_at > now:
        raise NotNowError((row.next_try_at - now).total_seconds())
    if desk.is_sandbox:
        _end(row, OutboundState.PENDING, OutboundState.CANCELLED, _("For trying out only."))
        return True
    oldest = timedelta(hours=desk.config.setting("max_message_age_hours"))
    if now - row.created_at > oldest:
        _end(row, OutboundState.PENDING, OutboundState.CANCELLED, _("Too old to be sent."))
        raise NotTakenError(Reason.NOT_SENT_IN_TIME)
    if row.part not in PRIVATE:
        _ask_who_speaks(desk, row)
    if not _begin_attempt(desk, row):
        return False
    try:
        sent = desk.client.send_message(
            desk.conversation.number, row.body, marker=row.key, is_private=row.part in PRIVATE
        )
    except RemoteError as error:
        _judge(desk, row, error)
    else:
        _sent(row, sent.id)
        _count_overlap(desk, row)
    return True


def _ask_who_speaks(desk: Desk, row: OutboundMessage) -> None:
    """Just before: closes the time that a webhook about a person is on its way."""
    try:
        now = desk.client.conversation(desk.conversation.number)
    except RemoteError as error:
        if error.permanent:
            # A bot of an old Chatwoot may not look, or the token is gone.
            connections.note_failure(desk.door, error)
            return
        _delay(desk, row, error)
    if _is_with_people(desk, row, now):
        _silence(desk)
        raise TakenOverError
    if not now.can_reply:
        _end(row, OutboundState.PENDING, OutboundState.CANCELLED, _("The time is over."))
        raise NotTakenError(Reason.WINDOW_CLOSED)
    if now.last_message is not None and now.last_message.id > row.after_message_id:
        row.after_message_id = now.last_message.id


def _is_with_people(desk: Desk, row: OutboundMessage, now: values.Conversation) -> bool:
    """A notice goes out while the conversation is being opened for them, and not after that."""
    if row.part == Part.NOTICE and desk.conversation.control != Control.HANDING_OVER:
        return False
    answers_open = bool(desk.config.setting("answer_open"))
    is_open = opens_for_people(now.status, mode=desk.mode, answers_open=answers_open)
    if desk.mode == "automatic" and (is_open or desk.conversation.is_with_person(now)):
        return True
    return now.status == values.Status.RESOLVED or _has_person_spoken(desk, row, now.last_message)


def _has_person_spoken(desk: Desk, row: OutboundMessage, newest: Message | None) -> bool:
    """A customer's message may lie on top of a person's, so then all of them are looked at."""
    if newest is None or newest.id <= row.after_message_id:
        return False
    if newest.kind != MessageKind.INCOMING or not desk.can_look:
        return _is_of_person(newest)
    try:
        between = desk.client.messages_after(desk.conversation.number, row.after_message_id)
        return any(_is_of_person(message) for message in between)
    except RemoteError as error:
        _delay(desk, row, error)


def _is_of_person(message: Message) -> bool:
    if message.kind != MessageKind.OUTGOING or message.is_private or message.marker:
        return False
    if message.sender is None:
        return message.is_external_echo
    return message.sender.kind == values.ActorKind.PERSON


def _silence(desk: Desk) -> None:
    desk.claim.rows.filter(control=Control.BOT).update(
        control=Control.HUMAN, control_reason="seen", control_at=timezone.now()
    )


def _begin_attempt(desk: Desk, row: OutboundMessage) -> bool:
    """Committed before the request, and only while the lease is ours and the bot may speak."""
    rows = OutboundMessage.objects.filter(pk=row.pk, state=OutboundState.PENDING)
    held = _where_bot_speaks(desk) if row.part == Part.REPLY else desk.claim.rows
    rows = rows.filter(conversation__in=held)
    now = timezone.now()
    changed = rows.update(
        state=OutboundState.SENDING,
        attempts=models.F("attempts") + 1,
        last_attempt_at=now,
        after_message_id=row.after_message_id,
    )
    if changed:
        row.attempts += 1
        row.last_attempt_at = now
        return True
    desk.hold()
    if row.part == Part.REPLY and not _where_bot_speaks(desk).exists():
        raise TakenOverError
    return False


def _where_bot_speaks(desk: Desk) -> Any:
    controls = [control for control in Control if may_speak(control, mode=desk.mode)]
    return Conversation.objects.filter(
        pk=desk.claim.conversation_id, epoch=desk.claim.epoch, control__in=controls
    )


def _judge(desk: Desk, row: OutboundMessage, error: RemoteError) -> None:
    """What the end of an attempt says; `outcome_unknown` goes before everything else."""
    if error.outcome_unknown:
        _note(row, error)
        _change(row, OutboundState.SENDING, OutboundState.UNKNOWN)
        raise NotNowError(LOOKED_EVERY_SECONDS) from error
    if error.permanent:
        connections.note_failure(desk.door, error)
        _end(row, OutboundState.SENDING, OutboundState.REJECTED, str(error))
        raise NotTakenError(Reason.REJECTED, str(error)) from error
    _change(row, OutboundState.SENDING, OutboundState.PENDING)
    _delay(desk, row, error)


def _delay(desk: Desk, row: OutboundMessage, error: RemoteError) -> NoReturn:
    connections.note_failure(desk.door, error)
    seconds = _pause(row, error)
    OutboundMessage.objects.filter(pk=row.pk).update(
        next_try_at=timezone.now() + timedelta(seconds=seconds), last_error=str(error)[:300]
    )
    raise NotNowError(seconds) from error


def _pause(row: OutboundMessage, error: RemoteError) -> float:
    """Longer each time, and never at the same moment as all others."""
    longest = min(FIRST_PAUSE_SECONDS * 2 ** min(row.attempts, 10), LONGEST_PAUSE_SECONDS)
    pause = random.uniform(longest / 2, longest)  # noqa: S311  no secret
    return max(pause, error.retry_after or 0.0)


def _sent(row: OutboundMessage, remote_id: int) -> None:
    """Its echo may have said so before."""
    rows = OutboundMessage.objects.filter(pk=row.pk).exclude(state=OutboundState.SENT)
    rows.update(state=OutboundState.SENT, remote_id=remote_id, sent_at=timezone.now())
    row.state, row.remote_id = OutboundState.SENT, remote_id


def _count_overlap(desk: Desk, row: OutboundMessage) -> None:
    """A person wrote in the moment between our last look and Chatwoot's commit."""
    if row.part != Part.REPLY or (row.remote_id or 0) <= row.after_message_id + 1:
        return
    wrote = InboundEvent.objects.filter(
        conversation=desk.claim.conversation_id,
        event=Kind.MESSAGE_CREATED,
        author="person",
        message_id__gt=row.after_message_id,
        message_id__lt=row.remote_id,
    )
    if wrote.exists():
        OutboundMessage.objects.filter(pk=row.pk).update(overlapped=True)


def _note(row: OutboundMessage, error: RemoteError) -> None:
    OutboundMessage.objects.filter(pk=row.pk).update(last_error=str(error)[:300])


def _end(row: OutboundMessage, expected: str, to: str, why: str) -> None:
    rows = OutboundMessage.objects.filter(pk=row.pk, state=expected)
    rows.update(state=to, last_error=why[:300])


def _change(row: OutboundMessage, expected: str, to: str) -> None:
    OutboundMessage.objects.filter(pk=row.pk, state=expected).update(state=to)


def texts(turn: Turn, part: Part) -> Sequence[str]:
    return list(turn.outbox.filter(part=part).order_by("position").values_list("body", flat=True))


def is_said(turn: Turn) -> bool:
    """Whether the customer has seen anything of it."""
    said: bool = turn.outbox.filter(part=Part.REPLY, state=OutboundState.SENT).exists()
    return said


def known_message(conversation: Conversation, now: datetime | None = None) -> int:
    """The newest message that we know of."""
    newest = (
        InboundEvent.objects.filter(conversation=conversation, event=Kind.MESSAGE_CREATED)
        .order_by("-message_id")
        .values_list("message_id", flat=True)
        .first()
    )
    return max(newest or 0, conversation.last_seen_message_id)
