"""`make faults`: the long form, in every way to run; one line of JSON for each."""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from tests.faults.run import Plan, run
from tests.faults.scene import FORMS

MOST_DETAILS = 8
BLIND = "tests.faults.settings_blind"


def main():
    options = read_options()
    failed = False
    for form in options.forms:
        for seed in options.seeds:
            failed |= not show(form, seed, options)
    sys.exit(failed)


def read_options():
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("forms", nargs="*", default=FORMS, metavar="|".join(FORMS))
    parser.add_argument("--messages", type=int, default=1800, help="for each form")
    parser.add_argument("--at-once", type=int, default=16, help="conversations")
    parser.add_argument("--pauses", type=float, nargs=2, default=(0.5, 2.5), metavar="SECONDS")
    parser.add_argument("--seeds", type=int, nargs="+", default=[random.randrange(1_000_000)])
    parser.add_argument("--poisoned", type=int, default=2, help="messages that kill who reads them")
    parser.add_argument("--most-seconds", type=float, default=900)
    parser.add_argument("--patience", type=float, default=300, help="seconds until all is quiet")
    parser.add_argument("--blind", action="store_true", help="without looking before a retry")
    return parser.parse_args()


def show(form, seed, options):
    """Whether it went well."""
    plan = Plan(
        messages=options.messages,
        at_once=options.at_once,
        pauses=tuple(options.pauses),
        most_seconds=options.most_seconds,
        patience_seconds=options.patience,
        poisoned=options.poisoned,
        freezes_for_long=True,
    )
    say(f"{form}, seed {seed}")
    folder = Path(tempfile.mkdtemp(prefix=f"faults-{form}-"))
    settings = {"settings": BLIND} if options.blind else {}
    result = run(form, plan=plan, seed=seed, folder=folder, **settings)
    say(json.dumps(result.as_line(), ensure_ascii=False))
    for kind, details in result.verdict.found.items():
        for detail in details[:MOST_DETAILS]:
            say(f"  {kind}: {detail}")
    say(f"  {folder} has the logs, the rows, and who did what when")
    return not result.verdict.failures


def say(*lines):
    print(*lines, sep="\n", flush=True)  # noqa: T201  this is what it is started for


if __name__ == "__main__":
    main()
