"""Tolerant parsing of the API's replies: known fields are typed, the rest is kept as `payload`.

The same functions read the replies of every era (contract a, b3 to b5). A field that is absent, null or of another
type becomes None, and a part that cannot be landed becomes a `Problem`, never an exception.
"""

import math
import re
import reprlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeGuard

import orjson

from mixpeek_assets.strict_json import JsonObject, is_list, is_object

TaskState = Literal["open", "done", "failed", "skipped", "cancelled", "lost"]

_STATES: Mapping[str, TaskState] = {
    "DONE": "done",
    "COMPLETED": "done",
    "COMPLETED_WITH_ERRORS": "done",
    "FAILED": "failed",
    "SKIPPED": "skipped",
    "CANCELLED": "cancelled",
    "CANCELED": "cancelled",
}
"""The terminal statuses of all eras (contract b3); any other is open."""

_UNDER_WAY = (
    *("INITIALIZING", "QUEUED", "PENDING", "DOWNLOADING", "CONVERTING", "PROCESSING", "UPLOADING", "IN_PROGRESS"),
    *("UNKNOWN", "DRAFT", "ACTIVE", "ARCHIVED", "SUSPENDED"),
)
"""The statuses of all eras that are not terminal (contract b3)."""

_DUPLICATE = re.compile(r"duplicate|already|existing", re.IGNORECASE)
_ASSET_NAMED = re.compile(
    r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\bast_\w+)|asset(?:_id)?\W{1,5}([A-Za-z0-9][\w-]{5,})", re.IGNORECASE
)

_LARGEST_FLOAT = 3.4028234663852886e38
"""The largest FLOAT: beyond it DuckDB would store infinity."""

_LONGEST_NAME = 500
"""In characters: a vector's name becomes part of a view's name."""

_YEAR = re.compile(r"[0-9]{4}(?![0-9])")

_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = 120


@dataclass(frozen=True)
class Problem:
    """A reply, or a part of one, that cannot be landed."""

    object_id: str | None
    reason: str
    excerpt: str


@dataclass(frozen=True)
class TaskReply:
    """A task's status."""

    task_id: str
    status: str
    state: TaskState
    asset_id: str | None
    error: Any


@dataclass(frozen=True)
class AssetReply:
    """An asset with its features, as rows of the tables `assets` and `features`."""

    asset: JsonObject
    features: list[JsonObject]
    problems: list[Problem]


@dataclass(frozen=True)
class SparseVector:
    """A sparse vector: the value at each index."""

    indices: list[int]
    values: list[float]


@dataclass(frozen=True)
class FeatureReply:
    """A feature with its named vectors.

    Attributes:
        feature: As a row of the table `features`.
        dense: Embeddings.
        as_sent: An embedding's original JSON, where known: formatting the numbers takes longer than parsing them.
        sparse: Sparse vectors.
        problems: The parts that cannot be landed.
    """

    feature: JsonObject
    dense: dict[str, list[float]] = field(default_factory=dict[str, Any])
    as_sent: dict[str, orjson.Fragment] = field(default_factory=dict[str, Any])
    sparse: dict[str, SparseVector] = field(default_factory=dict[str, Any])
    problems: list[Problem] = field(default_factory=list[Any])


@dataclass(frozen=True)
class FoundFeature:
    """A feature that a search found.

    Attributes:
        score: How well it matches; higher is better, None if the reply has no score.
        feature: As a row of the table `features`.
    """

    feature_id: str
    score: float | None
    feature: JsonObject


@dataclass(frozen=True)
class SearchReply:
    """Search results, best first."""

    found: list[FoundFeature] = field(default_factory=list[Any])
    problems: list[Problem] = field(default_factory=list[Any])


def state_of(status: str) -> TaskState:
    """Map a status of any era, in any letter case, to our state; an unknown one is open."""
    return _STATES.get(status.strip().upper(), "open")


def is_known(status: str) -> bool:
    """Say whether any era of the API lists a status."""
    return status.strip().upper() in (*_STATES, *_UNDER_WAY)


def duplicated_asset(error: Any) -> str | None:
    """Find the existing asset that a duplicate error names (contract b8)."""
    if is_object(error):
        details = error.get("details")
        for place in (error, details if is_object(details) else {}):
            named = _text(place.get("existing_asset_id")) or _text(place.get("duplicate_of"))
            if named:
                return named
    said = error if isinstance(error, str) else str(error)
    named = _ASSET_NAMED.search(said) if _DUPLICATE.search(said) else None
    return (named[1] or named[2]) if named else None


def read_task_id(body: JsonObject) -> str | None:
    """Read the id of the task that a submission created (contract b2)."""
    return _text(body.get("task_id"))


def read_task(body: JsonObject, task_id: str) -> TaskReply:
    """Read `GET /tasks/{id}` of any era (contract b3)."""
    status = _text(body.get("status")) or "UNKNOWN"
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
            return _text(asset.get("asset_id"))
    return None


def read_asset(body: JsonObject, asset_id: str) -> AssetReply:
    """Read `GET /assets/{id}/features` (contract a, b4); a modality's list may be null or missing."""
    # The asset's fields may be beside `features` instead of under `asset`.
    asset = body["asset"] if is_object(body.get("asset")) else _without(body, "features")
    lists = body.get("features")
    features: dict[str, JsonObject] = {}
    problems: list[Problem] = []
    for modality, item in _listed_features(lists):
        feature_id = _text(item.get("feature_id")) if is_object(item) else None
        if feature_id is None:
            problems.append(Problem(asset_id, f"a listed {modality or 'feature'} has no feature_id", excerpt(item)))
        else:
            features[feature_id] = _feature_row(item, feature_id, modality)
    if lists is not None and not isinstance(lists, dict | list):
        problems.append(Problem(asset_id, "`features` is neither an object nor a list", excerpt(lists)))
    return AssetReply(_asset_row(asset, asset_id), list(features.values()), problems)


def read_feature(body: JsonObject, feature_id: str, content: bytes = b"") -> FeatureReply:
    """Read `GET /features/{id}` with vectors (contract a, b5).

    A vector that is empty, not all finite numbers, or of an unknown form becomes a `Problem`; the others land.

    Args:
        body: The reply.
        feature_id: The requested id.
        content: The reply's bytes, if at hand.
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
    for name, value in vectors.items():
        if len(name) > _LONGEST_NAME:
            reply.problems.append(Problem(feature_id, f"a vector's name has {len(name):,} characters", excerpt(name)))
        elif sparse := _sparse(value):
            reply.sparse[name] = sparse
        elif flaw := _flaw(value):
            reply.problems.append(Problem(feature_id, f"vector {name!r} {flaw}", excerpt(value)))
        else:
            reply.dense[name] = value
            if text := _only_list(content):
                reply.as_sent[name] = orjson.Fragment(text)
    return reply


def read_search(body: JsonObject) -> SearchReply:
    """Read `POST /features/search` (contract b5): a list of features with scores; no reference types it."""
    reply = SearchReply()
    results = body.get("results")
    if not is_list(results):
        reply.problems.append(Problem(None, "the reply holds no list of results", excerpt(body)))
        return reply
    for item in results:
        feature_id = _text(item.get("feature_id")) if is_object(item) else None
        if feature_id is None:
            reply.problems.append(Problem(None, "a result has no feature_id", excerpt(item)))
        else:
            reply.found.append(
                FoundFeature(feature_id, _number(item.get("score")), _feature_row(item, feature_id, None))
            )
    return reply


def excerpt(value: object) -> str:
    """Return the beginning of a value, short enough for a table or a message."""
    shown = value if isinstance(value, str) else _BRIEF.repr(value)
    return shown if len(shown) <= 300 else shown[:299] + "…"


def _find_asset_id(body: JsonObject) -> str | None:
    """Find the asset's id: in the body, else in `outputs` (a string, or an object that names it; contract b3)."""
    found = _text(body.get("asset_id"))
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
        "task_id": _text(asset.get("task_id")),
        "collection_id": _text(asset.get("collection_id")),
        "status": _text(asset.get("status")),
        "modality": _text(asset.get("modality")),
        "url": _text(asset.get("url")),
        "metadata": asset.get("metadata"),
        "error": asset.get("error"),
        # Before December 2024 the hash was called unique_hash (contract b4).
        "file_hash": _text(asset.get("file_hash")) or _text(asset.get("unique_hash")),
        "duplicate_of": _text(asset.get("duplicate_of")),
        "score": _number(asset.get("score")),
        "created_at": _time(asset.get("created_at")),
        "updated_at": _time(asset.get("updated_at")),
        "payload": asset,
    }


def _feature_row(feature: JsonObject, feature_id: str, modality: str | None) -> JsonObject:
    return {
        "feature_id": feature_id,
        "collection_id": _text(feature.get("collection_id")),
        "modality": _text(feature.get("modality")) or modality,
        "start_time": _number(feature.get("start_time")),
        "end_time": _number(feature.get("end_time")),
        "text": _text(feature.get("text")),
        "transcription": _text(feature.get("transcription")),
        "description": _text(feature.get("description")),
        "metadata": feature.get("metadata"),
        "created_at": _time(feature.get("created_at")),
        "payload": feature,
    }


_NUMBERS = b"0123456789eE+-., []"


def _only_list(content: bytes) -> bytes | None:
    """Return the text of the only list in a reply, if it is numbers on one line."""
    if content.count(b"[") != 1:  # brackets within strings count as well
        return None
    start = content.index(b"[")
    text = content[start : content.find(b"]", start) + 1]
    return None if text.translate(None, _NUMBERS) else text


def _sparse(value: object) -> SparseVector | None:
    if not is_object(value):
        return None
    indices, values = value.get("indices"), value.get("values")
    if not is_list(indices) or not _is_numbers(values) or _flaw(values) or len(indices) != len(values):
        return None
    if not all(type(index) is int and 0 <= index < 2**31 for index in indices):
        return None
    return SparseVector(indices, values)


def _is_numbers(value: object) -> TypeGuard[list[float]]:
    return is_list(value) and set(map(type, value)) <= {float, int}


def _flaw(value: object) -> str | None:
    """Say what keeps a value from being a vector of FLOAT, or None."""
    if not is_list(value):
        return "is neither a list of numbers nor a sparse vector"
    if not value:
        return "is empty"
    if not _is_numbers(value):
        return "holds something that is not a finite number"
    # A vector's length is at least its largest number, and computing it is ten times as fast as finding that.
    if _length(value) <= _LARGEST_FLOAT:
        return None
    # Every comparison with NaN is false.
    sound = all(abs(number) <= _LARGEST_FLOAT for number in value)
    return None if sound else "holds a number that is too large for a FLOAT"


def _length(vector: list[float]) -> float:
    try:
        return math.hypot(*vector)
    except OverflowError:  # an int too large for a float
        return math.inf


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _time(value: object) -> str | None:
    """Return a text that looks like a time, for DuckDB to parse.

    DuckDB would also accept the words `epoch` and `infinity`, and years that Python cannot read back.
    """
    text = (_text(value) or "").strip().upper()
    return text if _YEAR.match(text) and "0001" < text[:4] < "9999" and "BC" not in text else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared before it is converted: an int may be too large for a float. Every comparison with NaN is false.
    return float(value) if abs(value) <= _LARGEST_FLOAT else None


def _without(body: JsonObject, key: str) -> JsonObject:
    return {name: value for name, value in body.items() if name != key}
