"""`POST /features/search` of a real server, over real HTTP."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.mixpeek_local.caller import Caller

QUERY = {"vector_index": "multimodal", "type": "text", "value": "a lighthouse at night"}


@pytest.fixture(scope="module")
def features(api: Caller, clip: Path) -> list[dict[str, Any]]:
    """The pictures of a video in a collection of its own."""
    return api.process(clip, collection="searched")["features"]["image"]


def search(api: Caller, params: dict[str, Any] | None = None, **body: Any) -> dict[str, Any]:
    reply = api.request("POST", "/features/search", params=params, json={"collections": ["searched"], **body})
    assert reply.status_code == 200, reply.text
    return reply.json()


def like(feature: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"vector_index": "multimodal", "type": "feature", "value": feature["feature_id"], **fields}


@pytest.mark.parametrize("prefix", ["", "/v1"])
@pytest.mark.parametrize("name", ["vector_index", "embedding_model"])
def test_a_feature_finds_the_others_under_both_names_of_an_index(
    name: str, prefix: str, api: Caller, features: list[dict[str, Any]]
) -> None:
    query = {name: "multimodal", "type": "feature", "value": features[0]["feature_id"]}
    only_images = {"AND": [{"key": "modality", "value": "image"}]}

    reply = search(replace(api, prefix=prefix), queries=[query], filters=only_images)

    found = {one["feature_id"]: one for one in reply["results"]}
    assert [one["score"] for one in reply["results"]] == sorted((one["score"] for one in found.values()), reverse=True)
    assert all(-1 <= one["score"] < 1 for one in found.values())
    assert {name: {**one, "score": 0} for name, one in found.items()} == {
        one["feature_id"]: {**one, "score": 0} for one in features[1:]
    }, "the body is that of every list"


def test_pages_are_followed_by_their_addresses(api: Caller, features: list[dict[str, Any]]) -> None:
    whole = search(api, {"page_size": 100}, queries=[like(features[0])])["results"]
    assert len(whole) > 2
    body = {"collections": ["searched"], "queries": [like(features[0])]}

    followed, address = [], "/features/search?page_size=2"
    while address:
        assert len(followed) <= len(whole)
        reply = api.request("POST", address, json=body).json()
        assert reply["pagination"]["total"] == len(whole)
        followed += reply["results"]
        address = reply["pagination"]["next_page"]

    assert followed == whole


def test_what_is_said_of_a_page(api: Caller, features: list[dict[str, Any]]) -> None:
    reply = search(api, {"page_size": 2, "offset_position": 3}, queries=[like(features[0])])

    total = reply["pagination"]["total"]
    assert reply["pagination"] == {
        "total": total,
        "page": 2,
        "current_page": 2,
        "page_size": 2,
        "total_pages": -(-total // 2),
        "next_page": "/features/search?offset_position=5&page_size=2" if total > 5 else None,
        "previous_page": "/features/search?offset_position=1&page_size=2",
    }


def test_without_queries_there_are_all_features(api: Caller, features: list[dict[str, Any]]) -> None:
    ids = {one["feature_id"] for one in search(api, {"page_size": 100})["results"]}

    assert {one["feature_id"] for one in features} < ids
    assert search(api, collections=["nowhere"])["results"] == []


REFUSED = [
    ({"queries": [{**QUERY, "vector_index": "image"}]}, "search `multimodal`"),
    ({"queries": [{**QUERY, "vector_index": "keyword"}]}, "this server has no index 'keyword'; it has audio, "),
    ({"queries": [{**QUERY, "type": "url", "value": "http://videos.test/a.jpg"}]}, "not by url"),
    ({"queries": [{**QUERY, "type": "base64"}]}, "not by base64"),
    ({"queries": [{**QUERY, "type": "smell"}]}, "type"),
    ({"queries": [{**QUERY, "value": "  "}]}, "at least 1 character"),
    ({"queries": [{**QUERY, "value": "x" * 9_000}]}, "at most 8192 characters"),
    ({"queries": [{"type": "text", "value": "a"}]}, "vector_index"),
    ({"queries": [QUERY] * 11}, "at most 10"),
    ({"queries": [like({"feature_id": "nobody"})]}, "there is no feature 'nobody'"),
    ({"queries": [{**QUERY, "settings": {"limit": 0}}]}, "limit"),
    ({"queries": [{**QUERY, "settings": {"modality": "smell"}}]}, "modality"),
    ({"queries": [{**QUERY, "filters": {"AND": [{"key": "a", "operator": "like"}]}}]}, "operator"),
    ({"filters": {"XOR": []}}, "XOR"),
    ({"reranking_options": {"enable_reranking": True}}, "records no interactions"),
    ({"sort": {"field": "score", "direction": "down"}}, "direction"),
    ({"group_by": {"max_features": 1_000_001}}, "max_features"),
    ({"collections": None}, "collections"),
]


@pytest.mark.parametrize(("body", "reason"), REFUSED)
def test_what_is_not_offered_is_refused_with_the_reason(body: dict[str, Any], reason: str, api: Caller) -> None:
    reply = api.request("POST", "/features/search", json={"collections": ["searched"], **body})

    assert reply.status_code == 422, reply.text
    assert reason in str(reply.json()["detail"])


@pytest.mark.parametrize("params", [{"page_size": 0}, {"page_size": 101}, {"offset_position": 10_001}])
def test_pages_have_limits(params: dict[str, int], api: Caller) -> None:
    assert api.request("POST", "/features/search", params=params, json={"collections": []}).status_code == 422


def test_a_feature_has_only_the_vectors_that_it_has(api: Caller, features: list[dict[str, Any]]) -> None:
    query = like(features[0], vector_index="audio")

    reply = api.request("POST", "/features/search", json={"collections": ["searched"], "queries": [query]})

    assert reply.status_code == 422
    assert "has no vector 'audio' with a direction; it has" in reply.text


def test_floors_of_scores_are_those_of_one_query_by_words(api: Caller, features: list[dict[str, Any]]) -> None:
    floors = search(api, queries=[QUERY], sort={"field": "start_time", "direction": "asc"})["score_floors"]

    assert floors.keys() == {"video", "image", "text", "audio"}
    assert all(0 < floor < 1 for floor in floors.values())
    assert search(api, queries=[{**QUERY, "vector_index": "text"}])["score_floors"].keys() == {"video", "text", "audio"}
    for queries in ([like(features[0])], [QUERY, QUERY], None):
        assert search(api, queries=queries)["score_floors"] is None


def test_options_that_change_nothing_are_taken(api: Caller, features: list[dict[str, Any]]) -> None:
    queries = [like(features[0])]
    options = {"session_id": "s", "reranking_options": {"enable_reranking": False, "weights": {}}, "return_url": None}

    assert search(api, queries=queries, **options)["results"] == search(api, queries=queries)["results"]
