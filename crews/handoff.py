"""The one way to a person, for every reason there is: told to the customer, explained to staff,
carried out in Chatwoot with the token of the bot, and looked at afterwards.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crews import outbox, sentences
from crews.desk import Desk, TakenOverError
from crews.models import Control, OutboundMessage, Outcome, Part, Reason, Turn, TurnState
from crews.outbox import NotNowError
from crews.questions import HandOff
from integrations.chatwoot import connections
from integrations.chatwoot.values import Priority, Status
from integrations.failures import RemoteError
from tenants import hours

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
MOST_PAUSES = 60


class NotOpenedError(Exception):
    """Chatwoot said yes, and yet the conversation is not open."""


def plan(
    desk: Desk, turn: Turn, wanted: HandOff, *, after: int, said: str = "", first: int = 0
) -> None:
    """Decide it: from this commit on the bot is silent, and the rest can be done by any worker.

    `said` is a last text of the bot, sent before the notice. Call it in a transaction.
    """
    config, language = desk.config, desk.conversation.language
    is_open_now = hours.is_open(config, timezone.now())
    turn.outcome, turn.reason, turn.state = Outcome.HANDED_OFF, wanted.reason, TurnState.SENDING
    turn.handoff = {
        "summary": wanted.summary,
        "tried": list(wanted.tried),
        "labels": [*wanted.labels, *filter(None, [config.setting("handoff_label")])],
        "priority": wanted.priority or _chosen_priority(config.setting("handoff_priority")),
        "team": wanted.team_id or _team(config, is_open_now=is_open_now),
        "agent": wanted.agent_id or config.setting("handoff_agent"),
        "done": [],
    }
    turn.save()
    keeps_control = wanted.reason == Reason.SUGGESTED
    if not keeps_control:
        desk.claim.rows.exclude(control=Control.PAUSED).update(
            control=Control.HANDING_OVER, control_reason=wanted.reason, control_at=Now()
        )
        desk.conversation.control = Control.HANDING_OVER
    parts = _parts(desk, turn, wanted, said, language)
    outbox.write(desk, turn, parts, after=after, first=first)


def _parts(
    desk: Desk, turn: Turn, wanted: HandOff, said: str, language: str
) -> Iterator[tuple[Part, str]]:
    if wanted.reason == Reason.SUGGESTED:
        yield Part.DRAFT, said
        return
    if desk.mode == "automatic":
        notice = wanted.customer_text
        if notice is None:
            notice = desk.config.setting("handoff_text") or sentences.say("handoff", language)
        yield from ((Part.NOTICE, text) for text in (said, notice) if text)
    yield Part.NOTE, _note(desk, turn, wanted)


def _note(desk: Desk, turn: Turn, wanted: HandOff) -> str:
    """For staff, in the language of the company."""
    with translation.override(desk.conversation.tenant.language):
        lines = [f"**{_('Handed over by the bot')}**: {Reason(wanted.reason).label}"]
        if wanted.summary:
            lines.append(f"**{_('Summary')}**: {wanted.summary}")
        if wanted.tried:
            tried = "; ".join(wanted.tried)
            lines.append(f"**{_('Tried')}**: {tried}")
        if turn.error:
            lines.append(f"**{_('What went wrong')}**: {turn.error}")
        return "\n\n".join(lines)


def _chosen_priority(setting: str) -> str:
    return "" if setting == "unchanged" else setting


def _team(config: Any, *, is_open_now: bool) -> int:
    outside = config.setting("handoff_team_outside_hours")
    return int((not is_open_now and outside) or config.setting("handoff_team"))


def carry_out(desk: Desk, turn: Turn) -> None:
    """Everything that is left of a planned hand-over; may be called again after any crash.

    NotNowError when Chatwoot cannot be asked at the moment.
    """
    _send_messages(desk, turn)
    if not desk.is_sandbox:
        try:
            if turn.reason != Reason.SUGGESTED:
                _do_steps(desk, turn)
            _open(desk)
        except (RemoteError, NotOpenedError) as error:
            _try_later(turn, error)
    _let_go(desk, turn)


def _send_messages(desk: Desk, turn: Turn) -> None:
    try:
        outbox.flush(desk, turn)
    except TakenOverError:
        # A person is there already: no notice, but the note still helps.
        notices = OutboundMessage.objects.filter(turn=turn, part=Part.NOTICE)
        notices.cancel(str(Reason.PERSON_CAME.label))
        outbox.flush(desk, turn)
    except outbox.NotTakenError as error:
        logger.warning("A message of a hand-over was refused: %s", error.reason)
        turn.error = error.error[:300]
        turn.save(update_fields=["error"])
        _send_messages(desk, turn)


def _do_steps(desk: Desk, turn: Turn) -> None:
    """Labels, priority, team, person: each once, and none so important that it stops the rest."""
    for name, step in STEPS.items():
        if name in turn.handoff["done"] or not turn.handoff[name]:
            continue
        desk.hold()
        try:
            step(desk, turn.handoff[name])
        except RemoteError as error:
            if not error.permanent:
                raise
            turn.error = str(error)[:300]
        turn.handoff["done"].append(name)
        turn.save(update_fields=["handoff", "error"])


STEPS: Mapping[str, Callable[[Desk, Any], Any]] = {
    "labels": lambda desk, titles: desk.client.add_labels(desk.conversation.number, titles),
    "priority": lambda desk, name: desk.client.set_priority(
        desk.conversation.number, Priority(name)
    ),
    "team": lambda desk, number: desk.client.assign_team(desk.conversation.number, number),
    "agent": lambda desk, number: desk.client.assign_agent(desk.conversation.number, number),
}


def _open(desk: Desk) -> None:
    """With the bot's token, for only then Chatwoot tells the agents. Last, so that they find
    everything in place; and looked at, where we may look.
    """
    if _status(desk) in (Status.PENDING, None):
        desk.hold()
        desk.client.set_status(desk.conversation.number, Status.OPEN)
        if _status(desk) == Status.PENDING:
            raise NotOpenedError


def _status(desk: Desk) -> str | None:
    """None where it cannot be looked at: by a bot of an old Chatwoot, with a token that is gone."""
    try:
        return desk.client.conversation(desk.conversation.number).status
    except RemoteError as error:
        if error.permanent:
            connections.note_failure(desk.door, error)
            return None
        raise


def _try_later(turn: Turn, error: Exception) -> None:
    """For as long as it may help. Then staff are told by an alarm, and the bot stays silent."""
    pauses = turn.handoff.get("pauses", 0)
    is_final = isinstance(error, RemoteError) and error.permanent
    turn.error = str(error)[:300] or _("The conversation could not be opened.")
    turn.handoff["pauses"] = pauses + 1
    turn.save(update_fields=["handoff", "error"])
    if not is_final and pauses < MOST_PAUSES:
        retry_after = error.retry_after if isinstance(error, RemoteError) else None
        raise NotNowError(retry_after or min(PAUSE_SECONDS * (pauses + 1), 300.0)) from error


def _let_go(desk: Desk, turn: Turn) -> None:
    if turn.reason != Reason.SUGGESTED:
        desk.claim.rows.filter(control=Control.HANDING_OVER).update(
            control=Control.HUMAN,
            control_at=Now(),
            human_until=Now() + timedelta(hours=desk.config.setting("resume_hours")),
        )
