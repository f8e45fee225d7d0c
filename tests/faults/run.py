"""One run: put everything up, let it go wrong, switch the trouble off, wait, and judge."""

import time
from dataclasses import dataclass

from tests.faults import evidence, trouble, verdict
from tests.faults.scene import scene
from tests.faults.traffic import Traffic
from tests.faults.trouble import WITH_LONG_FREEZES, Trouble

ODDS = {
    "embedded": trouble.EMBEDDED,
    "redis": trouble.FULL,
    "rabbitmq": trouble.WITH_RABBITMQ,
}


@dataclass(frozen=True)
class Plan:
    """How much of it: messages, conversations at once, and the pauses between two faults."""

    messages: int
    at_once: int
    pauses: tuple
    most_seconds: float
    patience_seconds: float
    poisoned: int = 0
    freezes_for_long: bool = False


@dataclass
class Result:
    form: str
    seed: int
    verdict: verdict.Verdict
    messages: int
    faults: int
    counts: dict
    logs: str

    def as_line(self):
        head = {"form": self.form, "seed": self.seed, "messages": self.messages}
        return head | {"faults": self.faults} | self.verdict.counts() | self.counts


def run(form, *, plan, seed, folder, settings="tests.faults.settings"):
    with scene(form, seed=seed, folder=folder, settings=settings) as here:
        traffic = Traffic(
            here.chatwoot,
            seed=seed,
            messages=plan.messages,
            at_once=plan.at_once,
            poisoned=plan.poisoned,
        )
        troubles = Trouble(here, odds_for(form, plan), seed=seed, pauses=plan.pauses)
        begun = time.monotonic()
        troubles.begin()
        traffic.run(begun + plan.most_seconds)
        written_for = time.monotonic() - begun
        troubles.stop()
        quiet_after = settle(here, plan)
        rows = verdict.rows_of(here)
        found = verdict.judge(here.chatwoot, rows, freezes=troubles.freezes)
        counts = {
            "outcomes": dict(found.outcomes.most_common()),
            "faults by kind": dict(troubles.happened.most_common()),
            "faults of requests and deliveries": dict(here.chatwoot.luck.happened.most_common()),
            "stories": dict(traffic.happened.most_common()),
            "seconds of traffic": round(written_for, 1),
            "seconds until quiet": round(quiet_after, 1),
        }
        evidence.keep(here, folder)
        return Result(
            form,
            seed,
            found,
            messages=traffic.written,
            faults=troubles.happened.total(),
            counts=counts,
            logs=here.platform.logs() if found.failures else "",
        )


def odds_for(form, plan):
    has_others = form != "embedded"
    return ODDS[form] | (WITH_LONG_FREEZES if has_others and plan.freezes_for_long else {})


def settle(here, plan):
    """Requests go wrong for a while longer, since much is only answered now."""
    here.chatwoot.calm_deliveries()
    first = verdict.wait_until_quiet(here, seconds=plan.patience_seconds / 4)
    here.chatwoot.calm_down()
    return first + verdict.wait_until_quiet(here, seconds=plan.patience_seconds)
