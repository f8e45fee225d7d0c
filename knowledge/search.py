"""Finds the passages of a company that fit a question.

Up to three ways of searching (meaning, words, spelling) name candidates; how much of the question
each of them covers is a fourth opinion. They are fused by rank, and the coverage of the best one is
the support: whether the question may be answered at all.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.cache import cache
from django.utils import timezone

from integrations import llm
from knowledge import fusion, spaces, support
from knowledge.engines import choosing, rarities
from knowledge.engines.failures import NotFoundError
from knowledge.engines.interface import CHARS, DENSE, WORDS, Engine, Frequencies, Hit, Leg, Scope
from knowledge.models import Index, Passage, PassageState, Space
from knowledge.texts import questions
from knowledge.texts.questions import Question
from tenants import configuration
from tenants.models import Tenant

COVER = "cover"
LEGS = (DENSE, WORDS, CHARS, COVER)
COVER_WEIGHT = 1
DEPTH = 50  # hits of each leg
CANDIDATES = 24  # whose words are compared with the question's
KEPT_SECONDS = 300
EMBEDDING_SECONDS = 5.0


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


Vector = Sequence[float]


class Place(NamedTuple):
    """Where a passage stands in one leg; ranks begin with 1."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """`support`: the share of the question that this passage covers, from 0 to 1."""

    passage: Passage
    score: float
    support: float
    places: Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class Result:
    """`missing` are legs that could not be asked, with the reason."""

    question: Question = field(default_factory=Question)
    found: tuple[Found, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def support(self) -> float:
        return max((one.support for one in self.found), default=0.0)


class _Ranked(NamedTuple):
    id: str
    score: float
    support: float
    places: dict[str, tuple[int, float]]


@dataclass(frozen=True, slots=True)
class _Search:
    """One search on its way."""

    tenant: Tenant
    wanted: Wanted
    question: Question
    version: int
    space: Space
    engine: Engine
    weights: Mapping[str, int]
    now: datetime
    embedded: Vector | None

    @property
    def alias(self) -> str:
        return spaces.alias_of(self.space)


def search(
    tenant: Tenant,
    wanted: Wanted,
    *,
    legs: Sequence[str] = LEGS,
    embedded: Vector | None = None,
) -> Result:
    """The best passages, best first. An EngineError when the index cannot be asked.

    `embedded`: the question's vector, where somebody has it already.
    """
    question = questions.read(wanted.text, wanted.language)
    index = Index.objects.filter(tenant=tenant).select_related("space").first()
    if index is None or index.space is None:
        return Result(question)
    weights = {leg: weight for leg, weight in weights_of(tenant).items() if weight and leg in legs}
    now = timezone.now()
    engine = choosing.engine()
    one = _Search(
        tenant, wanted, question, index.version, index.space, engine, weights, now, embedded
    )
    ranking, passages = _kept(one)
    passages = passages or _passages(tenant, [row.id for row in ranking.rows])
    found = _found(one, ranking.rows, passages)
    return Result(question, tuple(found[: wanted.limit]), ranking.missing)


def frequencies(tenant: Tenant, question: Question) -> Frequencies:
    """How rare the words of a question are among the company's passages, which are indexed."""
    index = Index.objects.select_related("space").get(tenant=tenant, space__isnull=False)
    engine = choosing.engine()
    return _frequencies(engine, index.space, tenant, question, version=index.version)


def weights_of(tenant: Tenant) -> dict[str, int]:
    config = configuration.effective(tenant.pk)
    chosen = {leg: config.setting(f"search_weight_{leg}") for leg in (DENSE, WORDS, CHARS)}
    return {**chosen, COVER: COVER_WEIGHT}


def _kept(one: _Search) -> tuple["_Ranking", dict[str, Passage]]:
    """With the passages, where they were read on the way. What is missing a leg is not kept: a
    moment later it may be found.
    """
    key = _key(one)
    stored = cache.get(key)
    if stored is not None:
        return _Ranking([_Ranked(*row) for row in stored], {}), {}
    ranking, passages = _rank(one)
    if not ranking.missing:
        cache.set(key, ranking.rows, KEPT_SECONDS)
    return ranking, passages


class _Ranking(NamedTuple):
    rows: list[_Ranked]
    missing: dict[str, str]


def _rank(one: _Search) -> tuple[_Ranking, dict[str, Passage]]:
    hits, missing = _hits(one)
    candidates = [pk for pk, _score in fusion.fused(hits, one.weights)[:CANDIDATES]]
    passages = _passages(one.tenant, candidates)
    shares = _shares(one, [passages[pk] for pk in candidates if pk in passages])
    if COVER in one.weights:
        covering = sorted(shares, key=lambda pk: (-shares[pk], candidates.index(pk)))
        hits[COVER] = [Hit(pk, shares[pk]) for pk in covering]
    places = fusion.places(hits)
    rows = [
        _Ranked(pk, score, shares[pk], places[pk])
        for pk, score in fusion.fused(hits, one.weights)
        if pk in shares
    ]
    return _Ranking(rows, missing), passages


def _hits(one: _Search) -> tuple[dict[str, list[Hit]], dict[str, str]]:
    legs, missing = _legs(one)
    scope = one.wanted.scope(one.tenant, now=one.now)
    try:
        answers = one.engine.legs(one.alias, scope, legs)
    except NotFoundError:
        return {}, missing
    return {leg.kind: found for leg, found in zip(legs, answers, strict=True)}, missing


def _legs(one: _Search) -> tuple[list[Leg], dict[str, str]]:
    """Without the vector of a model that does not answer the words still find something."""
    legs = []
    missing = {}
    if WORDS in one.weights:
        legs.append(Leg(WORDS, one.question.word_vector(), DEPTH))
    if CHARS in one.weights:
        legs.append(Leg(CHARS, one.question.character_vector(), DEPTH))
    if DENSE in one.weights and one.space.dimension is not None:
        try:
            legs.append(Leg(DENSE, one.embedded or _vector_of(one), DEPTH))
        except llm.ModelError as error:
            missing[DENSE] = str(error)
    return legs, missing


def _vector_of(one: _Search) -> Vector:
    return llm.embed(one.tenant, [one.wanted.text], seconds=EMBEDDING_SECONDS)[0]


def _shares(one: _Search, passages: Sequence[Passage]) -> dict[str, float]:
    if not passages:
        return {}
    known = _frequencies(one.engine, one.space, one.tenant, one.question, version=one.version)
    return {str(row.pk): support.share(one.question, row, known) for row in passages}


def _frequencies(
    engine: Engine, space: Space, tenant: Tenant, question: Question, *, version: int
) -> Frequencies:
    terms = [word.term for word in question.words]
    alias = spaces.alias_of(space)
    return rarities.frequencies(engine, alias, tenant.pk, terms, version=version)


def _passages(tenant: Tenant, ids: Sequence[str]) -> dict[str, Passage]:
    """What is gone from the database is not found. The company is compared here, because SQLite,
    told of it, would look through all passages of the company instead of for these.
    """
    rows = Passage.objects.in_bulk(ids)
    return {
        str(pk): row
        for pk, row in rows.items()
        if row.tenant_id == tenant.pk and row.state != PassageState.GONE
    }


def _found(one: _Search, rows: Sequence[_Ranked], passages: Mapping[str, Passage]) -> list[Found]:
    """Without what no longer holds, or is another domain's."""
    found = [
        Found(
            passages[row.id],
            row.score,
            row.support,
            {leg: Place(*place) for leg, place in row.places.items()},
        )
        for row in rows
        if row.id in passages and _holds(passages[row.id], one)
    ]
    # Of what fits equally well the weightier rule comes first.
    return sorted(found, key=lambda hit: (-hit.score, -hit.passage.priority))


def _holds(passage: Passage, one: _Search) -> bool:
    if passage.domain and passage.domain != one.wanted.domain:
        return False
    has_begun = passage.valid_from is None or passage.valid_from <= one.now
    return has_begun and (passage.valid_until is None or passage.valid_until > one.now)


def _key(one: _Search) -> str:
    values: dict[str, Any] = asdict(one.wanted) | {"weights": dict(one.weights)}
    text = json.dumps(values, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    return f"search:{one.tenant.pk}:{one.version}:{digest}"
