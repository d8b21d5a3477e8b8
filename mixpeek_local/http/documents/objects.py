"""`/v1/buckets/{bucket}/objects`."""

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.http.documents.buckets import bucket_asked
from mixpeek_local.http.documents.envelope import RefusedError, not_found
from mixpeek_local.http.documents.lists import Search, SortBy, in_order, narrowed
from mixpeek_local.http.documents.namespace import DocumentsNamespace
from mixpeek_local.http.documents.object_requests import CreateObject, CreateObjects, RefusedObjectError
from mixpeek_local.http.documents.paging import PagingBody, Slice, SliceAsked, pagination_of
from mixpeek_local.http.documents.route import DocumentsRoute
from mixpeek_local.http.documents.strict import FlagNotOffered, Reply
from mixpeek_local.http.paging import selected
from mixpeek_local.http.replies import JSON
from mixpeek_local.search.document_filters import DocumentCondition, DocumentFilters, Filtering, Part
from mixpeek_local.store.documents.buckets import Bucket
from mixpeek_local.store.documents.objects import (
    StoredObject,
    bucket_objects,
    create_object,
    delete_object,
    document_count,
    stored_object,
)
from mixpeek_local.store.store import Store

_DEFAULT_LIMIT = 10
_SEARCHED = ("object_id", "metadata", "key_prefix")


class ListObjects(PagingBody):
    """Which objects are wanted."""

    filters: Filtering | None = None
    sort: SortBy | None = None
    search: Search = None
    select: Annotated[list[str], Field(max_length=1_000)] | None = None
    return_presigned_urls: bool | None = None


def router(store: Store, config: LocalApiConfig) -> APIRouter:
    """Routes about objects."""
    database = store.database
    routes = APIRouter(tags=["buckets"], route_class=DocumentsRoute)

    def create(bucket: Bucket, request: CreateObject) -> dict[str, Any]:
        blobs, fields = request.stored_blobs(bucket, config), request.fields()
        with database.transaction() as connection:
            object_id, replayed = create_object(connection, bucket.bucket_id, blobs, fields, request.idempotency_key)
        stored = stored_object(database, bucket.bucket_id, object_id)
        if stored is None:
            raise RefusedObjectError("ConflictError", "the object was deleted meanwhile")
        return object_body(stored) | ({"replayed": True, "replayed_by": "idempotency_key"} if replayed else {})

    @routes.post("/buckets/{bucket_id}/objects", response_model=Reply)
    def create_one(
        bucket_id: str, request: CreateObject, namespace: DocumentsNamespace, auto_process: FlagNotOffered = False
    ) -> Response:
        """Create an object, or return the one that has its idempotency_key."""
        bucket = bucket_asked(database, namespace, bucket_id)
        try:
            return JSON(create(bucket, request))
        except RefusedObjectError as refused:
            mistake = {"type": refused.kind, "location": ["body"], "message": refused.message}
            details = {"validation_errors": [mistake]}
            raise RefusedError(422, refused.message, code=refused.kind, details=details) from None

    @routes.post("/buckets/{bucket_id}/objects/batch", response_model=Reply, responses={422: {"model": Reply}})
    def create_several(
        bucket_id: str, request: CreateObjects, namespace: DocumentsNamespace, auto_process: FlagNotOffered = False
    ) -> Response:
        """Create up to a hundred objects; 422 with the same body if none could be created."""
        bucket = bucket_asked(database, namespace, bucket_id)
        succeeded, failed = [], []
        for index, one in enumerate(request.objects):
            try:
                succeeded.append(create(bucket, one))
            except RefusedObjectError as refused:
                failed.append({"object_index": index, "error": refused.message, "error_type": refused.kind})
        counts = {"succeeded_count": len(succeeded), "failed_count": len(failed)}
        body = {"succeeded": succeeded, "failed": failed, "total_requested": len(request.objects), **counts}
        return JSON(body, status_code=200 if succeeded else 422)

    @routes.post("/buckets/{bucket_id}/objects/list", response_model=Reply)
    def list_objects(
        bucket_id: str, namespace: DocumentsNamespace, query: SliceAsked, request: ListObjects | None = None
    ) -> Response:
        """List the objects of a bucket, oldest first unless sorted."""
        bucket = bucket_asked(database, namespace, bucket_id)
        request = request or ListObjects()
        asked = query.or_body(request)
        if request.filters is None and request.search is None and request.sort is None:
            bodies, pagination = _page(bucket, asked)
        else:
            stored = bucket_objects(database, bucket.bucket_id, only=_ids_in(request.filters))
            every = narrowed(map(object_body, stored), request.filters, request.search, _SEARCHED)
            bodies, pagination = asked.of(in_order(every, request.sort), _DEFAULT_LIMIT)
        results = [selected(body, request.select, "object_id", "bucket_id") for body in bodies]
        return JSON({"results": results, "pagination": pagination})

    @routes.get("/buckets/{bucket_id}/objects", response_model=Reply)
    def list_by_get(bucket_id: str, namespace: DocumentsNamespace, query: SliceAsked) -> Response:
        """List the objects of a bucket, oldest first."""
        bodies, pagination = _page(bucket_asked(database, namespace, bucket_id), query)
        return JSON({"results": bodies, "pagination": pagination})

    def _page(bucket: Bucket, asked: Slice) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        size = asked.limit or _DEFAULT_LIMIT
        stored = bucket_objects(database, bucket.bucket_id, size, asked.start(size))
        return [object_body(one) for one in stored], pagination_of(asked, size, total=bucket.object_count)

    @routes.get("/buckets/{bucket_id}/objects/{object_id}", response_model=Reply)
    def get_object(
        bucket_id: str,
        object_id: str,
        namespace: DocumentsNamespace,
        return_presigned_urls: bool = False,
        include_document_count: bool = True,
    ) -> Response:
        """Return an object with the number of its documents."""
        found = stored_object(database, bucket_asked(database, namespace, bucket_id).bucket_id, object_id)
        if found is None:
            raise not_found("object", object_id)
        count = document_count(database, object_id) if include_document_count else None
        return JSON(object_body(found) | {"document_count": count})

    @routes.delete("/buckets/{bucket_id}/objects/{object_id}", status_code=204)
    def delete(bucket_id: str, object_id: str, namespace: DocumentsNamespace) -> Response:
        """Delete an object with its documents; its idempotency_key is free again."""
        bucket = bucket_asked(database, namespace, bucket_id)
        if not delete_object(store, bucket.bucket_id, object_id):
            raise not_found("object", object_id)
        return Response(status_code=204)

    return routes


def object_body(stored: StoredObject) -> dict[str, Any]:
    """An object as in replies."""
    hashed = {"hash": stored.file_hash} if stored.file_hash else {}
    return {
        **stored.fields,
        "object_id": stored.object_id,
        "bucket_id": stored.bucket_id,
        "status": stored.status,
        "error": stored.error,
        "blobs": [blob | {"details": blob["details"] | hashed} for blob in stored.blobs],
        "source_details": [],
        "created_at": stored.created_at,
        "updated_at": stored.updated_at,
    }


def _ids_in(filters: Part | None) -> list[str] | None:
    """The ids that filters name, so that only those are read; None if they name none."""
    every = filters.every if isinstance(filters, DocumentFilters) else [filters] if filters else []
    for part in every:
        if isinstance(part, DocumentCondition) and part.field == "object_id" and part.operator in ("eq", "in"):
            return part.value if isinstance(part.value, list) else [part.value]
    return None
