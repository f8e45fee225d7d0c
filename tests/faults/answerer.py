"""Answers like a crew, only worse: it names the messages it answers, dawdles, and sometimes fails.

What it does follows from the numbers of the messages and from how often it was asked about them.
"""

import collections
import os
import random
import signal
import time

from crews.questions import Answer
from tests.faults.traffic import POISON

SLOW, FAILING, LONG, HELPLESS = 0.08, 0.04, 0.25, 0.02
USUAL_SECONDS, SLOW_SECONDS, STEP_SECONDS = 0.4, 4.0, 0.2

_asked = collections.Counter()


class ModelFailedError(Exception):
    """As when a model gives no answer."""


def answer(question):
    numbers = [message.message_id for message in question.messages]
    if any(POISON in message.text for message in question.messages):
        os.kill(os.getpid(), signal.SIGKILL)
    dice = _dice(numbers)
    _think(
        question, seconds=dice.random() * (SLOW_SECONDS if dice.random() < SLOW else USUAL_SECONDS)
    )
    if dice.random() < FAILING:
        raise ModelFailedError
    parts = dice.choice((2, 3)) if dice.random() < LONG else 1
    text = "\n\n".join(_bubble(numbers, part, parts) for part in range(1, parts + 1))
    return Answer(text=text)


def _bubble(numbers, part, parts):
    """Each part says what it belongs to, however the text is cut afterwards."""
    return f"re: {' '.join(map(str, numbers))} · {part}/{parts}"


def _dice(numbers):
    asked_about = tuple(numbers)
    _asked[asked_about] += 1
    seed = os.environ.get("FAULTS_SEED", "0")
    return random.Random(f"{seed} {asked_about} {_asked[asked_about]}")


def _think(question, *, seconds):
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(STEP_SECONDS, left))
        question.checkpoint()
