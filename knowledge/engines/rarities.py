"""How often terms occur among a company's points, asked once for each state of its index.

Counting takes longer than searching where a company has many points, and customers' words repeat.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from weakref import WeakKeyDictionary

from knowledge.engines.interface import Engine, Frequencies

MOST_COMPANIES = 500
MOST_TERMS = 20_000  # of one company


@dataclass(slots=True)
class _State:
    version: int
    points: int
    counts: dict[int, int] = field(default_factory=dict)


_kept: WeakKeyDictionary[Engine, OrderedDict[tuple[str, str], _State]] = WeakKeyDictionary()
_keeping = Lock()


def frequencies(
    engine: Engine, name: str, tenant_id: int | str, terms: Sequence[int], *, version: int
) -> Frequencies:
    """`version` is another one whenever the company's points have changed."""
    key = (name, str(tenant_id))
    with _keeping:
        state = _state(engine, key, version)
        known = {} if state is None else {t: state.counts[t] for t in terms if t in state.counts}
    unknown = [term for term in terms if term not in known]
    if state is not None and not unknown:
        return _frequencies(state.points, known)
    asked = engine.frequencies(name, tenant_id, unknown)
    found = {term: asked.counts.get(term, 0) for term in unknown}
    with _keeping:
        _keep(engine, key, _State(version, asked.points, found))
    return _frequencies(asked.points, known | found)


def _frequencies(points: int, counts: dict[int, int]) -> Frequencies:
    return Frequencies(points, {term: count for term, count in counts.items() if count})


def _state(engine: Engine, key: tuple[str, str], version: int) -> _State | None:
    companies = _kept.setdefault(engine, OrderedDict())
    state = companies.get(key)
    if state is None or state.version != version:
        return None
    companies.move_to_end(key)
    return state


def _keep(engine: Engine, key: tuple[str, str], new: _State) -> None:
    companies = _kept.setdefault(engine, OrderedDict())
    state = _state(engine, key, new.version)
    if state is None or len(state.counts) + len(new.counts) > MOST_TERMS:
        companies[key] = new
    else:
        state.counts.update(new.counts)
    while len(companies) > MOST_COMPANIES:
        companies.popitem(last=False)
