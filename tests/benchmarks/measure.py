"""Compare a thing with its floor, in turns, so that a machine's changing speed cancels out."""

import statistics
import time
from dataclasses import dataclass

ROUNDS = 15


@dataclass(frozen=True)
class Ratio:
    name: str
    floor_name: str
    microseconds: float
    floor_microseconds: float

    def __str__(self):
        ratio = self.microseconds / self.floor_microseconds
        return (
            f"{self.name}: {self.microseconds:,.1f} µs = {ratio:.2f} × "
            f"{self.floor_name} ({self.floor_microseconds:,.1f} µs)"
        )


def compare(name, thing, floor_name, floor, *, calls):
    """Medians of CPU time per call over several rounds that alternate between the two."""
    for warm_up in (thing, floor):
        warm_up()
    taken = [(cpu_of(thing, calls), cpu_of(floor, calls)) for _ in range(ROUNDS)]
    medians = [statistics.median(column) * 1_000_000 for column in zip(*taken, strict=True)]
    return Ratio(name, floor_name, *medians)


def cpu_of(function, calls):
    started = time.process_time()
    for _ in range(calls):
        function()
    return (time.process_time() - started) / calls
