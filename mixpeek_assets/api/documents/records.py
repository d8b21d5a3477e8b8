"""Rows of our tables from objects and documents (today's contract, 2 and 6)."""

from collections.abc import Collection

from mixpeek_assets.api.port import FeatureReply, Problem
from mixpeek_assets.api.values import add_vectors, excerpt, number, text, time
from mixpeek_assets.strict_json import JsonObject, is_list, is_object

_SHORTEST_UNNAMED = 64
"""How many numbers a list has at least that is taken for a vector although nothing names it as one."""


def asset_row(item: JsonObject, asset_id: str) -> JsonObject:
    """Read an object as a row of `assets`."""
    blobs = item.get("blobs")
    first = blobs[0] if is_list(blobs) and blobs else None
    blob = first if is_object(first) else {}
    properties, details = _inner(blob, "properties"), _inner(blob, "details")
    return {
        "asset_id": asset_id,
        "task_id": None,
        "collection_id": None,
        "status": text(item.get("status")),
        "modality": text(blob.get("type")) or "video",
        "url": text(properties.get("url")),
        "metadata": item.get("metadata"),
        "error": item.get("error"),
        "file_hash": text(details.get("hash")),
        "duplicate_of": None,
        "score": None,
        "created_at": time(item.get("created_at")),
        "updated_at": time(item.get("updated_at")),
        "payload": item,
    }


def feature_row(document: JsonObject, feature_id: str) -> JsonObject:
    """Read a document, without its vectors, as a row of `features`."""
    internal = _inner(document, "_internal")
    return {
        "feature_id": feature_id,
        "collection_id": text(document.get("collection_id")),
        "modality": text(internal.get("modality")) or text(document.get("modality")),
        "start_time": _seconds(document, "start_time"),
        "end_time": _seconds(document, "end_time"),
        "text": text(document.get("ocr_text")) or text(document.get("text")),
        "transcription": text(document.get("transcription")),
        "description": text(document.get("description")),
        "metadata": document.get("metadata"),
        "created_at": time(internal.get("created_at")) or time(document.get("created_at")),
        "payload": document,
    }


def read_document(document: JsonObject, feature_id: str, names: Collection[str]) -> FeatureReply:
    """Read a document with its vectors.

    Args:
        document: As the API sent it.
        feature_id: Its id.
        names: Every name that a vector of its collection may have.
    """
    listed = document.get("_vectors")
    also = {name for name in listed if isinstance(name, str)} if is_list(listed) else set[str]()
    rest: JsonObject = {}
    vectors: JsonObject = {}
    for name, value in document.items():
        is_vector = name in names or name in also or _is_long_list(value)
        (vectors if is_vector and value is not None else rest)[name] = value
    reply = FeatureReply(feature_row(rest, feature_id))
    add_vectors(reply, feature_id, vectors)
    if not vectors:
        reply.problems.append(Problem(feature_id, "the reply holds no vectors", excerpt(sorted(document))))
    return reply


def owner_of(document: JsonObject) -> tuple[str | None, str | None]:
    """Return the object that a document was made of, and our key of the video; None where it does not say."""
    lineage = _inner(_inner(document, "_internal"), "lineage")
    places = (lineage, document)
    names = ("root_object_id", "source_object_id")
    found = next((text(place.get(name)) for place in places for name in names if text(place.get(name))), None)
    return found, text(document.get("video_key"))


def is_uncertain(document: JsonObject) -> bool:
    """Say whether a vector that is missing here may exist."""
    return document.get("vector_hydration_incomplete") is True


def _seconds(document: JsonObject, name: str) -> float | None:
    found = number(document.get(name))
    return number(document.get(f"{name}_s")) if found is None else found


def _inner(value: JsonObject, name: str) -> JsonObject:
    found = value.get(name)
    return found if is_object(found) else {}


def _is_long_list(value: object) -> bool:
    return is_list(value) and len(value) >= _SHORTEST_UNNAMED and isinstance(value[0], int | float)
