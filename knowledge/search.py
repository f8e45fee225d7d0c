"""Finds the passages of a company that fit a question: three ways of searching, fused by rank."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from integrations import llm
from knowledge import spaces
from knowledge.engines import choosing
from knowledge.engines.failures import NotFoundError
from knowledge.engines.interface import CHARS, DENSE, WORDS, Hit, Leg, Scope
from knowledge.models import Index, Passage, Space
from knowledge.texts import vectors
from knowledge.texts.vectors import Terms
from tenants import configuration
from tenants.models import Tenant

DEPTH = 50  # hits of each leg
RANK_CONSTANT = 2  # the k of reciprocal rank fusion
KEPT_SECONDS = 300
EMBEDDING_SECONDS = 5.0
MOST = 50
LEGS = (DENSE, WORDS, CHARS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for, and among what. None leaves open."""

    text: str = field(repr=False)
    language: str = "pt"
    kinds: tuple[str, ...] | None = None
    rule_types: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None
    domain: str = ""
    price_from: Decimal | None = None
    price_to: Decimal | None = None
    limit: int = 8

    def scope(self, tenant: Tenant, *, now: datetime) -> Scope:
        return Scope(
            tenant_id=tenant.pk,
            kinds=self.kinds,
            rule_types=self.rule_types,
            categories=self.categories,
            languages=self.languages,
            price_from=None if self.price_from is None else float(self.price_from),
            price_to=None if self.price_to is None else float(self.price_to),
            valid_at=int(now.timestamp()),
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a passage stands in one leg; ranks begin with 1."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    passage: Passage
    score: float
    places: Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class Result:
    """`missing` are legs that could not be asked, with the reason."""

    found: tuple[Found, ...] = ()
    terms: Terms = field(default_factory=lambda: Terms((), ()))
    missing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Ranked:
    id: str
    score: float
    places: dict[str, tuple[int, float]]


def search(tenant: Tenant, wanted: Wanted, *, legs: Sequence[str] = LEGS) -> Result:
    """The best passages, best first. An EngineError when the index cannot be asked."""
    index = Index.objects.filter(tenant=tenant).select_related("space").first()
    if index is None or index.space is None:
        return Result()
    terms = vectors.question_terms(wanted.text, wanted.language)
    now = timezone.now()
    key = _key(tenant, index, wanted, legs)
    stored = cache.get(key)
    if stored is None:
        ranked, missing = _ask(tenant, index.space, wanted, terms, legs, now=now)
        stored = [[asdict(row) for row in ranked], missing]
        # What is missing a leg is not what would be found a moment later.
        if not missing:
            cache.set(key, stored, KEPT_SECONDS)
    rows = [_Ranked(**row) for row in stored[0]]
    return Result(_loaded(tenant, rows, wanted, now=now), terms, stored[1])


def weights_of(tenant: Tenant) -> dict[str, int]:
    config = configuration.effective(tenant.pk)
    return {leg: config.setting(f"search_weight_{leg}") for leg in LEGS}


def fused(hits: Mapping[str, Sequence[Hit]], weights: Mapping[str, float]) -> list[_Ranked]:
    """Reciprocal rank fusion as Qdrant counts it: the constant is added after the weight."""
    places: dict[str, dict[str, tuple[int, float]]] = {}
    for leg, found in hits.items():
        for rank, hit in enumerate(found, start=1):
            places.setdefault(hit.id, {})[leg] = (rank, hit.score)
    ranked = [
        _Ranked(pk, sum(_share(rank, weights[leg]) for leg, (rank, _s) in of_legs.items()), of_legs)
        for pk, of_legs in places.items()
    ]
    return sorted(ranked, key=lambda row: (-row.score, row.id))


def _share(rank: int, weight: float) -> float:
    return 1 / (rank / weight + RANK_CONSTANT - 1)


def _ask(
    tenant: Tenant,
    space: Space,
    wanted: Wanted,
    terms: Terms,
    legs: Sequence[str],
    *,
    now: datetime,
) -> tuple[list[_Ranked], dict[str, str]]:
    weights = {leg: weight for leg, weight in weights_of(tenant).items() if weight and leg in legs}
    asked, missing = _legs(tenant, space, wanted, terms, weights)
    try:
        alias = spaces.alias_of(space)
        answers = choosing.engine().legs(alias, wanted.scope(tenant, now=now), asked)
    except NotFoundError:
        return [], missing
    hits = {leg.kind: found for leg, found in zip(asked, answers, strict=True)}
    return fused(hits, weights)[: DEPTH * len(LEGS)], missing


def _legs(
    tenant: Tenant, space: Space, wanted: Wanted, terms: Terms, weights: Mapping[str, int]
) -> tuple[list[Leg], dict[str, str]]:
    """Without the vector of a model that does not answer the words still find something."""
    found = vectors.question_vectors(terms)
    legs = []
    missing = {}
    if WORDS in weights:
        legs.append(Leg(WORDS, found.words, DEPTH))
    if CHARS in weights:
        legs.append(Leg(CHARS, found.chars, DEPTH))
    if DENSE in weights and space.dimension is not None:
        try:
            vector = llm.embed(tenant, [wanted.text], seconds=EMBEDDING_SECONDS)[0]
            legs.append(Leg(DENSE, vector, DEPTH))
        except llm.ModelError as error:
            missing[DENSE] = str(error)
    return legs, missing


def _loaded(
    tenant: Tenant, ranked: Sequence[_Ranked], wanted: Wanted, *, now: datetime
) -> tuple[Found, ...]:
    """What is gone from the database, no longer holds, or is another domain's is not found."""
    ids = [row.id for row in ranked[: wanted.limit * 3]]
    rows = Passage.objects.for_tenant(tenant).there().in_bulk(ids)
    passages = {str(pk): passage for pk, passage in rows.items()}
    found = [
        Found(passages[row.id], row.score, {leg: Place(*p) for leg, p in row.places.items()})
        for row in ranked
        if row.id in passages and _holds(passages[row.id], wanted, now=now)
    ]
    return tuple(_with_priority(found)[: wanted.limit])


def _holds(passage: Passage, wanted: Wanted, *, now: datetime) -> bool:
    if passage.domain and passage.domain != wanted.domain:
        return False
    has_begun = passage.valid_from is None or passage.valid_from <= now
    return has_begun and (passage.valid_until is None or passage.valid_until > now)


def _with_priority(found: list[Found]) -> list[Found]:
    """Of what fits equally well the weightier rule comes first."""
    return sorted(found, key=lambda one: (-one.score, -one.passage.priority))


def _key(tenant: Tenant, index: Index, wanted: Wanted, legs: Sequence[str]) -> str:
    values: dict[str, Any] = asdict(wanted) | {"legs": list(legs), "weights": weights_of(tenant)}
    text = json.dumps(values, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    return f"search:{tenant.pk}:{index.version}:{digest}"
