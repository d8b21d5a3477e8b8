"""Hostile names and texts in the local API: kept and given back as they are, and never executed."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.mixpeek_local.served import Served, served, words
from tests.security.names import NAMES

# SQLite's JSON ends a text at a zero byte, so no collection can be called so.
COLLECTIONS = {kind: name for kind, name in NAMES.items() if "\0" not in name}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("state") / "state") as api:
        for name in COLLECTIONS.values():
            url = f"http://videos.test/{name}.mp4"
            api.extracted(words(0, 1, name), url=url, collection=name, metadata={name: [name]})
        yield api


@pytest.mark.parametrize("name", COLLECTIONS.values(), ids=COLLECTIONS)
def test_a_name_is_a_name_in_every_list(api: Served, name: str) -> None:
    (asset,) = api.post("/assets", {"collections": [name]})["results"]
    assert (asset["collection_id"], asset["metadata"]) == (name, {name: [name]})
    assert asset["url"] == f"http://videos.test/{name}.mp4"
    filters = {"AND": [{"key": "text", "operator": "eq", "value": name}]}
    (feature,) = api.post("/features", {"collections": [name], "filters": filters})["results"]
    assert feature["text"] == name
    grouped = {"collections": [name], "group_by": {"field": f"metadata.{name}"}, "sort": {"field": name}}
    assert len(api.post("/assets", grouped)["results"]) == 1
    assert api.post("/assets", {"collections": [f"{name}' OR '1'='1"]})["results"] == []
    assert api.get("/collections")["pagination"]["total"] == len(COLLECTIONS)


def test_a_collection_with_a_zero_byte_in_its_name_is_refused(api: Served) -> None:
    body = {"url": "http://videos.test/a.mp4", "collection": NAMES["a zero byte"]}
    reply = api.request("POST", "/ingest/videos/url", json=body)
    assert reply.status_code == 422
    assert reply.json()["detail"][0]["loc"] == ["body", "collection"]


def test_a_zero_byte_in_a_text_is_kept(api: Served) -> None:
    text = NAMES["a zero byte"]
    asset_id = api.extracted(words(0, 1, text), url=f"http://videos.test/{text}", collection="c", metadata={text: text})
    body = api.get(f"/assets/{asset_id}/features")
    assert (body["asset"]["metadata"], body["features"]["text"][0]["text"]) == ({text: text}, text)
    assert api.status("DELETE", f"/assets/{asset_id}") == 200


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("path", ["/tasks/{}", "/assets/{}/features", "/features/{}", "/previews/{}", "/namespaces/{}"])
def test_a_name_where_an_id_belongs_is_not_found(api: Served, name: str, path: str) -> None:
    assert api.status("GET", path.format(quote(name, safe=""))) == 404


def test_deleting_one_collection_deletes_no_other(tmp_path: Path) -> None:
    with served(tmp_path / "state") as api:
        for name in COLLECTIONS.values():
            api.extracted(words(0, 1, name), collection=name)
        deleted = [name for name in COLLECTIONS.values() if "/" not in name]  # which no path of a collection holds
        for number, name in enumerate(deleted, start=1):
            assert api.status("DELETE", f"/collections/{quote(name, safe='')}") == 200
            assert api.get("/collections?page_size=100")["pagination"]["total"] == len(COLLECTIONS) - number
