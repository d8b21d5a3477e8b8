"""`/v1/buckets/{bucket}/batches`: to make, submit and end batches, and to read what became of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from mixpeek_local.config import LocalApiConfig
from mixpeek_local.http.documents.batch_body import batch_body, failed_object, task_body
from mixpeek_local.http.documents.batch_estimate import estimate
from mixpeek_local.http.documents.batch_requests import AddObjects, CreateBatch, ListBatches, SubmitBatch
from mixpeek_local.http.documents.buckets import bucket_asked
from mixpeek_local.http.documents.envelope import not_found
from mixpeek_local.http.documents.namespace import DocumentsNamespace
from mixpeek_local.http.documents.objects import object_body
from mixpeek_local.http.documents.paging import Slice, SliceAsked
from mixpeek_local.http.documents.processing import check_draft, progress_of, submit_batch
from mixpeek_local.http.documents.route import DocumentsRoute
from mixpeek_local.http.documents.strict import Reply
from mixpeek_local.http.replies import JSON
from mixpeek_local.search.document_filters import predicate
from mixpeek_local.store.database import Database
from mixpeek_local.store.documents.batches import (
    Batch,
    add_to_batch,
    batch,
    batches,
    cancel_batch,
    create_batch,
    delete_batch,
)
from mixpeek_local.store.documents.buckets import Bucket
from mixpeek_local.store.documents.collections import collection
from mixpeek_local.store.documents.namespaces import Namespace
from mixpeek_local.store.documents.objects import bucket_objects, known_objects
from mixpeek_local.store.documents.progress import Progress
from mixpeek_local.store.store import Store

_DEFAULT_LIMIT = 100


def router(store: Store, config: LocalApiConfig) -> APIRouter:
    """Routes about the batches of a bucket."""
    database = store.database
    routes = APIRouter(prefix="/buckets/{bucket_id}/batches", tags=["batches"], route_class=DocumentsRoute)

    def batch_asked(namespace: Namespace, bucket_id: str, batch_id: str) -> Batch:
        bucket = bucket_asked(database, namespace, bucket_id)
        found = batch(database, batch_id)
        if found is None or found.bucket_id != bucket.bucket_id:
            raise not_found("batch", batch_id)
        return found

    def now(found: Batch) -> Progress:
        return progress_of(database, config, batch(database, found.batch_id) or found)

    @routes.post("", response_model=Reply)
    def create(
        bucket_id: str, request: CreateBatch, namespace: DocumentsNamespace, auto_submit: bool | None = None
    ) -> Response:
        """Create a batch as a draft, which is canceled after half an hour unless it is submitted."""
        bucket = bucket_asked(database, namespace, bucket_id)
        made = create_batch(
            database,
            namespace.namespace_id,
            bucket.bucket_id,
            _object_ids(database, bucket, request),
            collection_ids=_collection_ids(database, namespace, request.collection_ids),
            dedup=request.dedup_strategy or "skip",
            name=request.batch_name,
            metadata=request.metadata,
        )
        if auto_submit if auto_submit is not None else request.auto_submit or request.trigger_processing:
            submit_batch(store, config, made)
        return JSON(batch_body(now(made)))

    @routes.post("/list", response_model=Reply)
    def list_batches(
        bucket_id: str, namespace: DocumentsNamespace, query: SliceAsked, request: ListBatches | None = None
    ) -> Response:
        """List the batches of a bucket, newest first."""
        bucket = bucket_asked(database, namespace, bucket_id)
        found = batches(database, bucket_id=bucket.bucket_id)
        return JSON(batches_listed(database, config, found, query, request or ListBatches()))

    @routes.get("/{batch_id}", response_model=Reply)
    def get_batch(bucket_id: str, batch_id: str, namespace: DocumentsNamespace) -> Response:
        """Return a batch."""
        return JSON(batch_body(now(batch_asked(namespace, bucket_id, batch_id))))

    @routes.delete("/{batch_id}", response_model=Reply)
    def delete(bucket_id: str, batch_id: str, namespace: DocumentsNamespace) -> Response:
        """Delete a batch, which cancels what has not ended; its documents stay."""
        found = batch_asked(namespace, bucket_id, batch_id)
        cancel_batch(database, found.batch_id)
        delete_batch(database, found.batch_id)
        return JSON({"message": f"Batch {batch_id} has been deleted", "success": True})

    @routes.post("/{batch_id}/objects", response_model=Reply)
    def add_objects(bucket_id: str, batch_id: str, request: AddObjects, namespace: DocumentsNamespace) -> Response:
        """Add objects to a draft."""
        found = batch_asked(namespace, bucket_id, batch_id)
        check_draft(database, config, found)
        _check_known(database, found.bucket_id, request.object_ids)
        if not add_to_batch(database, found.batch_id, request.object_ids):
            check_draft(database, config, batch_asked(namespace, bucket_id, batch_id))  # it was submitted meanwhile
        return JSON(batch_body(now(found)))

    @routes.post("/{batch_id}/estimate-cost", response_model=Reply)
    def estimate_cost(bucket_id: str, batch_id: str, namespace: DocumentsNamespace) -> Response:
        """Estimate what a draft would cost; a video whose length is not known yet counts nothing."""
        found = batch_asked(namespace, bucket_id, batch_id)
        check_draft(database, config, found)
        return JSON(estimate(database, found))

    @routes.post("/{batch_id}/submit", response_model=Reply)
    def submit(
        bucket_id: str,
        batch_id: str,
        namespace: DocumentsNamespace,
        _request: SubmitBatch | None = None,
        force: bool = False,
    ) -> Response:
        """Submit a draft; 400 if it is one no more."""
        found = batch_asked(namespace, bucket_id, batch_id)
        submit_batch(store, config, found)
        return JSON(task_body(now(found)))

    @routes.post("/{batch_id}/cancel", response_model=Reply)
    def cancel(
        bucket_id: str,
        batch_id: str,
        namespace: DocumentsNamespace,
        reason: Annotated[str | None, Query(max_length=1_000)] = None,
    ) -> Response:
        """Cancel a batch; what has ended stays, and a batch that has ended stays as it is."""
        found = batch_asked(namespace, bucket_id, batch_id)
        if not now(found).has_ended:
            cancel_batch(database, found.batch_id)
        return JSON(task_body(now(found)))

    @routes.get("/{batch_id}/failed-documents", response_model=Reply)
    def list_failed(
        bucket_id: str,
        batch_id: str,
        namespace: DocumentsNamespace,
        query: SliceAsked,
        tier_num: Annotated[int | None, Query(ge=0)] = None,
        collection_id: Annotated[str | None, Query(max_length=256)] = None,
    ) -> Response:
        """List the objects that failed, with the reasons."""
        found = batch_asked(namespace, bucket_id, batch_id)
        failed = [failed_object(item) for item in now(found).failed]
        chosen = [row for row in failed if not tier_num and collection_id in (None, row["collection_id"])]
        page, pagination = query.of(chosen, _DEFAULT_LIMIT)
        body = {"batch_id": batch_id, "failed_documents": page, "total_count": len(chosen)}
        return JSON(body | {"pagination": pagination})

    @routes.get("/{batch_id}/audit", response_model=Reply)
    def audit(bucket_id: str, batch_id: str, namespace: DocumentsNamespace) -> Response:
        """Count what was submitted and what became of it; no object of this server is ever lost."""
        state = now(batch_asked(namespace, bucket_id, batch_id))
        counts = {
            "submitted": len(state.items),
            "processed": len(state.done),
            "failed": len(state.failed),
            "skipped": sum(item.is_skipped for item in state.items),
            "lost": 0,
        }
        tier = {"tier_num": 0, "is_balanced": state.has_ended, **counts}
        body = {"batch_id": batch_id, "status": state.status, "tiers": [tier]}
        return JSON(body | {"all_balanced": state.has_ended, "has_lost_objects": False})

    return routes


def batches_listed(
    database: Database, config: LocalApiConfig, found: list[Batch], query: Slice, request: ListBatches
) -> dict[str, Any]:
    """The reply to a list of batches; only the wanted page is read in full, unless a status is asked for."""
    if request.collection_id is not None:
        found = [one for one in found if request.collection_id in (one.collection_ids or ())]
    asked = query.or_body(request.paging)
    if request.status is None:
        page, pagination = asked.of(found, _DEFAULT_LIMIT)
        total, states = len(found), [progress_of(database, config, one) for one in page]
    else:
        every = [progress_of(database, config, one) for one in found]
        every = [state for state in every if state.status == request.status]
        states, pagination = asked.of(every, _DEFAULT_LIMIT)
        total = len(every)
    return {"results": [batch_body(state) for state in states], "total_count": total, "pagination": pagination}


def _object_ids(database: Database, bucket: Bucket, request: CreateBatch) -> list[str]:
    if request.object_ids is not None:
        _check_known(database, bucket.bucket_id, request.object_ids)
        return request.object_ids[: request.limit]
    fits = predicate(request.filters)
    chosen = [one.object_id for one in bucket_objects(database, bucket.bucket_id) if fits(object_body(one))]
    if not chosen:
        raise not_found("object", "that passes the filters")
    return chosen[: request.limit]


def _check_known(database: Database, bucket_id: str, object_ids: list[str]) -> None:
    known = known_objects(database.connection(), bucket_id, object_ids)
    for object_id in object_ids:
        if object_id not in known:
            raise not_found("object", object_id)


def _collection_ids(database: Database, namespace: Namespace, given: list[str] | None) -> list[str] | None:
    if given is None:
        return None
    ids = []
    for one in given:
        found = collection(database, namespace.namespace_id, one)
        if found is None:
            raise not_found("collection", one)
        ids.append(found.collection_id)
    return ids
