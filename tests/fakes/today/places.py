"""Namespaces, buckets and collections."""

from typing import Any

from tests.fakes.today.errors import bad_request, invalid, not_found, taken
from tests.fakes.today.extractor import vector_indexes
from tests.fakes.today.filters import test_of
from tests.fakes.today.routes import Call, check_keys, paged, route
from tests.fakes.today.world import CREATED, Bucket, Collection, Namespace, World

_DELETED = {"message": "Deleted", "success": True}
_LIST = "limit page_size offset page filters sort sorts search include_system case_sensitive"
_SOURCE = frozenset(
    {"type", "bucket_ids", "source_namespace_id", "collection_id", "collection_ids"}
    | {"inherited_bucket_ids", "source_filters", "field_map"}
)


def bucket_of(world: World, call: Call) -> Bucket:
    """Return the bucket of a path, if it is in the namespace."""
    found = world.buckets.get(call.parts["bucket"])
    if found is None or found.namespace_id != call.namespace:
        raise not_found(f"Bucket {call.parts['bucket']}")
    return found


def collection_named(world: World, namespace: str, name: str) -> Collection:
    """Return a collection of a namespace, by its id or its name."""
    for found in world.collections.values():
        if found.namespace_id == namespace and name in {found.collection_id, found.name}:
            return found
    raise not_found(f"Collection {name}")


def namespace_named(world: World, name: str) -> Namespace:
    """Return a namespace, by its id or its name."""
    for found in world.namespaces.values():
        if name in {found.namespace_id, found.name}:
            return found
    raise not_found(f"Namespace {name}")


def _check_name(field: str, name: Any, most: int) -> None:
    if not isinstance(name, str) or not 3 <= len(name) <= most:
        raise invalid("string_length", ["body", field], f"String should have 3 to {most} characters")


@route(
    "POST",
    "/namespaces",
    "namespace_id mode namespace_type scope description features feature_extractors vector_configs payload_indexes"
    " auto_create_indexes adaptive_indexing ttl_seconds infrastructure trusted_issuers tiering spend_budget"
    " cost_cap_override",
    "namespace_name",
    has_namespace=False,
    writes=True,
)
def create_namespace(world: World, call: Call) -> Any:
    name = call.body["namespace_name"]
    _check_name("namespace_name", name, 64)
    if any(name == other.name for other in world.namespaces.values()):
        raise taken("namespace", name)
    extractors = call.body.get("feature_extractors") or []
    for extractor in extractors:
        check_keys(extractor, frozenset({"feature_extractor_name", "version", "params"}), "body", "feature_extractors")
    made = Namespace(world.new_id("ns"), name, extractors)
    world.namespaces[made.namespace_id] = made
    return _namespace(world, made)


@route("GET", "/namespaces/{namespace}", has_namespace=False)
def get_namespace(world: World, call: Call) -> Any:
    found = namespace_named(world, call.parts["namespace"])
    found.reads += 1
    return _namespace(world, found)


@route("GET", "/namespaces", has_namespace=False)
@route("POST", "/namespaces/list", _LIST, has_namespace=False)
def list_namespaces(world: World, call: Call) -> Any:
    return _listed(call, [_namespace(world, found) for found in world.namespaces.values()], "namespace_name")


def _namespace(world: World, found: Namespace) -> dict[str, Any]:
    extractors = [
        {**one, "feature_extractor_id": f"{one['feature_extractor_name']}_{one['version']}"} for one in found.extractors
    ]
    return {
        "namespace_id": found.namespace_id,
        "namespace_name": found.name,
        "mode": "managed",
        "feature_extractors": extractors,
        "namespace_ready": found.reads > world.namespace_ready_after or not world.namespace_ready_after,
        "created_at": CREATED,
        "updated_at": CREATED,
    }


@route(
    "POST",
    "/buckets",
    "description unique_key metadata storage_class destination ingest_filter source_adapter",
    "bucket_name bucket_schema",
    writes=True,
)
def create_bucket(world: World, call: Call) -> Any:
    name = call.body["bucket_name"]
    if any(name == other.name and other.namespace_id == call.namespace for other in world.buckets.values()):
        raise taken("bucket", name)
    if "properties" not in call.body["bucket_schema"]:
        raise invalid("missing", ["body", "bucket_schema", "properties"], "Field required")
    made = Bucket(world.new_id("bkt"), call.namespace, name, call.body["bucket_schema"])
    world.buckets[made.bucket_id] = made
    return _bucket(world, made)


@route("GET", "/buckets/{bucket}")
def get_bucket(world: World, call: Call) -> Any:
    return _bucket(world, bucket_of(world, call))


@route("GET", "/buckets")
@route("POST", "/buckets/list", _LIST)
def list_buckets(world: World, call: Call) -> Any:
    here = [found for found in world.buckets.values() if found.namespace_id == call.namespace]
    return _listed(call, [_bucket(world, found) for found in here], "bucket_name")


def _bucket(world: World, found: Bucket) -> dict[str, Any]:
    return {
        "bucket_id": found.bucket_id,
        "bucket_name": found.name,
        "bucket_schema": found.schema,
        "object_count": sum(one.bucket_id == found.bucket_id for one in world.objects.values()),
        "total_size_bytes": 0,
        "unique_key": None,
        "status": "ACTIVE",
        "failed_object_count": 0,
        "created_at": CREATED,
    }


@route(
    "POST",
    "/collections",
    "description input_schema feature_extractor features enabled metadata schedule taxonomy_applications"
    " cluster_applications alert_applications retriever_enrichments retriever_transform embedding_task",
    "collection_name source",
    writes=True,
)
def create_collection(world: World, call: Call) -> Any:
    name, source = call.body["collection_name"], call.body["source"]
    extractor = call.body.get("feature_extractor")
    _check_name("collection_name", name, 100)
    check_keys(source, _SOURCE, "body", "source")
    if extractor is None:
        raise bad_request("a collection needs a feature_extractor")
    same = {"feature_extractor_name": extractor["feature_extractor_name"], "version": extractor["version"]}
    if not any(same.items() <= one.items() for one in world.namespaces[call.namespace].extractors):
        raise bad_request(f"the namespace does not hold {same}")
    if any(name == other.name and other.namespace_id == call.namespace for other in world.collections.values()):
        raise taken("collection", name)
    for bucket_id in source.get("bucket_ids") or []:
        if bucket_id not in world.buckets or world.buckets[bucket_id].namespace_id != call.namespace:
            raise not_found(f"Bucket {bucket_id}")
    indexes = vector_indexes(extractor, world.dimensions)
    made = Collection(world.new_id("col"), call.namespace, name, source, extractor, indexes)
    world.collections[made.collection_id] = made
    return _collection(world, made)


@route("GET", "/collections/{collection}")
def get_collection(world: World, call: Call) -> Any:
    return _collection(world, collection_named(world, call.namespace, call.parts["collection"]))


@route("GET", "/collections")
@route("POST", "/collections/list", _LIST)
def list_collections(world: World, call: Call) -> Any:
    here = [found for found in world.collections.values() if found.namespace_id == call.namespace]
    return _listed(call, [_collection(world, found) for found in here], "collection_name")


def _collection(world: World, found: Collection) -> dict[str, Any]:
    extractor = found.extractor
    extractor_id = f"{extractor['feature_extractor_name']}_{extractor['version']}"
    return {
        "collection_id": found.collection_id,
        "collection_name": found.name,
        "source": found.source,
        "feature_extractor": {**extractor, "feature_extractor_id": extractor_id},
        "vector_indexes": found.indexes,
        "enabled": True,
        "document_count": sum(one.collection_id == found.collection_id for one in world.documents.values()),
        "indexing_status": "quiesced",
        "created_at": CREATED,
    }


@route("DELETE", "/collections/{collection}", writes=True)
def delete_collection(world: World, call: Call) -> Any:
    gone = world.collections.pop(collection_named(world, call.namespace, call.parts["collection"]).collection_id)
    for document in [one for one in world.documents.values() if one.collection_id == gone.collection_id]:
        del world.documents[document.document_id]
    return _DELETED


@route("DELETE", "/buckets/{bucket}", writes=True)
def delete_bucket(world: World, call: Call) -> Any:
    del world.buckets[bucket_of(world, call).bucket_id]
    return _DELETED


@route("DELETE", "/namespaces/{namespace}", has_namespace=False, writes=True)
def delete_namespace(world: World, call: Call) -> Any:
    del world.namespaces[namespace_named(world, call.parts["namespace"]).namespace_id]
    return _DELETED


def _listed(call: Call, rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    said = {**call.query, **call.body}
    searched = str(said.get("search") or "").lower()
    passes = test_of(call.body.get("filters"))
    kept = [row for row in rows if searched in row[name].lower() and passes(row)]
    page, pagination = paged(call, kept)
    return {"results": page, "pagination": pagination, "total_count": len(kept)}
