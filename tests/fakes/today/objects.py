"""Objects: videos that a bucket holds, one for each idempotency key."""

from typing import Any

from tests.fakes.scripted import Answer
from tests.fakes.today.account import check_credits
from tests.fakes.today.errors import RefusedError, invalid, not_found
from tests.fakes.today.filters import test_of
from tests.fakes.today.places import bucket_of
from tests.fakes.today.routes import Call, check_keys, paged, route
from tests.fakes.today.world import CREATED, Bucket, Stored, World, hashed_id

_DECLARED = frozenset(
    {"blobs", "key_prefix", "skip_duplicates", "canonicalize_source", "force_remirror", "idempotency_key", "edges"}
)
_BLOB = frozenset(
    {"property", "type", "data", "upload_id", "metadata", "checksum"}
    | {"key_prefix", "canonicalize_source", "force_remirror"}
)
_RESERVED = ("object_id", "bucket_id", "collection_id", "document_id", "status", "_internal")
_MOST = 100


@route("POST", "/buckets/{bucket}/objects/batch", "", "objects", writes=True)
def create_objects(world: World, call: Call) -> Any:
    bucket, asked = bucket_of(world, call), call.body["objects"]
    if not isinstance(asked, list) or not 1 <= len(asked) <= _MOST:
        raise invalid("too_long", ["body", "objects"], f"List should have 1 to {_MOST} items")
    for place, one in enumerate(asked):
        _check(one, place)
    check_credits(world)
    succeeded, failed = list[dict[str, Any]](), list[dict[str, Any]]()
    for place, one in enumerate(asked):
        try:
            succeeded.append({**_create(world, bucket, one), "object_index": place})
        except RefusedError as refusal:
            error = refusal.body["error"]
            failed.append({"object_index": place, "error": error["message"], "error_type": error["type"]})
    body = {
        "succeeded": succeeded,
        "failed": failed,
        "total_requested": len(asked),
        "succeeded_count": len(succeeded),
        "failed_count": len(failed),
    }
    return body if succeeded else Answer(body, 422)


@route("POST", "/buckets/{bucket}/objects", None, writes=True)
def create_object(world: World, call: Call) -> Any:
    bucket = bucket_of(world, call)
    _check(call.body, 0)
    check_credits(world)
    return _create(world, bucket, call.body)


def _check(one: dict[str, Any], place: int) -> None:
    for name in _RESERVED:
        if name in one:
            raise invalid("value_error", ["body", "objects", place, name], f"{name} is a reserved name")
    for blob in one.get("blobs") or []:
        check_keys(blob, _BLOB, "body", "objects", "blobs")


def _create(world: World, bucket: Bucket, asked: dict[str, Any]) -> dict[str, Any]:
    key = asked.get("idempotency_key")
    object_id = world.new_id("obj") if key is None else hashed_id("obj", bucket.bucket_id, key)
    if found := world.objects.get(object_id):
        return {**object_reply(found), "replayed": True, "replayed_by": "idempotency_key"}
    url = _url(bucket, asked)
    if refused := world.video(url).refused:
        raise RefusedError(422, refused, f"{url} cannot be used")
    fields = {name: value for name, value in asked.items() if name not in _DECLARED}
    blob = {**asked["blobs"][0], "blob_id": f"{object_id}_0", "properties": {"url": url}}
    del blob["data"]
    blob["details"] = {"filename": url.rpartition("/")[2], "size_bytes": 1_000, "hash": hashed_id("sha", url)}
    made = Stored(object_id, bucket.bucket_id, url, [blob], fields)
    world.objects[object_id] = made
    return {**object_reply(made), "replayed": False, "replayed_by": None}


def _url(bucket: Bucket, asked: dict[str, Any]) -> str:
    blobs = asked.get("blobs") or []
    if len(blobs) != 1:
        raise RefusedError(422, "ValidationError", "an object needs one blob")
    name, data = blobs[0].get("property"), blobs[0].get("data")
    declared = bucket.schema["properties"].get(name)
    if declared is None or declared["type"] != blobs[0].get("type"):
        raise RefusedError(422, "ValidationError", f"the bucket's schema has no such property: {name!r}")
    url = data.get("url") if isinstance(data, dict) else data
    if not isinstance(url, str):
        raise RefusedError(422, "ValidationError", "a blob needs a URL")
    return url


@route(
    "POST",
    "/buckets/{bucket}/objects/list",
    "filters sort search select return_presigned_urls page_size",
)
def list_objects(world: World, call: Call) -> Any:
    bucket = bucket_of(world, call)
    here = [object_reply(found) for found in world.objects.values() if found.bucket_id == bucket.bucket_id]
    kept = list(filter(test_of(call.body.get("filters")), here))
    if selected := call.body.get("select"):
        names = {*selected, "object_id", "bucket_id"}
        kept = [{name: value for name, value in row.items() if name in names} for row in kept]
    page, pagination = paged(call, kept, default=10)
    return {"results": page, "pagination": pagination, "stats": None}


@route("GET", "/buckets/{bucket}/objects/{object}")
def get_object(world: World, call: Call) -> Any:
    reply = object_reply(_object(world, call))
    if call.flag("include_document_count", True):
        count = sum(one.object_id == reply["object_id"] for one in world.documents.values())
        reply["document_count"] = count
    return reply


@route("DELETE", "/buckets/{bucket}/objects/{object}", writes=True)
def delete_object(world: World, call: Call) -> Any:
    gone = world.objects.pop(_object(world, call).object_id)
    if world.delete_cascades:
        for document in [one for one in world.documents.values() if one.object_id == gone.object_id]:
            del world.documents[document.document_id]
    return {"message": "Object deleted", "success": True}


def _object(world: World, call: Call) -> Stored:
    bucket, found = bucket_of(world, call), world.objects.get(call.parts["object"])
    if found is None or found.bucket_id != bucket.bucket_id:
        raise not_found(f"Object {call.parts['object']}")
    return found


def object_reply(found: Stored) -> dict[str, Any]:
    """Return an object as the API says it."""
    return {
        "object_id": found.object_id,
        "bucket_id": found.bucket_id,
        "status": found.status,
        "error": found.error,
        "blobs": found.blobs,
        "created_at": CREATED,
        "updated_at": CREATED,
        "document_count": None,
        **found.fields,
    }
