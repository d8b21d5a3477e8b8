"""The page at `/`, and what it asks for: it holds no secret, and what it gives needs the key."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import requests

from mixpeek_local.extract.records import Feature
from tests.mixpeek_local.served import Served, served, vector

JPEG = b"\xff\xd8 a thumbnail"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "state", max_bytes=1_000) as api:
        yield api


def test_the_page_needs_no_key_and_may_load_nothing_from_elsewhere(api: Served) -> None:
    for path, kind in (("/", "text/html"), ("/page/app.js", "text/javascript"), ("/page/style.css", "text/css")):
        reply = requests.get(f"{api.url}{path}", timeout=60)
        assert reply.status_code == 200
        assert reply.headers["Content-Type"].startswith(kind)
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
        assert api.key not in reply.text


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fauth.py", "%2e%2e/server.py"])
def test_the_page_gives_no_other_file(api: Served, name: str) -> None:
    assert requests.get(f"{api.url}/page/{name}", timeout=60).status_code in (401, 404)


@pytest.mark.parametrize(("method", "path"), [("GET", "/activity"), ("GET", "/previews/x.jpg"), ("POST", "/uploads")])
def test_what_the_page_asks_for_needs_the_key(api: Served, method: str, path: str) -> None:
    assert requests.request(method, f"{api.url}{path}", timeout=60).status_code == 401


def test_activity_names_the_latest_tasks_first_and_the_collections(api: Served) -> None:
    api.ingest("https://example.com/one%20more.mp4", collection="films")
    api.ingest("https://example.com/two.mp4", collection="talks")
    body = api.get("/activity")
    assert [(task["name"], task["status"]) for task in body["tasks"]] == [
        ("two.mp4", "QUEUED"),
        ("one more.mp4", "QUEUED"),
    ]
    assert sorted(body["collections"]) == ["films", "talks"]


def test_a_preview_is_given_by_the_name_in_its_address_and_no_other_file_is(api: Served) -> None:
    api.extracted(Feature("image", 1, 1, {"image": vector(1, 0)}, preview=JPEG))
    (feature,) = api.post("/features", {"collections": ["example"]})["results"]
    name = feature["preview_url"].rpartition("/")[2]
    reply = api.request("GET", f"/previews/{name}")
    assert (reply.content, reply.headers["Content-Type"]) == (JPEG, "image/jpeg")
    for other in ("..%2Fstate.sqlite", "state.sqlite", f"{'0' * 32}.jpg"):
        assert api.request("GET", f"/previews/{other}").status_code == 404


@pytest.mark.parametrize("name", ["clip.mp4", "../../clip.mp4", "/etc/clip.mp4"])
def test_a_dropped_video_is_kept_below_the_uploads_and_can_be_ingested(api: Served, tmp_path: Path, name: str) -> None:
    reply = api.request("POST", "/uploads", params={"name": name}, data=b"a video")
    assert reply.status_code == 200
    path = Path(unquote(urlsplit(reply.json()["url"]).path))
    assert path.is_relative_to(tmp_path / "state" / "uploads")
    assert path.name == "clip.mp4"
    assert path.read_bytes() == b"a video"
    assert api.ingest(reply.json()["url"])


def test_a_dropped_video_that_is_too_large_is_refused_and_not_kept(api: Served, tmp_path: Path) -> None:
    reply = api.request("POST", "/uploads", params={"name": "clip.mp4"}, data=b"x" * 1_001)
    assert reply.status_code == 413
    assert "larger than 1,000 bytes" in reply.json()["error"]["message"]
    assert list((tmp_path / "state" / "uploads").iterdir()) == []
