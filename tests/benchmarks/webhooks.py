"""What it costs to take a webhook, against floors A and B in rounds that alternate with it.

No worker runs meanwhile: publishing is in the figures of floor B and of the product, working off
what was published is in none.
"""

import itertools
import statistics
import threading
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.benchmarks import servers
from tests.benchmarks.goals import Line, Report
from tests.benchmarks.talking import helper

COMPANIES = 15
CONVERSATIONS = 200  # of each company
ROUNDS = 7
REQUESTS = 1_200
ALONE = 150
CONNECTIONS = 32
AT_ONCE = 500
WITHOUT_ANSWER = ("status", "receipt", "echo", "note", "duplicate")
ANSWERED = "UPDATE crews_conversation SET due_at = NULL, burst_at = NULL WHERE due_at IS NOT NULL"


@dataclass(frozen=True)
class Round:
    """One kind of request, sent to one server. Times in seconds, `cpu` for each request."""

    per_second: float
    seconds: float
    cpu: float
    parts: dict
    generator_cpu: float
    taken: list
    said: dict


class Load:
    """The generator, and which numbers of messages are taken."""

    def __init__(self, generator, broker):
        self.generator = generator
        self.broker = broker
        self.first = 1
        self.sent = {}
        self.statuses = itertools.cycle(("resolved", "pending"))

    def run(self, site, kind="answer", *, count=REQUESTS, connections=CONNECTIONS):
        first = self.first
        if kind == "duplicate":
            first = self.sent[site.port]  # what it has taken before
        elif kind == "answer":
            self.sent[site.port] = first
            self.let_all_be_answered(site)
        self.first += count
        self.generator.ask(
            "prepare",
            doors=site.doors,
            kind=kind,
            first=first,
            count=count,
            conversations=CONVERSATIONS,
            connections=connections,
            status=next(self.statuses) if kind == "status" else "pending",
        )
        before = site.cpu_seconds()
        found = self.generator.ask("go")
        after = site.cpu_seconds()
        parts = {name: (after[name] - before[name]) / count for name in before}
        return Round(
            per_second=count / found["seconds"],
            seconds=found["seconds"],
            cpu=sum(parts.values()),
            parts=parts,
            generator_cpu=found["own_cpu"] / count,
            taken=sorted(found["taken"]),
            said=found["said"],
        )

    def let_all_be_answered(self, site):
        """As workers would have: a conversation that is due wakes nobody, and would cost less."""
        if site.companies is None:
            return
        site.companies.ask("sql", text=ANSWERED)
        site.companies.ask("sql", text="VACUUM crews_conversation")
        self.broker.forget("*wakes:*")


@contextmanager
def everything():
    """Both floors, the product and the generator."""
    accounts = servers.made_up_accounts(COMPANIES)
    with ExitStack() as stack:
        broker = stack.enter_context(servers.own_redis())
        a = stack.enter_context(servers.accept_floor("A", accounts))
        b = stack.enter_context(servers.accept_floor("B", accounts, broker))
        product = stack.enter_context(servers.product(accounts, broker))
        load = Load(stack.enter_context(helper("tests.benchmarks.load")), broker)
        for site in (a, b, product):
            load.run(site, count=CONVERSATIONS * COMPANIES)  # every conversation is known
        yield a, b, product, load


def accepting():
    """Requests per second and CPU under load."""
    kinds = ("answer", *WITHOUT_ANSWER)
    rounds = {name: [] for name in ("A", "B", *kinds)}
    with everything() as (a, b, product, load):
        for _ in range(ROUNDS):
            rounds["A"].append(load.run(a))
            rounds["B"].append(load.run(b))
            for kind in kinds:
                rounds[kind].append(load.run(product, kind))
        memory = {site.name: servers.machine.memory_bytes(site.pids) for site in (b, product)}
    return Report(
        "Taking webhooks, 15 companies, 32 connections",
        (
            ratio("needs an answer, req/s against B", rounds, "answer", "B", speed, least=0.70),
            ratio("needs an answer, CPU against B", rounds, "answer", "B", cost, most=1.4),
            *(
                ratio(f"{kind}, CPU against A", rounds, kind, "A", cost, most=1.2)
                for kind in WITHOUT_ANSWER
            ),
            failures([r for name in kinds for r in rounds[name]]),
            in_memory(memory),
            ratio("the generator's CPU against A's", rounds, "A", "A", share_of_generator),
        ),
    )


def speed(thing, floor):
    return thing.per_second / floor.per_second


def cost(thing, floor):
    return thing.cpu / floor.cpu


def share_of_generator(thing, floor):
    return thing.generator_cpu / floor.cpu


def ratio(name, rounds, thing, floor, how, **goal):
    pairs = list(zip(rounds[thing], rounds[floor], strict=True))
    value = statistics.median(how(*pair) for pair in pairs)
    return Line(
        name, value, " ×", detail=f"{told(rounds[thing])}; {floor}: {told(rounds[floor])}", **goal
    )


def told(rounds):
    """Absolute figures are for whoever looks for the reason of a ratio."""
    per_second = statistics.median(r.per_second for r in rounds)
    parts = {name: statistics.median(r.parts[name] for r in rounds) for name in rounds[0].parts}
    micros = " + ".join(f"{value * 1e6:.0f}" for value in parts.values())
    return f"{per_second:.0f}/s, {micros} µs"


def failures(rounds):
    said = Counter()
    for found in rounds:
        said.update(found.said)
    failed = sum(number for words, number in said.items() if not words.startswith("200 "))
    detail = ", ".join(f"{number:,} {words}" for words, number in said.most_common(8))
    return Line(f"answers other than 200, of {said.total():,}", failed, most=0, detail=detail)


def in_memory(memory):
    detail = " against ".join(f"{memory[name] / 1e6:.0f} MB" for name in ("product", "B"))
    value = memory["product"] / memory["B"]
    return Line("memory of two web workers against B", value, " ×", most=1.25, detail=detail)


def alone_on_the_line():
    """One request at a time, and 500 at once."""
    with everything() as (_a, b, product, load):
        single, together = {"B": [], "product": []}, {"B": [], "product": []}
        for _ in range(ROUNDS):
            for site in (b, product):
                single[site.name].append(load.run(site, count=ALONE, connections=1))
                together[site.name].append(load.run(site, count=AT_ONCE, connections=AT_ONCE))
    seconds = {
        name: statistics.median(r.seconds for r in found) for name, found in together.items()
    }
    return Report(
        "Taking webhooks, one at a time and many at once",
        (
            quantile("alone, p50 against B", single, 0.50, most=2),
            quantile("alone, p99 against B", single, 0.99, most=3),
            Line(
                "500 at once, all answered after",
                seconds["product"],
                " s",
                most=1.0,
                detail=f"B: {seconds['B']:.2f} s",
            ),
            failures([*single["product"], *together["product"]]),
        ),
    )


def quantile(name, rounds, part, **goal):
    taken = {
        site: sorted(seconds for r in found for seconds in r.taken)
        for site, found in rounds.items()
    }
    found = {site: times[int(len(times) * part)] for site, times in taken.items()}
    detail = ", ".join(f"{site} {seconds * 1000:.1f} ms" for site, seconds in found.items())
    return Line(name, found["product"] / found["B"], " ×", detail=detail, **goal)


def with_a_million_events():
    """The same product twice: with nothing in it, and as after years with 1,000 companies."""
    kinds = ("answer", "status")
    names = [f"{site} {kind}" for site in ("empty", "full") for kind in kinds]
    rounds = {name: [] for name in names}
    accounts = servers.made_up_accounts(COMPANIES)
    with ExitStack() as stack:
        broker = stack.enter_context(servers.own_redis())
        empty = stack.enter_context(servers.product(accounts, broker, redis_database=0))
        full = stack.enter_context(servers.product(accounts, broker, redis_database=2))
        load = Load(stack.enter_context(helper("tests.benchmarks.load")), broker)
        for site in (empty, full):
            load.run(site, count=CONVERSATIONS * COMPANIES)
        rows = full.companies.ask("fill", companies=LARGE_COMPANIES, events=LARGE_EVENTS)
        for _ in range(ROUNDS):
            for name, site in (("empty", empty), ("full", full)):
                for kind in kinds:
                    rounds[f"{name} {kind}"].append(load.run(site, kind))
    return Report(
        f"Taking webhooks with {rows['events']:,} stored events of {rows['companies']:,} companies",
        (
            *(
                ratio(
                    f"{kind}, req/s against empty",
                    rounds,
                    f"full {kind}",
                    f"empty {kind}",
                    speed,
                    least=0.9,
                )
                for kind in kinds
            ),
            ratio("answer, CPU against empty", rounds, "full answer", "empty answer", cost),
            failures([r for name in names for r in rounds[name]]),
        ),
    )


LARGE_COMPANIES = 1_000
LARGE_EVENTS = 1_000_000


def while_the_broker_stops():
    """It is killed in the middle of the load, and with it the cache; nothing else may change."""
    with everything() as (_a, _b, product, load):
        killer = threading.Timer(0.5, load.broker.stop)
        killer.start()
        found = load.run(product, count=2 * REQUESTS)
        killer.join()
        without = load.run(product, count=REQUESTS)
    return Report(
        "Taking webhooks while the broker is killed",
        (
            failures([found, without]),
            Line("longest answer", max(found.taken), " s", most=5.0),
        ),
    )


BENCHMARKS = [accepting, alone_on_the_line, with_a_million_events, while_the_broker_stops]
