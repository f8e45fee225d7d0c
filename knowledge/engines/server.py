"""Qdrant over HTTP, or the stand-in for it that its client has in memory, for tests."""

import logging
import random
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from knowledge.engines.failures import (
    EngineError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from knowledge.engines.interface import (
    CHARS,
    DENSE,
    FLOAT_FIELDS,
    INTEGER_FIELDS,
    KEYWORD_FIELDS,
    PAGE,
    WORDS,
    Frequencies,
    Hit,
    Leg,
    Page,
    Point,
    Scope,
    Stored,
    count_of,
    points_at_once,
)

if TYPE_CHECKING:
    from qdrant_client import QdrantClient, models

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 10
TRIES = 3
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0
PASSING_STATUSES = frozenset({502, 503, 504})
# Nobody was there, or a connection kept open was closed meanwhile; every call may be made twice.
NOBODY_THERE = frozenset({"ConnectError", "RemoteProtocolError"})
OLDEST_VERSION = (1, 19)  # rarity of terms per company came with it


def connect(url: str, api_key: str = "", timeout_seconds: int = TIMEOUT_SECONDS) -> "ServerEngine":
    """No request is made yet. An address without a port means 80 or 443, as everywhere else."""
    from qdrant_client import QdrantClient

    with warnings.catch_warnings():
        # A key over http is the operator's decision, inside a private network.
        warnings.filterwarnings("ignore", "Api key is used with an insecure connection")
        client = QdrantClient(
            url=url,
            port=None,
            api_key=api_key or None,
            timeout=timeout_seconds,
            check_compatibility=False,
            trust_env=False,
        )
    return ServerEngine(client)


def in_memory() -> "ServerEngine":
    from qdrant_client import QdrantClient

    return ServerEngine(QdrantClient(":memory:"))


class ServerEngine:
    """Calls are repeated where that may help, and safe to repeat."""

    def __init__(self, client: "QdrantClient") -> None:
        self._client = client

    def ensure_collection(self, name: str, dimension: int | None) -> None:
        if not self._call(self._client.collection_exists, name):
            self._refuse_old_server()
            self._create(name, dimension)
        found = self._call(self._client.get_collection, name)
        _check_dimension(name, found, dimension)
        self._index_fields(name, found.payload_schema)

    def _refuse_old_server(self) -> None:
        version = self._call(self._client.info).version
        if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_VERSION:
            raise RejectedError(f"Qdrant {version} is too old: 1.19 or newer is needed.")

    def _create(self, name: str, dimension: int | None) -> None:
        from qdrant_client import models as m

        dense = {} if dimension is None else {DENSE: _dense_params(dimension)}
        try:
            self._call(
                self._client.create_collection,
                name,
                vectors_config=dense,
                sparse_vectors_config={
                    leg: m.SparseVectorParams(modifier=m.Modifier.IDF) for leg in (WORDS, CHARS)
                },
                # One graph per company instead of one for all: every search names its company.
                hnsw_config=m.HnswConfigDiff(m=0, payload_m=16),
                strict_mode_config=m.StrictModeConfig(
                    enabled=True,
                    unindexed_filtering_retrieve=False,
                    unindexed_filtering_update=False,
                ),
            )
        except RejectedError:
            # Somebody else was faster.
            if not self._call(self._client.collection_exists, name):
                raise

    def _index_fields(self, name: str, present: Mapping[str, Any]) -> None:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Payload indexes have no effect")
            for field, schema in _field_schemas().items():
                if field not in present:
                    self._call(self._client.create_payload_index, name, field, schema, wait=True)

    def drop_collection(self, name: str) -> None:
        self._call(self._client.delete_collection, name)

    def collections(self) -> list[str]:
        found = self._call(self._client.get_collections)
        return sorted(collection.name for collection in found.collections)

    def point_alias(self, alias: str, collection: str) -> None:
        from qdrant_client import models as m

        operations: list[Any] = []
        if self.alias_target(alias) is not None:
            operations.append(
                m.DeleteAliasOperation(delete_alias=m.DeleteAlias(alias_name=alias)),
            )
        create = m.CreateAlias(collection_name=collection, alias_name=alias)
        operations.append(m.CreateAliasOperation(create_alias=create))
        self._call(self._client.update_collection_aliases, operations)

    def alias_target(self, alias: str) -> str | None:
        aliases = self._call(self._client.get_aliases).aliases
        return next((a.collection_name for a in aliases if a.alias_name == alias), None)

    def upsert(self, name: str, points: Sequence[Point]) -> None:
        for some in points_at_once(points):
            structs = [_point_struct(point) for point in some]
            self._call(self._client.upsert, name, structs, wait=True)

    def delete(self, name: str, scope: Scope) -> None:
        from qdrant_client import models as m

        selector = m.FilterSelector(filter=_filter(scope))
        self._call(self._client.delete, name, selector, wait=True)

    def count(self, name: str, scope: Scope) -> int:
        return self._count(name, _filter(scope))

    def _count(self, name: str, condition: "models.Filter") -> int:
        found = self._call(self._client.count, name, count_filter=condition, exact=True)
        return int(found.count)

    def stored(
        self, name: str, scope: Scope, *, start: str | None = None, limit: int = PAGE
    ) -> Page:
        records, after = self._call(
            self._client.scroll,
            name,
            scroll_filter=_filter(scope),
            limit=limit,
            offset=start,
            with_payload=["piece", "revision"],
            with_vectors=False,
        )
        points = [Stored(str(r.id), r.payload["piece"], r.payload["revision"]) for r in records]
        return Page(points, None if after is None else str(after))

    def legs(self, name: str, scope: Scope, legs: Sequence[Leg]) -> list[list[Hit]]:
        asked = [leg for leg in legs if leg.vector]
        if not asked:
            return [[] for _ in legs]
        requests = [_query(leg, scope) for leg in asked]
        answers = iter(self._call(self._client.query_batch_points, name, requests))
        return [_hits(next(answers)) if leg.vector else [] for leg in legs]

    def frequencies(self, name: str, tenant_id: int | str, terms: Sequence[int]) -> Frequencies:
        """The best hit for a term alone tells its rarity: the score is that times the weight."""
        scope = Scope(tenant_id=tenant_id)
        points = self._count(name, _with_words(scope))
        distinct = list(dict.fromkeys(terms))
        if not points or not distinct:
            return Frequencies(points, {})
        requests = [_query(Leg(WORDS, {term: 1.0}, 1), scope, vectors=True) for term in distinct]
        answers = self._call(self._client.query_batch_points, name, requests)
        counts = {
            term: count_of(points, _rarity(answer.points[0], term))
            for term, answer in zip(distinct, answers, strict=True)
            if answer.points
        }
        return Frequencies(points, counts)

    def close(self) -> None:
        self._client.close()

    def _call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        for tried in range(1, TRIES + 1):
            try:
                return function(*args, **kwargs)
            except Exception as error:
                failure = _failure(error)
                if tried == TRIES or (pause := _pause(error, failure, tried)) is None:
                    raise failure from error
            logger.info("The search server is asked again: %s", failure)
            time.sleep(pause)
        raise AssertionError


def _pause(error: Exception, failure: EngineError, tried: int) -> float | None:
    """None when asking again does not help, or not soon enough."""
    usual = min(FIRST_PAUSE_SECONDS * 4.0 ** (tried - 1), LONGEST_PAUSE_SECONDS)
    if isinstance(failure, RateLimitedError):
        pause = usual if failure.retry_after is None else failure.retry_after
        return pause if pause <= LONGEST_PAUSE_SECONDS else None
    cause = type(getattr(error, "source", None)).__name__
    if getattr(error, "status_code", None) in PASSING_STATUSES or cause in NOBODY_THERE:
        return usual * random.uniform(0.5, 1)  # noqa: S311  spreads callers, guards nothing
    return None


def _failure(error: Exception) -> EngineError:
    from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
    from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

    if isinstance(error, ResourceExhaustedResponse):
        return RateLimitedError(str(error), retry_after=float(error.retry_after_s))
    if isinstance(error, UnexpectedResponse):
        return _failure_of_status(error.status_code or 0, str(error))
    if isinstance(error, ResponseHandlingException):
        return UnavailableError(f"No usable answer: {error.source!r}")
    if str(error).startswith("Collection ") and "not found" in str(error):
        return NotFoundError(str(error))
    return RejectedError(f"{type(error).__name__}: {error}")


def _failure_of_status(status: int, text: str) -> EngineError:
    if status == 404:
        return NotFoundError(text)
    if status == 429:
        return RateLimitedError(text)
    if status >= 500:
        return UnavailableError(text)
    return RejectedError(text)


def _check_dimension(name: str, found: "models.CollectionInfo", dimension: int | None) -> None:
    vectors = found.config.params.vectors or {}
    dense = vectors.get(DENSE) if isinstance(vectors, dict) else None
    present = dense.size if dense else None
    if present != dimension:
        raise RejectedError(f"{name} has dense vectors of {present} numbers, not {dimension}.")


def _dense_params(dimension: int) -> "models.VectorParams":
    from qdrant_client import models as m

    return m.VectorParams(size=dimension, distance=m.Distance.COSINE)


def _field_schemas() -> dict[str, Any]:
    from qdrant_client import models as m

    schemas: dict[str, Any] = dict.fromkeys(KEYWORD_FIELDS, m.PayloadSchemaType.KEYWORD)
    schemas |= dict.fromkeys(INTEGER_FIELDS, m.PayloadSchemaType.INTEGER)
    schemas |= dict.fromkeys(FLOAT_FIELDS, m.PayloadSchemaType.FLOAT)
    schemas["tenant_id"] = m.KeywordIndexParams(type=m.KeywordIndexType.KEYWORD, is_tenant=True)
    return schemas


def _filter(scope: Scope) -> "models.Filter":
    """The only filter made here: it always names the company."""
    from qdrant_client import models as m

    must: list[Any] = [m.FieldCondition(key="tenant_id", match=m.MatchValue(value=scope.tenant))]
    for name, values in scope.wanted().items():
        must.append(m.FieldCondition(key=name, match=m.MatchAny(any=values)))
    if scope.ids is not None:
        must.append(m.HasIdCondition(has_id=list(scope.ids)))
    if scope.price_from is not None or scope.price_to is not None:
        price = m.Range(gte=scope.price_from, lte=scope.price_to)
        must.append(m.FieldCondition(key="price", range=price))
    must_not: list[Any] = []
    if scope.other_than_revision is not None:
        same = m.MatchValue(value=scope.other_than_revision)
        must_not.append(m.FieldCondition(key="revision", match=same))
    if scope.valid_at is not None:
        # Points without these fields are in no range, so they stay.
        must_not.append(m.FieldCondition(key="valid_from", range=m.Range(gt=scope.valid_at)))
        must_not.append(m.FieldCondition(key="valid_until", range=m.Range(lte=scope.valid_at)))
    return m.Filter(must=must, must_not=must_not or None)


def _with_words(scope: Scope) -> "models.Filter":
    from qdrant_client import models as m

    return m.Filter(must=[_filter(scope), m.HasVectorCondition(has_vector=WORDS)])


def _query(leg: Leg, scope: Scope, *, vectors: bool = False) -> "models.QueryRequest":
    from qdrant_client import models as m

    is_sparse = isinstance(leg.vector, Mapping)
    corpus = m.IdfCorpusParams(corpus=_filter(Scope(tenant_id=scope.tenant_id)))
    return m.QueryRequest(
        query=_sparse(leg.vector) if isinstance(leg.vector, Mapping) else list(leg.vector),
        using=leg.kind,
        limit=leg.limit,
        filter=_filter(scope),
        params=m.SearchParams(idf=corpus) if is_sparse else None,
        with_payload=False,
        with_vector=[leg.kind] if vectors else False,
    )


def _sparse(vector: Mapping[int, float]) -> "models.SparseVector":
    from qdrant_client import models as m

    return m.SparseVector(indices=list(vector), values=list(vector.values()))


def _point_struct(point: Point) -> "models.PointStruct":
    from qdrant_client import models as m

    vectors: dict[str, Any] = {WORDS: point.words, CHARS: point.chars}
    vectors = {name: _sparse(vector) for name, vector in vectors.items() if vector}
    if point.dense is not None:
        vectors[DENSE] = list(point.dense)
    return m.PointStruct(id=point.id, vector=vectors, payload=point.payload())


def _hits(answer: "models.QueryResponse") -> list[Hit]:
    return [Hit(str(point.id), point.score) for point in answer.points]


def _rarity(best: "models.ScoredPoint", term: int) -> float:
    vectors: Any = best.vector
    stored = vectors[WORDS]
    return float(best.score / stored.values[stored.indices.index(term)])
