"""Threads of a chat worker that work off what is overdue although no alarm clock rang.

Broker, timetable and the worker for upkeep may all be gone: conversations are then answered some
seconds late.
"""

import logging
import threading
import time

from django.db import close_old_connections, connection

from crews import tasks

logger = logging.getLogger(__name__)

THREADS = 4
OVERDUE_SECONDS = 5.0
PAUSE_SECONDS = 3.0


def start() -> None:
    for number in range(THREADS):
        threading.Thread(target=_stand_by, name=f"standby-{number}", daemon=True).start()


def _stand_by() -> None:
    while True:
        time.sleep(PAUSE_SECONDS)
        close_old_connections()
        try:
            tasks.work_off(overdue_seconds=OVERDUE_SECONDS)
        except Exception:
            logger.exception("Overdue conversations could not be worked off")
            connection.close()
