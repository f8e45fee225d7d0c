"""The writing of what comes in: one statement on PostgreSQL, one short transaction on SQLite.

Plain rows through the ORM cost several times as much, and this runs for every event of every
Chatwoot. The texts are shared by both engines; what differs stands in `_Dialect`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest, Now

from crews.models import (
    Control,
    Conversation,
    InboundEvent,
    OutboundMessage,
    OutboundState,
    Outcome,
    Reason,
    Status,
    Via,
)
from integrations.chatwoot.payloads import ChatwootEvent, Kind

LONGEST_NAME = 200
CLOCKS_DIFFER = timedelta(seconds=5)
GIVEN_BACK = ("status", "resumed", "button")


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that is to be written down, and under whom."""

    tenant_id: int
    connection_id: int
    channel_id: int | None
    event: ChatwootEvent
    author: str
    delivery_id: str
    via: Via
    payload: dict[str, Any]
    text: str
    occurred_at: datetime | None
    now: datetime

    @property
    def number(self) -> int | None:
        conversation = self.event.conversation
        return conversation.id if conversation is not None else None

    @property
    def message_id(self) -> int | None:
        return self.event.message.id if self.event.message is not None else None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of it. `reason` is empty when it waits for an answer; `wakes` says that nobody
    was woken for the conversation yet.
    """

    is_duplicate: bool = False
    reason: str = ""
    tenant_id: int = 0
    conversation_id: int = 0
    wakes: bool = False
    wakes_in: float = 0.0


def take_record(arrival: Arrival, *, reason: Reason, marker: str = "") -> Taken:
    """Something that needs no answer. With our marker it proves that a message of ours arrived."""
    row = _event_values(arrival, outcome=Outcome.IGNORED, reason=reason)
    if _is_postgresql():
        was_in_doubt, is_new = _record_at_once(arrival, row, marker)
    else:
        with transaction.atomic():
            was_in_doubt = bool(marker) and _confirm(arrival, marker)
            is_new = bool(_rows(f"{_INSERT_EVENT} VALUES ({_EVENT_VALUES}) {_ONCE}", row))
    if was_in_doubt:
        _look_again(arrival)
    return Taken(is_duplicate=not is_new, reason=reason)


def take_question(
    arrival: Arrival, *, mode: str, resume: str, quiet_seconds: int, most_seconds: int
) -> Taken:
    """A customer's message, and the moment at which it is answered."""
    values = _talk_values(arrival) | {
        "mode": mode,
        "resume": resume,
        "quiet": float(quiet_seconds),
        "most": float(max(most_seconds, quiet_seconds)),
    }
    event = _event_values(arrival, outcome="", reason="")
    if _is_postgresql():
        found = _rows(_QUESTION, values | event)
    else:
        with transaction.atomic():
            found = _question_in_steps(values, event)
    if not found or found[0][1] is None:
        return Taken(is_duplicate=True)
    conversation_id, _event_id, reason, had_due = found[0]
    return Taken(
        reason=reason,
        tenant_id=arrival.tenant_id,
        conversation_id=conversation_id,
        wakes=not reason and not had_due,
        wakes_in=float(quiet_seconds),
    )


@transaction.atomic
def take_takeover(arrival: Arrival, *, resume_hours: int) -> Taken:
    """A person speaks, or was given the conversation: the bot is silent from this commit on."""
    row = _event_values(arrival, outcome=Outcome.IGNORED, reason=Reason.NO_ANSWER_NEEDED)
    if not _insert_event(row):
        return Taken(is_duplicate=True)
    talk = _talk_of(arrival)
    _silence(_unless_given_back(talk, arrival), reason="person", resume_hours=resume_hours)
    _note_status(talk, arrival)
    return Taken(reason=Reason.NO_ANSWER_NEEDED)


@transaction.atomic
def take_status(arrival: Arrival, *, is_takeover: bool, resume: str) -> Taken:
    """The conversation changed in Chatwoot: who has it, and where its history begins anew."""
    reason = Reason.NO_ANSWER_NEEDED
    row = _event_values(arrival, outcome=Outcome.IGNORED, reason=reason)
    if not _insert_event(row):
        return Taken(is_duplicate=True)
    talk = _talk_of(arrival)
    conversation = arrival.event.conversation
    status = conversation.status if conversation is not None else ""
    before = talk.select_for_update().values_list("status", flat=True).first()
    if before is None or before == status:
        return Taken(reason=reason)
    if is_takeover:
        _silence(talk, reason=f"status {status}", resume_hours=0)
    if status == Status.RESOLVED:
        _resolve(talk, arrival, gives_back=resume == "on_resolve")
    if status == Status.PENDING and resume in ("on_pending", "on_resolve"):
        _give_back(talk, arrival, only_resolved=resume == "on_resolve")
    _note_status(talk, arrival)
    return Taken(reason=reason)


@transaction.atomic
def take_update(arrival: Arrival, *, is_deleted: bool, refused_marker: str, error: str) -> Taken:
    row = _event_values(arrival, outcome=Outcome.IGNORED, reason=Reason.NO_ANSWER_NEEDED)
    if not _insert_event(row):
        return Taken(is_duplicate=True)
    if is_deleted:
        InboundEvent.objects.filter(
            connection=arrival.connection_id,
            message_id=arrival.message_id,
            event=Kind.MESSAGE_CREATED,
        ).unattached().end(Outcome.IGNORED, Reason.DELETED)
    if refused_marker:
        OutboundMessage.objects.filter(tenant=arrival.tenant_id, key=refused_marker).update(
            last_error=error[:300] or "failed"
        )
    return Taken(reason=Reason.NO_ANSWER_NEEDED)


def forget(row: InboundEvent) -> bool:
    """Make room for the same event to come in again; not when it is being answered."""
    rows = InboundEvent.objects.filter(pk=row.pk, turn=None)
    deleted: int = rows.exclude(outcome__in=[Outcome.ANSWERED, Outcome.HANDED_OFF]).delete()[0]
    return bool(deleted)


def _talk_of(arrival: Arrival) -> Any:
    return Conversation.objects.filter(
        tenant=arrival.tenant_id, connection=arrival.connection_id, number=arrival.number or 0
    )


def _unless_given_back(talk: Any, arrival: Arrival) -> Any:
    """A person's message that is told late changes nothing after the bot got the talk back."""
    if arrival.message_id is None or arrival.occurred_at is None:
        return talk
    later = arrival.occurred_at + CLOCKS_DIFFER
    return talk.filter(boundary_message_id__lt=arrival.message_id).exclude(
        control=Control.BOT, control_reason__in=GIVEN_BACK, control_at__gt=later
    )


def _silence(talk: Any, *, reason: str, resume_hours: int) -> None:
    """Cancels what is not yet sent; a turn that runs notices at its next step."""
    until = Now() + timedelta(hours=resume_hours) if resume_hours else None
    talk.exclude(control=Control.PAUSED).update(
        control=Control.HUMAN,
        control_reason=reason,
        control_at=Now(),
        human_until=until,
        released_agent_id=None,
        arrivals=F("arrivals") + 1,
    )
    outbox = OutboundMessage.objects.filter(conversation__in=talk)
    outbox.exclude(part="note").cancel(str(Reason.PERSON_CAME.label))


def _resolve(talk: Any, arrival: Arrival, *, gives_back: bool) -> None:
    """What was said so far is another matter now."""
    last = (
        InboundEvent.objects.filter(conversation__in=talk, event=Kind.MESSAGE_CREATED)
        .order_by("-message_id")
        .values_list("message_id", flat=True)
        .first()
    )
    talk.update(
        boundary_message_id=Greatest("boundary_message_id", last or 0),
        unhelped=0,
        disclosed_at=None,
    )
    if gives_back:
        _give_back(talk, arrival, only_resolved=False)


def _give_back(talk: Any, arrival: Arrival, *, only_resolved: bool) -> None:
    rows = talk.filter(control=Control.HUMAN)
    if only_resolved:
        rows = rows.filter(status=Status.RESOLVED)
    rows.update(
        control=Control.BOT,
        control_reason="status",
        control_at=Now(),
        released_agent_id=_agent_in(arrival),
        unhelped=0,
    )


def _agent_in(arrival: Arrival) -> int | None:
    """The person to whom it is assigned in Chatwoot."""
    conversation = arrival.event.conversation
    if conversation is None or not conversation.is_with_person or not conversation.assignee:
        return None
    return conversation.assignee.id


def _note_status(talk: Any, arrival: Arrival) -> None:
    conversation = arrival.event.conversation
    if conversation is not None and conversation.status in Status.values:
        talk.update(status=conversation.status, can_reply=conversation.can_reply)


def _look_again(arrival: Arrival) -> None:
    """What waited for this proof goes on at once."""
    _talk_of(arrival).update(due_at=Now(), arrivals=F("arrivals") + 1)


def _confirm(arrival: Arrival, marker: str) -> bool:
    """Whether it had been in doubt."""
    rows = OutboundMessage.objects.filter(tenant=arrival.tenant_id, key=marker)
    was_in_doubt: bool = rows.filter(state=OutboundState.UNKNOWN).exists()
    rows.exclude(state=OutboundState.SENT).update(
        state=OutboundState.SENT, remote_id=arrival.message_id, sent_at=Now()
    )
    return was_in_doubt


_TALKS, _EVENTS, _OUTBOX = (
    model._meta.db_table for model in (Conversation, InboundEvent, OutboundMessage)
)
_EVENT_COLUMNS = (
    "tenant_id",
    "connection_id",
    "event",
    "message_id",
    "delivery_id",
    "via",
    "author",
    "text",
    "payload",
    "occurred_at",
    "received_at",
    "outcome",
    "reason",
    "conversation_id",
)
_INSERT_EVENT = f"INSERT INTO {_EVENTS} ({', '.join(_EVENT_COLUMNS)})"
_OWN_VALUES = ", ".join(f"%({name})s" for name in _EVENT_COLUMNS[:-3])
_TALK_OF_EVENT = (
    f"(SELECT id FROM {_TALKS} WHERE connection_id = %(connection_id)s"
    " AND number = %(number)s AND tenant_id = %(tenant_id)s)"
)
_EVENT_VALUES = f"{_OWN_VALUES}, %(outcome)s, %(reason)s, {_TALK_OF_EVENT}"
_ONCE = "ON CONFLICT DO NOTHING RETURNING id"
_KNOWN = (
    f"SELECT 1 FROM {_EVENTS} WHERE connection_id = %(connection_id)s"
    f" AND message_id = %(message_id)s AND event = '{Kind.MESSAGE_CREATED.value}'"
)
_HAD_DUE = (
    f"SELECT due_at FROM {_TALKS} WHERE connection_id = %(connection_id)s"
    " AND number = %(number)s AND tenant_id = %(tenant_id)s AND due_at IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class _Dialect:
    now: str
    after: str  # a moment and a number of seconds
    earlier: str


_POSTGRESQL = _Dialect("now()", "{} + %({})s * interval '1 second'", "LEAST")
_STAMP = "strftime('%%Y-%%m-%%d %%H:%%M:%%f'"
_SQLITE = _Dialect(f"{_STAMP}, 'now')", _STAMP + ", {}, %({})s || ' seconds')", "MIN")


def _upsert(words: _Dialect, condition: str) -> str:
    """The conversation of a question. `old` is the row as it was."""
    resumes = (
        "(old.control = 'human' AND ("
        " (%(resume)s IN ('on_pending', 'on_resolve') AND old.status = 'resolved')"
        f" OR (%(resume)s = 'after_hours' AND old.human_until < {words.now})))"
    )
    speaks = (
        f"(old.control = 'bot' OR {resumes} OR (%(mode)s = 'suggest' AND old.control = 'human'))"
    )
    begin = f"COALESCE(CASE WHEN old.due_at IS NULL THEN NULL ELSE old.burst_at END, {words.now})"
    soon = words.after.format("'now'" if words is _SQLITE else words.now, "quiet")
    latest = words.after.format(begin, "most")
    return f"""
        INSERT INTO {_TALKS} AS old (
            tenant_id, connection_id, number, channel_id, inbox_id, channel_kind, contact_id,
            contact_name, status, control, control_reason, control_at, chore, due_at, burst_at,
            lease_owner, epoch, arrivals, last_seen_message_id, boundary_message_id, language,
            can_reply, last_customer_at, unhelped, created_at)
        SELECT
            %(tenant_id)s, %(connection_id)s, %(number)s, %(channel_id)s, %(inbox_id)s,
            %(channel_kind)s, %(contact_id)s, %(contact_name)s, %(status)s, 'bot', '',
            {words.now}, '', {soon}, {words.now}, '', 0, 1, 0, 0, '', %(can_reply)s, {words.now},
            0, {words.now}
        WHERE {condition}
        ON CONFLICT (connection_id, number, tenant_id) DO UPDATE SET
            status = excluded.status,
            can_reply = excluded.can_reply,
            channel_id = excluded.channel_id,
            inbox_id = excluded.inbox_id,
            channel_kind = excluded.channel_kind,
            contact_id = excluded.contact_id,
            contact_name = excluded.contact_name,
            last_customer_at = excluded.last_customer_at,
            arrivals = old.arrivals + 1,
            boundary_message_id = CASE WHEN old.status = 'resolved'
                THEN %(before_message_id)s ELSE old.boundary_message_id END,
            control = CASE WHEN {resumes} THEN 'bot' ELSE old.control END,
            released_agent_id = CASE WHEN {resumes}
                THEN %(agent_id)s ELSE old.released_agent_id END,
            control_reason = CASE WHEN {resumes} THEN 'resumed' ELSE old.control_reason END,
            control_at = CASE WHEN {resumes} THEN {words.now} ELSE old.control_at END,
            burst_at = CASE WHEN {speaks} THEN {begin} ELSE old.burst_at END,
            due_at = CASE WHEN {speaks} THEN {words.earlier}({soon}, {latest}) ELSE old.due_at END
        RETURNING id, control
    """


def _of_control(case: str) -> str:
    """What a question becomes under the control its conversation has after this statement."""
    outcome = (
        f"CASE WHEN {case} = 'bot' OR (%(mode)s = 'suggest' AND {case} = 'human') THEN ''"
        f" WHEN {case} = 'handing over' THEN '{Outcome.HANDED_OFF.value}'"
        f" ELSE '{Outcome.IGNORED.value}' END"
    )
    reason = (
        f"CASE WHEN {case} = 'bot' OR (%(mode)s = 'suggest' AND {case} = 'human') THEN ''"
        f" WHEN {case} = 'handing over' THEN '{Reason.BEING_HANDED_OVER.value}'"
        f" WHEN {case} = 'paused' THEN '{Reason.PAUSED.value}'"
        f" ELSE '{Reason.WITH_PERSON.value}' END"
    )
    return f"{outcome}, {reason}"


_QUESTION = f"""
    WITH talk AS ({_upsert(_POSTGRESQL, f"NOT EXISTS ({_KNOWN})")}),
    had AS ({_HAD_DUE}),
    event AS (
        {_INSERT_EVENT}
        SELECT {_OWN_VALUES}, {_of_control("talk.control")}, talk.id FROM talk
        ON CONFLICT DO NOTHING RETURNING id, reason
    )
    SELECT talk.id, event.id, event.reason, EXISTS (SELECT 1 FROM had)
    FROM talk LEFT JOIN event ON true
"""


def _question_in_steps(values: dict[str, Any], event: dict[str, Any]) -> list[Sequence[Any]]:
    """What stands in one statement for PostgreSQL; the transaction holds the only writer."""
    everything = values | event
    had_due = bool(_rows(_HAD_DUE, everything))
    talks = _rows(_upsert(_SQLITE, f"NOT EXISTS ({_KNOWN})"), everything)
    if not talks:
        return []
    talk_id, control = talks[0]
    insert = f"{_INSERT_EVENT} VALUES ({_OWN_VALUES}, {_of_control('%(control)s')}, %(talk_id)s)"
    found = {**everything, "control": control, "talk_id": talk_id}
    events = _rows(f"{insert} ON CONFLICT DO NOTHING RETURNING id, reason", found)
    return [(talk_id, *(events[0] if events else (None, None)), had_due)]


_ECHO = (
    f"UPDATE {_OUTBOX} SET state = '{OutboundState.SENT.value}', remote_id = %(message_id)s,"
    " sent_at = now() WHERE key = %(marker)s AND tenant_id = %(tenant_id)s"
    f" AND state <> '{OutboundState.SENT.value}' RETURNING id"
)
_IN_DOUBT = (
    f"SELECT 1 FROM {_OUTBOX} WHERE key = %(marker)s AND tenant_id = %(tenant_id)s"
    f" AND state = '{OutboundState.UNKNOWN.value}'"
)


def _record_at_once(arrival: Arrival, row: dict[str, Any], marker: str) -> tuple[bool, bool]:
    insert = f"{_INSERT_EVENT} VALUES ({_EVENT_VALUES}) {_ONCE}"
    if not marker:
        return False, bool(_rows(insert, row))
    statement = (
        f"WITH doubt AS ({_IN_DOUBT}), echo AS ({_ECHO}), event AS ({insert})"
        " SELECT EXISTS (SELECT 1 FROM doubt), EXISTS (SELECT 1 FROM event)"
    )
    found = _rows(statement, row | {"marker": marker})[0]
    return bool(found[0]), bool(found[1])


def _insert_event(row: dict[str, Any]) -> bool:
    return bool(_rows(f"{_INSERT_EVENT} VALUES ({_EVENT_VALUES}) {_ONCE}", row))


def _event_values(arrival: Arrival, *, outcome: str, reason: str) -> dict[str, Any]:
    return {
        "tenant_id": arrival.tenant_id,
        "connection_id": arrival.connection_id,
        "number": arrival.number,
        "event": arrival.event.name,
        "message_id": arrival.message_id,
        "delivery_id": arrival.delivery_id,
        "via": arrival.via.value,
        "author": arrival.author[:10],
        "text": arrival.text,
        "payload": json.dumps(arrival.payload, ensure_ascii=False),
        "occurred_at": _moment(arrival.occurred_at),
        "received_at": _moment(arrival.now),
        "outcome": str(outcome),
        "reason": str(reason),
    }


def _talk_values(arrival: Arrival) -> dict[str, Any]:
    conversation = arrival.event.conversation
    assert conversation is not None  # noqa: S101  a question has one
    contact = arrival.event.contact
    return {
        "channel_id": arrival.channel_id,
        "inbox_id": arrival.event.inbox_id,
        "channel_kind": conversation.channel[:60],
        "contact_id": contact.id if contact is not None else None,
        "contact_name": contact.name[:LONGEST_NAME] if contact is not None else "",
        "status": conversation.status if conversation.status in Status.values else Status.PENDING,
        "can_reply": conversation.can_reply,
        "agent_id": _agent_in(arrival),
        "before_message_id": max((arrival.message_id or 1) - 1, 0),
    }


def _moment(value: datetime | None) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if value is not None else None


def _is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def _rows(statement: str, values: dict[str, Any]) -> list[Sequence[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: Iterable[Sequence[Any]] = cursor.fetchall()
        return list(rows)
