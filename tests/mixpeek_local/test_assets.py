"""Assets: listing, changing and deleting them (contract b4)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mixpeek_local.served import Served, picture, served, words

ALL = ["films", "talks"]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "state") as api:
        yield api


@pytest.fixture
def films(api: Served) -> list[str]:
    """Four assets, three of them in `films`."""
    authors = (("films", "Ann", 3), ("films", "Bob", 1), ("talks", "Ann", 2), ("films", "Ann", 1))
    return [
        api.extracted(picture(1), collection=collection, metadata={"author": author, "take": take})
        for collection, author, take in authors
    ]


def listed(api: Served, path: str = "/assets", **body: Any) -> list[str]:
    return [asset["asset_id"] for asset in api.post(path, {"collections": ALL, **body})["results"]]


def condition(key: str, value: Any, operator: str = "eq") -> dict[str, Any]:
    return {"AND": [{"key": key, "operator": operator, "value": value}]}


def previews(api: Served) -> set[str]:
    return {path.name for path in api.store.previews.iterdir()}


def test_an_asset_is_given_alone_as_it_is_given_with_its_features(api: Served) -> None:
    asset_id = api.extracted(picture(1, b"jpeg"))
    asset = api.get(f"/assets/{asset_id}")
    assert asset == api.get(f"/assets/{asset_id}/features")["asset"]
    assert Path(asset["preview_file"].removeprefix("file://")).read_bytes() == b"jpeg"


def test_its_address_can_be_left_out(api: Served) -> None:
    asset_id = api.extracted(picture(1))
    assert api.get(f"/assets/{asset_id}")["url"] == "https://example.com/video.mp4"
    assert api.get(f"/assets/{asset_id}", params={"return_url": "false"})["url"] is None


def test_the_list_has_the_assets_of_the_collections_the_oldest_first(api: Served, films: list[str]) -> None:
    assert listed(api) == films
    assert listed(api, collections=["talks"]) == films[2:3]
    assert listed(api, collections=["unknown"]) == []
    assert listed(api, collections=[]) == []
    for asset in api.post("/assets", {"collections": ALL})["results"]:
        assert asset == api.get(f"/assets/{asset['asset_id']}")


@pytest.mark.parametrize("body", [{}, {"filters": condition("status", "DONE")}, {"sort": {"field": "created_at"}}])
def test_the_list_comes_in_pages_that_lead_to_each_other(api: Served, films: list[str], body: dict[str, Any]) -> None:
    found, path = [], "/assets?page_size=3"
    for number in (1, 2):
        page = api.post(path, {"collections": ALL, **body})
        found += [asset["asset_id"] for asset in page["results"]]
        assert (page["pagination"]["page"], page["pagination"]["total"]) == (number, 4)
        assert page["pagination"]["total_pages"] == 2
        path = page["pagination"]["next_page"]
    assert path is None
    assert found == films


def test_the_list_is_filtered(api: Served, films: list[str]) -> None:
    assert listed(api, filters=condition("metadata.author", "ann")) == [films[0], films[2], films[3]]
    assert listed(api, collections=["films"], filters=condition("metadata.take", 1, "gt")) == [films[0]]
    task_id = api.get(f"/assets/{films[1]}")["task_id"]
    assert listed(api, filters=condition("task_id", task_id)) == [films[1]]


def test_the_list_is_sorted_and_what_lacks_the_field_comes_last(api: Served, films: list[str]) -> None:
    other = api.extracted(picture(1), collection="talks")
    up, down = ({"field": "metadata.take", "direction": direction} for direction in ("asc", "desc"))
    assert listed(api, sort=up) == [films[1], films[3], films[2], films[0], other]
    assert listed(api, sort=down) == [films[0], films[2], films[1], films[3], other]


def test_the_list_is_grouped(api: Served, films: list[str]) -> None:
    ann, bob, talk, again = films
    assert listed(api, group_by={"field": "metadata.author"}) == [ann, talk, again, bob]
    assert listed(api, group_by={"field": "metadata.author", "max_assets": 1}) == [ann, bob]
    best = {"field": "metadata.author", "max_assets": 1, "sort": {"field": "metadata.take", "direction": "asc"}}
    assert listed(api, group_by=best) == [again, bob]


def test_the_list_has_the_fields_that_are_selected(api: Served, films: list[str]) -> None:
    page = api.post("/assets?page_size=1", {"collections": ALL, "select": ["metadata.author", "status", "nothing"]})
    assert page["results"] == [{"asset_id": films[0], "metadata": {"author": "Ann"}, "status": "DONE"}]


def test_a_search_finds_words_in_any_of_its_fields(api: Served, films: list[str]) -> None:
    query = {"key": ["collection_id", "metadata.author"], "value": "bob"}
    assert listed(api, "/assets/search", query=query) == [films[1]]
    query["value"] = "talks"
    assert listed(api, "/assets/search", query=query) == [films[2]]
    assert listed(api, "/assets/search", query=query, filters=condition("metadata.author", "Bob")) == []
    assert listed(api, "/assets/search") == films


def test_namespaces_keep_collections_apart(api: Served) -> None:
    headers = {"Authorization": f"Bearer {api.key}", "X-Namespace": "other"}
    reply = api.request(
        "POST", "/ingest/videos/url", json={"url": "https://example.com/1", "collection": "films"}, headers=headers
    )
    assert listed(api) == []
    found = api.post("/assets", {"collections": ALL}, headers=headers)["results"]
    assert [asset["task_id"] for asset in found] == [reply.json()["task_id"]]
    assert api.get("/tasks")["results"] == []
    assert len(api.get("/tasks", headers=headers)["results"]) == 1
    assert api.get(f"/assets/{found[0]['asset_id']}")["collection_id"] == "films"  # an id is enough
    assert [one["namespace_id"] for one in api.request("GET", "/namespaces").json()] == ["default", "other"]


def test_metadata_are_replaced_or_merged(api: Served) -> None:
    asset_id = api.extracted(picture(1), metadata={"author": "Ann", "take": 1})
    path = f"/assets/{asset_id}"
    before = api.get(path)
    merged = api.request("PATCH", path, json={"metadata": {"take": None, "place": {"city": "Bonn"}}}).json()
    assert merged["metadata"] == {"author": "Ann", "place": {"city": "Bonn"}}
    assert merged["updated_at"] >= before["updated_at"]
    replaced = api.request("PUT", path, json={"metadata": {"take": 2}}).json()
    assert replaced["metadata"] == {"take": 2}
    assert replaced == api.get(path)
    assert api.request("PUT", path, json={}).json() == replaced


def test_features_keep_their_metadata_unless_the_change_is_to_propagate(api: Served) -> None:
    asset_id = api.extracted(picture(1), words(0, 10, "hello"), metadata={"author": "Ann"})

    def of_features() -> list[dict[str, Any]]:
        lists = api.get(f"/assets/{asset_id}/features")["features"].values()
        return [feature["metadata"] for features in lists for feature in features]

    path = f"/assets/{asset_id}"
    api.request("PATCH", path, json={"metadata": {"take": 1}})
    assert of_features() == [{"author": "Ann"}] * 2
    api.request("PATCH", path, json={"metadata": {"take": 2}, "propagate_features": True})
    assert of_features() == [{"author": "Ann", "take": 2}] * 2
    api.request("PUT", path, json={"metadata": {}, "propagate_features": True})
    assert of_features() == [{}] * 2


def test_a_deleted_asset_takes_its_features_vectors_and_thumbnails_along(api: Served) -> None:
    kept = api.extracted(picture(1, b"shared"))
    asset_id = api.extracted(picture(1, b"shared"), picture(2, b"own"))
    features = api.get(f"/assets/{asset_id}/features")["features"]["image"]
    assert len(previews(api)) == 2
    assert api.status("DELETE", f"/assets/{asset_id}") == 200
    assert api.status("GET", f"/assets/{asset_id}") == 404
    for feature in features:
        assert api.status("GET", f"/features/{feature['feature_id']}") == 404
        assert api.store.vectors(feature["feature_id"]) == {}
    (shared,) = previews(api)
    assert (api.store.previews / shared).read_bytes() == b"shared"
    assert api.status("DELETE", f"/assets/{kept}") == 200
    assert previews(api) == set()


def test_deleting_an_asset_cancels_its_task(api: Served) -> None:
    task_id = api.ingest("https://example.com/video.mp4")
    asset_id = api.task(task_id)["asset_id"]
    assert api.status("DELETE", f"/assets/{asset_id}") == 200
    assert api.task(task_id)["status"] == "CANCELLED"
    assert api.store.tasks.claim("worker") is None


def test_replacing_an_asset_deletes_the_thumbnails_that_nobody_has_any_more(api: Served) -> None:
    asset_id = api.extracted(picture(1, b"old"), picture(2, b"both"))
    api.extracted(picture(1, b"both"), picture(2, b"new"), asset_update={"asset_id": asset_id, "mode": "replace"})
    contents = {(api.store.previews / name).read_bytes() for name in previews(api)}
    assert contents == {b"both", b"new"}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_unknown_asset_is_not_found(api: Served, method: str) -> None:
    assert api.status(method, "/assets/unknown", json={"metadata": {}}) == 404


def test_collections_come_and_go_with_their_assets(api: Served, films: list[str]) -> None:
    every = api.get("/collections")
    assert [(one["collection_id"], one["count"]) for one in every["results"]] == [("films", 3), ("talks", 1)]
    assert every["pagination"]["total"] == 2
    assert api.get("/collections/films") == every["results"][0]
    assert every["results"][0]["size_bytes"] == 3 * 8
    task_id = api.request("DELETE", "/collections/films").json()["task_id"]
    assert api.task(task_id)["status"] == "DONE"
    assert listed(api) == films[2:3]
    for method in ("GET", "DELETE"):
        assert api.status(method, "/collections/films") == 404
