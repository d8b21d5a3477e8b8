"""Tolerant parsing of the API's replies: known fields are typed, the rest is kept as `payload`.

The same functions read the replies of every era (contract a, b3 to b5). A field that is absent, null or of another
type becomes None, and a part that cannot be landed becomes a `Problem`, never an exception.
"""

import re
from collections.abc import Iterator
from typing import Any

from mixpeek_assets.api.port import (
    AssetReply,
    FeatureReply,
    FoundFeature,
    Problem,
    SearchReply,
    TaskReply,
)
from mixpeek_assets.api.statuses import state_of
from mixpeek_assets.api.values import add_vectors, excerpt, number, numbers, text, time
from mixpeek_assets.strict_json import JsonObject, is_list, is_object

_DUPLICATE = re.compile(r"duplicate|already|existing", re.IGNORECASE)
_ASSET_NAMED = re.compile(
    r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\bast_\w+)|asset(?:_id)?\W{1,5}([A-Za-z0-9][\w-]{5,})", re.IGNORECASE
)


def duplicated_asset(error: Any) -> str | None:
    """Find the existing asset that a duplicate error names (contract b8)."""
    if is_object(error):
        details = error.get("details")
        for place in (error, details if is_object(details) else {}):
            named = text(place.get("existing_asset_id")) or text(place.get("duplicate_of"))
            if named:
                return named
    said = error if isinstance(error, str) else str(error)
    named = _ASSET_NAMED.search(said) if _DUPLICATE.search(said) else None
    return (named[1] or named[2]) if named else None


def read_task_id(body: JsonObject) -> str | None:
    """Read the id of the task that a submission created (contract b2)."""
    return text(body.get("task_id"))


def read_task(body: JsonObject, task_id: str) -> TaskReply:
    """Read `GET /tasks/{id}` of any era (contract b3)."""
    status = text(body.get("status")) or "UNKNOWN"
    state, asset_id = state_of(status), _find_asset_id(body)
    error = body.get("error") or body.get("error_message")
    if state in ("failed", "skipped") and (repeated := duplicated_asset(error)):
        # The error for a duplicate video may name the existing asset (contract b8).
        state, asset_id = "skipped", repeated
    # The guide polls a different task from the one submitted (contract (a) trap 1): keep the requested id.
    return TaskReply(task_id, status, state, asset_id, error)


def read_found_asset(body: JsonObject, task_id: str) -> str | None:
    """Find the task's asset in `POST /assets` (contract b4); the server may ignore the filter."""
    results = body.get("results")
    for asset in results if is_list(results) else []:
        if is_object(asset) and asset.get("task_id") in (None, task_id):
            return text(asset.get("asset_id"))
    return None


def read_asset(body: JsonObject, asset_id: str) -> AssetReply:
    """Read `GET /assets/{id}/features` (contract a, b4); a modality's list may be null or missing."""
    # The asset's fields may be beside `features` instead of under `asset`.
    asset = body["asset"] if is_object(body.get("asset")) else _without(body, "features")
    lists = body.get("features")
    features: dict[str, JsonObject] = {}
    problems: list[Problem] = []
    for modality, item in _listed_features(lists):
        feature_id = text(item.get("feature_id")) if is_object(item) else None
        if feature_id is None:
            problems.append(Problem(asset_id, f"a listed {modality or 'feature'} has no feature_id", excerpt(item)))
        else:
            features[feature_id] = _feature_row(item, feature_id, modality)
    if lists is not None and not isinstance(lists, dict | list):
        problems.append(Problem(asset_id, "`features` is neither an object nor a list", excerpt(lists)))
    return AssetReply(_asset_row(asset, asset_id), list(features.values()), problems)


def read_feature(body: JsonObject, feature_id: str) -> FeatureReply:
    """Read `GET /features/{id}` with vectors (contract a, b5).

    A vector that is empty, not all finite numbers, or of an unknown form becomes a `Problem`; the others land.

    Args:
        body: The reply.
        feature_id: The requested id.
    """
    # Absent or null does not mean "erase": the list may have what the detail lacks (contract (a) trap 3).
    present = {name: value for name, value in body.items() if name != "vectors" and value is not None}
    row = _feature_row(present, feature_id, None)
    vectors = body.get("vectors")
    reply = FeatureReply(row)
    if not is_object(vectors) or not vectors:
        shown = excerpt(vectors) if vectors is not None else excerpt(sorted(body))
        reply.problems.append(Problem(feature_id, "the reply holds no vectors", shown))
        return reply
    add_vectors(reply, feature_id, vectors)
    return reply


def read_search(body: JsonObject) -> SearchReply:
    """Read `POST /features/search` (contract b5): a list of features with scores; no reference types it."""
    reply = SearchReply(floors=numbers(body.get("score_floors")))
    results = body.get("results")
    if not is_list(results):
        reply.problems.append(Problem(None, "the reply holds no list of results", excerpt(body)))
        return reply
    for item in results:
        feature_id = text(item.get("feature_id")) if is_object(item) else None
        if feature_id is None:
            reply.problems.append(Problem(None, "a result has no feature_id", excerpt(item)))
        else:
            reply.found.append(
                FoundFeature(feature_id, number(item.get("score")), _feature_row(item, feature_id, None))
            )
    return reply


def _find_asset_id(body: JsonObject) -> str | None:
    """Find the asset's id: in the body, else in `outputs` (a string, or an object that names it; contract b3)."""
    found = text(body.get("asset_id"))
    if found:
        return found
    outputs = body.get("outputs")
    for output in outputs if is_list(outputs) else [outputs]:
        found = output.get("asset_id") if is_object(output) else output
        if isinstance(found, str) and found:
            return found
    return None


def _listed_features(lists: object) -> Iterator[tuple[str | None, Any]]:
    if is_object(lists):
        for modality, items in lists.items():
            for item in items if is_list(items) else [] if items is None else [items]:
                yield modality, item
    elif is_list(lists):
        for item in lists:
            yield None, item


def _asset_row(asset: JsonObject, asset_id: str) -> JsonObject:
    return {
        "asset_id": asset_id,
        "task_id": text(asset.get("task_id")),
        "collection_id": text(asset.get("collection_id")),
        "status": text(asset.get("status")),
        "modality": text(asset.get("modality")),
        "url": text(asset.get("url")),
        "metadata": asset.get("metadata"),
        "error": asset.get("error"),
        # Before December 2024 the hash was called unique_hash (contract b4).
        "file_hash": text(asset.get("file_hash")) or text(asset.get("unique_hash")),
        "duplicate_of": text(asset.get("duplicate_of")),
        "score": number(asset.get("score")),
        "created_at": time(asset.get("created_at")),
        "updated_at": time(asset.get("updated_at")),
        "payload": asset,
    }


def _feature_row(feature: JsonObject, feature_id: str, modality: str | None) -> JsonObject:
    return {
        "feature_id": feature_id,
        "collection_id": text(feature.get("collection_id")),
        "modality": text(feature.get("modality")) or modality,
        "start_time": number(feature.get("start_time")),
        "end_time": number(feature.get("end_time")),
        "text": text(feature.get("text")),
        "transcription": text(feature.get("transcription")),
        "description": text(feature.get("description")),
        "metadata": feature.get("metadata"),
        "created_at": time(feature.get("created_at")),
        "payload": feature,
    }


def _without(body: JsonObject, key: str) -> JsonObject:
    return {name: value for name, value in body.items() if name != key}
