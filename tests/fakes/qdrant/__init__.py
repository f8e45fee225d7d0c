"""A stand-in for a Qdrant server: its REST, as far as we speak it, over the engine it is made of.

In tests: `with running() as qdrant:`, then `qdrant.behave(status=503, times=2)` and the like.
By hand: `python -m tests.fakes.qdrant --port 6333`.
"""

import json
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CONTROL = "/_control"


class Running:
    """A stand-in in a process of its own."""

    def __init__(self, process, url):
        self.process = process
        self.url = url

    def behave(self, **how):
        """`wait` seconds before answers, `status` with `retry_after`, for so many `times`."""
        self._control("POST", json.dumps(how).encode())

    @property
    def heard(self):
        """Method and path of every request since the last `behave`."""
        return json.loads(self._control("GET"))

    def _control(self, method, body=None):
        request = urllib.request.Request(self.url + CONTROL, body, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@contextmanager
def running(*options):
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.qdrant", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    qdrant = Running(process, process.stdout.readline().strip())
    try:
        yield qdrant
    finally:
        qdrant.stop()
