"""What a search engine is asked, whichever one it is. Texts stay in the database."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

WORDS = "words"
CHARS = "chars"
DENSE = "dense"

# Indexed before anything is stored: a server in strict mode refuses a filter without an index.
KEYWORD_FIELDS = (
    "tenant_id",
    "kind",
    "piece",
    "revision",
    "language",
    "rule_type",
    "domain",
    "category",
)
INTEGER_FIELDS = ("valid_from", "valid_until")
FLOAT_FIELDS = ("price",)

PAGE = 1_000
POINTS_AT_ONCE = 128  # a server takes 32 MB at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which points are meant: those of one company, narrowed by what is given.

    None leaves open, an empty list matches nothing. `pieces` are names like "faq:12".
    """

    tenant_id: int | str
    kinds: Sequence[str] | None = None
    pieces: Sequence[str] | None = None
    ids: Sequence[str] | None = None
    languages: Sequence[str] | None = None
    rule_types: Sequence[str] | None = None
    domains: Sequence[str] | None = None
    categories: Sequence[str] | None = None
    other_than_revision: str | None = None
    price_from: float | None = None
    price_to: float | None = None
    valid_at: int | None = None

    def __post_init__(self) -> None:
        if not self.tenant_id:
            raise ValueError("A scope needs a tenant.")

    @property
    def tenant(self) -> str:
        return str(self.tenant_id)

    def wanted(self) -> dict[str, list[str]]:
        """Fields with the values of which one must be there."""
        lists = {
            "kind": self.kinds,
            "piece": self.pieces,
            "language": self.languages,
            "rule_type": self.rule_types,
            "domain": self.domains,
            "category": self.categories,
        }
        return {name: list(values) for name, values in lists.items() if values is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One passage. Valid always, but for `valid_from` and `valid_until`, seconds since 1970."""

    id: str
    tenant_id: int | str
    kind: str
    piece: str
    revision: str
    language: str
    words: Mapping[int, float] = field(default_factory=dict)
    chars: Mapping[int, float] = field(default_factory=dict)
    dense: Sequence[float] | None = None
    rule_type: str = ""
    domain: str = ""
    category: str = ""
    price: float | None = None
    valid_from: int | None = None
    valid_until: int | None = None

    def __post_init__(self) -> None:
        if not self.tenant_id:
            raise ValueError("A point needs a tenant.")

    def payload(self) -> dict[str, str | int | float]:
        values = {
            name: getattr(self, name) for name in (*KEYWORD_FIELDS, *INTEGER_FIELDS, *FLOAT_FIELDS)
        }
        values["tenant_id"] = str(self.tenant_id)
        return {name: value for name, value in values.items() if value is not None and value != ""}


class Leg(NamedTuple):
    """One way to search; `vector` is sparse for WORDS and CHARS."""

    kind: str
    vector: Mapping[int, float] | Sequence[float]
    limit: int


class Hit(NamedTuple):
    """Higher is better; scores of different legs or questions cannot be compared."""

    id: str
    score: float


class Stored(NamedTuple):
    id: str
    piece: str
    revision: str


class Page(NamedTuple):
    """`next` is where the next page starts, None after the last one."""

    points: list[Stored]
    next: str | None


@dataclass(frozen=True, slots=True)
class Frequencies:
    """In how many of a company's `points` each word term occurs."""

    points: int
    counts: Mapping[int, int]

    def rarity(self, term: int) -> float:
        """The weight the engine gives this term for this company."""
        return rarity(self.points, self.counts.get(term, 0))


def rarity(points: int, count: int) -> float:
    return math.log(1 + (points - count + 0.5) / (count + 0.5))


def count_of(points: int, rarity_measured: float) -> int:
    """`rarity` the other way round."""
    return round((points + 1) / math.exp(rarity_measured) - 0.5)


def points_at_once(points: Sequence[Point]) -> Iterator[Sequence[Point]]:
    for start in range(0, len(points), POINTS_AT_ONCE):
        yield points[start : start + POINTS_AT_ONCE]


class Engine(Protocol):
    """Names are of collections or aliases. Every call may raise an EngineError."""

    def ensure_collection(self, name: str, dimension: int | None) -> None:
        """`dimension` of dense vectors, None for a collection without."""

    def drop_collection(self, name: str) -> None:
        """With its aliases; no error when it is gone."""

    def collections(self) -> list[str]: ...

    def point_alias(self, alias: str, collection: str) -> None:
        """Readers see the old collection or the new one, never none."""

    def alias_target(self, alias: str) -> str | None: ...

    def upsert(self, name: str, points: Sequence[Point]) -> None:
        """Returns when searches find them."""

    def delete(self, name: str, scope: Scope) -> None: ...

    def count(self, name: str, scope: Scope) -> int: ...

    def stored(
        self, name: str, scope: Scope, *, start: str | None = None, limit: int = PAGE
    ) -> Page: ...

    def legs(self, name: str, scope: Scope, legs: Sequence[Leg]) -> list[list[Hit]]:
        """One list per leg, best first; rarity of terms is that among the company's own points."""

    def frequencies(self, name: str, tenant_id: int | str, terms: Sequence[int]) -> Frequencies: ...

    def close(self) -> None: ...
