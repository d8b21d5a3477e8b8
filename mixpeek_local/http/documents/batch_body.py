"""A batch, its task and other tasks as in replies."""

from typing import Any

from mixpeek_local.store.documents.progress import USD_PER_CREDIT, Item, Progress

_LIFECYCLE = {
    "DRAFT": ("accepted", "The batch was created and not submitted."),
    "PENDING": ("queued", "The batch waits for a worker."),
    "PROCESSING": ("extracting", "Workers are at the objects."),
    "COMPLETED": ("indexed", "All objects have their documents."),
    "COMPLETED_WITH_ERRORS": ("indexed", "Some objects failed; the others have their documents."),
    "FAILED": ("failed", "All objects failed."),
    "CANCELED": ("canceled", "The batch was canceled, or not submitted in time."),
}


def batch_body(now: Progress) -> dict[str, Any]:
    """A batch."""
    batch = now.batch
    lifecycle, reason = _LIFECYCLE[now.status]
    failed = [failed_object(item) for item in now.failed]
    first_error = failed[0]["error"] if failed else None
    return {
        "batch_id": batch.batch_id,
        "bucket_id": batch.bucket_id,
        "namespace_id": batch.namespace_id,
        "batch_name": batch.name,
        "type": "BUCKET",
        "status": now.status,
        "lifecycle": lifecycle,
        "lifecycle_reason": reason,
        "status_message": reason,
        "task_id": batch.task_id,
        "object_ids": batch.object_ids,
        "collection_ids": batch.collection_ids,
        "dedup_strategy": batch.dedup,
        "dedup_audit": _dedup_audit(now),
        "metadata": batch.metadata,
        "error": first_error if now.status == "FAILED" else None,
        "failure_reason": first_error if now.status == "FAILED" else None,
        "failed_objects": failed[:100],
        "failed_object_count": len(now.failed_object_ids),
        "partial_objects": [],
        "unaccounted_object_count": 0,
        "segments_dropped": 0,
        "documents_written": now.documents,
        "documents_resolvable": now.has_ended,
        "documents_resolvable_error": None,
        "progress": _progress(now, first_error),
        "tier_tasks": _tiers(now),
        "current_tier": 0,
        "total_tiers": 1,
        "cost": {"credits_consumed": now.credits, "cost_usd": now.credits * USD_PER_CREDIT},
        "retry_count": 0,
        "max_retries": 0,
        "max_node_death_resubmits": 0,
        "max_deploy_resubmits": 0,
        "created_at": batch.created_at,
        "updated_at": now.updated_at,
    }


def task_body(now: Progress) -> dict[str, Any]:
    """The task of a batch as a whole."""
    batch = now.batch
    body = batch_body(now)
    about = ("batch_id", "bucket_id", "namespace_id", "collection_ids")
    return {
        "task_id": batch.task_id or batch.batch_id,
        "task_type": "api_buckets_batches_process",
        "status": now.status,
        "inputs": [batch.batch_id],
        "outputs": [],
        "additional_data": {name: body[name] for name in about} | {"object_count": len(batch.object_ids)},
        "error": body["error"],
    }


def deletion_body(task_id: str, deleted: str) -> dict[str, Any]:
    """The task of a deletion, which is done; `deleted` is the id of a bucket or a namespace."""
    kind = "buckets" if deleted.startswith("bkt_") else "namespaces"
    body = {"task_id": task_id, "task_type": f"api_{kind}_delete", "status": "COMPLETED", "inputs": [deleted]}
    return body | {"outputs": [], "additional_data": {}, "error": None}


def failed_object(item: Item) -> dict[str, Any]:
    """The row of an object that failed."""
    return {
        "object_id": item.object_id,
        "collection_id": item.collection_id,
        "error": item.failure,
        "error_type": "permanent",
        "timestamp": item.updated_at,
    }


def _progress(now: Progress, first_error: str | None) -> dict[str, Any]:
    waiting = {item.object_id for item in now.items if not item.has_ended}
    ended = {item.object_id for item in now.items} - waiting
    failed = len(now.failed_object_ids)
    return {
        "processed": len(ended),
        "total": len(now.batch.object_ids),
        "percent": round(100 * now.share, 1),
        "eta_seconds": None,
        "errors": len(now.failed),
        "first_error": first_error,
        "objects_extracted": len(ended) - len(ended & set(now.failed_object_ids)),
        "objects_failed": failed,
        "status_warnings": [],
    }


def _tiers(now: Progress) -> list[dict[str, Any]]:
    if now.batch.task_id is None:
        return []
    tier = {"tier_num": 0, "task_id": now.batch.task_id, "status": now.status, "source_type": "bucket"}
    return [tier | {"documents_written": now.documents, "started_at": now.batch.submitted_at}]


def _dedup_audit(now: Progress) -> dict[str, Any]:
    skipped = {collection_id: [] for collection_id in now.batch.collection_ids or ()}
    for item in now.items:
        if item.is_skipped:
            skipped[item.collection_id].append(item.object_id)
    return {
        collection_id: {"skipped_object_ids": ids, "skipped_count": len(ids)} for collection_id, ids in skipped.items()
    }
