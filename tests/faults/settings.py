"""Those of production, with the scripted answerer and a timetable that does not try patience."""

from chatwoot_ai.settings.base import *  # noqa: F403  Django reads settings as module attributes
from chatwoot_ai.settings.base import CELERY_BEAT_SCHEDULE as _TIMETABLE

ANSWERER = "tests.faults.answerer.answer"
LONGEST_PERIOD_SECONDS = 8
CELERY_BEAT_SCHEDULE = {
    name: {**row, "schedule": min(row["schedule"], LONGEST_PERIOD_SECONDS)}
    if row["task"].startswith("crews.")
    else row
    for name, row in _TIMETABLE.items()
}
