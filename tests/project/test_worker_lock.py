"""One process of an installation runs the workers, and the others know which one."""

import json
import os
import subprocess
import sys
import threading

import pytest

from chatwoot_ai.worker_lock import WorkerLock, holder
from tests.servers import PATIENCE_SECONDS, ROOT

HOLD = """
import sys
from pathlib import Path
from worker_lock import WorkerLock
with WorkerLock(Path(sys.argv[1]), "http://other") as lock:
    print(lock.is_held, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "worker.lock"


@pytest.fixture
def other_process(path):
    """A process that holds the lock until it is ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        env={"PYTHONPATH": str(ROOT / "chatwoot_ai")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "True\n"
    yield process
    process.kill()
    process.communicate(timeout=PATIENCE_SECONDS)


def test_first_one_holds_it(path):
    with WorkerLock(path, "http://here") as lock:
        assert lock.is_held


def test_second_one_does_not_wait_and_does_not_hold_it(path):
    with WorkerLock(path, "http://here"), WorkerLock(path, "http://there") as second:
        assert not second.is_held


def test_holder_is_named_with_process_and_address(path):
    with WorkerLock(path, "http://here"), WorkerLock(path, "http://there"):
        found = holder(path)

    assert found == {"pid": os.getpid(), "address": "http://here"}


def test_nobody_holds_it_after_the_end(path):
    with WorkerLock(path, "http://here"):
        pass

    assert holder(path) is None
    with WorkerLock(path, "http://there") as lock:
        assert lock.is_held
    assert json.loads(path.read_text())["address"] == "http://there"


def test_nobody_holds_a_lock_that_was_never_taken(path):
    assert holder(path) is None
    assert not path.exists()


def test_end_by_an_error_frees_it(path):
    with pytest.raises(ZeroDivisionError), WorkerLock(path, "http://here"):
        raise ZeroDivisionError

    assert holder(path) is None


def test_lock_of_another_process_is_respected(path, other_process):
    with WorkerLock(path, "http://here") as lock:
        assert not lock.is_held
        assert holder(path) == {"pid": other_process.pid, "address": "http://other"}


def test_process_that_was_killed_leaves_it_free(path, other_process):
    other_process.kill()
    other_process.wait(PATIENCE_SECONDS)

    with WorkerLock(path, "http://here") as lock:
        assert lock.is_held


@pytest.mark.parametrize("content", ["", "{", "\x00\x00", "[]", "null"])
def test_odd_content_of_the_file_does_not_matter(path, content):
    path.write_text(content)

    with WorkerLock(path, "http://here") as lock:
        assert lock.is_held
        assert holder(path)["address"] == "http://here"


def test_whoever_asks_for_the_holder_does_not_take_the_lock(path):
    with WorkerLock(path, "http://here"):
        pass
    holder(path)

    with WorkerLock(path, "http://there") as lock:
        assert lock.is_held


def test_process_that_starts_while_others_ask_for_the_holder_gets_it(path):
    path.touch()
    begun, ends = threading.Barrier(3), threading.Event()

    def ask():
        begun.wait(PATIENCE_SECONDS)
        while not ends.is_set():
            holder(path)

    asking = [threading.Thread(target=ask, daemon=True) for _ in range(2)]
    for thread in asking:
        thread.start()
    begun.wait(PATIENCE_SECONDS)
    outcomes = []
    for _ in range(100):
        with WorkerLock(path, "http://here") as lock:
            outcomes.append(lock.is_held)
    ends.set()
    for thread in asking:
        thread.join(PATIENCE_SECONDS)

    assert outcomes == [True] * 100


def test_file_holds_no_secret(path):
    with WorkerLock(path, "http://here"):
        assert set(json.loads(path.read_text())) == {"pid", "address"}
