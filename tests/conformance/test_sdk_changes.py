"""What the vendor's Python SDK, at two versions, cancels, changes, deletes and is refused on the local API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.conftest import ingest
from tests.conformance.sdk import Sdk, speaking
from tests.mixpeek_local.caller import Caller, until
from tests.mixpeek_local.video_host import VideoHost, hosting

NOWHERE = "00000000-0000-4000-8000-000000000000"
BY_ID = [
    ("tasks.get", "task_id"),
    ("tasks.delete", "task_id"),
    ("assets.get", "asset_id"),
    ("assets.delete", "asset_id"),
    ("features.get", "feature_id"),
    ("features.delete", "feature_id"),
    ("namespaces.get", "namespace"),
    ("collections.get", "collection"),
    ("collections.delete", "collection"),
]


@pytest.fixture
def waiting(sdk: Sdk, clip: Path) -> Iterator[str]:
    """A task whose video does not come."""
    with hosting(clip) as host:
        queued = sdk(sdk.names.ingest, url=host.address("/later"), collection="waiting")
        assert host.asked.wait(60)
        yield queued["task_id"]


def test_it_cancels_a_task(sdk: Sdk, waiting: str) -> None:
    assert sdk("tasks.get", task_id=waiting)["status"] == "DOWNLOADING"
    sdk("tasks.delete", task_id=waiting)
    until(lambda: sdk("tasks.get", task_id=waiting)["status"] == "CANCELLED")


@pytest.mark.parametrize("sdk", ["0.18.5"], indirect=True)
def test_it_lists_the_tasks_that_are_not_over(sdk: Sdk, waiting: str) -> None:
    active = sdk("tasks.list_active", page=1, page_size=10)
    assert waiting in [task["task_id"] for task in active["results"]]
    assert active["pagination"]["total"] == len(active["results"])
    sdk("tasks.delete", task_id=waiting)


@pytest.mark.parametrize("operation", ["assets.update", "assets.partial_update"])
def test_it_changes_an_asset(sdk: Sdk, host: VideoHost, operation: str) -> None:
    asset_id = ingest(sdk, host, "changed").asset_id
    before = sdk("assets.get", asset_id=asset_id)
    after = sdk(operation, asset_id=asset_id, metadata={"author": "another"}, propagate_features=True)
    assert after["asset_id"] == asset_id
    assert after["updated_at"] > before["updated_at"]


def test_it_changes_and_deletes_a_feature(sdk: Sdk, host: VideoHost) -> None:
    asset_id = ingest(sdk, host, "changed").asset_id
    grouped = sdk(sdk.names.asset_with_features, asset_id=asset_id)
    feature_id = grouped["features"]["video"][0]["feature_id"]
    assert sdk("features.update", feature_id=feature_id, metadata={"author": "another"})["feature_id"] == feature_id
    sdk("features.delete", feature_id=feature_id)
    assert sdk.answer("features.get", feature_id=feature_id).raised == "ErrorResponse"


def test_it_deletes_an_asset_and_its_features(sdk: Sdk, host: VideoHost) -> None:
    asset_id = ingest(sdk, host, "deleted").asset_id
    grouped = sdk(sdk.names.asset_with_features, asset_id=asset_id)
    sdk("assets.delete", asset_id=asset_id)
    assert sdk.answer("assets.get", asset_id=asset_id).error["status"] == 404
    for listed in grouped["features"].values():
        for feature in listed:
            assert sdk.answer("features.get", feature_id=feature["feature_id"]).error["status"] == 404


def test_it_deletes_a_collection_and_its_assets(sdk: Sdk, host: VideoHost) -> None:
    asset = ingest(sdk, host, "emptied")
    sdk("collections.delete", collection=asset.collection)
    assert sdk.answer("collections.get", collection=asset.collection).error["status"] == 404
    assert sdk.answer("assets.get", asset_id=asset.asset_id).error["status"] == 404


@pytest.mark.parametrize(("operation", "name"), BY_ID)
def test_what_is_not_there_is_a_404_that_it_can_read(sdk: Sdk, operation: str, name: str) -> None:
    refused = sdk.answer(operation, **{name: NOWHERE})
    assert refused.raised == "ErrorResponse"
    assert refused.error["status"] == 404
    assert name.removesuffix("_id") in refused.error["error"]["message"]


def test_what_is_wrong_with_a_body_is_told_by_its_place(sdk: Sdk) -> None:
    extractor = {"interval_sec": 4, "embed": [{"type": "url", sdk.names.index: "multimodal"}]}
    refused = sdk.answer(
        sdk.names.ingest, url="https://example.com/a.mp4", collection="c", feature_extractors=[extractor]
    )
    assert refused.raised == "HTTPValidationError"
    assert [one["loc"] for one in refused.error["detail"]] == [["body", "feature_extractors", 0, "interval_sec"]]


def test_a_search_in_an_index_that_is_not_there_names_those_that_are(sdk: Sdk) -> None:
    query = {sdk.names.index: "keyword", "value": "harbour", "type": "text"}
    refused = sdk.answer("features.search", collections=["refused"], queries=[query])
    assert refused.raised == "HTTPValidationError"
    assert "multimodal" in refused.error["detail"][0]["msg"]


def test_a_wrong_key_is_a_401_that_it_can_read(sdk: Sdk, api: Caller) -> None:
    with speaking(sdk.version, api.url, "not the key") as stranger:
        refused = stranger.answer("tasks.get", task_id=NOWHERE)
    assert refused.raised == "ErrorResponse"
    assert refused.error["status"] == 401
