"""How log lines look: one JSON object each, with the ids of the work and nobody's personal data."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from tenants import context
from tenants.masking import mask

PLAIN_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
ID_NAMES = ("request_id", "via", "tenant", "conversation")


class MaskingFilter(logging.Filter):
    """Masks message, traceback and extra values before any formatter sees them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _clean(_message(record)), None
        if record.exc_info:
            record.exc_text = _clean(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        for name, value in extras(record).items():
            setattr(record, name, _clean(value) if isinstance(value, str) else value)
        return True


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_ids(),
            **extras(record),
        }
        if record.exc_text:
            line["traceback"] = record.exc_text
        return json.dumps(line, default=lambda value: mask(str(value)), ensure_ascii=False)


def extras(record: logging.LogRecord) -> dict[str, Any]:
    """What a caller passed as `extra`; request objects of the framework stay out."""
    values = {n: v for n, v in vars(record).items() if n not in PLAIN_ATTRIBUTES}
    return {n: v for n, v in values.items() if isinstance(v, str | int | float | bool)}


def _clean(text: str) -> str:
    """Masked, and without half characters that no terminal and no file takes."""
    return mask(text).encode("utf-8", "backslashreplace").decode()


def _ids() -> dict[str, str]:
    now = context.current()
    return {name: value for name in ID_NAMES if (value := getattr(now, name))}


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  whatever an argument's own __str__ raises, the line stays
        return f"{record.msg} (its arguments cannot be shown)"
