"""The search for documents, and the retriever that does the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mixpeek_local.extract.records import Feature
from mixpeek_local.http.documents.search_requests import FeatureQuery
from tests.mixpeek_local.documents.shelf import Shelf, shelved
from tests.mixpeek_local.served import vector

INDEX = "mixpeek://multimodal_extractor@v1/image"
EAST, NORTH = [1.0, 0.0], [0.0, 1.0]


def seen(second: float, *values: float) -> Feature:
    return Feature("image", second, second, {"image": vector(*values)}, {"description": f"at {second:g}"})


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with shelved(Path(tmp_path_factory.mktemp("search")) / "state") as shelf:
        shelf.add("k1", seen(1, 1, 0), seen(2, 0.8, 0.6))
        shelf.add("k2", seen(3, 0, 1))
        shelf.another("more", "video_key").add("k3", seen(4, 1, 0.1))
        yield shelf


def search(shelf: Shelf, **body: Any) -> list[dict[str, Any]]:
    query = {"input_mode": "vector", "vector": EAST}
    body = {"collection_identifiers": ["videos"], "query": query, "feature_uri": INDEX, **body}
    reply = shelf.ask("POST", "/v1/features/search", body)
    assert reply["status"] == "completed"
    return reply["documents"]


def retriever(**search: Any) -> dict[str, Any]:
    parameters = {"searches": [{"feature_uri": INDEX, "top_k": 5, **search}], "final_top_k": 5}
    config = {"stage_id": "feature_search", "parameters": parameters}
    return {
        "collection_identifiers": ["videos"],
        "stages": [{"stage_name": "search", "stage_type": "filter", "config": config}],
        "inputs": {},
    }


def test_the_nearest_documents_come_first_with_their_scores(shelf: Shelf) -> None:
    found = search(shelf)
    assert [(one["start_time"], one["score"]) for one in found] == [(1, 1.0), (2, 0.8), (3, 0.0)]
    assert found[0]["video_key"] == "k1"
    assert "image" not in found[0]


def test_a_search_has_a_limit_filters_and_other_collections(shelf: Shelf) -> None:
    assert [one["start_time"] for one in search(shelf, top_k=1)] == [1]
    assert [one["start_time"] for one in search(shelf, filters={"video_key": "k2"})] == [3]
    assert [one["start_time"] for one in search(shelf, collection_identifiers=[], top_k=2)] == [1, 4]


def test_a_document_finds_those_like_it(shelf: Shelf) -> None:
    north = next(one for one in shelf.listed() if one["start_time"] == 3)
    query = {"input_mode": "document", "document_ref": {"document_id": north["document_id"]}}
    assert [one["start_time"] for one in search(shelf, query=query)] == [3, 2, 1]


def test_a_retriever_of_one_stage_finds_the_same(shelf: Shelf) -> None:
    body = retriever(query={"input_mode": "vector", "value": NORTH}, min_score=0.5)
    reply = shelf.ask("POST", "/v1/retrievers/execute", body | {"limit": 1})
    assert [one["start_time"] for one in reply["documents"]] == [3]
    assert reply["pagination"]["total"] == 2
    assert reply["pagination"]["has_next"]
    assert reply["execution_id"].startswith("exec_")
    filtered = shelf.ask("POST", "/v1/retrievers/execute", body | {"filters": {"video_key": "k1"}})
    assert [one["start_time"] for one in filtered["documents"]] == [2]


def test_floors_of_scores_are_those_of_a_search_by_words(shelf: Shelf) -> None:
    words = {"input_mode": "text", "text": "harbour"}
    asked = {"feature_uri": "mixpeek://multimodal_extractor@v1/multimodal", "query": words}

    short = shelf.ask("POST", "/v1/features/search", {"collection_identifiers": ["videos"], **asked})
    long = shelf.ask("POST", "/v1/retrievers/execute", retriever(**asked))

    assert short["score_floors"] == long["score_floors"]
    assert short["score_floors"].keys() == {"video", "image", "text", "audio"}
    by_vector = retriever(query={"input_mode": "vector", "value": NORTH})
    assert shelf.ask("POST", "/v1/retrievers/execute", by_vector)["score_floors"] is None


@pytest.mark.parametrize(
    ("change", "location"),
    [
        ({"feature_uri": "mixpeek://text_extractor@v1/embedding"}, ["body", "feature_uri"]),
        ({"query": {"input_mode": "vector", "vector": [0.0, 0.0]}}, ["body", "query"]),
        ({"query": {"input_mode": "text", "text": "harbour"}}, ["body", "query"]),
        ({"query": {"input_mode": "url", "url": "https://example.com"}}, ["body", "query", "input_mode"]),
        ({"query": {"input_mode": "text"}}, ["body", "query"]),
        ({"top_k": 0}, ["body", "top_k"]),
        ({"limit": 3}, ["body", "limit"]),
    ],
)
def test_what_cannot_be_searched_is_refused_with_its_place(shelf: Shelf, change: Any, location: list[str]) -> None:
    body = {"collection_identifiers": ["videos"], "query": {"input_mode": "vector", "vector": EAST}}
    refused = shelf.request("POST", "/v1/features/search", body | {"feature_uri": INDEX} | change)
    assert refused.status_code == 422
    assert refused.json()["error"]["details"]["validation_errors"][0]["location"] == location


def test_the_key_tells_the_body_of_today_from_that_of_the_era(shelf: Shelf) -> None:
    era = shelf.api.post("/v1/features/search", {"collections": ["videos"]})
    assert "results" in era
    refused = shelf.api.request("POST", "/v1/features/search", json={"query": {}}).json()
    assert refused["detail"][0]["loc"] == ["body", "collections"]


def test_words_take_the_place_of_an_input() -> None:
    assert FeatureQuery(text="a {{INPUT.colour}} car").filled({"colour": "red"}) == "a red car"
