"""Whatever a reply holds, reading it is never an exception, and what comes out can be stored."""

import json
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from mixpeek_assets.api.documents.batches import Batch
from mixpeek_assets.api.documents.records import asset_row, is_uncertain, owner_of, read_document
from mixpeek_assets.api.port import TaskState
from mixpeek_assets.api.statuses import is_known
from mixpeek_assets.api.values import LARGEST_FLOAT

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS | st.lists(st.floats(allow_nan=False, width=32) | st.integers(-9, 9), max_size=70),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
SPARSE = st.fixed_dictionaries({"indices": st.lists(st.integers(), max_size=4), "values": st.lists(st.floats())})
NAMES = ("multimodal_embedding", "transcription_embedding", "x" * 600)
LINEAGE = st.fixed_dictionaries({}, optional={"root_object_id": VALUES, "source_object_id": VALUES, "chain": VALUES})
INTERNAL = st.fixed_dictionaries({}, optional={"lineage": LINEAGE | VALUES, "modality": VALUES, "created_at": VALUES})


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of these fields, and others that nobody knows."""
    known = st.fixed_dictionaries({}, optional={name: value | VALUES for name, value in fields.items()})
    others = st.dictionaries(st.text(max_size=12), VALUES, max_size=3)
    return st.builds(lambda other, known: {**other, **known}, others, known)


DOCUMENTS = some(
    **dict.fromkeys(("document_id", "collection_id", "video_key", "start_time", "end_time_s", "text"), VALUES),
    **dict.fromkeys(("ocr_text", "transcription", "description", "metadata", "created_at"), VALUES),
    **dict.fromkeys(NAMES, SPARSE | st.lists(st.floats(), max_size=5)),
    _internal=INTERNAL,
    _vectors=st.lists(st.sampled_from(NAMES) | VALUES, max_size=3),
    vector_hydration_incomplete=st.booleans(),
)
BLOB = some(type=VALUES, properties=some(url=VALUES), details=some(hash=VALUES))
OBJECTS = some(
    **dict.fromkeys(("status", "error", "metadata", "created_at", "updated_at", "document_count"), VALUES),
    blobs=st.lists(BLOB | VALUES, max_size=2),
)
IDS = st.sampled_from(["obj_1", "obj_2", "obj_3"])
ENTRIES = st.lists(some(object_id=IDS, error=VALUES, missing_feature=VALUES) | VALUES, max_size=4)
STATUSES = ("COMPLETED", "COMPLETED_WITH_ERRORS", "FAILED", "CANCELED", "PROCESSING", "INTERRUPTED", "SKIPPED", "draft")
BATCHES = some(
    **dict.fromkeys(("bucket_id", "error", "failure_reason", "lifecycle_reason", "status_message"), VALUES),
    **dict.fromkeys(("failed_object_count", "unaccounted_object_count", "segments_dropped"), st.integers(-1, 9)),
    **dict.fromkeys(("failed_objects", "partial_objects"), ENTRIES),
    status=st.sampled_from(STATUSES),
    object_ids=st.lists(IDS, max_size=4),
    documents_resolvable=st.booleans(),
    documents_resolvable_error=VALUES,
    cost=some(credits_consumed=st.floats(0, 1e6), cost_usd=VALUES),
)


@given(document=DOCUMENTS, names=st.sets(st.sampled_from(NAMES)))
def test_a_document_becomes_a_row_with_sound_vectors(document: dict[str, Any], names: set[str]) -> None:
    reply = read_document(document, "doc_1", names)
    is_uncertain(document)
    assert all(part is None or isinstance(part, str) for part in owner_of(document))
    row = reply.feature
    assert row["feature_id"] == "doc_1"
    for name in ("collection_id", "modality", "text", "transcription", "description", "created_at"):
        assert row[name] is None or isinstance(row[name], str)
    for name in ("start_time", "end_time"):
        assert row[name] is None or isinstance(row[name], float)
    for vector in reply.dense.values():
        assert vector
        assert all(type(number) in (int, float) and abs(number) <= LARGEST_FLOAT for number in vector)
    for vector in reply.sparse.values():
        assert len(vector.indices) == len(vector.values)
    assert reply.dense.keys() | reply.sparse.keys() <= document.keys()
    assert not (reply.dense.keys() | reply.sparse.keys()) & row["payload"].keys(), "a vector is not stored twice"
    is_whole = row["payload"].keys() | reply.dense.keys() | reply.sparse.keys() == document.keys()
    assert is_whole or reply.problems, "nothing is dropped without a word"
    assert reply.dense or reply.sparse or reply.problems
    json.dumps(row)


@given(item=OBJECTS)
def test_an_object_becomes_a_row(item: dict[str, Any]) -> None:
    row = asset_row(item, "obj_1")
    assert row["asset_id"] == "obj_1"
    assert isinstance(row["modality"], str)
    for name in ("status", "url", "file_hash", "created_at", "updated_at"):
        assert row[name] is None or isinstance(row[name], str)
    assert row["payload"] == item


@given(body=BATCHES, item=st.none() | OBJECTS, submissions=st.integers(0, 5))
def test_a_batch_says_one_thing_of_each_video(body: dict[str, Any], item: Any, submissions: int) -> None:
    batch = Batch(body, submissions)
    reply = batch.reply("btch_1", "obj_1", item)
    assert reply.state in get_args(TaskState)
    assert (reply.task_id, reply.asset_id) == ("btch_1", "obj_1")
    assert (reply.state == "open") == (not batch.is_over)
    assert is_known(reply.status) or reply.state == "open"
    if reply.state in ("failed", "cancelled"):
        assert reply.error, "a failure has a reason"
    for cost in (reply.credits, reply.cost_usd):
        assert cost is None or isinstance(cost, float)
    json.dumps(reply.error)
