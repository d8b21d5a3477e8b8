"""What the vendor's Python SDK, at two versions, ingests, lists, gets and finds on the local API."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.conformance.conftest import Ingested, ingest
from tests.conformance.sdk import Sdk
from tests.mixpeek_local.video_host import VideoHost


def features_of(sdk: Sdk, asset: Ingested) -> list[dict[str, Any]]:
    grouped = sdk(sdk.names.asset_with_features, asset_id=asset.asset_id)["features"]
    return [feature for listed in grouped.values() for feature in listed]


def ids(found: dict[str, Any]) -> list[str]:
    return [asset["asset_id"] for asset in found["results"]]


def test_it_finds_the_server_healthy(sdk: Sdk) -> None:
    assert sdk("health.check")["status"]


def test_it_ingests_a_video_and_polls_its_task_until_it_is_done(ingested: Ingested) -> None:
    assert ingested.statuses[-1] == "DONE"
    assert ingested.asset_id


def test_it_lists_the_assets_of_a_collection_page_by_page(sdk: Sdk, ingested: Ingested, another: Ingested) -> None:
    listed = [sdk("assets.list", collections=[ingested.collection], page=page, page_size=1) for page in (1, 2)]
    assert {asset for page in listed for asset in ids(page)} == {ingested.asset_id, another.asset_id}
    for number, page in enumerate(listed, start=1):
        pagination = page["pagination"]
        assert (pagination["page"], pagination["page_size"]) == (number, 1)
        assert (pagination["total"], pagination["total_pages"]) == (2, 2)
        assert (pagination["previous_page"] is None, pagination["next_page"] is None) == (number == 1, number == 2)


def test_it_filters_assets(sdk: Sdk, ingested: Ingested, another: Ingested) -> None:
    for operator, wanted in (("eq", ingested), ("ne", another)):
        condition = {"key": "asset_id", "operator": operator, "value": ingested.asset_id}
        found = sdk("assets.list", collections=[ingested.collection], filters={"AND": [condition]})
        assert ids(found) == [wanted.asset_id]


def test_it_sorts_assets(sdk: Sdk, ingested: Ingested, another: Ingested) -> None:
    for direction, wanted in (("asc", [ingested, another]), ("desc", [another, ingested])):
        sort = {"field": "created_at", "direction": direction}
        found = sdk("assets.list", collections=[ingested.collection], sort=sort)
        assert ids(found) == [asset.asset_id for asset in wanted]


def test_it_searches_assets(sdk: Sdk, ingested: Ingested, another: Ingested) -> None:
    query = {"key": ["asset_id"], "value": another.asset_id}
    assert ids(sdk("assets.search", collections=[ingested.collection], query=query)) == [another.asset_id]


def test_it_gets_an_asset(sdk: Sdk, ingested: Ingested, host: VideoHost) -> None:
    asset = sdk("assets.get", asset_id=ingested.asset_id)
    assert asset["asset_id"] == ingested.asset_id
    assert asset["collection_id"] == ingested.collection
    assert asset["status"] == "DONE"
    assert asset["url"] == host.address("/clip")
    assert asset["duplicate_of"] is None
    assert asset["created_at"] <= asset["updated_at"]


def test_it_sees_that_the_same_content_was_not_processed_twice(sdk: Sdk, ingested: Ingested, another: Ingested) -> None:
    first, second = (sdk("assets.get", asset_id=asset.asset_id) for asset in (ingested, another))
    assert second["duplicate_of"]
    assert second["file_hash"] == first["file_hash"]


def test_it_gets_an_asset_with_a_list_of_features_a_modality(sdk: Sdk, ingested: Ingested) -> None:
    grouped = sdk(sdk.names.asset_with_features, asset_id=ingested.asset_id)
    assert grouped["asset"]["asset_id"] == ingested.asset_id
    assert set(grouped["features"]) == {"video", "image", "text", "audio"}
    assert [(one["start_time"], one["interval_sec"]) for one in grouped["features"]["video"]] == [(0, 6), (6, 6)]
    for modality, listed in grouped["features"].items():
        assert {feature["modality"] for feature in listed} <= {modality}


def test_it_lists_the_features_of_a_collection_page_by_page(sdk: Sdk, ingested: Ingested, another: Ingested) -> None:
    expected = [feature["feature_id"] for asset in (ingested, another) for feature in features_of(sdk, asset)]
    listed: list[str] = []
    following = ""
    while following is not None:
        assert len(listed) < len(expected)
        offset = dict(parse_qsl(urlsplit(following).query)) | {"page_size": 3}
        page = sdk("features.list", collections=[ingested.collection], **offset)
        assert page["pagination"]["total"] == len(expected)
        assert page["pagination"]["current_page"] == len(listed) // 3 + 1
        listed += [feature["feature_id"] for feature in page["results"]]
        following = page["pagination"]["next_page"]
    assert sorted(listed) == sorted(expected)


def test_it_filters_features(sdk: Sdk, ingested: Ingested, another: Ingested) -> None:
    conditions = [
        {"key": "asset_id", "operator": "in", "value": [ingested.asset_id, another.asset_id]},
        {"key": "start_time", "operator": "gt", "value": 5},
    ]
    nested = {"OR": [{"key": "modality", "operator": "eq", "value": kind} for kind in ("video", "audio")]}
    filters = {"AND": [*conditions, nested]}
    found = sdk("features.list", collections=[ingested.collection], page_size=100, filters=filters)["results"]
    assert sorted((one["modality"], one["start_time"]) for one in found) == [("audio", 6)] * 2 + [("video", 6)] * 2


def test_it_gets_each_feature_with_vectors_as_long_as_the_namespace_says(sdk: Sdk, ingested: Ingested) -> None:
    indexes = sdk(sdk.names.list_indexes)[sdk.names.indexes]
    for listed in features_of(sdk, ingested):
        assert "vectors" not in sdk("features.get", feature_id=listed["feature_id"])
        feature = sdk("features.get", feature_id=listed["feature_id"], return_vectors=True)
        assert feature["vectors"]
        for name, vector in feature["vectors"].items():
            assert len(vector) == indexes[name]["size"]
            assert listed["modality"] in indexes[name]["supported_modalities"]


def test_it_lists_and_gets_the_collections_that_it_ingested_into(sdk: Sdk, ingested: Ingested) -> None:
    listed = sdk("collections.list", page_size=100)
    assert listed["pagination"]["total"] == len(listed["results"])
    (collection,) = (one for one in listed["results"] if one["collection_name"] == ingested.collection)
    assert collection["count"] >= 1
    got = sdk("collections.get", collection=ingested.collection)
    assert got["collection_id"] == collection["collection_id"]


def test_namespaces_keep_assets_apart(sdk: Sdk, host: VideoHost, settings: dict[str, Any]) -> None:
    namespace = f"apart-{sdk.version}"
    asset = ingest(sdk, host, x_namespace=namespace, **settings)
    assert ids(sdk("assets.list", collections=[asset.collection], x_namespace=namespace)) == [asset.asset_id]
    assert asset.asset_id not in ids(sdk("assets.list", collections=[asset.collection], page_size=100))
    got = sdk("namespaces.get", namespace=namespace)
    assert got["namespace_name"] == namespace
    assert got in sdk("namespaces.list")
    assert set(got[sdk.names.indexes]) == set(sdk(sdk.names.list_indexes)[sdk.names.indexes])


def test_a_search_in_words_ranks_the_features_of_a_collection(sdk: Sdk, ingested: Ingested, another: Ingested) -> None:
    query = {sdk.names.index: "multimodal", "value": "a sunset by the sea", "type": "text"}
    search = {"collections": [ingested.collection], "queries": [query], "page_size": 3}
    # The SDK's type for this reply has no fields: what was found is in the body.
    first = sdk.answer("features.search", **search).body["results"]
    assert len(first) == 3
    assert {feature["collection_id"] for feature in first} == {ingested.collection}
    scores = [feature["score"] for feature in first]
    assert scores == sorted(scores, reverse=True)
    second = sdk.answer("features.search", **search, offset_position=3).body["results"]
    assert second
    assert not {one["feature_id"] for one in first} & {one["feature_id"] for one in second}
    assert max(one["score"] for one in second) <= min(scores)
