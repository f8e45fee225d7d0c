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


def compare(name, thing, floor_name, floor, *, calls, clock=time.process_time):
    """Medians of time per call over several rounds that alternate between the two. CPU time, but
    for what mostly waits for an answer."""
    for warm_up in (thing, floor):
        warm_up()
    taken = [(cost(thing, calls, clock), cost(floor, calls, clock)) for _ in range(ROUNDS)]
    medians = [statistics.median(column) * 1_000_000 for column in zip(*taken, strict=True)]
    return Ratio(name, floor_name, *medians)


def cost(function, calls, clock):
    started = clock()
    for _ in range(calls):
        function()
    return (clock() - started) / calls
