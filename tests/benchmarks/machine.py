"""What processes cost, read from /proc: seconds of CPU and bytes of memory."""

import os
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


def cpu_seconds(pids):
    """Of these processes, of all that they started, and of those of them that have ended."""
    return sum(_ticks(pid) for root in pids for pid in family(root)) / TICKS_PER_SECOND


def memory_bytes(pids):
    """Proportional set size: pages that several of them share count once."""
    return sum(_pss(pid) for root in pids for pid in family(root))


def family(pid):
    """A process and everything below it."""
    children = [
        int(child)
        for file in (PROC / str(pid) / "task").glob("*/children")
        for child in _read(file).split()
    ]
    return [pid, *(member for child in children for member in family(child))]


def _ticks(pid):
    # The name of a process stands in brackets and may hold anything.
    fields = _read(PROC / str(pid) / "stat").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15])  # own and of ended children, user and system


def _pss(pid):
    for line in _read(PROC / str(pid) / "smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(file):
    """Nothing of a process that has just ended."""
    try:
        return file.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
