"""The guide's four calls, as it prints them, and what the reference of its time adds."""

import json
import uuid
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import requests

from tests.mixpeek_local.caller import Caller


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_the_guides_four_calls_lead_from_a_url_to_named_vectors(api: Caller, clip: Path, prefix: str) -> None:
    base = api.url + prefix
    headers = {"Authorization": f"Bearer {api.key}", "Content-Type": "application/json"}
    payload = json.dumps({"url": str(clip), "collection": "example"})

    reply = requests.request("POST", f"{base}/ingest/videos/url", headers=headers, data=payload, timeout=60)
    assert reply.status_code == 200
    assert {"message", "task_id"} <= set(reply.json())
    assert reply.json()["message"] == "Video URL processing queued"
    task_id = reply.json()["task_id"]
    assert str(uuid.UUID(task_id)) == task_id

    task = Caller(api.url, api.key, prefix).settled(task_id)
    assert {"asset_id", "task_id", "status"} <= set(task)
    assert (task["task_id"], task["status"]) == (task_id, "DONE")

    # The guide sends a body along with this GET.
    url = f"{base}/assets/{task['asset_id']}/features"
    body = requests.request("GET", url, headers=headers, data=payload, timeout=60).json()
    assert set(body) == {"asset", "features"}
    assert set(body["features"]) == {"video", "image", "text", "audio"}

    feature_id = body["features"]["image"][0]["feature_id"]
    url = f"{base}/features/{feature_id}?include_vectors=true"
    feature = requests.request("GET", url, headers=headers, timeout=60).json()
    assert feature["feature_id"] == feature_id
    assert feature["modality"] == "image"
    assert len(feature["vectors"]["multimodal"]) > 100


def test_an_asset_says_what_the_guides_asset_says(api: Caller, clip: Path) -> None:
    body = api.process(clip, collection="films", metadata={"author": "user"}, skip_duplicate=False)
    asset = body["asset"]
    guide = "asset_id collection_id status url metadata error modality task_id unique_hash updated_at created_at score"
    assert set(guide.split()) <= set(asset)
    assert asset["collection_id"] == "films"
    assert asset["status"] == "DONE"
    assert asset["modality"] == "video"
    assert asset["metadata"] == {"author": "user"}
    assert asset["error"] is None
    assert asset["duplicate_of"] is None
    assert asset["file_data"]["codec"] == "h264"
    assert (asset["file_data"]["width"], asset["file_data"]["height"]) == (160, 120)
    assert asset["file_data"]["duration"] == pytest.approx(12, abs=0.1)


def test_asset_timestamps_are_zoneless_and_feature_timestamps_end_in_z(api: Caller, clip: Path) -> None:
    body = api.process(clip)
    created, updated = (datetime.fromisoformat(body["asset"][name]) for name in ("created_at", "updated_at"))
    feature = body["features"]["video"][0]
    assert created.tzinfo is None
    assert created <= updated
    assert len(body["asset"]["created_at"]) == len("2024-11-07T14:31:55.473000")
    assert feature["created_at"].endswith("Z")
    assert datetime.fromisoformat(feature["created_at"]).utcoffset() is not None


def test_each_interval_gives_a_video_an_image_and_an_audio_feature(api: Caller, clip: Path) -> None:
    asset, features = api.process(clip, metadata={"author": "user"}).values()
    spans = [(feature["start_time"], feature["end_time"]) for feature in features["video"]]
    assert spans[0] == (0, 10)
    assert spans[1] == (10, pytest.approx(12, abs=0.1))
    assert [feature["interval_sec"] for feature in features["video"]] == [10, 10]
    assert [(feature["start_time"], feature["end_time"]) for feature in features["audio"]] == spans
    for start, end in spans:
        assert any(start <= image["start_time"] == image["end_time"] < end for image in features["image"])
    assert features["text"] == []
    for modality, several in features.items():
        for feature in several:
            assert feature["modality"] == modality
            assert feature["asset_id"] == asset["asset_id"]
            assert feature["collection_id"] == "example"
            assert feature["metadata"] == {"author": "user"}


def test_the_interval_can_be_chosen(api: Caller, clip: Path) -> None:
    features = api.process(clip, feature_extractors=[{"interval_sec": 5, "embed": [{"type": "url"}]}])["features"]
    assert [feature["start_time"] for feature in features["video"]] == [0, 5, 10]
    assert {feature["interval_sec"] for feature in features["video"]} == {5}


@pytest.mark.parametrize("parameter", ["include_vectors", "return_vectors"])
def test_vectors_come_only_when_asked_for(api: Caller, clip: Path, parameter: str) -> None:
    listed = api.process(clip)["features"]["audio"][0]
    path = f"/features/{listed['feature_id']}"
    assert api.get(path) == listed
    assert api.get(path, params={parameter: "false"}) == listed
    vectors = api.get(path, params={parameter: "true"}).pop("vectors")
    assert {"audio"} <= set(vectors) <= set(api.get("/namespaces/indexes")["vector_indexes"])


def test_every_vector_is_a_finite_float32_of_length_one(api: Caller, clip: Path) -> None:
    features = api.process(clip)["features"]
    for name, modalities in (("multimodal", ("video", "image")), ("audio", ("audio",))):
        dimensions = set()
        for feature in (feature for modality in modalities for feature in features[modality]):
            values = api.vectors(feature)[name]
            vector = np.array(values, np.float32)
            assert [float(str(value)) for value in vector] == values  # the shortest decimals, nothing lost
            assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
            dimensions.add(len(values))
        assert len(dimensions) == 1


def test_processing_twice_gives_the_same_vectors(api: Caller, clip: Path) -> None:
    runs = [api.process(clip, skip_duplicate=False)["features"] for _ in range(2)]
    for modality in ("video", "image", "audio"):
        for one, other in zip(runs[0][modality], runs[1][modality], strict=True):
            assert one["feature_id"] != other["feature_id"]
            assert api.vectors(one) == api.vectors(other)


def test_the_same_content_is_copied_and_not_processed_again(api: Caller, clip: Path, folder: Path) -> None:
    first = api.process(clip, collection="first", skip_duplicate=False)
    twin = folder / "twin.mp4"
    twin.write_bytes(clip.read_bytes())
    copy = api.process(twin, collection="second", metadata={"own": 1})
    original = api.get(f"/assets/{copy['asset']['duplicate_of']}/features")
    assert original["asset"]["file_hash"] == first["asset"]["file_hash"] == copy["asset"]["file_hash"]
    assert original["asset"]["duplicate_of"] is None
    assert copy["asset"]["collection_id"] == "second"
    assert copy["asset"]["metadata"] == {"own": 1}
    assert copy["asset"]["file_data"] == original["asset"]["file_data"]
    for modality in ("video", "image", "audio"):
        for mine, theirs in zip(copy["features"][modality], original["features"][modality], strict=True):
            assert mine["feature_id"] != theirs["feature_id"]
            assert mine["asset_id"] == copy["asset"]["asset_id"]
            assert api.vectors(mine) == api.vectors(theirs)


def test_another_interval_is_no_duplicate(api: Caller, clip: Path) -> None:
    api.process(clip)
    assert api.process(clip, feature_extractors=[{"interval_sec": 7}])["asset"]["duplicate_of"] is None


def test_an_asset_can_be_replaced_and_added_to(api: Caller, clip: Path) -> None:
    asset_id = api.process(clip, metadata={"a": 1, "b": 1})["asset"]["asset_id"]
    update = {"asset_id": asset_id, "mode": "replace"}
    replaced = api.process(clip, asset_update=update, feature_extractors=[{"interval_sec": 6}], metadata={"b": 2})
    assert replaced["asset"]["asset_id"] == asset_id
    assert replaced["asset"]["metadata"] == {"a": 1, "b": 2}
    assert [feature["start_time"] for feature in replaced["features"]["video"]] == [0, 6]
    added = api.process(clip, asset_update={"asset_id": asset_id, "mode": "append"})
    assert sorted(feature["start_time"] for feature in added["features"]["video"]) == [0, 0, 6, 10]
