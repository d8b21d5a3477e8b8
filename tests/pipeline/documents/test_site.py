"""The account's side of a collection: found by name, made once, and never bent."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mixpeek_assets.api.errors import SetupError
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.documents import ScriptedDocuments
from tests.fakes.pipeline import add_videos, submit
from tests.fakes.today import places
from tests.fakes.today.routes import Call
from tests.fakes.today.world import Bucket, Collection, Namespace
from tests.pipeline.documents.tables import ingest, states
from tests.pipeline.test_submit import urls

V2 = {"feature_extractor_name": "multimodal_extractor", "version": "v2"}
MADE = r"POST /v1/(namespaces|buckets|collections)$"
SCHEMA = {"properties": {name: {"type": "string"} for name in ("video_key", "metadata")} | {"video": {"type": "video"}}}


@pytest.fixture(autouse=True)
def some_videos(warehouse: Warehouse) -> None:
    add_videos(urls(2))


def give_namespace(mixpeek: ScriptedDocuments, *extractors: dict[str, str], name: str = "mixpeek_assets") -> str:
    found = Namespace(mixpeek.new_id("ns"), name, list(extractors))
    mixpeek.namespaces[found.namespace_id] = found
    return found.namespace_id


def give_bucket(mixpeek: ScriptedDocuments, namespace_id: str, schema: Any = SCHEMA, name: str = "default") -> str:
    found = Bucket(mixpeek.new_id("bkt"), namespace_id, name, schema)
    mixpeek.buckets[found.bucket_id] = found
    return found.bucket_id


def give_collection(mixpeek: ScriptedDocuments, namespace_id: str, bucket_id: str) -> str:
    source = {"type": "bucket", "bucket_ids": [bucket_id]}
    found = Collection(mixpeek.new_id("col"), namespace_id, "default", source, V2, [])
    mixpeek.collections[found.collection_id] = found
    return found.collection_id


def test_what_is_missing_is_made_once(documents_api: ScriptedDocuments) -> None:
    submit()
    submit(refresh=True)
    assert [request.path for request in documents_api.asked(MADE)] == [
        "/v1/namespaces",
        "/v1/buckets",
        "/v1/collections",
    ]
    (namespace,) = documents_api.namespaces.values()
    assert namespace.name == "mixpeek_assets"


def test_what_is_there_is_used(documents_api: ScriptedDocuments) -> None:
    namespace_id = give_namespace(documents_api, V2)
    bucket_id = give_bucket(documents_api, namespace_id)
    collection_id = give_collection(documents_api, namespace_id, bucket_id)
    submit()
    assert documents_api.asked(MADE) == []
    assert {one.bucket_id for one in documents_api.objects.values()} == {bucket_id}
    assert {tuple(one.collection_ids) for one in documents_api.batches.values()} == {(collection_id,)}


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_namespace_that_is_named_is_used(
    documents_api: ScriptedDocuments, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    namespace_id = give_namespace(documents_api, V2, name="ours")
    monkeypatch.setenv("MIXPEEK_NAMESPACE", "ours" if by == "name" else namespace_id)
    assert submit().accepted == 2
    assert list(documents_api.namespaces) == [namespace_id]


def test_a_namespace_that_is_named_and_missing_is_never_made(
    documents_api: ScriptedDocuments, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_NAMESPACE", "theirs")
    with pytest.raises(SetupError, match="no such namespace: name one that it has in MIXPEEK_NAMESPACE") as caught:
        submit()
    assert "theirs" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert documents_api.asked(MADE) == []
    assert states(warehouse) == [], "nothing was sent"


def test_a_new_namespace_is_used_when_it_is_ready(
    documents_api: ScriptedDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mixpeek_assets.api.documents.site.time.sleep", lambda _: None)
    documents_api.namespace_ready_after = 3
    assert submit().accepted == 2
    (namespace,) = documents_api.namespaces.values()
    assert namespace.reads == 4, "until it is ready, and not once more"


def test_what_two_processes_make_at_once_is_made_once(documents_api: ScriptedDocuments) -> None:
    """The other one is always faster: what it makes is there when ours is refused with a 409."""

    def be_first(request: Any) -> None:
        body = request.body or {}
        namespace_id = next(iter(documents_api.namespaces), "")
        makers = {"namespaces": places.create_namespace, "buckets": places.create_bucket}
        makers["collections"] = places.create_collection
        kind = request.path.rpartition("/")[2]
        if request.method == "POST" and kind in makers:
            makers[kind](documents_api, Call({}, {}, body, namespace_id))

    documents_api.on_request = be_first
    assert submit().accepted == 2
    assert [len(documents_api.asked(f"POST /v1/{kind}$")) for kind in ("namespaces", "buckets", "collections")] == [
        1,
        1,
        1,
    ]
    assert (len(documents_api.namespaces), len(documents_api.buckets), len(documents_api.collections)) == (1, 1, 1)


def test_threads_of_one_client_make_it_once(documents_api: ScriptedDocuments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIXPEEK_BATCH_VIDEOS", "1")
    add_videos(urls(12))
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(submit).result().accepted == 12
    assert len(documents_api.asked(MADE)) == 3
    assert len(documents_api.batches) == 12


def test_a_bucket_of_another_shape_is_refused_in_one_sentence(
    documents_api: ScriptedDocuments, warehouse: Warehouse
) -> None:
    give_bucket(documents_api, give_namespace(documents_api, V2), {"properties": {"film": {"type": "video"}}})
    with pytest.raises(SetupError, match="its schema lacks video and video_key: choose another MIXPEEK_COLLECTION"):
        submit()
    assert documents_api.objects == {}
    assert states(warehouse) == []


def test_a_collection_of_another_bucket_is_refused_in_one_sentence(documents_api: ScriptedDocuments) -> None:
    namespace_id = give_namespace(documents_api, V2)
    give_bucket(documents_api, namespace_id)
    give_collection(documents_api, namespace_id, give_bucket(documents_api, namespace_id, name="others"))
    with pytest.raises(SetupError, match="its videos come from another bucket: choose another MIXPEEK_COLLECTION"):
        submit()
    assert documents_api.objects == {}


def test_an_extractor_that_the_namespace_does_not_hold_is_refused_in_one_sentence(
    documents_api: ScriptedDocuments,
) -> None:
    give_namespace(documents_api, {**V2, "version": "v1"})
    words = "does not hold the extractor multimodal_extractor v2, but multimodal_extractor v1: name one of these"
    with pytest.raises(SetupError, match=words):
        submit()
    assert documents_api.asked(MADE) == []


def test_two_extractors_at_once_are_refused_in_one_sentence(
    documents_api: ScriptedDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_FEATURE_EXTRACTORS", json.dumps([V2, V2]))
    with pytest.raises(SetupError, match="it lists 2 extractors, and a collection has one"):
        submit()


def test_other_settings_make_another_collection_and_the_first_one_stays(
    documents_api: ScriptedDocuments, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(warehouse)
    first = dict(documents_api.truth())
    monkeypatch.setenv("MIXPEEK_FEATURE_EXTRACTORS", json.dumps([{"time_split_interval": 5}]))
    ingest(warehouse)
    (old, new) = documents_api.collections.values()
    assert old.name == "default"
    assert new.name.startswith("default-")
    assert (old.extractor["parameters"]["time_split_interval"], new.extractor["parameters"]["time_split_interval"]) == (
        10,
        5,
    )
    assert len(documents_api.buckets) == 1
    kept = set(documents_api.documents)
    assert {one.document_id for some in first.values() for one in some} <= kept
    assert set(documents_api.processed.values()) == {2}


def test_the_same_settings_written_otherwise_are_the_same_collection(
    documents_api: ScriptedDocuments, monkeypatch: pytest.MonkeyPatch
) -> None:
    for written in ('[{"run_ocr": true, "time_split_interval": 5}]', '[{"time_split_interval": 5, "run_ocr": true}]'):
        monkeypatch.setenv("MIXPEEK_FEATURE_EXTRACTORS", written)
        submit()
    assert len(documents_api.collections) == 1
