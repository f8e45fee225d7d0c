"""What customers saw, held against what the platform promises and what its rows say."""

import collections
import contextlib
import itertools
import json
import re
import sqlite3
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from tests.fakes.chatwoot.rows import Bot, User
from tests.faults.restless import Change, Sending

PERSON = "after a person"
# Each of these must stay at zero.
FAILURES = (
    "lost",
    "answered twice",
    "out of order",
    PERSON,
    "after handing over",
    "while open",
    "not one outcome",
    "said otherwise",
    "cut short",
    "hand-over incomplete",
    "complaints",
)
# Counted, and no failure: what lies in the window that cannot be closed, what people have, and what
# was never told to a company that lets us read nothing.
REMARKS = (
    "overlap with a person",
    "seen by people only",
    "never told",
    "told late",
    "noted twice",
    "left alone",
    "typing left on",
)
BUBBLE = re.compile(r"re: ([\d ]+) · (\d)/(\d)")
MARKER = "chatwootai_run"
# Between reading a conversation and sending into it lies one request.
OVERLAP_SECONDS = 1.0
THAWING_SECONDS = 1.0
NO_HAND_OVER = {"person_came", "suggested", "being_handed_over"}

UNFINISHED = (
    "SELECT count(*) FROM crews_inboundevent WHERE outcome = ''",
    "SELECT count(*) FROM crews_outboundmessage WHERE state IN ('pending', 'sending', 'unknown')",
    "SELECT count(*) FROM crews_turn WHERE state IN ('running', 'sending')",
    "SELECT count(*) FROM crews_conversation WHERE chore <> ''",
)
SEEN = "SELECT message_id FROM crews_inboundevent WHERE event = 'message_created'"


@dataclass
class Verdict:
    found: dict = field(default_factory=lambda: collections.defaultdict(list))
    outcomes: collections.Counter = field(default_factory=collections.Counter)

    def add(self, kind, what):
        self.found[kind].append(what)

    @property
    def failures(self):
        return {kind: self.found[kind] for kind in FAILURES if self.found[kind]}

    def counts(self):
        return {kind: len(self.found[kind]) for kind in (*FAILURES, *REMARKS)}


@dataclass(frozen=True)
class Bubble:
    numbers: tuple
    part: int
    parts: int
    message: Any


@dataclass(frozen=True)
class Hold:
    """Since when somebody else has the conversation, and who."""

    since: float
    kind: str


def wait_until_quiet(scene, *, seconds):
    """Until nothing is left to do, for so long at most; the seconds that it took."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        scene.platform.revive()
        with contextlib.suppress(sqlite3.Error, psycopg.Error):
            if is_quiet(scene):
                break
        time.sleep(1)
    return time.monotonic() - begun


def is_quiet(scene):
    with contextlib.closing(connect(scene)) as database:
        if any(database.execute(query).fetchone()[0] for query in UNFINISHED):
            return False
        seen = {number for (number,) in database.execute(SEEN).fetchall()}
    return not wanted(scene.chatwoot) - seen


def connect(scene):
    if scene.database is None:
        path = scene.platform.folder / "db.sqlite3"
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
    return psycopg.connect(scene.database.url, connect_timeout=2)


def wanted(chatwoot):
    """Messages of customers that we must know of: told, or left with the bot where we can look."""
    arrived = chatwoot.world.deliveries.arrived()
    shops = {shop.account.id: shop for shop in chatwoot.shops}
    numbers = set()
    for talk in list(chatwoot.world.conversations.values()):
        is_ours = talk.status == "pending" and shops[talk.account_id].has_user_token
        asked = (message.id for message in talk.messages if message.kind == "incoming")
        numbers |= {number for number in asked if is_ours or number in arrived}
    return numbers


def rows_of(scene):
    """Events and turns of each company, as the commands for operators show them."""
    slugs = [shop.slug for shop in scene.chatwoot.shops]
    commands = [[name, slug, "--json"] for slug in slugs for name in ("events", "turns")]
    said = scene.platform.manage(*commands)
    lines = [[json.loads(line) for line in text.splitlines()] for text in said]
    return dict(zip(slugs, zip(lines[::2], lines[1::2], strict=True), strict=True))


def judge(chatwoot, rows, *, freezes=()):
    """`rows` are the events and the turns of each company."""
    verdict = Verdict()
    must_know, arrived = wanted(chatwoot), chatwoot.world.deliveries.arrived()
    for shop in chatwoot.shops:
        events, turns = rows[shop.slug]
        talks = [
            t for t in chatwoot.world.conversations.values() if t.account_id == shop.account.id
        ]
        outcomes, late = _outcomes(events), Lateness(events, turns)
        for talk in talks:
            bubbles = bubbles_in(talk)
            changes = chatwoot.world.changes[talk.account_id, talk.id]
            was_taken_over = any(hold for _thing, hold in _holds(talk, changes))
            was_ended = was_taken_over or any(map(_is_closed_by_person, changes))
            _judge_messages(verdict, talk, outcomes, bubbles, must_know, was_ended=was_ended)
            _judge_bubbles(verdict, talk, bubbles, None if shop.has_user_token else late)
            knowable = None if shop.has_user_token else arrived
            _judge_silence(verdict, talk, chatwoot, freezes, knowable=knowable)
            _judge_attention(verdict, talk, chatwoot, outcomes)
        _judge_hand_overs(verdict, talks, turns, chatwoot)
    for complaint in chatwoot.complaints:
        verdict.add("complaints", complaint)
    _judge_typing(verdict, chatwoot)
    return verdict


def _outcomes(events):
    outcomes = collections.defaultdict(list)
    for event in events:
        if event["event"] == "message_created":
            outcomes[event["message"]].append((event["outcome"], event["reason"]))
    return outcomes


class Lateness:
    """What was told when, where nothing can be read back: a message that Chatwoot tells when a
    younger one is being answered can only be answered after it.
    """

    def __init__(self, events, turns):
        self.told = {
            event["message"]: _seconds(event["received_at"])
            for event in events
            if event["event"] == "message_created" and event.get("received_at")
        }
        self.begun = {
            number: _seconds(turn["started_at"])
            for turn in turns
            if turn.get("started_at")
            for number in turn["messages"]
        }

    def explains(self, older, younger):
        return self.told.get(older, 0.0) > self.begun.get(younger, float("inf"))


def _seconds(text):
    return datetime.fromisoformat(text).timestamp()


def bubbles_in(talk):
    """What the bot said, in the order in which customers read it."""
    return [
        Bubble(tuple(map(int, found[1].split())), int(found[2]), int(found[3]), message)
        for message in talk.messages
        if is_said_by_bot(message)
        for found in BUBBLE.finditer(message.content or "")
    ]


def is_said_by_bot(message):
    return isinstance(message.sender, Bot) and not message.is_private


def _judge_messages(verdict, talk, outcomes, bubbles, must_know, *, was_ended):
    answered = collections.defaultdict(set)
    for bubble in bubbles:
        for number in bubble.numbers:
            answered[number].add(bubble.part)
    parts = {number: bubble.parts for bubble in bubbles for number in bubble.numbers}
    for message in talk.messages:
        if message.kind != "incoming":
            continue
        where = f"{talk.account_id}/{talk.id} message {message.id}"
        found = outcomes[message.id]
        if not found:
            kind = "never told" if talk.status == "pending" else "seen by people only"
            verdict.add("lost" if message.id in must_know else kind, f"{where} is not known")
            continue
        outcome, reason = found[0]
        verdict.outcomes[f"{outcome}: {reason}"] += 1
        if len(found) > 1:
            verdict.add("not one outcome", f"{where}: {found}")
        elif outcome is None:
            verdict.add("lost", f"{where} has no outcome")
        elif outcome == "answered" and not answered[message.id]:
            verdict.add("said otherwise", f"{where} is said to be answered, and is not")
        elif outcome in ("ignored", "expired") and answered[message.id]:
            verdict.add(
                "said otherwise", f"{where} is answered, and said to be {outcome}: {reason}"
            )
        elif len(answered[message.id]) < parts.get(message.id, 0) and not was_ended:
            verdict.add("cut short", f"{where} got {answered[message.id]} of {parts[message.id]}")


def _judge_bubbles(verdict, talk, bubbles, late=None):
    """`late`: what was told late, of a company that lets us read nothing back."""
    where = f"{talk.account_id}/{talk.id}"
    times = collections.Counter((n, bubble.part) for bubble in bubbles for n in bubble.numbers)
    for number in sorted({number for (number, _part), count in times.items() if count > 1}):
        verdict.add("answered twice", f"{where} message {number}")
    for marker, count in collections.Counter(filter(None, map(_marker_of, talk.messages))).items():
        if count > 1:
            kind = (
                "noted twice" if late is not None and _is_note(talk, marker) else "answered twice"
            )
            verdict.add(kind, f"{where} marker {marker} stands on {count} messages")
    for before, after in itertools.pairwise(bubbles):
        is_next_part = before.numbers == after.numbers and before.part < after.part
        if is_next_part or max(before.numbers) < min(after.numbers):
            continue
        is_late = late is not None and late.explains(min(after.numbers), max(before.numbers))
        kind = "told late" if is_late else "out of order"
        verdict.add(kind, f"{where} {after.numbers} came after {before.numbers}")


def _marker_of(message):
    return message.content_attributes.get(MARKER)


def _is_note(talk, marker):
    """Where nobody can look whether it arrived, a note for people is rather written twice."""
    return all(m.is_private for m in talk.messages if _marker_of(m) == marker)


def _judge_silence(verdict, talk, chatwoot, freezes, *, knowable):
    """Whether the bot spoke while somebody else had the conversation, and knew or should have.

    `knowable` are the messages that were told, where no others can be read.
    """
    changes = chatwoot.world.changes[talk.account_id, talk.id]
    for message, hold in held_messages(talk, changes, knowable):
        sending = chatwoot.api.sendings.get(message.id, Sending(message.created_at, 0.0))
        after = sending.asked_at - hold.since
        where = f"{talk.account_id}/{talk.id} message {message.id}, {after:.2f} s after {hold.kind}"
        if sending.looked_at > hold.since:
            verdict.add(hold.kind, f"{where}, although it had looked")
        elif after > OVERLAP_SECONDS and not _was_frozen(sending.asked_at, hold.since, freezes):
            verdict.add(hold.kind, where)
        else:
            verdict.add("overlap with a person", where)


def _was_frozen(asked_at, since, freezes):
    """Somebody was frozen while the person came, and sent as soon as it could."""
    return any(
        freeze.begun_at < asked_at
        and since < freeze.ended_at + OVERLAP_SECONDS
        and asked_at < freeze.ended_at + THAWING_SECONDS
        for freeze in freezes
    )


def held_messages(talk, changes, knowable=None):
    """Messages of the bot that came while it was not its turn, with who had it."""
    for thing, hold in _holds(talk, changes, knowable):
        if hold and not isinstance(thing, Change) and is_said_by_bot(thing):
            yield thing, hold


def hold_at_the_end(talk, changes):
    return [hold for _thing, hold in _holds(talk, changes)][-1]


def _holds(talk, changes, knowable=None):
    """Everything that happened, and who had the conversation from then on."""
    hold = None
    for thing in sorted([*talk.messages, *changes], key=moment_of):
        if isinstance(thing, Change):
            hold = _hold_after(thing, hold)
        elif is_by_person(thing) and (knowable is None or thing.id in knowable):
            hold = hold if hold and hold.kind == PERSON else Hold(moment_of(thing), PERSON)
        yield thing, hold


def _judge_attention(verdict, talk, chatwoot, outcomes):
    """Whether a customer waits for a bot that waits for a person who is not there."""
    changes = chatwoot.world.changes[talk.account_id, talk.id]
    newest = max((m for m in talk.messages if m.kind == "incoming"), key=moment_of)
    outcome, reason = next(iter(outcomes[newest.id]), (None, None))
    if talk.status == "pending" and outcome == "ignored" and not hold_at_the_end(talk, changes):
        verdict.add("left alone", f"{talk.account_id}/{talk.id} message {newest.id}: {reason}")


def moment_of(thing):
    return thing.at if isinstance(thing, Change) else thing.created_at


def _hold_after(change, hold):
    if change.what == "assignee":
        taken = isinstance(change.value, User)
        return hold if hold or not taken else Hold(change.at, PERSON)
    if change.value == "pending":
        return None
    if change.value != "open" or hold:
        return hold
    kinds = {"person": PERSON, "bot": "after handing over", "chatwoot": "while open"}
    return Hold(change.at, kinds[change.by])


def is_by_person(message):
    if message.kind != "outgoing" or message.is_private:
        return False
    is_echo = message.sender is None and message.content_attributes.get("external_echo")
    return isinstance(message.sender, User) or bool(is_echo)


def _judge_hand_overs(verdict, talks, turns, chatwoot):
    """People find a note, and the conversation open, unless one of them was there already."""
    by_number = {talk.id: talk for talk in talks}
    for turn in turns:
        if turn["outcome"] != "handed_off" or turn["reason"] in NO_HAND_OVER:
            continue
        talk = by_number[turn["conversation"]]
        changes = chatwoot.world.changes[talk.account_id, talk.id]
        begun_at = min(m.created_at for m in talk.messages if m.id in turn["messages"])
        if any(is_by_person(m) and m.created_at > begun_at for m in talk.messages):
            continue
        keys = {reply["key"] for reply in turn["replies"]}
        noted = any(
            m.is_private and m.content_attributes.get(MARKER) in keys for m in talk.messages
        )
        later = [change for change in changes if change.at > begun_at]
        opened = any(c.value == "open" or _is_closed_by_person(c) for c in later)
        if not noted or not (opened or talk.status == "open"):
            what = f"{talk.account_id}/{talk.id} turn {turn['turn']}, {turn['reason']}"
            verdict.add("hand-over incomplete", f"{what}: noted {noted}, opened {opened}")


def _is_closed_by_person(change):
    return change.by == "person" and change.value == "resolved"


def _judge_typing(verdict, chatwoot):
    last = {}
    for heard in chatwoot.heard_at("/toggle_typing_status$"):
        if heard.status == 200:
            last[heard.path] = heard.body["typing_status"]
    for path, status in last.items():
        if status == "on":
            verdict.add("typing left on", path)
