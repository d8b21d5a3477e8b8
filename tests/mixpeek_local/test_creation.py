"""Namespaces and collections that callers of the earlier eras create before anything is in them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mixpeek_local.extract.offered import vectors_offered
from mixpeek_local.http.search_request import SearchQuery
from mixpeek_local.http.vector_names import MODELS_OF_THE_TIME
from mixpeek_local.http.video_settings import VideoSettings
from tests.mixpeek_local.documents.shelf import shelved
from tests.mixpeek_local.served import Served, picture, served


@pytest.fixture(params=["", "/v1"])
def api(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    with served(tmp_path) as api:
        yield Served(api.url, api.key, request.param, store=api.store)


@pytest.mark.parametrize("field", ["vector_indexes", "embedding_models"])
def test_a_namespace_is_created_for_some_vectors(api: Served, field: str) -> None:
    made = api.post("/namespaces", {"namespace_name": "films", field: ["image"], "payload_indexes": []})
    assert made["namespace_id"] == made["namespace_name"] == "films"
    assert made["vector_indexes"] == made["embedding_models"] == ["image"]
    assert api.get("/namespaces/films") == made
    assert made in api.request("GET", "/namespaces").json()
    again = api.request("POST", "/namespaces", json={"namespace_name": "films", field: ["image"]})
    assert again.status_code == 400
    assert "films" in again.json()["error"]["message"]


def test_a_namespace_for_a_vector_that_is_not_made_is_refused(api: Served) -> None:
    refused = api.request("POST", "/namespaces", json={"namespace_name": "films", "vector_indexes": ["keyword"]})
    assert refused.json()["detail"][0]["loc"] == ["body", "vector_indexes", 0]
    assert "films" not in str(api.request("GET", "/namespaces").json())


def test_a_collection_is_created_empty_and_holds_what_is_ingested(api: Served) -> None:
    made = api.post("/collections", {"collection_name": "sea", "metadata": {"of": "ships"}})
    assert (made["collection_id"], made["count"], made["size_bytes"]) == ("sea", 0, 0)
    assert made["metadata"] == {"of": "ships"}
    api.extracted(picture(1), collection="sea")
    held = api.get("/collections/sea")
    assert (held["count"], held["metadata"]) == (1, {"of": "ships"})
    assert held["size_bytes"] == 8
    assert api.get("/collections/sea/details") == held
    assert api.get("/collections")["results"] == [held]
    assert api.status("POST", "/collections", json={"collection_name": "sea"}) == 400


def test_collections_are_apart_by_namespace(api: Served) -> None:
    headers = {"Authorization": f"Bearer {api.key}", "X-Namespace": "films"}
    api.post("/collections", {"collection_name": "sea"}, headers=headers)
    assert api.get("/collections")["results"] == []
    assert api.get("/collections/sea", headers=headers)["namespace_id"] == "films"


def test_a_collection_gets_another_name_and_metadata(api: Served) -> None:
    asset_id = api.extracted(picture(1), collection="sea")
    assert (
        api.request("PUT", "/collections/sea", json={"collection_name": "sea", "metadata": {"a": 1}}).status_code == 200
    )
    renamed = api.request("PUT", "/collections/sea", json={"collection_name": "ocean"}).json()
    assert (renamed["collection_id"], renamed["count"], renamed["metadata"]) == ("ocean", 1, {"a": 1})
    assert api.get(f"/assets/{asset_id}")["collection_id"] == "ocean"
    assert api.status("GET", "/collections/sea") == 404
    api.post("/collections", {"collection_name": "sea"})
    assert api.status("PUT", "/collections/sea", json={"collection_name": "ocean"}) == 400
    assert api.status("PUT", "/collections/nowhere", json={"collection_name": "x"}) == 404


def test_an_empty_collection_is_deleted(api: Served) -> None:
    api.post("/collections", {"collection_name": "sea"})
    assert api.status("DELETE", "/collections/sea") == 200
    assert api.status("DELETE", "/collections/sea") == 404


def test_the_models_of_the_time_are_vectors_of_this_server() -> None:
    offered = vectors_offered()
    for model, name in MODELS_OF_THE_TIME.items():
        if name in offered:
            settings = VideoSettings.model_validate({"embed": [{"embedding_model": model}]})
            assert settings.extraction.vectors == (name,)
        query = SearchQuery.model_validate({"embedding_model": model, "value": "sea", "type": "text"})
        assert query.index == name


def test_the_styles_keep_their_namespaces_apart(tmp_path: Path) -> None:
    with shelved(tmp_path / "state") as shelf:
        shelf.add("k1", picture(1))
        listed = shelf.api.request("GET", "/namespaces").json()
        assert [one["namespace_id"] for one in listed] == ["default"]
        by_body = shelf.api.post("/v1/namespaces", {"namespace_name": "era", "embedding_models": ["image"]})
        assert by_body["embedding_models"] == ["image"]
        today = shelf.api.post("/v1/namespaces", {"namespace_name": "today"})
        assert today["namespace_id"].startswith("ns_")
        assert shelf.api.post("/v1/collections", {"collection_name": "sea"})["collection_id"] == "sea"
        refused = shelf.request("POST", "/v1/collections", {"collection_name": "sea"})
        assert refused.json()["error"]["details"]["validation_errors"][0]["location"] == ["body", "source"]
