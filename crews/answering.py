"""One turn, from the claim of a conversation to what became of its messages.

Every step commits before the next begins, so that another worker can go on from any of them.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import import_string

from crews import (
    catching_up,
    claims,
    gathering,
    handoff,
    outbox,
    roads,
    sentences,
    speaking,
    typing_sign,
)
from crews.claims import Claim, LeaseLostError
from crews.desk import Desk, OvertakenError, TakenOverError, sit_down
from crews.gathering import Gathered
from crews.models import (
    Chore,
    Control,
    InboundEvent,
    OutboundState,
    Outcome,
    Part,
    Reason,
    Turn,
    TurnState,
)
from crews.outbox import NotNowError, NotTakenError
from crews.questions import Answer, HandOff, Question
from crews.signals import turn_ended
from crews.texts import channels
from integrations.chatwoot import connections
from integrations.chatwoot.values import Status
from integrations.failures import RemoteError
from integrations.llm import BudgetStoppedError, ModelError
from integrations.records import written_together
from tenants import context, hours
from tenants.models.budget import OnExceed

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
MOST_RESTARTS = 2
PAUSE_SECONDS = 15.0
SWITCHED_OFF_SECONDS = 60.0
KEPT_AFTER_DEADLINE_SECONDS = 60.0
EXPIRED_REASONS = frozenset({Reason.NOT_SENT_IN_TIME})

Answerer = Callable[[Question], Answer]


def work(claim: Claim) -> float | None:
    """All that is to be done in a conversation now; in how many seconds there is more, if ever."""
    desk = sit_down(claim)
    due_at: Any = None
    names = {"tenant": desk.conversation.tenant.slug, "conversation": str(desk.conversation.number)}
    seconds = desk.config.setting("turn_deadline_seconds") + KEPT_AFTER_DEADLINE_SECONDS
    with context.bind(**names), claims.kept(claim, seconds=seconds), written_together():
        try:
            due_at = _go_on(desk)
        except LeaseLostError:
            logger.warning("Another worker took the conversation over")
            return None
        except Exception:
            # Its attempts are counted, and after three of them a person gets the conversation.
            logger.exception("A turn broke off")
            due_at = Now() + timedelta(seconds=PAUSE_SECONDS)
    return claims.release(claim, arrivals=desk.arrivals, due_at=due_at)


def _go_on(desk: Desk) -> Any:
    """What is unfinished goes first; when the next attempt is, if something has to wait."""
    if not desk.door.is_enabled:
        return Now() + timedelta(seconds=SWITCHED_OFF_SECONDS)
    try:
        _do_chore(desk)
        last = _last_turn(desk)
        if last is not None and last.state == TurnState.SENDING:
            _run(desk, last)
        turn = _open_turn(desk, last)
        if turn is not None:
            _run(desk, turn)
        if desk.conversation.chore == Chore.HAND_OVER:
            _done_with(desk, Chore.HAND_OVER)
    except NotNowError as later:
        return Now() + timedelta(seconds=later.seconds)
    return None


def _run(desk: Desk, turn: Turn) -> None:
    """A turn that is to be answered, or one whose answer is written and has to leave."""
    desk.is_about(turn.pk)
    try:
        if turn.state == TurnState.RUNNING:
            answer(desk, turn)
        if turn.state == TurnState.SENDING:
            send(desk, turn)
    except OvertakenError:
        _start_anew(turn)
    except TakenOverError:
        _leave_to_person(desk, turn)


def answer(desk: Desk, turn: Turn) -> None:
    """Gather, decide, check, and write down what is to be sent."""
    if turn.attempts > MOST_ATTEMPTS or desk.conversation.chore == Chore.HAND_OVER:
        reason = Reason.FAILED if turn.attempts > MOST_ATTEMPTS else Reason.WATCHDOG
        given = Answer(handoff=HandOff(reason))
        after = outbox.known_message(desk.conversation)
    else:
        gathered = gathering.gather(desk, turn, checkpoint=lambda: _checkpoint(desk, turn))
        _remember_language(desk, gathered)
        if _is_silent_now(desk):
            end(desk, turn, Outcome.IGNORED, Reason.CLOSED)
            return
        with typing_sign.shown(desk, was_interrupted=turn.attempts > 1):
            given = _decide(desk, turn, gathered)
        after = gathered.after
    _checkpoint(desk, turn)
    _write_down(desk, turn, given, after=after)


def process_message(question: Question, *, attachments: Sequence[Any] = ()) -> Answer:
    """What is answered to a question, whoever asks it: a webhook, a page or a command.

    Rules that need no model come first. Whatever the answerer does wrong ends with a person.
    """
    decided = roads.before_answering(question, attachments)
    if decided is not None:
        return decided
    if not settings.ANSWERER:
        return Answer(handoff=HandOff(Reason.NO_ANSWERER))
    answerer: Answerer = import_string(settings.ANSWERER)
    try:
        given = answerer(question)
    except (OvertakenError, TakenOverError, LeaseLostError):
        raise
    except BudgetStoppedError as error:
        # Whoever chose to stop has nothing more said to customers; people get the conversation.
        text = "" if error.reaction == OnExceed.STOP else None
        return Answer(handoff=HandOff(Reason.BUDGET, tried=(str(error),), customer_text=text))
    except ModelError as error:
        return Answer(handoff=HandOff(Reason.MODEL_DOWN, tried=(str(error),)))
    except Exception:
        logger.exception("Answering failed")
        return Answer(handoff=HandOff(Reason.FAILED))
    if time.monotonic() > question.deadline:
        return Answer(handoff=HandOff(Reason.DEADLINE))
    if not given.text.strip() and given.handoff is None:
        return Answer(handoff=HandOff(Reason.FAILED))
    return given


def _decide(desk: Desk, turn: Turn, gathered: Gathered) -> Answer:
    if gathered.oldest_is_too_old:
        return Answer(handoff=HandOff(Reason.TOO_OLD))
    given = process_message(gathered.question, attachments=gathered.attachments)
    return roads.after_answering(desk, given)


def send(desk: Desk, turn: Turn) -> None:
    """What is written down leaves; then the turn and its messages have their end."""
    if turn.outcome == Outcome.HANDED_OFF:
        handoff.carry_out(desk, turn)
        outcome, reason = Outcome.HANDED_OFF, Reason(turn.reason)
    else:
        try:
            outbox.flush(desk, turn)
        except NotTakenError as error:
            _give_up_sending(desk, turn, error)
            return
        outcome, reason = Outcome.ANSWERED, Reason.REPLIED
    if desk.is_sandbox:
        outcome, reason = Outcome.IGNORED, Reason.SANDBOX
    end(desk, turn, outcome, reason)


@transaction.atomic
def end(desk: Desk, turn: Turn, outcome: Outcome, reason: Reason) -> None:
    """The turn is over, and each of its messages has its one outcome."""
    turn.outcome, turn.reason = outcome, reason
    turn.state, turn.finished_at = TurnState.DONE, timezone.now()
    turn.save()
    InboundEvent.objects.filter(turn=turn).end(outcome, reason)
    if desk.is_sandbox:
        desk.claim.rows.filter(control=Control.HANDING_OVER).update(control=Control.BOT)
    transaction.on_commit(lambda: turn_ended.send_robust(Turn, turn=turn), robust=True)


def _do_chore(desk: Desk) -> None:
    """What staff decided here is told to Chatwoot. A hand-over is for the turn to do."""
    chore = desk.conversation.chore
    if chore in (Chore.NONE, Chore.HAND_OVER):
        return
    wanted = Status.OPEN if chore == Chore.OPEN else Status.PENDING
    number = desk.conversation.number
    try:
        seen = desk.client.conversation(number)
        if _is_to_become(desk, wanted, seen.status):
            desk.hold()
            desk.client.set_status(number, wanted)
        if chore == Chore.GIVE_BACK and seen.is_with_person and seen.assignee is not None:
            desk.claim.rows.update(released_agent_id=seen.assignee.id)
    except RemoteError as error:
        connections.note_failure(desk.door, error)
        if not error.permanent:
            raise NotNowError(error.retry_after or PAUSE_SECONDS) from error
    _done_with(desk, chore)


def _is_to_become(desk: Desk, wanted: str, status: str) -> bool:
    """Only what is with the bot is opened for people, unless the bot has got it back meanwhile."""
    if desk.is_sandbox or status == wanted:
        return False
    is_human = desk.conversation.control == Control.HUMAN
    return wanted == Status.PENDING or (is_human and status == Status.PENDING)


def _done_with(desk: Desk, chore: str) -> None:
    desk.claim.rows.filter(chore=chore).update(chore=Chore.NONE)


def _last_turn(desk: Desk) -> Turn | None:
    rows = Turn.objects.filter(conversation=desk.conversation)
    turn: Turn | None = rows.order_by("-pk").first()
    return turn


def _open_turn(desk: Desk, last: Turn | None) -> Turn | None:
    """With everything that waits, also what no webhook brought."""
    turn = last if last is not None and last.state == TurnState.RUNNING else None
    waiting = InboundEvent.objects.filter(conversation=desk.conversation).unattached()
    if turn is None and not waiting.exists():
        return None
    _read_back(desk)
    standing = desk.hold()
    desk.conversation.control = standing.control
    desk.arrivals = standing.arrivals
    if turn is None and not _is_ours(desk, standing.control):
        _leave_waiting(waiting, standing.control, mode=desk.mode)
        return None
    if turn is not None:
        # Counted before it is tried, so that what kills a worker is counted too.
        Turn.objects.filter(pk=turn.pk).update(attempts=models.F("attempts") + 1)
        turn.attempts += 1
    with transaction.atomic():
        if turn is None:
            turn = Turn(
                tenant_id=desk.claim.tenant_id,
                conversation=desk.conversation,
                mode=desk.mode,
                restarts=_restarts(last),
                due_at=desk.conversation.due_at,
            )
            turn.save()
        waiting.attach(turn)
    return turn


def _read_back(desk: Desk) -> None:
    """Without this a message that no webhook brought would be answered after a younger one."""
    if not desk.can_look:
        return
    try:
        desk.reading = catching_up.catch_up(
            desk.door, desk.conversation, client=desk.client, now=timezone.now()
        )
        if desk.reading.messages:
            desk.note(last_seen_message_id=desk.reading.messages[-1].id)
    except RemoteError as error:
        connections.note_failure(desk.door, error)
        if not error.permanent:
            raise NotNowError(error.retry_after or PAUSE_SECONDS) from error


def _is_ours(desk: Desk, control: str) -> bool:
    """Also the inbox has to be this company's still."""
    channel = desk.door.channel_of(desk.conversation.inbox_id)
    is_same_company = channel is not None and channel.tenant_id == desk.claim.tenant_id
    return is_same_company and speaking.may_speak(control, mode=desk.mode)


def _leave_waiting(waiting: Any, control: str, *, mode: str) -> None:
    """Somebody else answers them, or nobody is to."""
    if mode == "off":
        waiting.end(Outcome.IGNORED, Reason.MODE_OFF)
    elif control == Control.PAUSED:
        waiting.end(Outcome.IGNORED, Reason.PAUSED)
    elif control in (Control.HUMAN, Control.HANDING_OVER):
        waiting.end(Outcome.HANDED_OFF, Reason.PERSON_CAME)
    else:
        waiting.end(Outcome.IGNORED, Reason.UNMAPPED)


def _restarts(last: Turn | None) -> int:
    """How often the same messages were begun already."""
    return last.restarts + 1 if last is not None and last.state == TurnState.SUPERSEDED else 0


def _checkpoint(desk: Desk, turn: Turn) -> None:
    """Whether anybody still wants the answer: a person may have come, or the customer gone on."""
    standing = desk.fence()
    if standing.arrivals != desk.arrivals and turn.restarts < MOST_RESTARTS:
        waiting = InboundEvent.objects.filter(conversation=desk.conversation).unattached()
        if waiting.exists():
            raise OvertakenError


@transaction.atomic
def _start_anew(turn: Turn) -> None:
    """Its messages wait again; none is dropped."""
    turn.state, turn.finished_at = TurnState.SUPERSEDED, timezone.now()
    turn.save()
    InboundEvent.objects.filter(turn=turn).attach(None)


def _leave_to_person(desk: Desk, turn: Turn) -> None:
    """What was said so far counts as the answer; otherwise the person has the messages."""
    with transaction.atomic():
        turn.outbox.all().cancel(str(Reason.PERSON_CAME.label))
        in_doubt = turn.outbox.filter(state__in=[OutboundState.SENDING, OutboundState.UNKNOWN])
    if in_doubt.exists():
        raise NotNowError(outbox.LOOKED_EVERY_SECONDS)
    if outbox.is_said(turn):
        end(desk, turn, Outcome.ANSWERED, Reason.REPLIED)
    elif desk.mode == "off":
        end(desk, turn, Outcome.IGNORED, Reason.MODE_OFF)
    else:
        end(desk, turn, Outcome.HANDED_OFF, Reason.PERSON_CAME)


def _give_up_sending(desk: Desk, turn: Turn, error: NotTakenError) -> None:
    with transaction.atomic():
        turn.outbox.all().cancel(str(error.reason.label))
        turn.error = error.error[:300]
        if error.reason not in EXPIRED_REASONS:
            after = outbox.known_message(desk.conversation)
            tried = tuple(text[:500] for text in outbox.texts(turn, Part.REPLY))
            wanted, first = HandOff(error.reason, tried=tried), turn.outbox.count()
            handoff.plan(desk, turn, wanted, after=after, first=first)
    if error.reason in EXPIRED_REASONS:
        _leave_for_people(desk)
        end(desk, turn, Outcome.EXPIRED, error.reason)
    else:
        send(desk, turn)


def _leave_for_people(desk: Desk) -> None:
    """What nobody answered in time stands among the conversations of people afterwards."""
    desk.claim.rows.update(
        control=Control.HUMAN,
        control_reason=Reason.NOT_SENT_IN_TIME,
        control_at=Now(),
        chore=Chore.OPEN,
        due_at=Now(),
        arrivals=models.F("arrivals") + 1,
    )


def _is_silent_now(desk: Desk) -> bool:
    is_silent = desk.config.setting("outside_hours") == "silent"
    return is_silent and not hours.is_open(desk.config, timezone.now())


def _remember_language(desk: Desk, gathered: Gathered) -> None:
    language = gathered.question.talk.language
    if language != desk.conversation.language:
        desk.conversation.language = language
        desk.note(language=language)


def _write_down(desk: Desk, turn: Turn, given: Answer, *, after: int) -> None:
    """In one transaction: what is to be sent, and that it is. From here on nothing is thought."""
    turn.sources = [asdict(source) for source in given.sources]
    with transaction.atomic():
        if given.handoff is not None:
            said = given.text if desk.mode == "automatic" else ""
            handoff.plan(desk, turn, given.handoff, after=after, said=said)
        elif desk.mode == "suggest":
            handoff.plan(desk, turn, HandOff(Reason.SUGGESTED), after=after, said=given.text)
        else:
            _write_reply(desk, turn, given, after=after)
        desk.write_notes()


def _write_reply(desk: Desk, turn: Turn, given: Answer, *, after: int) -> None:
    """What is left of an answer on its channel; where nothing is left, a person goes on."""
    bubbles = channels.bubbles(
        given.text,
        desk.conversation.channel_kind,
        most=desk.config.setting("most_bubbles"),
    )
    if not bubbles:
        handoff.plan(desk, turn, HandOff(Reason.FAILED), after=after)
        return
    desk.note(unhelped=0 if given.is_helpful else models.F("unhelped") + 1)
    if desk.config.setting("disclosure") and desk.conversation.disclosed_at is None:
        own = desk.config.setting("disclosure_text")
        first = own or sentences.say("disclosure", desk.conversation.language)
        bubbles = (first, *bubbles)
        desk.note(disclosed_at=Now())
    outbox.write(desk, turn, ((Part.REPLY, text) for text in bubbles), after=after)
    turn.outcome, turn.reason, turn.state = Outcome.ANSWERED, Reason.REPLIED, TurnState.SENDING
    turn.save()
