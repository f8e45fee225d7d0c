"""A process that owns an index, for tests that end it: `python edge_process.py FOLDER WHAT`."""

import os
import sys
from pathlib import Path

from knowledge.engines.edge.engine import EdgeEngine
from knowledge.engines.failures import UnavailableError
from tests.knowledge.engines.points import MOVEIS, of, point


def store(engine, numbers):
    """Says each number when it is stored."""
    for number in numbers:
        engine.upsert("kb", [point(number, f"sofá modelo {number}")])
        say(number)


def store_for_ever(engine):
    engine.ensure_collection("kb", None)
    store(engine, range(1_000_000))


def store_and_end(engine):
    engine.ensure_collection("kb", None)
    store(engine, range(5))


def ask(engine):
    try:
        say(engine.count("kb", of(MOVEIS)))
    except UnavailableError as error:
        say(error)


def ask_after_fork(engine):
    engine.ensure_collection("kb", None)
    engine.count("kb", of(MOVEIS))
    child = os.fork()
    if not child:
        ask(engine)
        os._exit(0)
    os.waitpid(child, 0)
    ask(engine)


def say(what):
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    globals()[sys.argv[2]](EdgeEngine(Path(sys.argv[1])))
