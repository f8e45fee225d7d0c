"""The program that parses one foreign file, from standard input, and says what it finds as JSON.

Started by `isolation`. It limits itself before it looks at the file, and does without Django.
"""

import importlib
import json
import os
import resource
import sys
from types import TracebackType
from typing import Any, BinaryIO

from knowledge.reading.failures import UnreadableError

PARSERS = {
    "docx": "knowledge.reading.parsers.docx",
    "html": "knowledge.reading.parsers.html",
    "pdf": "knowledge.reading.parsers.pdf",
    "xlsx": "knowledge.reading.parsers.xlsx",
}
MEGABYTE = 1024 * 1024


def main() -> None:
    wanted = json.loads(sys.argv[1])
    limit(seconds=wanted["seconds"], megabytes=wanted["megabytes"])
    sys.excepthook = _tell
    sys.modules["numpy"] = None  # type: ignore[assignment]  # openpyxl takes a second to load it
    parse(wanted["parser"], sys.stdin.buffer, wanted["options"], megabytes=wanted["megabytes"])


def limit(*, seconds: int, megabytes: int) -> None:
    """Never more than is allowed already."""
    limits = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: megabytes * MEGABYTE,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for name, value in limits.items():
        _soft, hard = resource.getrlimit(name)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (most, most))


def parse(name: str, stream: BinaryIO, options: dict[str, Any], *, megabytes: int) -> None:
    parser = importlib.import_module(PARSERS[name])
    try:
        for found in parser.parse(stream, **options):
            _say(found)
    except UnreadableError as error:
        _say({"refused": error.code, "words": error.words})
    except MemoryError:
        _say({"refused": "too_much_memory", "words": {"limit": megabytes}})
    else:
        _say({"end": True})
    sys.stdout.flush()
    os._exit(0)  # taking a large tree apart may take longer than building it


def _say(found: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(found))
    sys.stdout.write("\n")


def _tell(kind: type[BaseException], _error: BaseException, _trace: TracebackType | None) -> None:
    _say({"crashed": kind.__name__})
    sys.stdout.flush()


if __name__ == "__main__":
    main()
