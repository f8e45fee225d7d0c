"""Collections and aliases of the stand-in, and what their calls do."""

import shutil
import threading
from dataclasses import dataclass, field
from uuid import uuid4

import qdrant_edge as q  # noqa: TID253  this process is made of it

from tests.fakes.qdrant import shapes

TITLE = "qdrant - vector search engine"


class WireError(Exception):
    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


@dataclass
class Collection:
    asked: dict
    folder: object
    shard: object
    indexes: dict = field(default_factory=dict)

    @property
    def is_strict(self):
        return bool((self.asked.get("strict_mode_config") or {}).get("enabled"))


class World:
    def __init__(self, folder, version):
        self.folder = folder
        self.number = version
        self.collections = {}
        self.aliases = {}
        self._lock = threading.RLock()

    def version(self, _body):
        return {"title": TITLE, "version": self.number, "commit": "0" * 40}

    def list_collections(self, _body):
        return {"collections": [{"name": name} for name in self.collections]}

    def list_aliases(self, _body):
        pairs = self.aliases.items()
        return {"aliases": [{"alias_name": a, "collection_name": c} for a, c in pairs]}

    def change_aliases(self, body):
        """All or nothing."""
        with self._lock:
            aliases = dict(self.aliases)
            for action in body["actions"]:
                if "delete_alias" in action:
                    aliases.pop(action["delete_alias"]["alias_name"], None)
                else:
                    self._add_alias(aliases, **action["create_alias"])
            self.aliases = aliases
        return True

    def _add_alias(self, aliases, collection_name, alias_name):
        if collection_name not in self.collections:
            raise missing(collection_name)
        if alias_name in self.collections:
            raise WireError(409, f"Collection with name {alias_name} already exists!")
        aliases[alias_name] = collection_name

    def exists(self, name, _body):
        return {"exists": name in self.collections or name in self.aliases}

    def create(self, name, body):
        with self._lock:
            if name in self.collections:
                raise WireError(409, f"Wrong input: Collection `{name}` already exists!")
            folder = self.folder / uuid4().hex
            shard = q.EdgeShard.create(str(folder), shapes.config(body))
            self.collections[name] = Collection(body, folder, shard)
        return True

    def drop(self, name, _body):
        with self._lock:
            collection = self.collections.pop(name, None)
            self.aliases = {a: c for a, c in self.aliases.items() if c != name}
        if collection is not None:
            shutil.rmtree(collection.folder)
        return collection is not None

    def describe(self, name, _body):
        collection = self._collection(name)
        return shapes.description(collection, collection.shard.info())

    def create_index(self, name, body):
        collection = self._collection(name)
        field_name, schema = body["field_name"], body["field_schema"]
        operation = q.UpdateOperation.create_field_index(field_name, shapes.field_schema(schema))
        collection.shard.update(operation)
        collection.indexes[field_name] = schema
        return done()

    def upsert(self, name, body):
        points = [shapes.point(p) for p in body["points"]]
        self._update(name, q.UpdateOperation.upsert_points(points))
        return done()

    def delete(self, name, body):
        condition = self._filter(name, body["filter"])
        self._update(name, q.UpdateOperation.delete_points_by_filter(condition))
        return done()

    def _update(self, name, operation):
        shard = self._collection(name).shard
        asking(shard.update, operation)

    def count(self, name, body):
        condition = self._filter(name, body["filter"])
        shard = self._collection(name).shard
        return {"count": asking(shard.count, q.CountRequest(filter=condition))}

    def scroll(self, name, body):
        request = q.ScrollRequest(
            offset=body.get("offset"),
            limit=body["limit"],
            filter=self._filter(name, body["filter"]),
            with_payload=body["with_payload"],
        )
        records, after = asking(self._collection(name).shard.scroll, request)
        points = [{"id": str(r.id), "payload": r.payload} for r in records]
        return {"points": points, "next_page_offset": None if after is None else str(after)}

    def query_batch(self, name, body):
        queries = [
            shapes.query(search, lambda given: self._filter(name, given))
            for search in body["searches"]
        ]
        shard = self._collection(name).shard
        answers = asking(shard.query_batch, q.QueryBatchRequest(queries))
        return [{"points": [shapes.scored(p) for p in points]} for points in answers]

    def _filter(self, name, given):
        """In strict mode a filter on a field without an index is refused."""
        collection = self._collection(name)
        unknown = shapes.fields_of(given) - collection.indexes.keys()
        if unknown and collection.is_strict:
            field_name = min(unknown)
            raise WireError(400, f'Bad request: Index required but not found for "{field_name}"')
        return shapes.condition(given)

    def _collection(self, name):
        collection = self.collections.get(self.aliases.get(name, name))
        if collection is None:
            raise missing(name)
        return collection


def missing(name):
    return WireError(404, f"Not found: Collection `{name}` doesn't exist!")


def done():
    return {"operation_id": 0, "status": "completed"}


def asking(function, request):
    try:
        return function(request)
    except Exception as error:
        raise WireError(400, f"Wrong input: {error}") from error
