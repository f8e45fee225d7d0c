"""Runs the statements that are written by hand. Their names in brackets are those of values.

PostgreSQL gets the values apart from the text: it plans a statement once for each connection, and
nobody quotes the payload of an event.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection

_NAMED = re.compile(r"%\((\w+)\)s")
# What is not text. Said at every use, because PostgreSQL cannot always tell from the place.
_TYPES = {
    **dict.fromkeys(
        (
            "agent_id",
            "before_message_id",
            "channel_id",
            "connection_id",
            "contact_id",
            "inbox_id",
            "message_id",
            "number",
            "tenant_id",
        ),
        "bigint",
    ),
    **dict.fromkeys(
        ("human_until", "later", "occurred_at", "received_at", "state_at"),
        "timestamptz",
    ),
    **dict.fromkeys(("most", "quiet"), "float8"),
    "can_reply": "boolean",
}


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"


def rows(statement: str, values: Mapping[str, Any]) -> list[Sequence[Any]]:
    if is_postgresql():
        return _planned(statement, values)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _planned(statement: str, values: Mapping[str, Any]) -> list[Sequence[Any]]:
    from psycopg import RawCursor  # noqa: PLC0415  there with PostgreSQL alone

    text, names = _numbered(statement)
    connection.ensure_connection()
    raw: Any = RawCursor(connection.connection)
    with connection.make_cursor(raw) as cursor:
        cursor.execute(text, [_as_text(values[name]) for name in names])
        found: Iterable[Sequence[Any]] = cursor.fetchall()
        return list(found)


@lru_cache(maxsize=64)
def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """With $1 instead of %(name)s, and which name each number stands for."""
    names = tuple(dict.fromkeys(_NAMED.findall(statement)))
    numbers = {name: number for number, name in enumerate(names, start=1)}
    text = _NAMED.sub(
        lambda found: f"${numbers[found[1]]}::{_TYPES.get(found[1], 'text')}", statement
    )
    return " ".join(text.split()), names


def _as_text(value: Any) -> str | None:
    """Text has one type for all sizes of numbers, so a statement has one plan."""
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)
