"""What is read from the replies of every era, and that nothing in them is an exception or is lost."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpeek_assets.api.assets import records
from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.api.port import AssetReply, FeatureReply, SparseVector
from mixpeek_assets.api.statuses import state_of
from tests.api import guide
from tests.fakes.mixpeek import Answer, ScriptedMixpeek

LARGEST_FLOAT = 3.4028234663852886e38

STATES = {
    "DONE": "done",
    "COMPLETED": "done",
    "COMPLETED_WITH_ERRORS": "done",
    "FAILED": "failed",
    "SKIPPED": "skipped",
    "CANCELLED": "cancelled",
    "CANCELED": "cancelled",
    **dict.fromkeys(
        [
            "INITIALIZING",
            "PROCESSING",
            "DOWNLOADING",
            "QUEUED",
            "UPLOADING",
            "PENDING",
            "CONVERTING",
            "IN_PROGRESS",
            "UNKNOWN",
            "DRAFT",
            "ACTIVE",
            "ARCHIVED",
            "SUSPENDED",
            "EXPIRED",
            "SOMETHING_NEW",
        ],
        "open",
    ),
}


@pytest.mark.parametrize("shape", [str.upper, str.lower, str.title, lambda status: f" {status}\n"])
@pytest.mark.parametrize("status", STATES)
def test_a_status_of_any_era_and_case_has_a_state(status: str, shape: Any) -> None:
    assert state_of(shape(status)) == STATES[status]
    task = records.read_task({"status": shape(status)}, "t1")
    assert (task.state, task.status) == (STATES[status], shape(status))


@pytest.mark.parametrize("status", [None, "", 7, [], {}, True])
def test_a_task_without_a_status_is_open(status: object) -> None:
    assert records.read_task({"status": status}, "t1").state == "open"


@pytest.mark.parametrize(
    ("body", "asset_id"),
    [
        ({"asset_id": "a1"}, "a1"),
        ({"asset_id": "a1", "outputs": ["a2"]}, "a1"),
        ({"asset_id": None, "outputs": ["a2"]}, "a2"),
        ({"asset_id": "", "outputs": "a2"}, "a2"),
        ({"outputs": "a2"}, "a2"),
        ({"outputs": {"asset_id": "a2"}}, "a2"),
        ({"outputs": [{"asset_id": "a2"}, {"asset_id": "a3"}]}, "a2"),
        ({"outputs": [None, {}, {"asset_id": None}, "", {"asset_id": "a2"}]}, "a2"),
        ({"outputs": []}, None),
        ({"outputs": None}, None),
        ({"outputs": [["a2"]]}, None),
        ({}, None),
    ],
)
def test_the_asset_of_a_task_is_found_where_each_era_hides_it(body: dict[str, Any], asset_id: str | None) -> None:
    assert records.read_task({"status": "DONE", **body}, "t1").asset_id == asset_id


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"error": "no such codec"}, "no such codec"),
        ({"error": {"type": "Codec"}}, {"type": "Codec"}),
        ({"error_message": "no such codec"}, "no such codec"),
        ({"error": None, "error_message": "no such codec"}, "no such codec"),
        ({}, None),
    ],
)
def test_a_failed_task_says_why(body: dict[str, Any], error: object) -> None:
    assert records.read_task({"status": "FAILED", **body}, "t1").error == error


def test_an_asset_is_asked_for_by_its_task(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.script("POST /assets", Answer({"results": [{"asset_id": "a1", "task_id": "t1"}], "pagination": {}}))
    assert client.find_asset("t1", "example") == "a1"
    [request] = mixpeek.requests
    assert (request.method, request.path) == ("POST", "/assets")
    assert request.body == {
        "collections": ["example"],
        "filters": {"AND": [{"key": "task_id", "operator": "eq", "value": "t1"}]},
    }


@pytest.mark.parametrize(
    ("body", "asset_id"),
    [
        ({"results": [{"asset_id": "a1"}]}, "a1"),
        ({"results": [{"asset_id": "a9", "task_id": "t9"}, {"asset_id": "a1", "task_id": "t1"}]}, "a1"),
        ({"results": [{"asset_id": "a9", "task_id": "t9"}]}, None),
        ({"results": ["a1", None, 3, ["a1"]]}, None),
        ({"results": [{"asset_id": None}]}, None),
        ({"results": {"asset_id": "a1"}}, None),
        ({"results": []}, None),
        ({"results": None}, None),
        ({}, None),
    ],
)
def test_no_other_tasks_asset_is_taken_for_the_one_that_was_looked_for(
    mixpeek: ScriptedMixpeek, client: AssetsClient, body: dict[str, Any], asset_id: str | None
) -> None:
    mixpeek.script("POST /assets", Answer(body))
    assert client.find_asset("t1", "example") == asset_id


def test_the_hash_of_an_asset_is_read_by_its_old_name_too() -> None:
    assert records.read_asset({"asset": {"unique_hash": "h"}}, "a1").asset["file_hash"] == "h"
    assert records.read_asset({"asset": {"file_hash": "h", "unique_hash": "g"}}, "a1").asset["file_hash"] == "h"


def test_an_assets_fields_may_stand_beside_its_features() -> None:
    reply = records.read_asset({"asset_id": "a1", "status": "DONE", "features": {"text": [{"feature_id": "f"}]}}, "a1")
    assert reply.asset["status"] == "DONE"
    assert "features" not in reply.asset["payload"]
    assert [feature["feature_id"] for feature in reply.features] == ["f"]


@pytest.mark.parametrize("features", [None, {}, [], {"video": None, "text": []}, {"video": None}])
def test_an_asset_may_list_nothing(features: object) -> None:
    reply = records.read_asset({"asset": {}, "features": features}, "a1")
    assert (reply.features, reply.problems) == ([], [])


def test_an_unknown_modality_is_a_modality_and_a_plain_list_none() -> None:
    named = records.read_asset({"features": {"hologram": [{"feature_id": "f"}]}}, "a1")
    assert [feature["modality"] for feature in named.features] == ["hologram"]
    plain = records.read_asset({"features": [{"feature_id": "f"}, {"feature_id": "g", "modality": "text"}]}, "a1")
    assert [feature["modality"] for feature in plain.features] == [None, "text"]


@pytest.mark.parametrize(
    "features",
    [
        {"video": [{"feature_id": None}]},
        {"video": [{"id": "f"}]},
        {"video": ["f"]},
        {"video": [None]},
        {"video": [[]]},
        {"video": "f"},
        {"video": {"f": {}}},
        {"video": False},
        "f",
        3,
    ],
)
def test_what_is_listed_and_is_no_feature_is_a_problem(features: object) -> None:
    body = {"features": features} if not isinstance(features, dict) else {"features": {**features, "text": [FEATURE]}}
    reply = records.read_asset(body, "a1")
    assert [feature["feature_id"] for feature in reply.features] == (["f1"] if isinstance(features, dict) else [])
    [problem] = reply.problems
    assert problem.object_id == "a1"
    assert problem.reason


FEATURE = {"feature_id": "f1"}


@pytest.mark.parametrize(
    ("value", "lands"),
    [
        ([0.1, -2, 0], True),
        ([LARGEST_FLOAT, -LARGEST_FLOAT], True),
        ([1e-320], True),
        ([3.5e38], False),
        ([1, 10**400], False),
        ([math.nan], False),
        ([1.0, math.nan, 2.0], False),
        ([math.inf, -math.inf], False),
        ([None, 1.0], False),
        ([True, 1.0], False),
        (["1.0"], False),
        ([[1.0]], False),
        ([], False),
        ("0.1", False),
        (None, False),
        ({}, False),
        ({"values": [1.0]}, False),
    ],
)
def test_a_dense_vector_lands_when_every_number_fits_a_float(value: Any, lands: bool) -> None:
    reply = records.read_feature({"feature_id": "f1", "vectors": {"v": value, "good": [1.0]}}, "f1")
    assert reply.dense == ({"v": value, "good": [1.0]} if lands else {"good": [1.0]})
    assert [problem.object_id for problem in reply.problems] == ([] if lands else ["f1"])
    assert all("'v'" in problem.reason for problem in reply.problems)


@pytest.mark.parametrize(
    ("indices", "values", "lands"),
    [
        ([3, 1], [0.5, 2], True),
        ([0, 2**31 - 1], [0.5, -2.0], True),
        ([2**31], [0.5], False),
        ([-1], [0.5], False),
        ([1.0], [0.5], False),
        ([True], [0.5], False),
        (["1"], [0.5], False),
        ([1, 2], [0.5], False),
        ([1], [math.nan], False),
        ([1], [1e39], False),
        ([1], [None], False),
        ([], [], False),
        (None, [0.5], False),
        ([1], None, False),
        ({"1": 2}, [0.5], False),
    ],
)
def test_a_sparse_vector_lands_when_each_index_has_its_number(indices: Any, values: Any, lands: bool) -> None:
    body = {"vectors": {"keyword": {"indices": indices, "values": values}}}
    reply = records.read_feature(body, "f1")
    assert reply.sparse == ({"keyword": SparseVector(indices, values)} if lands else {})
    assert reply.dense == {}
    assert len(reply.problems) == (0 if lands else 1)


@pytest.mark.parametrize("vectors", [None, {}, [], [[1.0]], "none", 3])
def test_a_feature_without_vectors_is_a_problem(vectors: object) -> None:
    reply = records.read_feature({"feature_id": "f1", "text": "hello", "vectors": vectors}, "f1")
    assert (reply.dense, reply.sparse) == ({}, {})
    assert [problem.reason for problem in reply.problems] == ["the reply holds no vectors"]
    assert reply.feature["text"] == "hello"


def test_a_number_that_is_not_finite_reads_as_null(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    body = b'{"start_time": NaN, "end_time": Infinity, "text": "x", "vectors": {"a": [NaN, 1], "b": [1]}}'
    mixpeek.script("GET", Answer(body))
    reply = client.get_feature("f1")
    assert (reply.feature["start_time"], reply.feature["end_time"], reply.feature["text"]) == (None, None, "x")
    assert reply.dense == {"b": [1]}
    assert [problem.reason for problem in reply.problems] == ["vector 'a' holds something that is not a finite number"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"1" * 5000, None),
        (b"1e999", None),
        (b"-1e999", None),
        (b"123456789012345678901234567890", 1.2345678901234568e29),
        (b'"\\ud83d"', "?"),
        (b'"caf\\u00e9 \\ud83c\\udfac"', "café 🎬"),
        (b'"' + "café 🎬".encode() + b'"', "café 🎬"),
        (b"-7", -7),
        (b"0.1", 0.1),
    ],
)
@pytest.mark.parametrize("beside", [b"1", b"NaN"])
def test_what_python_servers_write_beside_json_is_read_as_what_can_be_stored(
    mixpeek: ScriptedMixpeek, client: AssetsClient, written: bytes, read: object, beside: bytes
) -> None:
    mixpeek.script("GET", Answer(b'{"asset": {"metadata": {"x": ' + written + b', "y": ' + beside + b"}}}"))
    metadata = client.get_asset("a1").asset["metadata"]
    assert metadata == {"x": read, "y": 1 if beside == b"1" else None}
    assert json.loads(json.dumps(metadata).encode()) == metadata


def test_json_with_a_byte_order_mark_is_json(mixpeek: ScriptedMixpeek, client: AssetsClient) -> None:
    mixpeek.script("GET", Answer(b'\xef\xbb\xbf{"status": "DONE"}'))
    assert client.get_task("t1").state == "done"


def test_fields_of_another_type_become_null_and_stay_in_the_payload() -> None:
    odd = {"text": ["x"], "start_time": "0:10", "modality": {}, "created_at": None, "emotions": ["joy"]}
    reply = records.read_feature({"feature_id": "f1", **odd, "vectors": {"v": [1.0]}}, "f1")
    assert reply.feature["text"] is reply.feature["start_time"] is reply.feature["modality"] is None
    assert reply.feature["payload"] == {"feature_id": "f1", **{k: v for k, v in odd.items() if v is not None}}


# Any JSON, with the names that the readers look for made likely, and numbers larger than any float.
NAMES = st.sampled_from(
    [
        "asset_id",
        "task_id",
        "status",
        "outputs",
        "error",
        "asset",
        "features",
        "video",
        "text",
        "feature_id",
        "modality",
        "start_time",
        "vectors",
        "indices",
        "values",
        "metadata",
        "score",
        "created_at",
        "unique_hash",
    ]
) | st.text(max_size=5)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), 2**63])
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["DONE", "f1", "f2"])
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=20
)
BODIES = st.dictionaries(NAMES, JSON, max_size=6)
NUMBERS = st.lists(st.floats() | st.integers() | SCALARS, max_size=5)
VECTORS = st.dictionaries(
    st.text(max_size=4), NUMBERS | st.fixed_dictionaries({"indices": NUMBERS, "values": NUMBERS}) | JSON, max_size=5
)
FEATURES = (
    st.fixed_dictionaries({}, optional={"feature_id": SCALARS, "modality": SCALARS, "start_time": SCALARS}) | JSON
)


@given(BODIES)
def test_any_object_is_a_task(body: dict[str, Any]) -> None:
    task = records.read_task(body, "t1")
    assert task.task_id == "t1"
    assert task.state in {"open", "done", "failed", "skipped", "cancelled"}
    assert task.asset_id is None or (isinstance(task.asset_id, str) and task.asset_id)
    assert records.read_task_id(body) is None or isinstance(records.read_task_id(body), str)
    found = records.read_found_asset(body, "t1")
    assert found is None or isinstance(found, str)


@given(BODIES)
def test_any_object_is_an_asset(body: dict[str, Any]) -> None:
    assert_sound_asset(records.read_asset(body, "a1"))


@given(st.dictionaries(st.sampled_from(["video", "image", "text", "audio", "other"]), st.lists(FEATURES) | JSON))
def test_every_listed_feature_is_returned_or_a_problem(lists: dict[str, Any]) -> None:
    reply = records.read_asset({"asset": {}, "features": lists}, "a1")
    assert_sound_asset(reply)
    listed = 0
    ids: set[str] = set()
    for items in lists.values():
        for item in items if isinstance(items, list) else [] if items is None else [items]:
            listed += 1
            feature_id = item.get("feature_id") if isinstance(item, dict) else None
            if isinstance(feature_id, bool) or not isinstance(feature_id, str | int | float) or feature_id == "":
                continue
            listed -= 1
            ids.add(str(feature_id))
    assert {feature["feature_id"] for feature in reply.features} == ids
    assert len(reply.features) == len(ids)
    assert len(reply.problems) == listed


@given(BODIES)
def test_any_object_is_a_feature(body: dict[str, Any]) -> None:
    assert_sound_feature(records.read_feature(body, "f1"), body)


@given(VECTORS)
def test_every_named_vector_is_dense_or_sparse_or_a_problem(vectors: dict[str, Any]) -> None:
    body = {**guide.FEATURE, "vectors": vectors}
    reply = records.read_feature(body, "f1")
    assert_sound_feature(reply, body)
    # No vector that could be landed is refused.
    for name, value in vectors.items():
        if isinstance(value, list) and value and all(type(number) is float and abs(number) < 1e38 for number in value):
            assert reply.dense[name] == value


@given(JSON)
def test_an_excerpt_of_anything_is_short(value: Any) -> None:
    assert len(records.excerpt(value)) <= 300


def assert_sound_asset(reply: AssetReply) -> None:
    assert reply.asset["asset_id"] == "a1"
    texts = ["task_id", "collection_id", "status", "modality", "url", "file_hash", "duplicate_of", "created_at"]
    assert all(reply.asset[name] is None or isinstance(reply.asset[name], str) for name in texts)
    assert is_number_or_none(reply.asset["score"])
    ids = [feature["feature_id"] for feature in reply.features]
    assert len(set(ids)) == len(ids)
    for feature in reply.features:
        assert_sound_row(feature)
    for problem in reply.problems:
        assert problem.object_id == "a1"
        assert problem.reason
        assert len(problem.excerpt) <= 300


def assert_sound_feature(reply: FeatureReply, body: dict[str, Any]) -> None:
    assert reply.feature["feature_id"] == "f1"
    assert_sound_row(reply.feature)
    assert "vectors" not in reply.feature["payload"]
    assert None not in reply.feature["payload"].values()
    vectors = body.get("vectors")
    if not isinstance(vectors, dict) or not vectors:
        assert len(reply.problems) == 1
        assert not reply.dense
        assert not reply.sparse
        return
    assert not set(reply.dense) & set(reply.sparse)
    assert len(reply.dense) + len(reply.sparse) + len(reply.problems) == len(vectors)
    assert set(reply.dense) | set(reply.sparse) <= set(vectors)
    for numbers in [*reply.dense.values(), *(vector.values for vector in reply.sparse.values())]:
        assert isinstance(numbers, list)
        assert numbers
        assert all(type(number) in {int, float} and abs(number) <= LARGEST_FLOAT for number in numbers)
    for vector in reply.sparse.values():
        assert len(vector.indices) == len(vector.values)
        assert all(type(index) is int and 0 <= index < 2**31 for index in vector.indices)


def assert_sound_row(feature: dict[str, Any]) -> None:
    texts = ["feature_id", "collection_id", "modality", "text", "transcription", "description", "created_at"]
    assert all(feature[name] is None or isinstance(feature[name], str) for name in texts)
    assert is_number_or_none(feature["start_time"])
    assert is_number_or_none(feature["end_time"])
    assert isinstance(feature["payload"], dict)


def is_number_or_none(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isfinite(value))
