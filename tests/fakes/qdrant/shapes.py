"""JSON of Qdrant's REST as objects of its engine, and back."""

import qdrant_edge as q  # noqa: TID253  this process is made of it

SCHEMAS = {
    "keyword": q.PayloadSchemaType.Keyword,
    "integer": q.PayloadSchemaType.Integer,
    "float": q.PayloadSchemaType.Float,
}
DISTANCES = {"Cosine": q.Distance.Cosine, "Dot": q.Distance.Dot}
MODIFIERS = {"idf": q.Modifier.Idf, "none": None}


def config(asked):
    dense = {
        name: q.EdgeVectorParams(size=given["size"], distance=DISTANCES[given["distance"]])
        for name, given in (asked.get("vectors") or {}).items()
    }
    sparse = {
        name: q.EdgeSparseVectorParams(modifier=MODIFIERS[given.get("modifier", "none")])
        for name, given in (asked.get("sparse_vectors") or {}).items()
    }
    return q.EdgeConfig(vectors=dense, sparse_vectors=sparse)


def description(collection, info):
    asked = collection.asked
    hnsw = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10_000}
    optimizer = {
        "deleted_threshold": 0.2,
        "vacuum_min_vector_number": 1_000,
        "default_segment_number": 0,
        "flush_interval_sec": 5,
    }
    return {
        "status": "green",
        "optimizer_status": "ok",
        "segments_count": info.segments_count,
        "points_count": info.points_count,
        "indexed_vectors_count": info.indexed_vectors_count,
        "config": {
            "params": {
                "vectors": asked.get("vectors") or {},
                "sparse_vectors": asked.get("sparse_vectors") or {},
            },
            "hnsw_config": {**hnsw, **(asked.get("hnsw_config") or {})},
            "optimizer_config": optimizer,
            "strict_mode_config": asked.get("strict_mode_config"),
        },
        "payload_schema": {
            name: {"data_type": kind_of(schema), "points": info.points_count}
            for name, schema in collection.indexes.items()
        },
    }


def kind_of(schema):
    return schema if isinstance(schema, str) else schema["type"]


def field_schema(schema):
    if isinstance(schema, dict) and schema.get("is_tenant"):
        return q.KeywordIndexParams(is_tenant=True)
    return SCHEMAS[kind_of(schema)]


def point(given):
    vectors = {name: vector(value) for name, value in given["vector"].items()}
    return q.Point(given["id"], vectors, given["payload"])


def vector(given):
    if isinstance(given, dict):
        return q.SparseVector(given["indices"], given["values"])
    return given


def fields_of(given):
    """Names of all fields a filter looks at."""
    names = set()
    for group in ("must", "should", "must_not"):
        for one in given.get(group) or []:
            names |= {one["key"]} if "key" in one else fields_of(one)
    return names


def condition(given):
    groups = {
        group: [one_condition(one) for one in given[group]]
        for group in ("must", "should", "must_not")
        if given.get(group)
    }
    return q.Filter(**groups)


def one_condition(one):
    if "has_id" in one:
        return q.HasIdCondition(set(one["has_id"]))
    if "has_vector" in one:
        return q.HasVectorCondition(one["has_vector"])
    if "key" not in one:
        return condition(one)
    if one.get("match") is not None:
        return q.FieldCondition(one["key"], match=match(one["match"]))
    return q.FieldCondition(one["key"], range=q.RangeFloat(**one["range"]))


def match(given):
    return q.MatchAny(given["any"]) if "any" in given else q.MatchValue(given["value"])


def query(given, make_filter):
    corpus = ((given.get("params") or {}).get("idf") or {}).get("corpus")
    params = corpus and q.SearchParams(idf=q.IdfParams(corpus=make_filter(corpus)))
    return q.QueryRequest(
        query=q.Query.Nearest(vector(nearest(given["query"])), using=given["using"]),
        limit=given["limit"],
        filter=make_filter(given["filter"]),
        params=params,
        with_payload=given["with_payload"],
        with_vector=given["with_vector"],
    )


def nearest(given):
    return given["nearest"] if isinstance(given, dict) and "nearest" in given else given


def scored(found):
    answer = {"id": str(found.id), "version": found.version, "score": found.score}
    if found.vector:
        answer["vector"] = {
            name: {"indices": list(sparse.indices), "values": list(sparse.values)}
            for name, sparse in found.vector.items()
        }
    return answer
