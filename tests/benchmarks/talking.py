"""Talk with a helping process: one line of JSON in, one line of JSON out."""

import json
import subprocess
import sys
from contextlib import contextmanager

from tests.servers import ROOT


class Helper:
    def __init__(self, process):
        self.process = process

    def ask(self, what, **details):
        self.tell(what, **details)
        return self.hear()

    def tell(self, what, **details):
        self.process.stdin.write(json.dumps([what, details]) + "\n")
        self.process.stdin.flush()

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args} has ended.")
        return json.loads(line)


@contextmanager
def helper(module, *, environment=None):
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Helper(process)
    finally:
        process.stdin.close()
        process.wait(timeout=60)


def serve(commands):
    """The other side: do what is asked until nobody asks any more."""
    for line in sys.stdin:
        what, details = json.loads(line)
        print(json.dumps(commands[what](**details)), flush=True)  # noqa: T201  this is the answer
