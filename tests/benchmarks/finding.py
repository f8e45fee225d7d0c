"""What finding and indexing cost, from the question's text to the passages' texts."""

import statistics
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.cache import cache

from knowledge import indexing, passages, search, spaces
from knowledge.engines import choosing
from knowledge.engines.edge.engine import EdgeEngine
from knowledge.models import Faq, Index, Space
from knowledge.search import Wanted
from tenants.models import Tenant
from tests.benchmarks.engines import OTHERS, Texts, p95, points, store
from tests.benchmarks.goals import Line, Report

OWN = 10_000
ALL = 50_000
QUESTIONS = 200


@contextmanager
def own_engine():
    with TemporaryDirectory() as folder, choosing.another(EdgeEngine(Path(folder))) as engine:
        yield engine
        engine.close()


@contextmanager
def company():
    tenant = Tenant.objects.create(slug="bench-finding", name="Bench")
    yield tenant
    Index.objects.filter(tenant=tenant).delete()
    Space.objects.all().delete()
    tenant.delete()


def rows_of(tenant, texts, count):
    return Faq.objects.bulk_create(
        Faq(tenant=tenant, question=texts.question()[:300], answer=texts.passage())
        for _ in range(count)
    )


def indexing_speed():
    with own_engine() as engine, company() as tenant:
        rows = rows_of(tenant, Texts(5), OWN)
        cutting = _seconds(lambda: passages.renew(tenant, rows))
        first = _seconds(lambda: indexing.sync(tenant))
        written = []
        upsert, engine.upsert = engine.upsert, lambda *args: written.append(args)
        cutting_again = _seconds(lambda: passages.renew(tenant, rows))
        second = _seconds(lambda: indexing.sync(tenant))
        engine.upsert = upsert
    return Report(
        f"Indexing {OWN:,} questions and answers, without vectors of a model",
        (
            Line("indexed per second", OWN / first, least=800),
            Line("cut into passages per second", OWN / cutting),
            Line("both per second", OWN / (cutting + first)),
            Line("a second run, of the first one's time", second / first, " ×", most=0.02),
            Line("written by the second run", len(written), most=0),
            Line("looking for changes again, of the first cutting", cutting_again / cutting, " ×"),
        ),
    )


def searching():
    """The whole way, with nothing kept from before, in SQLite and the engine inside the process."""
    with own_engine() as engine, company() as tenant:
        passages.renew(tenant, rows_of(tenant, Texts(6), OWN))
        indexing.sync(tenant)
        name = spaces.alias_of(Space.objects.get())
        others = [OTHERS[number % 40] + 1_000_000 for number in range(ALL - OWN)]
        store(engine, name, points(Texts(7), others, first=OWN))
        texts = Texts(99)
        asked = [texts.question() for _ in range(QUESTIONS + 10)]
        times = sorted(_milliseconds(tenant, text) for text in asked[10:])
        kept = sorted(_milliseconds(tenant, text, forget=False) for text in asked[10:])
    return Report(
        f"Finding, {OWN:,} passages of one company among {ALL:,}",
        (
            Line("p50", statistics.median(times), " ms", most=8),
            Line("p95", p95(times), " ms", most=25),
            Line("asked a second time, p50", statistics.median(kept), " ms"),
        ),
    )


def _milliseconds(tenant, text, *, forget=True):
    if forget:
        cache.clear()
        search.weights_of(tenant)
    return _seconds(lambda: search.search(tenant, Wanted(text=text))) * 1_000


def _seconds(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


BENCHMARKS = [indexing_speed, searching]
