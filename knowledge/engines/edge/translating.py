"""Our points, scopes and legs in the words of the engine inside the process."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from knowledge.engines.interface import (
    CHARS,
    DENSE,
    FLOAT_FIELDS,
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    WORDS,
    Leg,
    Point,
    Scope,
)

if TYPE_CHECKING:
    import qdrant_edge


def config(dimension: int | None) -> "qdrant_edge.EdgeConfig":
    import qdrant_edge as q

    sparse = q.EdgeSparseVectorParams(modifier=q.Modifier.Idf)
    dense = {} if dimension is None else {DENSE: _dense_params(dimension)}
    return q.EdgeConfig(
        vectors=dense,
        sparse_vectors={WORDS: sparse, CHARS: sparse},
        # One graph per company instead of one for all: every search names its company.
        hnsw_config=q.HnswIndexConfig(
            m=0, ef_construct=100, full_scan_threshold=10_000, payload_m=16
        ),
    )


def _dense_params(dimension: int) -> "qdrant_edge.EdgeVectorParams":
    import qdrant_edge as q

    return q.EdgeVectorParams(size=dimension, distance=q.Distance.Cosine)


def field_schemas() -> dict[str, Any]:
    import qdrant_edge as q

    schemas: dict[str, Any] = dict.fromkeys(KEYWORD_FIELDS, q.PayloadSchemaType.Keyword)
    schemas |= dict.fromkeys(INTEGER_FIELDS, q.PayloadSchemaType.Integer)
    schemas |= dict.fromkeys(FLOAT_FIELDS, q.PayloadSchemaType.Float)
    schemas["tenant_id"] = q.KeywordIndexParams(is_tenant=True)
    return schemas


def filter_of(scope: Scope) -> "qdrant_edge.Filter":
    """The only filter made here: it always names the company."""
    import qdrant_edge as q

    must: list[Any] = [q.FieldCondition("tenant_id", match=q.MatchValue(scope.tenant))]
    for name, values in scope.wanted().items():
        must.append(q.FieldCondition(name, match=q.MatchAny(values)))
    if scope.ids is not None:
        must.append(q.HasIdCondition(set(scope.ids)))
    if scope.price_from is not None or scope.price_to is not None:
        price = q.RangeFloat(gte=scope.price_from, lte=scope.price_to)
        must.append(q.FieldCondition("price", range=price))
    must_not: list[Any] = []
    if scope.other_than_revision is not None:
        same = q.MatchValue(scope.other_than_revision)
        must_not.append(q.FieldCondition("revision", match=same))
    if scope.valid_at is not None:
        # Points without these fields are in no range, so they stay.
        must_not.append(q.FieldCondition("valid_from", range=q.RangeFloat(gt=scope.valid_at)))
        must_not.append(q.FieldCondition("valid_until", range=q.RangeFloat(lte=scope.valid_at)))
    return q.Filter(must=must, must_not=must_not or None)


def with_words(scope: Scope) -> "qdrant_edge.Filter":
    import qdrant_edge as q

    return q.Filter(must=[filter_of(scope), q.HasVectorCondition(WORDS)])


def query(leg: Leg, scope: Scope, *, vectors: bool = False) -> "qdrant_edge.QueryRequest":
    import qdrant_edge as q

    is_sparse = isinstance(leg.vector, Mapping)
    corpus = q.IdfParams(corpus=filter_of(Scope(tenant_id=scope.tenant_id)))
    vector = _sparse(leg.vector) if isinstance(leg.vector, Mapping) else list(leg.vector)
    return q.QueryRequest(
        query=q.Query.Nearest(vector, using=leg.kind),
        limit=leg.limit,
        filter=filter_of(scope),
        params=q.SearchParams(idf=corpus) if is_sparse else None,
        with_payload=False,
        with_vector=[leg.kind] if vectors else False,
    )


def edge_point(point: Point) -> "qdrant_edge.Point":
    import qdrant_edge as q

    sparse = {WORDS: point.words, CHARS: point.chars}
    vectors: dict[str, Any] = {name: _sparse(vector) for name, vector in sparse.items() if vector}
    if point.dense is not None:
        vectors[DENSE] = list(point.dense)
    return q.Point(point.id, vectors, point.payload())


def _sparse(vector: Mapping[int, float]) -> "qdrant_edge.SparseVector":
    import qdrant_edge as q

    return q.SparseVector(list(vector), list(vector.values()))


def rarity_in(best: "qdrant_edge.ScoredPoint", term: int) -> float:
    vectors: Any = best.vector
    stored = vectors[WORDS]
    return float(best.score / stored.values[stored.indices.index(term)])
