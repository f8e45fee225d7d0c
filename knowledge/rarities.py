"""How rare words are among a company's passages, kept by the process until its index changes."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from knowledge.engines.interface import Engine, Frequencies

MOST_KEPT = 256  # companies

_kept: OrderedDict[tuple[str, int, int], Frequencies] = OrderedDict()
_keeping = Lock()


def frequencies(
    engine: Engine, alias: str, tenant_id: int, version: int, terms: Sequence[int]
) -> Frequencies:
    """Words are asked for once; questions of customers mostly have the same ones."""
    key = (alias, tenant_id, version)
    known = _kept.get(key)
    new = [term for term in terms if known is None or term not in known.counts]
    if known is not None and not new:
        return known
    asked = engine.frequencies(alias, tenant_id, new)
    counts = {**(known.counts if known else {}), **dict.fromkeys(new, 0), **asked.counts}
    found = Frequencies(asked.points, counts)
    with _keeping:
        _kept[key] = found
        _kept.move_to_end(key)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return found
