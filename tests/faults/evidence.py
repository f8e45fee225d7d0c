"""What is kept of a run that went wrong: who did what when, and the rows of the platform."""

import contextlib
import json
import time

from tests.fakes.chatwoot.rows import Bot
from tests.faults.restless import Change
from tests.faults.verdict import connect, moment_of

TABLES = ("conversation", "turn", "inboundevent", "outboundmessage")


def keep(scene, folder):
    world = scene.chatwoot.world
    lines = [line for talk in world.conversations.values() for line in _story(talk, world)]
    (folder / "stories.txt").write_text("\n".join(lines))
    with contextlib.closing(connect(scene)) as database:
        for table in TABLES:
            (folder / f"{table}.jsonl").write_text("\n".join(_rows(database, table)))


def _story(talk, world):
    yield f"{talk.account_id}/{talk.id} {talk.status}"
    changes = world.changes[talk.account_id, talk.id]
    for thing in sorted([*talk.messages, *changes], key=moment_of):
        yield f"  {_clock(moment_of(thing))} {_sentence(thing)}"


def _clock(at):
    return time.strftime("%H:%M:%S", time.gmtime(at)) + f"{at % 1:.3f}"[1:]


def _sentence(thing):
    if isinstance(thing, Change):
        value = getattr(thing.value, "name", thing.value)
        return f"{thing.what} becomes {value}, by {thing.by}"
    private = " (private)" if thing.is_private else ""
    who = getattr(thing.sender, "name", "–")
    mark = thing.content_attributes if isinstance(thing.sender, Bot) else ""
    return f"{thing.id} {thing.kind}{private} {who}: {thing.content!r} {mark}"


def _rows(database, table):
    cursor = database.execute(f"SELECT * FROM crews_{table} ORDER BY id")
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        yield json.dumps(dict(zip(names, row, strict=True)), default=str)
