"""Replies of the reference's schemas (contract a, b4, b5) with anything wrong anywhere, and what is to become of them.

`Reply.expected` is worked out here a second time, from the values that were drawn.
"""

import json
import math
import struct
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

LARGEST_FLOAT = 3.4028234663852886e38
EMPTY = ({}, [], "")
HOSTILE = """it's "x"; DROP TABLE mixpeek.vectors; --"""

JsonObject = dict[str, Any]

# What a time may look like, and which it is.
_TIME = datetime(2024, 11, 7, 14, 31, 56, 428000, UTC)
TIMES: dict[Any, datetime | None] = {
    "2024-11-07T14:31:56.428000": _TIME,
    "2024-11-07T14:31:56.428Z": _TIME,
    "2024-11-07t14:31:56.428z": _TIME,
    "2024-11-07 14:31:56.428": _TIME,
    "2024-11-07T10:01:56.428-04:30": _TIME,
    "2024-11-07": _TIME.replace(hour=0, minute=0, second=0, microsecond=0),
    "2024-11-08T24:00:00": _TIME.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2),
    "2024-13-07T14:31:56": None,
    "soon": None,
    "epoch": None,
    "infinity": None,
    "-infinity": None,
    "": None,
}

_HALF_EMOJI = st.sampled_from(["\ud83c", "a\udfac b"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [HOSTILE, "line\nbreak\r\n\t", "🎬 é", "x" * 300, "null", "{}", "a\0b"]
)
INTEGERS = st.integers(-(2**63), 2**64 - 1) | st.sampled_from([2**53 + 1, 10**30, 10**400, -(10**20), 0, 1])
NUMBERS = INTEGERS | st.floats()
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS | _HALF_EMOJI
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(["a b", '"', "$.x", "é", ""])
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
OBJECTS = st.dictionaries(KEYS, ANYTHING, max_size=3)

_FINITE = st.floats(-1e38, 1e38) | st.integers(-(2**24), 2**24)
DENSE = st.lists(_FINITE, min_size=1, max_size=6)
SPARSE = st.dictionaries(st.integers(0, 2**31 - 1), _FINITE, min_size=1, max_size=4).map(
    lambda values: {"indices": list(values), "values": list(values.values())}
)
UNSOUND = st.sampled_from(
    [
        [],
        [math.nan],
        [1.0, math.inf],
        [1.0, None],
        ["1.0", "2.0"],
        [True, 1.0],
        [[1.0]],
        [1e39],
        [10**400],
        "0.1",
        None,
        {},
        {"indices": [1], "values": []},
        {"indices": [-1], "values": [1.0]},
        {"indices": [1], "values": [math.nan]},
        {"indices": ["1"], "values": [1.0]},
    ]
)
VECTOR_NAMES = KEYS | st.sampled_from(
    ["multimodal", "text", "Text", "TEXT", "my vector", "my-vector", HOSTILE, "n" * 200, "🎬", "half \ud83c"]
)
VECTORS = st.dictionaries(VECTOR_NAMES, DENSE | SPARSE | UNSOUND | ANYTHING, min_size=2, max_size=5)

FEATURE_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "collection_id": TEXTS | SCALARS,
    "modality": st.sampled_from(["video", "image", "text", "audio"]) | SCALARS,
    "start_time": st.floats(0, 1e6) | st.just("0:10") | SCALARS,
    "end_time": st.floats(0, 1e6) | SCALARS,
    "interval_sec": st.just(10),
    "text": TEXTS | SCALARS | ANYTHING,
    "transcription": TEXTS | SCALARS,
    "description": TEXTS | SCALARS,
    "metadata": OBJECTS | OBJECTS | ANYTHING,
    "created_at": st.sampled_from(list(TIMES)) | st.none() | st.booleans(),
    "emotions": ANYTHING,
    "bbox": OBJECTS,
    "": ANYTHING,
}
ASSET_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "collection_id": TEXTS | SCALARS,
    "status": st.sampled_from(["DONE", "processing"]) | SCALARS,
    "file_data": ANYTHING,
    "metadata": OBJECTS | ANYTHING,
    "error": ANYTHING,
    "modality": TEXTS | SCALARS,
    "task_id": SCALARS,
    "file_hash": TEXTS | SCALARS,
    "duplicate_of": TEXTS | SCALARS,
    "score": NUMBERS | SCALARS,
    "created_at": st.sampled_from(list(TIMES)) | st.none(),
    "updated_at": st.sampled_from(list(TIMES)) | st.none(),
    "url": TEXTS | SCALARS,
    "preview_url": SCALARS,
}
NO_IDS = st.sampled_from([None, "", True, [], {}, math.nan])


@dataclass
class Expected:
    """What is to be in the tables of an asset.

    Attributes:
        asset: Some columns of its row.
        features: Some columns of each feature's row.
        vectors: Each feature's named vectors: floats, or indices with floats.
        rejects: How many rows each object has in `rejects`.
        reasons: What the reasons of an object name.
    """

    asset: JsonObject = field(default_factory=dict)
    features: dict[str, JsonObject] = field(default_factory=dict)
    vectors: dict[str, dict[str, Any]] = field(default_factory=dict)
    rejects: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, list[str]] = field(default_factory=dict)

    def reject(self, object_id: str, names: str) -> None:
        """Expect one more reject."""
        self.rejects[object_id] = self.rejects.get(object_id, 0) + 1
        self.reasons.setdefault(object_id, []).append(names)


@dataclass
class Reply:
    """An asset as it is served, its features' own replies, and what is to become of them."""

    asset_id: str
    body: bytes
    details: dict[str, bytes | None]
    expected: Expected


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """Draw an asset with its features; a detail that is None is a 404."""
    asset_id = f"asset {uuid.uuid4().hex}"
    asset = draw(st.fixed_dictionaries({}, optional=ASSET_FIELDS))
    listed = draw(lists(asset_id))
    expected = Expected(asset=_asset_columns(kept(asset)))
    body = {"asset": asset} if listed is _ABSENT else {"asset": asset, "features": listed}
    details: dict[str, bytes | None] = {}
    seen: dict[str, tuple[str | None, JsonObject]] = {}
    for modality, item in _listed(None if listed is _ABSENT else kept(listed)):
        feature_id = text(item.get("feature_id")) if isinstance(item, dict) else None
        if feature_id is None:
            expected.reject(asset_id, "feature")
        else:
            seen[feature_id] = (modality, item)
    for feature_id, (modality, item) in seen.items():
        detail = draw(_POOR_DETAILS if draw(st.sampled_from([False, False, False, True])) else _DETAILS)
        details[feature_id] = None if detail is None else served(detail)
        _expect_feature(expected, feature_id, modality, item, kept(detail))
    expected.asset["feature_count"] = len(seen) + expected.rejects.get(asset_id, 0)
    return Reply(asset_id, served(body), details, expected)


_ABSENT: Any = object()
_DETAILS = st.fixed_dictionaries({"vectors": VECTORS}, optional=FEATURE_FIELDS)
_POOR_DETAILS = st.none() | st.fixed_dictionaries({}, optional={"text": TEXTS, "vectors": ANYTHING})


@st.composite
def lists(draw: st.DrawFn, prefix: str) -> Any:
    """Draw what an asset lists: an object of lists, by modality, or something else in its place."""

    def item(number: int) -> Any:
        fields = draw(st.fixed_dictionaries({}, optional=FEATURE_FIELDS))
        feature_id = draw(
            st.sampled_from(["", " / ?&%", "'\"", " 🎬", "\n"]).map(lambda end: f"{prefix} {number}{end}")
        )
        kind = draw(st.sampled_from(["sound", "sound", "sound", "no id", "anything"]))
        if kind == "anything":
            return draw(SCALARS | st.lists(SCALARS, max_size=2))
        return {**fields, "feature_id": feature_id if kind == "sound" else draw(NO_IDS)}

    shape = draw(st.sampled_from(["object", "object", "object", "object", "list", "absent", "null", "anything"]))
    if shape in ("absent", "null"):
        return _ABSENT if shape == "absent" else None
    if shape == "anything":
        return draw(SCALARS)
    items = [item(number) for number in range(draw(st.integers(3, 7)))]
    if shape == "list":
        return items
    names = draw(
        st.lists(st.sampled_from(["video", "image", "text", "audio", "hologram", ""]), min_size=1, unique=True)
    )
    cut: dict[str, Any] = {name: items[place :: len(names)] for place, name in enumerate(names)}
    return {**cut, **draw(st.dictionaries(st.sampled_from(["none", "word", "number"]), st.none() | st.just("x")))}


def served(body: JsonObject) -> bytes:
    """Write it as a Python server does: NaN, numbers of any size, half emojis."""
    return json.dumps(body).encode()


def kept(value: Any) -> Any:
    """What can be stored of a value: null for a number that is none, the nearest for one beyond 64 bits."""
    if isinstance(value, dict):
        return {kept(name): kept(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [kept(inner) for inner in value]
    if isinstance(value, str):
        return json.loads(json.dumps(value)).encode(errors="replace").decode()
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return float(value) if abs(value) < 1e308 else None
    return None if isinstance(value, float) and not math.isfinite(value) else value


def text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) or None


def number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) <= LARGEST_FLOAT else None


def _listed(listed: Any) -> Iterator[tuple[str | None, Any]]:
    if isinstance(listed, dict):
        for modality, items in listed.items():
            yield from ((modality, item) for item in (items if isinstance(items, list) else [items] if items else []))
    elif isinstance(listed, list):
        yield from ((None, item) for item in listed)
    elif listed is not None:
        yield None, listed


def _asset_columns(asset: JsonObject) -> JsonObject:
    texts = ("task_id", "collection_id", "status", "modality", "url", "file_hash", "duplicate_of")
    return {
        **{name: text(asset.get(name)) for name in texts},
        **{name: TIMES.get(asset.get(name)) for name in ("created_at", "updated_at")},
        "score": number(asset.get("score")),
        "metadata": asset.get("metadata"),
        "error": asset.get("error"),
        "payload": asset,
    }


def _expect_feature(
    expected: Expected, feature_id: str, modality: str | None, listed: JsonObject, detail: JsonObject | None
) -> None:
    told = {name: value for name, value in (detail or {}).items() if name != "vectors" and value is not None}
    said = {name: value for name, value in told.items() if value not in EMPTY}
    columns: JsonObject = {}
    for read, names in (
        (text, ("collection_id", "text", "transcription", "description")),
        (number, ("start_time", "end_time")),
    ):
        for name in names:
            own = read(told.get(name))
            columns[name] = own if own is not None else read(listed.get(name))
    columns["modality"] = text(told.get("modality")) or text(listed.get("modality")) or modality
    columns["created_at"] = TIMES.get(told.get("created_at")) or TIMES.get(listed.get("created_at"))
    metadata = [said.get("metadata"), listed.get("metadata"), told.get("metadata")]
    columns["metadata"] = next((value for value in metadata if value is not None), None)
    columns["payload"] = {**told, **listed, **said}
    expected.features[feature_id] = columns
    expected.vectors[feature_id] = {}
    if detail is None:
        expected.reject(feature_id, "404")
        return
    vectors = detail.get("vectors")
    if not isinstance(vectors, dict) or not vectors:
        expected.reject(feature_id, "no vectors")
        return
    for name, value in vectors.items():
        sound = vector(value)
        if sound is None:
            expected.reject(feature_id, repr(name))
        else:
            expected.vectors[feature_id][name] = sound


def vector(value: Any) -> Any:
    """What lands of a vector, or None."""
    if isinstance(value, dict):
        indices, values = value.get("indices"), vector(value.get("values"))
        if not isinstance(indices, list) or not isinstance(values, list) or len(indices) != len(values):
            return None
        sound = all(type(index) is int and 0 <= index < 2**31 for index in indices)
        return {"indices": indices, "values": values} if sound else None
    if not isinstance(value, list) or not value:
        return None
    if not all(type(item) in (int, float) and abs(item) <= LARGEST_FLOAT for item in value):
        return None
    return [struct.unpack("f", struct.pack("f", item))[0] for item in value]
