"""`/v1/buckets`."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import AfterValidator, Field
from starlette.responses import Response

from mixpeek_local.http.documents.envelope import RefusedError, not_found
from mixpeek_local.http.documents.lists import ListBody, Search, listed
from mixpeek_local.http.documents.namespace import DocumentsNamespace
from mixpeek_local.http.documents.paging import SliceAsked
from mixpeek_local.http.documents.route import DocumentsRoute
from mixpeek_local.http.documents.strict import NotOffered, OpenBody, Reply, StrictBody, Text
from mixpeek_local.http.ingest import Metadata
from mixpeek_local.http.replies import JSON
from mixpeek_local.store.database import Database
from mixpeek_local.store.documents.buckets import Bucket, bucket, buckets, create_bucket
from mixpeek_local.store.documents.deletion import delete_bucket
from mixpeek_local.store.documents.ids import NameTakenError
from mixpeek_local.store.documents.namespaces import Namespace
from mixpeek_local.store.store import Store

FieldType = Literal[
    "string", "number", "integer", "float", "boolean", "object", "array", "date", "datetime",
    "text", "image", "audio", "video", "pdf", "excel",
]  # fmt: skip
_SEARCHED = ("bucket_id", "bucket_name", "description")


def _has_none(unique_key: Any) -> Any:
    if unique_key is not None:
        raise ValueError("this server has no unique keys: give each object an idempotency_key instead")
    return unique_key


class SchemaField(OpenBody):
    """A field of an object."""

    type: FieldType


class BucketSchema(OpenBody):
    """The fields of a bucket's objects."""

    properties: Annotated[dict[str, SchemaField], Field(max_length=1_000)]


class CreateBucket(StrictBody):
    """A bucket to create."""

    bucket_name: Text
    bucket_schema: BucketSchema
    description: str | None = None
    metadata: Metadata | None = None
    storage_class: str | None = None
    destination: NotOffered = None
    ingest_filter: NotOffered = None
    source_adapter: NotOffered = None
    unique_key: Annotated[Any, AfterValidator(_has_none)] = None


def router(store: Store) -> APIRouter:
    """Routes about buckets."""
    database = store.database
    routes = APIRouter(tags=["buckets"], route_class=DocumentsRoute)

    @routes.post("/buckets", response_model=Reply)
    def create(request: CreateBucket, namespace: DocumentsNamespace) -> Response:
        """Create a bucket; 409 if the namespace has one with this name."""
        try:
            made = create_bucket(
                database,
                namespace.namespace_id,
                request.bucket_name,
                request.bucket_schema.model_dump(),
                {"description": request.description, "metadata": request.metadata or {}},
            )
        except NameTakenError as taken:
            raise RefusedError(409, str(taken), code="bucket_name_taken") from None
        return JSON(_body(made))

    @routes.get("/buckets", response_model=Reply)
    def list_buckets(namespace: DocumentsNamespace, asked: SliceAsked, search: Search = None) -> Response:
        """List the buckets, oldest first."""
        bodies = map(_body, buckets(database, namespace.namespace_id))
        return JSON(listed(bodies, asked, ListBody(search=search), _SEARCHED))

    @routes.post("/buckets/list", response_model=Reply)
    def list_by_post(namespace: DocumentsNamespace, asked: SliceAsked, request: ListBody | None = None) -> Response:
        """List the buckets, oldest first unless sorted."""
        return JSON(listed(map(_body, buckets(database, namespace.namespace_id)), asked, request, _SEARCHED))

    @routes.get("/buckets/{bucket_id}", response_model=Reply)
    def get_bucket(bucket_id: str, namespace: DocumentsNamespace) -> Response:
        """Return a bucket by its id or name."""
        return JSON(_body(bucket_asked(database, namespace, bucket_id)))

    @routes.delete("/buckets/{bucket_id}", response_model=Reply)
    def delete(bucket_id: str, namespace: DocumentsNamespace, force_foreclose: bool = False) -> Response:
        """Delete a bucket with its objects, their documents and its batches; the task that is named is done."""
        found = bucket_asked(database, namespace, bucket_id)
        body = {"task_id": delete_bucket(store, found), "status": "COMPLETED", "bucket_id": found.bucket_id}
        return JSON(body | {"bucket_name": found.name, "object_count": found.object_count})

    return routes


def bucket_asked(database: Database, namespace: Namespace, id_or_name: str) -> Bucket:
    """The bucket of a path, or a 404."""
    found = bucket(database, namespace.namespace_id, id_or_name)
    if found is None:
        raise not_found("bucket", id_or_name)
    return found


def _body(found: Bucket) -> dict[str, Any]:
    return {
        "bucket_id": found.bucket_id,
        "bucket_name": found.name,
        "description": found.metadata.get("description"),
        "bucket_schema": found.bucket_schema,
        "unique_key": None,
        "metadata": found.metadata.get("metadata") or {},
        "object_count": found.object_count,
        "failed_object_count": 0,
        "total_size_bytes": 0,
        "status": "ACTIVE",
        "is_locked": False,
        "created_at": found.created_at,
        "updated_at": found.created_at,
    }
