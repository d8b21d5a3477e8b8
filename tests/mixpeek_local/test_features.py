"""Features: listing, changing and deleting them (contract b5)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.mixpeek_local.served import Served, picture, served, words

COLLECTIONS = ["films", "talks"]
MANY = {"AND": [{"key": "modality", "operator": "in", "value": ["image", "text"]}]}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "state") as api:
        yield api


@pytest.fixture
def seven(api: Served) -> list[str]:
    """Seven features of two collections and one of another."""
    api.extracted(*(picture(second) for second in range(4)), collection="films", metadata={"author": "Ann"})
    api.extracted(picture(9), collection="elsewhere")
    api.extracted(*(words(0, 10, text) for text in ("one", "two", "three")), collection="talks")
    rows = api.store.database.connection().execute(
        "SELECT feature_id FROM features JOIN assets USING (asset_id) WHERE collection_id <> 'elsewhere'"
        " ORDER BY features.rowid"
    )
    return [feature_id for (feature_id,) in rows]


def listed(api: Served, path: str = "/features", **body: Any) -> dict[str, Any]:
    return api.post(path, {"collections": COLLECTIONS, **body})


def ids(page: dict[str, Any]) -> list[str]:
    return [feature["feature_id"] for feature in page["results"]]


def test_features_are_listed_in_the_order_in_which_they_were_made(api: Served, seven: list[str]) -> None:
    page = listed(api)
    assert ids(page) == seven
    for feature in page["results"]:
        assert feature == api.get(f"/features/{feature['feature_id']}")
        assert "vectors" not in feature
    assert page["results"][0]["metadata"] == {"author": "Ann"}
    assert page["results"][4]["text"] == "one"


@pytest.mark.parametrize("filters", [None, MANY])
def test_pages_lead_on_and_back(api: Served, seven: list[str], filters: dict[str, Any] | None) -> None:
    pages = [listed(api, "/features?page_size=3", filters=filters)]
    while (following := pages[-1]["pagination"]["next_page"]) and len(pages) < 9:
        pages.append(listed(api, following, filters=filters))
    assert [ids(page) for page in pages] == [seven[:3], seven[3:6], seven[6:]]
    assert [page["pagination"]["current_page"] for page in pages] == [1, 2, 3]
    assert {page["pagination"]["total"] for page in pages} == {7}
    assert {page["pagination"]["total_pages"] for page in pages} == {3}
    assert pages[0]["pagination"]["previous_page"] is None
    for page, before in zip(pages[1:], pages, strict=False):
        assert listed(api, page["pagination"]["previous_page"], filters=filters) == before


@pytest.mark.parametrize("filters", [None, MANY])
def test_features_that_come_and_go_shift_no_page(api: Served, seven: list[str], filters: dict[str, Any] | None) -> None:
    following = listed(api, "/features?page_size=3", filters=filters)["pagination"]["next_page"]
    assert api.status("DELETE", f"/features/{seven[0]}") == 200
    api.extracted(words(0, 10, "four"), collection="talks")
    assert ids(listed(api, following, filters=filters)) == seven[3:6]


def test_features_are_filtered_by_any_field(api: Served, seven: list[str]) -> None:
    assert ids(listed(api, filters={"AND": [{"key": "text", "operator": "text", "value": "two"}]})) == [seven[5]]
    late = {
        "AND": [{"key": "start_time", "operator": "gte", "value": 2}, {"NOR": [{"key": "modality", "value": "text"}]}]
    }
    assert ids(listed(api, filters=late)) == seven[2:4]
    nothing = listed(api, filters={"AND": [{"key": "modality", "value": "audio"}]})
    assert nothing["results"] == []
    assert nothing["pagination"]["total"] == nothing["pagination"]["total_pages"] == 0


def test_a_sort_disables_paging(api: Served, seven: list[str]) -> None:
    page = listed(api, "/features?page_size=2", sort={"field": "start_time", "direction": "desc"})
    assert ids(page) == [seven[3], seven[2]]
    assert page["pagination"]["total"] == 7
    assert page["pagination"]["next_page"] is None
    assert page["pagination"]["previous_page"] is None


def test_fields_are_selected_and_the_videos_address_comes_when_asked_for(api: Served, seven: list[str]) -> None:
    page = listed(api, "/features?page_size=1", select=["url", "metadata"], return_urls=True)
    assert page["results"] == [
        {"feature_id": seven[0], "url": "https://example.com/video.mp4", "metadata": {"author": "Ann"}}
    ]
    assert listed(api, select=["url"])["results"][0] == {"feature_id": seven[0]}


def test_an_offset_that_is_no_feature_is_a_mistake(api: Served) -> None:
    reply = api.request("POST", "/features?offset_feature_id=unknown", json={"collections": []})
    assert reply.status_code == 422
    assert reply.json()["detail"][0]["loc"] == ["query", "offset_feature_id"]


def test_a_features_metadata_can_be_replaced(api: Served, seven: list[str]) -> None:
    path = f"/features/{seven[0]}"
    changed = api.request("PUT", path, json={"metadata": {"checked": True}}).json()
    assert changed["metadata"] == {"checked": True}
    assert changed == api.get(path)
    assert api.request("PUT", path, json={}).json() == changed
    assert api.get(f"/features/{seven[1]}")["metadata"] == {"author": "Ann"}


def test_a_feature_can_be_deleted_with_its_thumbnail(api: Served) -> None:
    asset_id = api.extracted(picture(1, b"one"), picture(2, b"two"))
    first, second = api.get(f"/assets/{asset_id}/features")["features"]["image"]
    assert api.status("DELETE", f"/features/{first['feature_id']}") == 200
    assert api.status("GET", f"/features/{first['feature_id']}") == 404
    assert api.store.vectors(first["feature_id"]) == {}
    assert api.get(f"/assets/{asset_id}/features")["features"]["image"] == [second]
    assert [path.read_bytes() for path in api.store.previews.iterdir()] == [b"two"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_feature_is_not_found(api: Served, method: str) -> None:
    assert api.status(method, "/features/unknown", json={"metadata": {}}) == 404
