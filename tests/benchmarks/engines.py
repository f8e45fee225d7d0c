"""What searching inside the process costs: time, growth with the number of passages, memory."""

import itertools
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from knowledge.engines import server
from knowledge.engines.edge.engine import EdgeEngine
from knowledge.engines.interface import CHARS, DENSE, WORDS, Leg, Point, Scope
from knowledge.texts import questions as reading
from knowledge.texts.stop_words import PORTUGUESE
from knowledge.texts.vectors import Lengths, passage_terms, passage_vectors
from tests.benchmarks import machine
from tests.benchmarks.goals import Line, Report

ONE = 1  # the company that asks
OTHERS = range(2, 42)
DEPTH = 50
DIMENSION = 384
QUESTIONS = 200
SYLLABLES = (
    "ca co cu ma me mi mo pa pe po ra re ri ro sa se si so ta te ti to la li lo na ne no va ve vi "
    "fa fe fi fo da de di do ba be bo ga go gu ja jo lha nho cha xa pra tra cri gra bro cla"
)
ENDINGS = "s r m do da mente cao coes dade vel eiro osa ente ar er ir ando ou"
MEMORY_PROGRAM = "from tests.benchmarks import engines; engines.hold({folder!r}, {passages})"
ROOT = Path(__file__).resolve().parents[2]


class Texts:
    """Made up, with the lengths and the frequencies of words that real ones have."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        vocabulary = sorted(_vocabulary(random.Random(1), 30_000))
        random.Random(2).shuffle(vocabulary)
        self._words = vocabulary, _falling(len(vocabulary), 10)
        grammar = sorted(PORTUGUESE)
        random.Random(3).shuffle(grammar)
        self._grammar = grammar, _falling(len(grammar), 3)

    def passage(self):
        return self._text(self._random.randint(15, 65))

    def question(self):
        return self._text(self._random.randint(4, 14))

    def dense(self):
        return [self._random.gauss(0, 1) for _ in range(DIMENSION)]

    def _text(self, length):
        grammar = int(length * 0.4)
        words = self._pick(*self._words, length - grammar) + self._pick(*self._grammar, grammar)
        self._random.shuffle(words)
        return " ".join(words)

    def _pick(self, words, weights, count):
        return self._random.choices(words, cum_weights=weights, k=count)


def _vocabulary(chance, size):
    syllables, endings = SYLLABLES.split(), [*ENDINGS.split(), *[""] * 8]
    words = set()
    while len(words) < size:
        stem = "".join(chance.choice(syllables) for _ in range(chance.randint(1, 3)))
        words.add(stem + chance.choice(endings))
    return words


def _falling(count, start):
    return list(itertools.accumulate(1 / (number + start) for number in range(count)))


def points(texts, tenants, *, first=0, dense=False):
    for number, tenant in enumerate(tenants, first):
        vectors = passage_vectors(passage_terms("", texts.passage(), "pt"), Lengths())
        yield Point(
            id=str(UUID(int=number + 1)),
            tenant_id=tenant,
            kind="faq",
            piece=f"faq:{number}",
            revision=f"{number:032x}",
            language="pt",
            words=vectors.words,
            chars=vectors.chars,
            dense=texts.dense() if dense else None,
        )


def store(engine, name, made):
    """Seconds inside the engine."""
    spent = 0.0
    while some := list(itertools.islice(made, 256)):
        started = time.perf_counter()
        engine.upsert(name, some)
        spent += time.perf_counter() - started
    return spent


def questions(*, dense=False, count=QUESTIONS):
    """Legs of questions, each made from its text when it is asked for."""
    texts = Texts(seed=99)
    asked = [texts.question() for _ in range(count)]
    vectors = [texts.dense() if dense else None for _ in range(count)]
    for text, vector in zip(asked, vectors, strict=True):
        yield lambda text=text, vector=vector: legs(text, vector)


def legs(text, dense=None):
    question = reading.read(text, "pt")
    both = [
        Leg(WORDS, question.word_vector(), DEPTH),
        Leg(CHARS, question.character_vector(), DEPTH),
    ]
    return both if dense is None else [*both, Leg(DENSE, dense, DEPTH)]


def milliseconds(engine, name, asked):
    """From a question's text to the lists of hits; sorted."""
    scope = Scope(tenant_id=ONE, valid_at=1)
    asked = list(asked)
    for make in asked[:10]:
        engine.legs(name, scope, make())
    return sorted(_timed(lambda make=make: engine.legs(name, scope, make())) for make in asked)


def _timed(function):
    started = time.perf_counter()
    function()
    return (time.perf_counter() - started) * 1_000


def p95(times):
    return times[int(len(times) * 0.95)]


def among_others():
    """10,000 passages of one company among 50,000."""
    tenants = [ONE if number % 5 == 0 else OTHERS[number % 40] for number in range(50_000)]
    with TemporaryDirectory() as folder:
        engine = EdgeEngine(Path(folder))
        engine.ensure_collection("bench", DIMENSION)
        started = time.perf_counter()
        inside = store(engine, "bench", points(Texts(1), tenants, dense=True))
        whole = time.perf_counter() - started
        sparse = milliseconds(engine, "bench", questions())
        dense = milliseconds(engine, "bench", questions(dense=True))
        frequencies = sorted(
            _timed(lambda make=make: engine.frequencies("bench", ONE, list(make()[0].vector)))
            for make in questions()
        )
        engine.close()
    return Report(
        "Search inside the process, 10,000 passages of one company among 50,000",
        (
            Line("words and characters, p50", statistics.median(sparse), " ms"),
            Line("words and characters, p95", p95(sparse), " ms"),
            Line("with dense vectors, p50", statistics.median(dense), " ms"),
            Line("with dense vectors, p95", p95(dense), " ms"),
            Line("frequencies of a question, p50", statistics.median(frequencies), " ms"),
            Line("stored per second, engine alone", 50_000 / inside),
            Line("stored per second, with making the vectors", 50_000 / whole),
        ),
    )


def growing():
    """1,000 passages of one company, then 100,000."""
    with TemporaryDirectory() as folder:
        engine = EdgeEngine(Path(folder))
        engine.ensure_collection("bench", None)
        texts = Texts(2)
        store(engine, "bench", points(texts, [ONE] * 1_000))
        few = milliseconds(engine, "bench", questions())
        store(engine, "bench", points(texts, [ONE] * 99_000, first=1_000))
        many = milliseconds(engine, "bench", questions())
        engine.close()
    ratio = statistics.median(many) / statistics.median(few)
    detail = f"{statistics.median(few):.2f} and {statistics.median(many):.2f} ms"
    return Report(
        "Search in a hundred times as many passages",
        (Line("times the time", ratio, most=4, detail=detail),),
    )


def against_the_client():
    """The same data in the memory of the client library, which searches in Python."""
    tenants = [ONE if number % 5 == 0 else OTHERS[number % 40] for number in range(20_000)]
    with TemporaryDirectory() as folder:
        medians = []
        for engine in (EdgeEngine(Path(folder)), server.in_memory()):
            engine.ensure_collection("bench", None)
            store(engine, "bench", points(Texts(3), tenants))
            medians.append(statistics.median(milliseconds(engine, "bench", questions(count=20))))
            engine.close()
    ratio = medians[1] / medians[0]
    detail = "{:.2f} and {:.0f} ms".format(*medians)
    return Report(
        "The engine against the client's own, 4,000 passages among 20,000",
        (Line("times as fast", ratio, least=20, detail=detail),),
    )


def memory():
    """Of a process that stored 100,000 passages and searches them, and of one that opens them."""
    lines = []
    with TemporaryDirectory() as folder:
        for name, passages in (("after storing them", 100_000), ("after opening them", 0)):
            megabytes = held(folder, passages) / 2**20
            lines.append(Line(name, megabytes, " MB", most=600))
    return Report("Memory of a process with 100,000 passages", tuple(lines))


def held(folder, passages):
    program = MEMORY_PROGRAM.format(folder=folder, passages=passages)
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        size = machine.memory_bytes([process.pid])
        process.stdin.close()
    return size


def hold(folder, passages):
    """In a process of its own: store, search, and wait to be looked at."""
    engine = EdgeEngine(Path(folder))
    engine.ensure_collection("bench", None)
    store(engine, "bench", points(Texts(4), [ONE] * passages))
    milliseconds(engine, "bench", questions())
    os.write(1, b"ready\n")
    sys.stdin.read()


BENCHMARKS = [among_others, growing, against_the_client, memory]
