"""What the platform adds to the time a model takes, from the moment a turn is due to its POST."""

import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from celery import Celery

from tests.benchmarks import machine, servers
from tests.benchmarks.goals import Line, Report
from tests.benchmarks.talking import helper
from tests.servers import ROOT

COMPANIES = 15
PER_SECOND = 5
QUIET_SECONDS = 4  # the default
PATIENCE_SECONDS = 90
FAST = "Bom dia! Vocês abrem hoje?"
ONE_SECOND = "Vocês têm mesa de jantar? (model: 1 s)"
FIVE_SECONDS = "Vocês têm mesa de jantar? (model: 5 s)"
TWENTY_SECONDS = "Vocês têm mesa de jantar? (model: 20 s)"


@dataclass(frozen=True)
class Told:
    """A message that was answered. All in seconds since 1970."""

    account: int
    written_at: float
    received_at: float
    due_at: float
    started_at: float
    answered_at: float

    @property
    def platform_seconds(self):
        return self.answered_at - self.due_at

    @property
    def whole_seconds(self):
        return self.answered_at - self.written_at

    @property
    def quiet_seconds(self):
        return self.started_at - self.received_at


@dataclass
class Answering:
    """A product with all its processes, and the Chatwoot of its companies."""

    site: Any
    chatwoot: Any
    accounts: list

    def let_write(self, plan):
        """Have all this written, and wait for the answers. `plan`: seconds, account, text."""
        return self.wait_for(self.chatwoot.ask("write_at", plan=plan))

    def wait_for(self, written, seconds=PATIENCE_SECONDS):
        since = min(row["message"] for row in written) - 1
        until = time.monotonic() + seconds
        wanted = {(row["account"], row["conversation"]) for row in written}
        while time.monotonic() < until:
            answered = {
                (row["account"], row["conversation"]): row["at"] for row in self.said(since)
            }
            if wanted <= answered.keys():
                return self._told(written, answered)
            time.sleep(0.25)
        raise RuntimeError(
            f"{len(wanted - answered.keys())} messages have no answer: {self.state()}"
        )

    def said(self, since):
        return self.chatwoot.ask("replies", since=since)

    def state(self):
        return self.chatwoot.ask("state"), self.site.companies.ask("outcomes", since=0)

    def _told(self, written, answered):
        messages = [row["message"] for row in written]
        turns = self.site.companies.ask("turns", first=min(messages), last=max(messages))
        by_message = {row["message"]: row for row in turns}
        return [
            Told(
                account=row["account"],
                written_at=row["at"],
                received_at=by_message[row["message"]]["received_at"],
                due_at=by_message[row["message"]]["due_at"],
                started_at=by_message[row["message"]]["started_at"],
                answered_at=answered[row["account"], row["conversation"]],
            )
            for row in written
        ]


@contextmanager
def answering(broker, companies=COMPANIES, **settings):
    with ExitStack() as stack:
        chatwoot = stack.enter_context(helper("tests.benchmarks.chatwoot"))
        furnished = chatwoot.ask("furnish", count=companies)
        site = stack.enter_context(
            servers.product(
                furnished["accounts"],
                broker,
                processes=servers.ALL,
                chatwoot=furnished["url"],
                **settings,
            )
        )
        chatwoot.ask("tell", doors=site.doors)
        place = Answering(site, chatwoot, [door["account"] for door in site.doors])
        place.let_write([(0.1 * n, account, FAST) for n, account in enumerate(place.accounts)])
        yield place


@contextmanager
def crew_floor(broker):
    """Yields what sends so many messages through floor C1 and returns how long each took."""
    with ExitStack() as stack:
        models = stack.enter_context(model_provider())
        chatwoot = stack.enter_context(helper("tests.benchmarks.chatwoot"))
        furnished = chatwoot.ask("furnish", count=COMPANIES)
        stack.enter_context(servers.crew_floor(broker, models))
        floor = CrewFloor(broker.url(servers.FLOOR_C1), chatwoot, furnished)
        floor.send(16)
        yield floor


@contextmanager
def model_provider():
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.models"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


class CrewFloor:
    def __init__(self, broker_url, chatwoot, furnished):
        self.app = Celery("floor", broker=broker_url)
        self.chatwoot = chatwoot
        self.furnished = furnished

    def send(self, count):
        """Seconds from publishing the task to its POST, for each of so many customers."""
        accounts = self.furnished["accounts"]
        chosen = [accounts[number % len(accounts)] for number in range(count)]
        written = [self.chatwoot.ask("write", account=one["account"]) for one in chosen]
        sent = {}
        for account, row in zip(chosen, written, strict=True):
            sent[row["account"], row["conversation"]] = time.time()
            self._publish(account, row["conversation"])
            time.sleep(1 / PER_SECOND)
        return self._wait_for(sent, since=written[0]["message"])

    def _publish(self, account, conversation):
        path = f"/api/v1/accounts/{account['account']}/conversations/{conversation}/messages"
        words = [self.furnished["url"] + path, account["bot_token"], conversation, FAST]
        self.app.send_task("tests.benchmarks.floors.crew.reply", words)

    def _wait_for(self, sent, since):
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            found = self.chatwoot.ask("replies", since=since)
            answered = {(row["account"], row["conversation"]): row["at"] for row in found}
            if sent.keys() <= answered.keys():
                return [answered[key] - moment for key, moment in sent.items()]
            time.sleep(0.25)
        raise RuntimeError("The floor does not answer.")


def platform_time():
    """With a model that answers at once, against one agent of CrewAI."""
    ours, floor = [], []
    with servers.own_redis() as broker, crew_floor(broker) as crew, answering(broker) as place:
        for _ in range(ROUNDS):
            floor += crew.send(EACH_ROUND)
            ours += place.let_write(steadily(place.accounts, EACH_ROUND, FAST))
    quiet = [row.quiet_seconds - QUIET_SECONDS for row in ours]
    return Report(
        f"A reply, {PER_SECOND} a second, from the moment it is due to its POST",
        (
            against("p50 against C1", ours, floor, 0.50, most=2),
            against("p95 against C1", ours, floor, 0.95, most=3),
            Line(
                "quiet time of 4 s kept to within",
                max(map(abs, quiet)),
                " s",
                most=max(0.1 * QUIET_SECONDS, 0.3),
                detail=f"from {min(quiet):+.2f} to {max(quiet):+.2f} s",
            ),
        ),
    )


ROUNDS = 4
EACH_ROUND = 60


def steadily(accounts, count, text, *, per_second=PER_SECOND):
    return [(n / per_second, accounts[n % len(accounts)], text) for n in range(count)]


def against(name, ours, floor, part, **goal):
    mine = quantile([row.platform_seconds for row in ours], part)
    least = quantile(floor, part)
    detail = f"{mine * 1000:.0f} ms, C1: {least * 1000:.0f} ms"
    return Line(name, mine / least, " ×", detail=detail, **goal)


def quantile(values, part):
    return sorted(values)[int(len(values) * part)]


def model_of_one_second():
    """15 companies at once, 5 turns a second, one worker process."""
    with servers.own_redis() as broker, answering(broker) as place:
        told = place.let_write(steadily(place.accounts, 200, ONE_SECOND))
    times = [row.platform_seconds for row in told]
    detail = f"p50 {quantile(times, 0.5):.2f} s, longest {max(times):.2f} s"
    return Report(
        "A model that takes 1 s, 15 companies, 5 turns a second, one worker process",
        (Line("p95 after the quiet time", quantile(times, 0.95), " s", most=1.4, detail=detail),),
    )


def one_slow_company():
    """The model of one takes 20 s; how the others fare, before, meanwhile and afterwards."""
    with servers.own_redis() as broker, answering(broker) as place:
        *others, slow = place.accounts
        alone = place.let_write(steadily(others, 150, ONE_SECOND))
        plan = steadily(others, 150, ONE_SECOND)
        plan = [(seconds + 20, account, text) for seconds, account, text in plan]
        plan += [(n * 2.0, slow, TWENTY_SECONDS) for n in range(25)]
        together = place.let_write(sorted(plan))
        alone += place.let_write(steadily(others, 150, ONE_SECOND))
    with_slow = [row.platform_seconds for row in together if row.account != slow]
    without = [row.platform_seconds for row in alone]
    ratio = quantile(with_slow, 0.95) / quantile(without, 0.95)
    detail = f"{quantile(with_slow, 0.95):.2f} s against {quantile(without, 0.95):.2f} s"
    return Report(
        "One company whose model takes 20 s",
        (Line("p95 of the others against without it", ratio, " ×", most=1.10, detail=detail),),
    )


FLOOD_CONVERSATIONS = 2_000
FLOOD_MESSAGES = 5  # in each of them
SINGLES = 20


def flood():
    """10,000 messages of one company, and single ones of others meanwhile."""
    with servers.own_redis() as broker, answering(broker) as place:
        *others, flooding = place.accounts
        before = place.let_write(steadily(others, SINGLES, FAST, per_second=0.5))
        place.chatwoot.ask(
            "flood",
            account=flooding,
            conversations=FLOOD_CONVERSATIONS,
            messages=FLOOD_MESSAGES,
            text=FAST,
        )
        meanwhile = []
        while place.chatwoot.ask("flood_left"):
            meanwhile += place.let_write(steadily(others, SINGLES, FAST, per_second=0.5))
        afterwards = place.let_write(steadily(others, SINGLES, FAST, per_second=0.5))
        open_left = place.site.companies.ask("outcomes", since=0).get("open", 0)
    usual = statistics.median(row.whole_seconds for row in before)
    delays = [row.whole_seconds - usual for row in (*meanwhile, *afterwards)]
    detail = f"median {statistics.median(delays):+.2f} s, {len(delays)} single messages"
    detail += f", {open_left:,} of the flood still open at the end"
    return Report(
        "10,000 messages of one company at once",
        (Line("longest delay of another's message", max(delays), " s", most=2, detail=detail),),
    )


def memory_of_a_chat_worker():
    """With 16 answers in flight, and after 400 replies."""
    with servers.own_redis() as broker, answering(broker) as place:
        worker = [place.site.processes["chat"].pid]
        place.let_write(steadily(place.accounts, 60, FAST, per_second=10))
        first = machine.memory_bytes(worker)
        place.let_write(steadily(place.accounts, 400, FAST, per_second=10))
        grown = machine.memory_bytes(worker) - first
        plan = [(0, place.accounts[n % COMPANIES], FIVE_SECONDS) for n in range(32)]
        written = place.chatwoot.ask("write_at", plan=plan)
        time.sleep(QUIET_SECONDS + 3)
        in_flight = machine.memory_bytes(worker)
        running = place.site.companies.ask("unfinished")
        place.wait_for(written)
    return Report(
        "Memory of one chat worker (PSS)",
        (
            Line(
                "with 16 answers in flight",
                in_flight / 1e6,
                " MB",
                most=650,
                detail=f"{running} turns running",
            ),
            Line("growth over 400 replies", grown / 1e6, " MB", most=30),
        ),
    )


BENCHMARKS = [
    platform_time,
    model_of_one_second,
    one_slow_company,
    flood,
    memory_of_a_chat_worker,
]
