"""What becomes of a batch: it is submitted, worked on, over, and then its documents can be found."""

from tests.fakes.today.errors import RefusedError
from tests.fakes.today.extractor import extract
from tests.fakes.today.world import CREATED, TERMINAL, Batch, Collection, Stored, Video, World

_DONE = ("COMPLETED", "COMPLETED_WITH_ERRORS")


def submit(world: World, batch: Batch, *, force: bool) -> None:
    """Begin the work: what is not skipped is worked on, and paid for."""
    if world.refuse_second_batch and not force:
        for other in world.batches.values():
            if other.in_flight and set(other.collection_ids) & set(batch.collection_ids):
                message = f"batch {other.batch_id} of this collection is in flight; pass force=true"
                raise RefusedError(409, "ConflictError", message, "concurrent_batch")
    batch.task_id, batch.status = world.new_id("task"), "PENDING"
    batch.skipped = {
        collection_id: already_there(world, batch, collection_id) for collection_id in batch.collection_ids
    }
    for stored in to_do(world, batch):
        batch.generations[stored.object_id] = world.processed[stored.video_key]
        world.processed[stored.video_key] += 1
        video = world.video(stored.url)
        batch.credits += 0 if video.error else video.credits
        batch.statuses = max(batch.statuses, video.statuses, key=len)[:]
    batch.statuses = batch.statuses or ["COMPLETED"]
    world.credits -= batch.credits


def already_there(world: World, batch: Batch, collection_id: str) -> list[str]:
    """Return the objects that are not worked on again, as they have documents."""
    there = {one.object_id for one in world.documents.values() if one.collection_id == collection_id}
    return [one for one in batch.object_ids if one in there] if batch.dedup_strategy == "skip" else []


def to_do(world: World, batch: Batch) -> list[Stored]:
    """Return the objects that at least one collection does not skip; of those that are still there."""
    return [
        world.objects[object_id]
        for object_id in dict.fromkeys(batch.object_ids)
        if object_id in world.objects and any(object_id not in skipped for skipped in batch.skipped.values())
    ]


def go_on(world: World, batch: Batch) -> None:
    """Let the work be one read further."""
    if batch.in_flight:
        batch.status = batch.statuses.pop(0) if len(batch.statuses) > 1 else batch.statuses[0]
        if batch.status in TERMINAL:
            _finish(world, batch)
    if batch.status in _DONE:
        batch.final_reads += 1
        if resolvable(world, batch) and not batch.published:
            _publish(world, batch)


def resolvable(world: World, batch: Batch) -> bool:
    """Say whether its documents can be found."""
    return batch.status in _DONE and batch.final_reads > world.resolvable_after


def _finish(world: World, batch: Batch) -> None:
    worked_on = to_do(world, batch)
    if batch.status == "FAILED":
        batch.error = "the batch failed"
    for stored in worked_on:
        video = world.video(stored.url)
        if video.error or batch.status == "FAILED":
            _fail(batch, stored, video)
        elif batch.status in _DONE:
            batch.segments_dropped += video.segments_dropped
            if video.partial:
                error = f"{video.partial} could not be made"
                missing = {"object_id": stored.object_id, "error": error, "missing_feature": video.partial}
                batch.partial.append(missing)
    if batch.status in _DONE and batch.failed_count:
        whole = batch.failed_count == len(set(batch.object_ids))
        batch.status = "FAILED" if whole else "COMPLETED_WITH_ERRORS"
        batch.error = "every object failed" if whole else None
    if batch.status in _DONE:
        _settle_objects(world, batch)


def _fail(batch: Batch, stored: Stored, video: Video) -> None:
    stored.status, stored.error = "FAILED", video.error or "the batch failed"
    batch.failed_count += 1
    if not video.unlisted:
        entry = {"object_id": stored.object_id, "error": stored.error}
        batch.failed.append({**entry, "error_type": video.error_type, "timestamp": CREATED})


def _settle_objects(world: World, batch: Batch) -> None:
    for object_id in batch.object_ids:
        stored = world.objects.get(object_id)
        if stored is not None and not world.video(stored.url).error:
            stored.status, stored.error = "COMPLETED", None


def _publish(world: World, batch: Batch) -> None:
    batch.published = True
    for collection_id in batch.collection_ids:
        for stored in to_do(world, batch):
            if stored.object_id not in batch.skipped[collection_id] and not world.video(stored.url).error:
                _add(world, batch, world.collections[collection_id], stored)


def _add(world: World, batch: Batch, collection: Collection, stored: Stored) -> None:
    made = extract(world, collection, stored, batch.generations[stored.object_id])
    if batch.dedup_strategy == "replace":
        for old in list(world.documents.values()):
            if (old.collection_id, old.object_id) == (collection.collection_id, stored.object_id):
                del world.documents[old.document_id]
    for document in made:
        world.documents[document.document_id] = document
    batch.written += len(made)
