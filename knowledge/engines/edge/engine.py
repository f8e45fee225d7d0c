"""The search engine inside the process that runs the workers."""

import atexit
import fcntl
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import RLock
from typing import IO, Any

from knowledge.engines.edge import shards, translating
from knowledge.engines.edge.catalogue import Catalogue, Entry
from knowledge.engines.edge.shards import Shard
from knowledge.engines.failures import (
    NotFoundError,
    OwnedElsewhereError,
    RejectedError,
    UnavailableError,
)
from knowledge.engines.interface import (
    DENSE,
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


@dataclass(slots=True)
class _Opened:
    """What a process holds that owns the folder."""

    lock: IO[str]
    catalogue: Catalogue
    shards: dict[str, Shard] = field(default_factory=dict)


class EdgeEngine:
    """Opens its folder at the first call, and keeps others out of it until it is closed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = RLock()
        self._opened: _Opened | None = None
        self._process = 0

    def ensure_collection(self, name: str, dimension: int | None) -> None:
        with self._lock:
            present = self._catalogue().collections.get(name)
            if present is None:
                self._create(name, dimension)
            elif present.dimension != dimension:
                raise RejectedError(
                    f"{name} has dense vectors of {present.dimension} numbers, not {dimension}."
                )

    def _create(self, name: str, dimension: int | None) -> None:
        folder = shards.new_folder_name()
        shards.create(self._root / folder, dimension)
        self._remember(self._catalogue().with_collection(name, Entry(folder, dimension)))

    def drop_collection(self, name: str) -> None:
        with self._lock:
            entry = self._catalogue().collections.get(name)
            if entry is None:
                return
            self._remember(self._catalogue().without_collection(name))
            shard = self._open().shards.pop(name, None)
        if shard is None:
            shutil.rmtree(self._root / entry.folder)
        else:
            # Waits for a writer, who may need our lock.
            shard.remove()

    def collections(self) -> list[str]:
        return sorted(self._catalogue().collections)

    def point_alias(self, alias: str, collection: str) -> None:
        with self._lock:
            catalogue = self._catalogue()
            if collection not in catalogue.collections:
                raise NotFoundError(f"There is no collection {collection}.")
            if alias in catalogue.collections:
                raise RejectedError(f"{alias} is the name of a collection.")
            self._remember(catalogue.with_alias(alias, collection))

    def alias_target(self, alias: str) -> str | None:
        return self._catalogue().aliases.get(alias)

    def upsert(self, name: str, points: Sequence[Point]) -> None:
        import qdrant_edge as q

        shard, dimension = self._shard(name)
        _refuse_other_dimensions(points, dimension)
        for some in points_at_once(points):
            with shards.failures_named():
                operation = q.UpdateOperation.upsert_points(
                    [translating.edge_point(point) for point in some]
                )
            shard.write(operation, len(some))

    def delete(self, name: str, scope: Scope) -> None:
        import qdrant_edge as q

        condition = translating.filter_of(scope)
        shard, _ = self._shard(name)
        shard.write(q.UpdateOperation.delete_points_by_filter(condition), 0)

    def count(self, name: str, scope: Scope) -> int:
        return self._count(name, translating.filter_of(scope))

    def _count(self, name: str, condition: Any) -> int:
        import qdrant_edge as q

        shard, _ = self._shard(name)
        return shard.read(lambda edge: edge.count(q.CountRequest(filter=condition)))

    def stored(
        self, name: str, scope: Scope, *, start: str | None = None, limit: int = PAGE
    ) -> Page:
        import qdrant_edge as q

        request = q.ScrollRequest(
            offset=start,
            limit=limit,
            filter=translating.filter_of(scope),
            with_payload=["piece", "revision"],
        )
        shard, _ = self._shard(name)
        records, after = shard.read(lambda edge: edge.scroll(request))
        points = []
        for record in records:
            payload = record.payload or {}
            points.append(Stored(str(record.id), payload["piece"], payload["revision"]))
        return Page(points, None if after is None else str(after))

    def legs(self, name: str, scope: Scope, legs: Sequence[Leg]) -> list[list[Hit]]:
        shard, dimension = self._shard(name)
        asked = [leg for leg in legs if leg.vector]
        for leg in asked:
            if leg.kind == DENSE and len(leg.vector) != dimension:
                raise _wrong_dimension(len(leg.vector), dimension)
        answers = iter(_query(shard, [translating.query(leg, scope) for leg in asked]))
        return [
            [Hit(str(point.id), point.score) for point in next(answers)] if leg.vector else []
            for leg in legs
        ]

    def frequencies(self, name: str, tenant_id: int | str, terms: Sequence[int]) -> Frequencies:
        """The best hit for a term alone tells its rarity: the score is that times the weight."""
        scope = Scope(tenant_id=tenant_id)
        shard, _ = self._shard(name)
        points = shard.kept(scope.tenant, lambda: self._count(name, translating.with_words(scope)))
        distinct = list(dict.fromkeys(terms))
        requests = [
            translating.query(Leg(WORDS, {term: 1.0}, 1), scope, vectors=True) for term in distinct
        ]
        answers = _query(shard, requests)
        counts = {
            term: count_of(points, translating.rarity_in(answer[0], term))
            for term, answer in zip(distinct, answers, strict=True)
            if answer
        }
        return Frequencies(points, counts)

    def close(self) -> None:
        """The next call opens again."""
        opened = self._opened
        if opened is None or self._process != os.getpid():
            return
        # Not under our lock: a writer who is waited for may need it.
        for shard in list(opened.shards.values()):
            shard.close()
        with self._lock:
            self._opened = None
            opened.lock.close()
        atexit.unregister(self.close)

    def _shard(self, name: str) -> tuple[Shard, int | None]:
        """With the dimension of its dense vectors."""
        opened = self._open()
        resolved = opened.catalogue.resolve(name)
        entry = opened.catalogue.collections.get(resolved)
        if entry is None:
            raise NotFoundError(f"There is no collection {name}.")
        shard = opened.shards.get(resolved)
        return shard or self._open_shard(resolved), entry.dimension

    def _open_shard(self, name: str) -> Shard:
        with self._lock:
            opened = self._open()
            if name not in opened.catalogue.collections:
                raise NotFoundError(f"There is no collection {name}.")
            if name not in opened.shards:
                entry = opened.catalogue.collections[name]
                opened.shards[name] = Shard(
                    self._root / entry.folder,
                    entry.tidied,
                    lambda folder, points: self._moved(name, folder, points),
                )
            return opened.shards[name]

    def _moved(self, name: str, folder: Path, points: int) -> None:
        with self._lock:
            entry = self._catalogue().collections.get(name)
            if entry is not None:  # else dropped meanwhile
                moved = replace(entry, folder=folder.name, tidied=points)
                self._remember(self._catalogue().with_collection(name, moved))

    def _catalogue(self) -> Catalogue:
        return self._open().catalogue

    def _remember(self, catalogue: Catalogue) -> None:
        catalogue.write(self._root / "catalogue.json")
        self._open().catalogue = catalogue

    def _open(self) -> _Opened:
        if self._opened is not None:
            if self._process != os.getpid():
                # An inherited folder would hang at the first search.
                raise UnavailableError(
                    "The search index was opened before this process was forked from "
                    f"{self._process}; it can only be used there."
                )
            return self._opened
        with self._lock:
            if self._opened is None:
                self._opened = self._take()
                self._process = os.getpid()
                atexit.register(self.close)
            return self._opened

    def _take(self) -> _Opened:
        """The engine's own lock comes after it has touched the files, so ours comes first."""
        self._root.mkdir(parents=True, exist_ok=True)
        lock = (self._root / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read() or "unknown"
            lock.close()
            raise OwnedElsewhereError(
                f"The search index in {self._root} is in use by process {owner}; "
                "only the process that runs the workers may open it."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        catalogue = self._read_catalogue()
        self._remove_left_over(catalogue)
        return _Opened(lock, catalogue)

    def _read_catalogue(self) -> Catalogue:
        path = self._root / "catalogue.json"
        try:
            return Catalogue.read(path)
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise UnavailableError(
                f"{path} cannot be read; remove {self._root} and build the index again."
            ) from error

    def _remove_left_over(self, catalogue: Catalogue) -> None:
        """Folders of work that was broken off."""
        known = {entry.folder for entry in catalogue.collections.values()}
        for folder in self._root.glob("points-*"):
            if folder.name not in known:
                shutil.rmtree(folder)


def _query(shard: Shard, requests: list[Any]) -> list[list[Any]]:
    import qdrant_edge as q

    if not requests:
        return []
    return shard.read(lambda edge: edge.query_batch(q.QueryBatchRequest(requests)))


def _refuse_other_dimensions(points: Sequence[Point], dimension: int | None) -> None:
    """Before the engine does: it would keep the other half of the points."""
    for point in points:
        if point.dense is not None and len(point.dense) != dimension:
            raise _wrong_dimension(len(point.dense), dimension)


def _wrong_dimension(given: int, dimension: int | None) -> RejectedError:
    return RejectedError(f"A vector of {given} numbers does not fit those of {dimension}.")
