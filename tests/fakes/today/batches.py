"""Batches: drafts of objects to work on, that are submitted once."""

from typing import Any

from tests.fakes.today import work
from tests.fakes.today.account import check_credits, usd
from tests.fakes.today.errors import bad_request, invalid, not_found
from tests.fakes.today.filters import test_of
from tests.fakes.today.objects import object_reply
from tests.fakes.today.places import bucket_of, collection_named
from tests.fakes.today.routes import Call, paged, route
from tests.fakes.today.world import CREATED, TERMINAL, Batch, World

_BATCH = "/buckets/{bucket}/batches/{batch}"
_LISTED = "status collection_id bucket_id namespace_id limit offset cursor include_total"
_LIFECYCLE = {
    "DRAFT": "accepted",
    "PENDING": "queued",
    "QUEUED": "queued",
    "COMPLETED": "indexed",
    "COMPLETED_WITH_ERRORS": "indexed",
    "FAILED": "failed",
    "CANCELED": "canceled",
}


@route(
    "POST",
    "/buckets/{bucket}/batches",
    "object_ids filters collection_ids limit dedup_strategy metadata batch_name auto_submit trigger_processing",
    writes=True,
)
def create_batch(world: World, call: Call) -> Any:
    bucket, body = bucket_of(world, call), call.body
    here = {found.object_id: found for found in world.objects.values() if found.bucket_id == bucket.bucket_id}
    if body.get("object_ids"):
        object_ids = body["object_ids"]
    elif body.get("filters"):
        passes = test_of(body["filters"])
        object_ids = [name for name, found in here.items() if passes(object_reply(found))]
    else:
        raise invalid("missing", ["body", "object_ids"], "object_ids or filters are required")
    if absent := [name for name in object_ids if name not in here]:
        raise not_found(f"Object {absent[0]}")
    if body.get("dedup_strategy") not in {None, "skip", "replace", "force"}:
        raise invalid("enum", ["body", "dedup_strategy"], "Input should be 'skip', 'replace' or 'force'")
    batch = Batch(
        world.new_id("btch"),
        bucket.bucket_id,
        bucket.namespace_id,
        list(object_ids),
        _targets(world, call),
        body.get("dedup_strategy") or "skip",
        body.get("batch_name"),
        body.get("metadata"),
    )
    world.batches[batch.batch_id] = batch
    if body.get("auto_submit") or call.flag("auto_submit"):
        work.submit(world, batch, force=False)
    return _reply(world, batch)


def _targets(world: World, call: Call) -> list[str]:
    asked = call.body.get("collection_ids")
    if asked:
        return [collection_named(world, call.namespace, name).collection_id for name in asked]
    bucket_id = call.parts["bucket"]
    found = [one.collection_id for one in world.collections.values() if bucket_id in one.source.get("bucket_ids", [])]
    if not found:
        raise bad_request("no collection has this bucket as its source")
    return found


def _batch(world: World, call: Call) -> Batch:
    found = world.batches.get(call.parts["batch"])
    if found is None or found.bucket_id != call.parts.get("bucket", found.bucket_id):
        raise not_found(f"Batch {call.parts['batch']}")
    if "bucket" in call.parts:
        bucket_of(world, call)
    return found


def _draft(world: World, call: Call) -> Batch:
    batch = _batch(world, call)
    if batch.status != "DRAFT":
        raise bad_request(f"batch {batch.batch_id} is {batch.status}, not DRAFT; use resubmit for one that is over")
    return batch


@route("GET", "/batches/{batch}", has_namespace=False)
@route("GET", _BATCH)
def get_batch(world: World, call: Call) -> Any:
    batch = _batch(world, call)
    work.go_on(world, batch)
    return _reply(world, batch)


@route("POST", "/batches/list", _LISTED, has_namespace=False)
@route("POST", "/buckets/{bucket}/batches/list", _LISTED)
def list_batches(world: World, call: Call) -> Any:
    asked = {**call.body, **({"bucket_id": call.parts["bucket"]} if call.parts else {})}
    kept = [
        _reply(world, batch)
        for batch in world.batches.values()
        if asked.get("status") in {None, batch.status}
        and asked.get("bucket_id") in {None, batch.bucket_id}
        and asked.get("namespace_id") in {None, batch.namespace_id}
        and asked.get("collection_id") in {None, *batch.collection_ids}
    ]
    page, pagination = paged(call, kept)
    return {"results": page, "total_count": len(kept), "pagination": pagination}


@route("POST", f"{_BATCH}/objects", "", "object_ids", writes=True)
def add_objects(world: World, call: Call) -> Any:
    batch = _draft(world, call)
    batch.object_ids.extend(call.body["object_ids"])
    return _reply(world, batch)


@route("POST", f"{_BATCH}/estimate-cost")
def estimate_cost(world: World, call: Call) -> Any:
    batch = _draft(world, call)
    skipped = [set(work.already_there(world, batch, collection_id)) for collection_id in batch.collection_ids]
    there = set.intersection(*skipped)
    urls = [world.objects[name].url for name in batch.object_ids if name in world.objects and name not in there]
    spent = sum(world.video(url).credits for url in urls)
    return {
        "batch_id": batch.batch_id,
        "object_count": len(batch.object_ids),
        "already_extracted_count": len(there),
        "estimated_credits": spent,
        "estimated_usd": usd(spent),
        "content_summary": {},
        "documents_to_remove": 0,
        "warnings": [],
    }


@route("POST", f"{_BATCH}/submit", "include_processing_history collection_ids webhook_url", writes=True)
def submit_batch(world: World, call: Call) -> Any:
    batch = _draft(world, call)
    check_credits(world)
    work.submit(world, batch, force=call.flag("force"))
    return _task(batch)


@route("POST", f"{_BATCH}/cancel", writes=True)
def cancel_batch(world: World, call: Call) -> Any:
    batch = _batch(world, call)
    if batch.status in TERMINAL:
        raise bad_request(f"batch {batch.batch_id} is over: {batch.status}")
    batch.status = "CANCELED"
    return _task(batch)


@route("GET", "/tasks/{task}", has_namespace=False)
def get_task(world: World, call: Call) -> Any:
    for batch in world.batches.values():
        if batch.task_id == call.parts["task"]:
            return _task(batch)
    raise not_found(f"Task {call.parts['task']}")


def _task(batch: Batch) -> dict[str, Any]:
    return {
        "task_id": batch.task_id or batch.batch_id,
        "task_type": "api_buckets_batches_process",
        "status": batch.status,
        "inputs": [batch.batch_id],
        "outputs": [],
        "additional_data": {
            "batch_id": batch.batch_id,
            "bucket_id": batch.bucket_id,
            "namespace_id": batch.namespace_id,
            "collection_ids": batch.collection_ids,
            "object_count": len(batch.object_ids),
        },
    }


def _reply(world: World, batch: Batch) -> dict[str, Any]:
    over = batch.status in TERMINAL
    total, cost = len(batch.object_ids), {"credits_consumed": batch.credits, "cost_usd": usd(batch.credits)}
    skipped = {name: {"skipped_object_ids": objects} for name, objects in batch.skipped.items()}
    return {
        "batch_id": batch.batch_id,
        "bucket_id": batch.bucket_id,
        "status": batch.status,
        "lifecycle": _LIFECYCLE.get(batch.status, "extracting"),
        "lifecycle_reason": None,
        "task_id": batch.task_id,
        "object_ids": batch.object_ids,
        "collection_ids": batch.collection_ids,
        "error": batch.error,
        "failure_reason": batch.error,
        "failure_category": "pipeline" if batch.status == "FAILED" else None,
        "failed_objects": batch.failed,
        "failed_object_count": batch.failed_count,
        "partial_objects": batch.partial,
        "unaccounted_object_count": 0,
        "segments_dropped": batch.segments_dropped,
        "documents_written": batch.written if batch.published else None,
        "progress": {"processed": total if over else 0, "total": total, "percent": 100.0 if over else 0.0},
        "queue_context": None,
        "cost": cost if over and batch.task_id else None,
        "documents_resolvable": work.resolvable(world, batch),
        "documents_resolvable_error": None,
        "dedup_strategy": batch.dedup_strategy,
        "effective_dedup_strategy": batch.dedup_strategy,
        "dedup_audit": skipped,
        "retry_count": 0,
        "max_retries": 3,
        "max_node_death_resubmits": 3,
        "max_deploy_resubmits": 3,
        "batch_name": batch.name,
        "metadata": batch.metadata,
        "created_at": CREATED,
        "updated_at": CREATED,
    }
