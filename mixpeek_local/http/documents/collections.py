"""`/v1/collections` of the style `documents`."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response
from starlette.types import Scope

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.http.body_limit import body_of
from mixpeek_local.http.documents import extractors
from mixpeek_local.http.documents.buckets import bucket_asked
from mixpeek_local.http.documents.collection_body import collection_body, feature_bodies
from mixpeek_local.http.documents.envelope import RefusedError, bad_request, not_found
from mixpeek_local.http.documents.lists import ListBody, listed
from mixpeek_local.http.documents.namespace import DocumentsNamespace, names_a_namespace
from mixpeek_local.http.documents.objects import object_body
from mixpeek_local.http.documents.paging import SliceAsked
from mixpeek_local.http.documents.processing import submit_batch
from mixpeek_local.http.documents.route import DocumentsRoute, shared_route
from mixpeek_local.http.documents.strict import NotOffered, Reply, StrictBody, Text
from mixpeek_local.http.ingest import Metadata
from mixpeek_local.http.replies import JSON
from mixpeek_local.search.document_filters import Filtering, predicate
from mixpeek_local.store.database import Database
from mixpeek_local.store.documents.batches import Dedup, create_batch
from mixpeek_local.store.documents.collections import Collection, collection, collections, create_collection
from mixpeek_local.store.documents.deletion import delete_collection
from mixpeek_local.store.documents.ids import NameTakenError
from mixpeek_local.store.documents.namespaces import Namespace
from mixpeek_local.store.documents.objects import bucket_objects
from mixpeek_local.store.store import Store

_SEARCHED = ("collection_id", "collection_name")


class Source(StrictBody):
    """Where a collection's objects come from."""

    type: Literal["bucket"]
    bucket_ids: Annotated[list[Text], Field(min_length=1, max_length=100)]
    source_namespace_id: NotOffered = None
    collection_id: NotOffered = None
    collection_ids: NotOffered = None
    inherited_bucket_ids: NotOffered = None
    source_filters: NotOffered = None
    field_map: NotOffered = None


class CreateCollection(StrictBody):
    """A collection to create."""

    collection_name: Annotated[str, Field(min_length=3, max_length=100, pattern=r"\S")]
    source: Source
    feature_extractor: extractors.FeatureExtractor
    description: str | None = None
    input_schema: Metadata | None = None
    enabled: bool | None = None
    metadata: Metadata | None = None
    embedding_task: str | None = None
    features: NotOffered = None
    schedule: NotOffered = None
    taxonomy_applications: NotOffered = None
    cluster_applications: NotOffered = None
    alert_applications: NotOffered = None
    retriever_enrichments: NotOffered = None
    retriever_transform: NotOffered = None


class Trigger(StrictBody):
    """Which objects to process."""

    object_ids: Annotated[list[Text], Field(min_length=1, max_length=50_000)] | None = None
    source_filters: Filtering | None = None
    include_buckets: Annotated[list[Text], Field(max_length=100)] | None = None
    dedup_strategy: Dedup | None = None
    include_collections: NotOffered = None
    reembed: NotOffered = None


def routers(store: Store, config: LocalApiConfig, *, alone: bool) -> list[APIRouter]:
    """Routes about collections; an earlier era has some of the paths, unless this style is alone."""
    database = store.database
    routes = APIRouter(tags=["collections"], route_class=DocumentsRoute)
    is_ours = names_a_namespace(database)
    shared = APIRouter(tags=["collections"], route_class=shared_route(lambda scope: alone or is_ours(scope)))

    def is_of_today(scope: Scope) -> bool:
        return alone or is_ours(scope) or "source" in body_of(scope)

    new = APIRouter(tags=["collections"], route_class=shared_route(is_of_today))

    @new.post("/collections", response_model=Reply, include_in_schema=alone)
    def create(request: CreateCollection, namespace: DocumentsNamespace) -> Response:
        """Create a collection; 409 if the namespace has one with this name."""
        extractor = request.feature_extractor
        _check_extractor(namespace, extractor)
        buckets = [bucket_asked(database, namespace, bucket_id).bucket_id for bucket_id in request.source.bucket_ids]
        parameters = extractor.parameters or extractors.Parameters()
        kept = extractor.model_dump(exclude_none=True) | {"parameters": parameters.model_dump(exclude_unset=True)}
        names = [one.target_path or one.source_path for one in extractor.field_passthrough or ()]
        try:
            made = create_collection(database, namespace.namespace_id, request.collection_name, buckets, kept, names)
        except NameTakenError as taken:
            raise RefusedError(409, str(taken), code="collection_name_taken") from None
        return JSON(collection_body(made))

    @routes.post("/collections/list", response_model=Reply)
    def list_by_post(namespace: DocumentsNamespace, asked: SliceAsked, request: ListBody | None = None) -> Response:
        """List the collections, oldest first unless sorted."""
        bodies = map(collection_body, collections(database, namespace.namespace_id))
        return JSON(listed(bodies, asked, request, _SEARCHED))

    @shared.get("/collections", response_model=Reply, include_in_schema=alone)
    def list_collections(namespace: DocumentsNamespace, asked: SliceAsked) -> Response:
        """List the collections, oldest first."""
        bodies = map(collection_body, collections(database, namespace.namespace_id))
        return JSON(listed(bodies, asked, None, _SEARCHED))

    @shared.get("/collections/{collection_id}", response_model=Reply, include_in_schema=alone)
    def get_collection(collection_id: str, namespace: DocumentsNamespace) -> Response:
        """Return a collection by its id or name."""
        return JSON(collection_body(collection_asked(database, namespace, collection_id)))

    @shared.delete("/collections/{collection_id}", response_model=Reply, include_in_schema=alone)
    def delete(collection_id: str, namespace: DocumentsNamespace) -> Response:
        """Delete a collection with its documents; its objects stay."""
        found = collection_asked(database, namespace, collection_id)
        delete_collection(store, found)
        body = {"success": True, "message": f"Collection {found.name} has been deleted"}
        return JSON(body | {"collection_id": found.collection_id})

    @routes.get("/collections/{collection_id}/features", response_model=Reply)
    def list_features(collection_id: str, namespace: DocumentsNamespace) -> Response:
        """List the named vectors that the collection's documents have."""
        return JSON({"features": feature_bodies(collection_asked(database, namespace, collection_id))})

    @routes.post("/collections/{collection_id}/trigger", response_model=Reply, status_code=202)
    def trigger(collection_id: str, namespace: DocumentsNamespace, request: Trigger | None = None) -> Response:
        """Process the objects of the collection's buckets: one batch for each bucket, submitted at once."""
        found = collection_asked(database, namespace, collection_id)
        request = request or Trigger()
        fits = predicate(request.source_filters)
        batches: list[tuple[str, str]] = []
        count = 0
        for bucket_id in _buckets(database, namespace, found, request.include_buckets):
            stored = bucket_objects(database, bucket_id, only=request.object_ids)
            chosen = [one.object_id for one in stored if fits(object_body(one))]
            if not chosen:
                continue
            made = create_batch(
                database,
                namespace.namespace_id,
                bucket_id,
                chosen,
                collection_ids=[found.collection_id],
                dedup=request.dedup_strategy or "skip",
            )
            batches.append((made.batch_id, submit_batch(store, config, made)))
            count += len(chosen)
        if not batches:
            raise bad_request("the collection's buckets have no such objects")
        ids, tasks = ([pair[place] for pair in batches] for place in (0, 1))
        body = {
            "task_id": tasks[0],
            "collection_id": found.collection_id,
            "total_tiers": 1,
            "message": f"{count} objects are queued",
            "batch_id": ids[0],
            "batch_ids": ids,
            "task_ids": tasks,
            "batch_count": len(ids),
            "source_bucket_ids": found.bucket_ids,
            "object_count": count,
        }
        return JSON(body, status_code=202)

    return [new, routes, shared]


def collection_asked(database: Database, namespace: Namespace, id_or_name: str) -> Collection:
    """The collection of a path, or a 404."""
    found = collection(database, namespace.namespace_id, id_or_name)
    if found is None:
        raise not_found("collection", id_or_name)
    return found


def _check_extractor(namespace: Namespace, extractor: extractors.FeatureExtractor) -> None:
    name, version = extractor.feature_extractor_name, extractor.version
    extractors.check_offered(name, version)
    if not any((one["feature_extractor_name"], one["version"]) == (name, version) for one in namespace.extractors):
        raise bad_request(f"the namespace was created without the extractor {extractors.id_of(name, version)!r}")


def _buckets(database: Database, namespace: Namespace, found: Collection, wanted: list[str] | None) -> list[str]:
    if wanted is None:
        return found.bucket_ids
    ids = {bucket_asked(database, namespace, bucket_id).bucket_id for bucket_id in wanted}
    return [bucket_id for bucket_id in found.bucket_ids if bucket_id in ids]
