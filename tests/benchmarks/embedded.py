"""What the one process of embedded mode costs while nothing happens."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import machine
from tests.benchmarks.goals import Line, Report
from tests.servers import embedded_server

SETTLING_SECONDS = 20
SECONDS = 90  # longer than the longest period of the timetable that is short


def idling():
    with TemporaryDirectory() as folder, embedded_server(Path(folder)) as server:
        time.sleep(SETTLING_SECONDS)
        before = machine.cpu_seconds([server.process.pid])
        time.sleep(SECONDS)
        spent = machine.cpu_seconds([server.process.pid]) - before
    share = 100 * spent / SECONDS
    return Report("Embedded mode at rest", (Line("of one core", share, " %", most=3),))


BENCHMARKS = [idling]
