"""Parsers of foreign formats run in a process of their own, without our environment.

A crash, a hang or a hunger for memory ends that process and becomes an UnreadableError here.
"""

import json
import logging
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from knowledge.reading.failures import UnreadableError

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
# Of processor time for the parser, and of waiting for us. A million rows take two minutes.
SECONDS = {"docx": 60, "html": 20, "pdf": 60, "xlsx": 300}
MEGABYTES = 1024  # of address space; pypdfium2 and openpyxl start at about 200
LONGEST_LINE = 64 * 1024 * 1024
PIECE = 256 * 1024


def parsed(stream: BinaryIO, parser: str, **options: Any) -> Iterator[dict[str, Any]]:
    """What the parser says, one mapping after the other, while it works.

    Only time spent waiting counts, so a slow reader of this costs the parser nothing.
    """
    process = _start(stream, parser, options)
    assert process.stdout is not None  # noqa: S101  it is a pipe
    try:
        for line in _lines(process.stdout.fileno(), seconds=SECONDS[parser]):
            said = json.loads(line)
            if "end" in said:
                return
            if "refused" in said:
                raise UnreadableError(said["refused"], **said["words"])
            if "crashed" in said:
                logger.warning("The parser of %s failed: %s", parser, said["crashed"])
                raise UnreadableError("damaged")
            yield said
        raise _failure_of(parser, process.wait(SECONDS[parser]))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _start(stream: BinaryIO, parser: str, options: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Not by a fork of ours, for workers have threads, and without our environment's secrets."""
    limits = {"seconds": SECONDS[parser], "megabytes": MEGABYTES}
    wanted = {"parser": parser, "options": options, **limits}
    with tempfile.TemporaryFile() as copy:
        stream.seek(0)
        shutil.copyfileobj(stream, copy, PIECE)
        copy.seek(0)
        return subprocess.Popen(  # noqa: S603  a program of ours
            [sys.executable, "-m", "knowledge.reading.child", json.dumps(wanted)],
            stdin=copy,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={
                "PATH": os.defpath,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                "OPENBLAS_NUM_THREADS": "1",
                "OPENPYXL_LXML": "False",
            },
        )


def _lines(pipe: int, *, seconds: int) -> Iterator[bytes]:
    rest = b""
    waited = 0.0
    while True:
        began = time.monotonic()
        if not _has_something(pipe, seconds - waited):
            raise UnreadableError("too_slow", limit=seconds)
        waited += time.monotonic() - began
        piece = os.read(pipe, PIECE)
        if not piece:
            return
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
        if len(rest) > LONGEST_LINE:
            raise UnreadableError("too_much_memory", limit=MEGABYTES)


def _has_something(pipe: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(max(seconds, 0.0) * 1000))


def _failure_of(parser: str, status: int) -> UnreadableError:
    """It ended without a word: killed for its use of time, or crashed."""
    logger.warning("The parser of %s ended with status %s", parser, status)
    if -status in (signal.SIGXCPU, signal.SIGKILL):
        return UnreadableError("too_slow", limit=SECONDS[parser])
    return UnreadableError("damaged")
