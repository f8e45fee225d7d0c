"""Several rankings become one: reciprocal rank fusion, counted as Qdrant counts it."""

from collections.abc import Mapping, Sequence

from knowledge.engines.interface import Hit

CONSTANT = 2

Rankings = Mapping[str, Sequence[Hit]]


def fused(rankings: Rankings, weights: Mapping[str, float]) -> list[tuple[str, float]]:
    """Best first. The constant is added after the weight, so weights are no ratios."""
    scores: dict[str, float] = {}
    for name, hits in rankings.items():
        for rank, hit in enumerate(hits, start=1):
            share = 1 / (rank / weights[name] + CONSTANT - 1)
            scores[hit.id] = scores.get(hit.id, 0.0) + share
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))


def places(rankings: Rankings) -> dict[str, dict[str, tuple[int, float]]]:
    """Of each hit its rank, beginning with 1, and its score in each ranking that has it."""
    found: dict[str, dict[str, tuple[int, float]]] = {}
    for name, hits in rankings.items():
        for rank, hit in enumerate(hits, start=1):
            found.setdefault(hit.id, {})[name] = (rank, hit.score)
    return found
