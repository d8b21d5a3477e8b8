"""The page at `/`, and what it asks for: it holds no secret, and what it gives needs the key."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import requests

from tests.mixpeek_local.served import Served, served


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


@pytest.mark.parametrize(("method", "path"), [("GET", "/activity"), ("POST", "/media-links"), ("POST", "/uploads")])
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


def test_what_was_dropped_comes_with_the_command_that_lands_it_and_nothing_else_does(tmp_path: Path) -> None:
    with served(tmp_path / "my state", landing="cd /project && land") as api:
        dropped = api.request("POST", "/uploads", params={"name": "a (b) $c.mp4"}, data=b"a video").json()["url"]
        for url in (dropped, dropped.replace("uploads", "downloads"), "https://example.com/uploads/a.mp4"):
            api.ingest(url)
        *others, task = api.get("/activity")["tasks"]
    assert [other["landing"] for other in others] == [None, None]
    *command, path = shlex.split(task["landing"])
    assert command == ["cd", "/project", "&&", "land"]
    assert Path(path).read_bytes() == b"a video"


def test_a_server_of_no_project_knows_no_such_command(api: Served) -> None:
    api.ingest(api.request("POST", "/uploads", params={"name": "clip.mp4"}, data=b"a video").json()["url"])
    assert [task["landing"] for task in api.get("/activity")["tasks"]] == [None]


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
