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
from django.db.models.functions import Now

from crews import statements
from crews.models import (
    Chore,
    Conversation,
    InboundEvent,
    OutboundMessage,
    OutboundState,
    Outcome,
    Part,
    Reason,
    Status,
    Via,
)
from integrations.chatwoot.payloads import ChatwootEvent, Kind

LONGEST_NAME = 200
CLOCKS_DIFFER = timedelta(seconds=5)


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
    if statements.is_postgresql():
        was_in_doubt, is_new = _record_at_once(arrival, row, marker)
    else:
        with transaction.atomic():
            was_in_doubt = bool(marker) and _confirm(arrival, marker)
            is_new = bool(statements.rows(f"{_INSERT_EVENT} VALUES ({_EVENT_VALUES}) {_ONCE}", row))
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
    if statements.is_postgresql():
        found = statements.rows(_QUESTION, values | event)
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


def take_takeover(arrival: Arrival, *, resume_hours: int, may_open: bool) -> Taken:
    """A person speaks, or was given the conversation: the bot is silent from this commit on.

    Chatwoot leaves a conversation with the bot in which a person writes, where nobody else sees it:
    that is for a worker to change. A person's message that is told late changes nothing after the
    bot got the talk back.
    """
    values = _news_values(arrival) | {
        "why": "person",
        "human_until": _moment(arrival.now + timedelta(hours=resume_hours)),
        "later": _moment((arrival.occurred_at or arrival.now) + CLOCKS_DIFFER),
    }
    is_message = arrival.message_id is not None
    opens = is_message and may_open and values["status"] == Status.PENDING
    changes = [_SILENCE, _STATUS, *([_OPEN_IT] if opens else [])]
    where = _NOT_GIVEN_BACK if is_message else "true"
    with transaction.atomic():
        # The customer's message may come later than the person's answer to it.
        statements.rows(f"{_NEW_TALK} RETURNING id", values | _talk_values(arrival))
        return _take_news(values, changes, where=where, silences=True, wakes=opens)


def take_status(arrival: Arrival, *, is_takeover: bool, resume: str, resume_hours: int) -> Taken:
    """The conversation changed in Chatwoot: who has it, and where its history begins anew."""
    status = arrival.event.conversation.status if arrival.event.conversation is not None else ""
    until = _moment(arrival.now + timedelta(hours=resume_hours))
    values = _news_values(arrival) | {"why": f"status {status}"[:40], "human_until": until}
    changes = [_STATUS]
    if status == Status.RESOLVED:
        changes.append(_NEW_MATTER)
    if is_takeover:
        changes.append(_SILENCE_BY_STATUS)
    elif (status == Status.RESOLVED and resume == "on_resolve") or (
        status == Status.PENDING and resume == "on_pending"
    ):
        changes.append(_GIVE_BACK)
    elif status == Status.PENDING and resume == "on_resolve":
        changes.append(_GIVE_BACK_RESOLVED)
    return _take_news(values, changes, where=_IS_NEWS, silences=is_takeover)


@transaction.atomic
def take_update(arrival: Arrival, *, is_deleted: bool, refused_marker: str, error: str) -> Taken:
    """A customer took a message back, or the channel refused one of ours."""
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
    rows = InboundEvent.objects.filter(pk=row.pk)
    rows = rows.exclude(outcome="", turn__isnull=False)
    deleted: int = rows.exclude(outcome__in=[Outcome.ANSWERED, Outcome.HANDED_OFF]).delete()[0]
    return bool(deleted)


def _talk_of(arrival: Arrival) -> Any:
    return Conversation.objects.filter(
        tenant=arrival.tenant_id, connection=arrival.connection_id, number=arrival.number or 0
    )


def _state_at(arrival: Arrival) -> Any:
    """When Chatwoot had it so, by Chatwoot's clock; older ones do not always tell."""
    conversation = arrival.event.conversation
    told = conversation.updated_at if conversation is not None else None
    return _moment(told or arrival.occurred_at or arrival.now)


def _agent_in(arrival: Arrival) -> int | None:
    """The person to whom it is assigned in Chatwoot."""
    conversation = arrival.event.conversation
    if conversation is None or not conversation.is_with_person or not conversation.assignee:
        return None
    return conversation.assignee.id


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
    """The conversation of a question. `old` is the row as it was; what is asked of it several
    times is asked once, further inside: `r` whether the bot resumes, `s` whether it speaks, `n`
    whether this is the newest news, `b` when the burst began.
    """
    resumes = (
        "old.control = 'human' AND n AND ("
        " %(resume)s IN ('on_pending', 'on_resolve') AND old.status = 'resolved'"
        " OR %(resume)s = 'on_pending' AND excluded.status = 'pending'"
        " AND old.status IN ('open', 'snoozed') AND excluded.released_agent_id IS NULL"
        f" OR %(resume)s = 'after_hours' AND old.human_until < {words.now})"
    )
    begin = f"COALESCE(CASE WHEN old.due_at IS NULL THEN NULL ELSE old.burst_at END, {words.now})"
    soon = words.after.format("'now'" if words is _SQLITE else words.now, "quiet")
    return f"""
        INSERT INTO {_TALKS} AS old (
            tenant_id, connection_id, number, channel_id, inbox_id, channel_kind, contact_id,
            contact_name, status, control, control_reason, control_at, chore, due_at, burst_at,
            lease_owner, epoch, arrivals, last_seen_message_id, boundary_message_id, language,
            can_reply, last_customer_at, unhelped, created_at, state_at, released_agent_id)
        SELECT
            %(tenant_id)s, %(connection_id)s, %(number)s, %(channel_id)s, %(inbox_id)s,
            %(channel_kind)s, %(contact_id)s, %(contact_name)s, %(status)s, 'bot', '',
            {words.now}, '', {soon}, {words.now}, '', 0, 1, 0, 0, '', %(can_reply)s, {words.now},
            0, {words.now}, %(state_at)s, %(agent_id)s
        WHERE {condition}
        ON CONFLICT (connection_id, number, tenant_id) DO UPDATE SET
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
            (status, state_at, control, control_reason, control_at, released_agent_id, burst_at,
                due_at) = (SELECT
                CASE WHEN n THEN excluded.status ELSE old.status END,
                CASE WHEN n THEN excluded.state_at ELSE old.state_at END,
                CASE WHEN r THEN 'bot' ELSE old.control END,
                CASE WHEN r THEN 'resumed' ELSE old.control_reason END,
                CASE WHEN r THEN {words.now} ELSE old.control_at END,
                CASE WHEN r THEN excluded.released_agent_id ELSE old.released_agent_id END,
                CASE WHEN s THEN b ELSE old.burst_at END,
                CASE WHEN s THEN {words.earlier}({soon}, {words.after.format("b", "most")})
                    ELSE old.due_at END
                FROM (SELECT n, r, {begin} AS b, old.control = 'bot' OR r
                    OR %(mode)s = 'suggest' AND old.control = 'human' AS s
                    FROM (SELECT n, {resumes} AS r
                        FROM (SELECT old.state_at IS NULL OR old.state_at <= excluded.state_at AS n
                        ) AS w) AS x) AS y)
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
    had_due = bool(statements.rows(_HAD_DUE, everything))
    talks = statements.rows(_upsert(_SQLITE, f"NOT EXISTS ({_KNOWN})"), everything)
    if not talks:
        return []
    talk_id, control = talks[0]
    insert = f"{_INSERT_EVENT} VALUES ({_OWN_VALUES}, {_of_control('%(control)s')}, %(talk_id)s)"
    found = {**everything, "control": control, "talk_id": talk_id}
    events = statements.rows(f"{insert} ON CONFLICT DO NOTHING RETURNING id, reason", found)
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
        return False, bool(statements.rows(insert, row))
    statement = (
        f"WITH doubt AS ({_IN_DOUBT}), echo AS ({_ECHO}), event AS ({insert})"
        " SELECT EXISTS (SELECT 1 FROM doubt), EXISTS (SELECT 1 FROM event)"
    )
    found = statements.rows(statement, row | {"marker": marker})[0]
    return bool(found[0]), bool(found[1])


_NOW = {"postgresql": "now()", "sqlite": f"{_STAMP}, 'now')"}[connection.vendor]
# What news may change about a conversation; columns on the right are those of before.
_STATUS = {"status": "%(status)s", "can_reply": "%(can_reply)s", "state_at": "%(state_at)s"}
_SILENCE = {
    "control": "CASE WHEN control = 'paused' THEN control ELSE 'human' END",
    "control_reason": "CASE WHEN control = 'paused' THEN control_reason ELSE %(why)s END",
    "control_at": _NOW,
    "human_until": "%(human_until)s",
    "released_agent_id": "NULL",
    "arrivals": "arrivals + 1",
}
_NEW_TALK = f"""
    INSERT INTO {_TALKS} (
        tenant_id, connection_id, number, channel_id, inbox_id, channel_kind, contact_id,
        contact_name, status, control, control_reason, control_at, chore, lease_owner, epoch,
        arrivals, last_seen_message_id, boundary_message_id, language, can_reply, unhelped,
        created_at)
    VALUES (
        %(tenant_id)s, %(connection_id)s, %(number)s, %(channel_id)s, %(inbox_id)s,
        %(channel_kind)s, %(contact_id)s, %(contact_name)s, %(status)s, 'bot', '', {_NOW}, '', '',
        0, 0, 0, 0, '', %(can_reply)s, 0, {_NOW})
    ON CONFLICT DO NOTHING
"""
_OPEN_IT = {"chore": f"'{Chore.OPEN.value}'", "due_at": _NOW}
# Our own opening of what is handed over comes back as news, too.
_SILENCE_BY_STATUS = {
    "control": "CASE WHEN control = 'bot' THEN 'human' ELSE control END",
    "control_reason": "CASE WHEN control = 'bot' THEN %(why)s ELSE control_reason END",
    "control_at": f"CASE WHEN control = 'bot' THEN {_NOW} ELSE control_at END",
    "human_until": "CASE WHEN control = 'bot' THEN %(human_until)s ELSE human_until END",
    "released_agent_id": "NULL",
    "arrivals": "arrivals + 1",
}
_NEW_MATTER = {
    "boundary_message_id": (
        f"COALESCE((SELECT e.message_id FROM {_EVENTS} e WHERE e.conversation_id = {_TALKS}.id"
        " AND e.message_id IS NOT NULL ORDER BY e.conversation_id DESC, e.message_id DESC LIMIT 1),"
        " boundary_message_id)"
    ),
    "control_reason": "CASE WHEN control = 'bot' THEN 'resolved' ELSE control_reason END",
    "control_at": f"CASE WHEN control = 'bot' THEN {_NOW} ELSE control_at END",
    "unhelped": "0",
    "disclosed_at": "NULL",
}


def _given_back(condition: str) -> dict[str, str]:
    is_so = f"control = 'human' AND {condition}"
    return {
        "control": f"CASE WHEN {is_so} THEN 'bot' ELSE control END",
        "control_reason": f"CASE WHEN {is_so} THEN 'status' ELSE control_reason END",
        "control_at": f"CASE WHEN {is_so} THEN {_NOW} ELSE control_at END",
        "released_agent_id": f"CASE WHEN {is_so} THEN %(agent_id)s ELSE released_agent_id END",
        "unhelped": "0",
    }


_GIVE_BACK = _given_back("1 = 1")
_GIVE_BACK_RESOLVED = _given_back("status = 'resolved'")
_OF_TALK = "connection_id = %(connection_id)s AND number = %(number)s AND tenant_id = %(tenant_id)s"
# Asked of the row as it is when its turn comes: news that are not the newest change nothing.
_IS_NEWS = "(state_at IS NULL OR state_at <= %(state_at)s)"
_NOT_GIVEN_BACK = (
    "boundary_message_id < %(message_id)s AND NOT (control = 'bot' AND control_at > %(later)s"
    " AND control_reason IN ('status', 'resumed', 'resolved', 'button'))"
)
_CANCEL = (
    f"UPDATE {_OUTBOX} SET state = '{OutboundState.CANCELLED.value}', last_error = %(came)s"
    f" WHERE state = '{OutboundState.PENDING.value}' AND part <> '{Part.NOTE.value}'"
)


def _take_news(
    values: dict[str, Any],
    changes: Iterable[dict[str, str]],
    *,
    where: str,
    silences: bool,
    wakes: bool = False,
) -> Taken:
    """Write the event down, and if it is new, change the conversation and cancel what waits."""
    columns = {name: value for change in changes for name, value in change.items()}
    to = ", ".join(f"{name} = {value}" for name, value in columns.items())
    insert = f"{_INSERT_EVENT} VALUES ({_EVENT_VALUES}) {_ONCE}"
    update = f"UPDATE {_TALKS} SET {to} WHERE {_OF_TALK} AND {where}"
    if statements.is_postgresql():
        steps = [
            f"event AS ({insert})",
            f"talk AS ({update} AND EXISTS (SELECT 1 FROM event) RETURNING id)",
        ]
        if silences:
            steps.append(f"gone AS ({_CANCEL} AND conversation_id IN (SELECT id FROM talk))")
        found = statements.rows(
            f"WITH {', '.join(steps)} SELECT event.id, talk.id FROM event LEFT JOIN talk ON true",
            values,
        )
        is_new, talk_id = bool(found), found[0][1] if found else None
    else:
        with transaction.atomic():
            is_new = bool(statements.rows(insert, values))
            talks = statements.rows(f"{update} RETURNING id", values) if is_new else []
            talk_id = talks[0][0] if talks else None
            if silences and talks:
                of_talk = values | {"talk_id": talk_id}
                statements.rows(
                    f"{_CANCEL} AND conversation_id = %(talk_id)s RETURNING id", of_talk
                )
    return Taken(
        is_duplicate=not is_new,
        reason=Reason.NO_ANSWER_NEEDED,
        tenant_id=values["tenant_id"],
        conversation_id=talk_id or 0,
        wakes=wakes and talk_id is not None,
    )


def _news_values(arrival: Arrival) -> dict[str, Any]:
    conversation = arrival.event.conversation
    assert conversation is not None  # noqa: S101  news about one
    return {
        **_event_values(arrival, outcome=Outcome.IGNORED, reason=Reason.NO_ANSWER_NEEDED),
        "status": conversation.status if conversation.status in Status.values else Status.PENDING,
        "can_reply": conversation.can_reply,
        "agent_id": _agent_in(arrival),
        "state_at": _state_at(arrival),
        "came": str(Reason.PERSON_CAME.label),
    }


def _insert_event(row: dict[str, Any]) -> bool:
    return bool(statements.rows(f"{_INSERT_EVENT} VALUES ({_EVENT_VALUES}) {_ONCE}", row))


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
        "state_at": _state_at(arrival),
        "before_message_id": max((arrival.message_id or 1) - 1, 0),
    }


def _moment(value: datetime | None) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if value is not None else None
