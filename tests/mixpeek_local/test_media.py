"""Pictures and videos by signed links: whoever has one needs no key, and nobody can make one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from mixpeek_local.extract.records import Feature
from mixpeek_local.http.signed_links import SignedLinks
from tests.mixpeek_local.served import KEY, Served, served, vector

JPEG = b"\xff\xd8 a thumbnail"
VIDEO = bytes(range(256)) * 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder that the server may read."""
    (tmp_path / "videos").mkdir()
    return tmp_path / "videos"


@pytest.fixture
def api(tmp_path: Path, folder: Path) -> Iterator[Served]:
    with served(tmp_path / "state", allowed_folders=(folder,)) as api:
        yield api


@pytest.fixture
def feature(api: Served) -> dict[str, Any]:
    """A feature with a thumbnail."""
    api.extracted(Feature("image", 1, 1, {"image": vector(1, 0)}, preview=JPEG))
    (feature,) = api.post("/features", {"collections": ["example"]})["results"]
    return feature


def asset_of(api: Served, file: Path, content: bytes = VIDEO) -> str:
    file.write_bytes(content)
    return api.extracted(url=str(file))


def link(api: Served, asset_id: str) -> str:
    return api.post("/media-links", {"asset_id": asset_id})["url"]


def refusal(api: Served, asset_id: str) -> str:
    reply = api.request("POST", "/media-links", json={"asset_id": asset_id})
    assert reply.status_code == 404
    return reply.json()["error"]["message"]


def test_a_thumbnail_can_be_shown_by_any_page_and_needs_no_key(api: Served, feature: dict[str, Any]) -> None:
    reply = requests.get(feature["preview_url"], timeout=60)
    assert (reply.content, reply.headers["Content-Type"]) == (JPEG, "image/jpeg")
    assert reply.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in reply.headers


def test_a_thumbnail_is_a_file_too_which_stays_when_the_server_ends(feature: dict[str, Any]) -> None:
    assert Path(feature["preview_file"].removeprefix("file://")).read_bytes() == JPEG


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:8765"])
def test_the_address_is_the_one_that_the_request_came_to(api: Served, feature: dict[str, Any], host: str) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Host": host}
    said = api.get(f"/features/{feature['feature_id']}", headers=headers)["preview_url"]
    assert said == feature["preview_url"].replace(api.url, f"http://{host}")


def test_who_knows_the_name_of_a_thumbnail_cannot_ask_for_it(api: Served, feature: dict[str, Any]) -> None:
    start, signature, name = feature["preview_url"].rsplit("/", 2)
    others = [
        f"{start}/{name}",
        f"{start}/{'0' * 32}/{name}",
        f"{start}/{signature.upper()}/{name}",
        f"{start}/é/{name}",
        f"{start}/{signature}/{'0' * 32}.jpg",
        f"{start}/{signature}/..%2F..%2Fstate.sqlite",
        SignedLinks("another key", api.url).url("previews", name),
        SignedLinks(KEY, api.url).url("previews", "state.sqlite"),
        SignedLinks(KEY, api.url).url("previews", "..%2Fstate.sqlite"),
    ]
    assert [requests.get(other, timeout=60).status_code for other in others] == [404] * len(others)


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.test"}, {"Host": "evil.test"}])
def test_a_page_that_wants_more_than_an_image_gets_nothing(feature: dict[str, Any], headers: dict[str, str]) -> None:
    assert requests.get(feature["preview_url"], headers=headers, timeout=60).status_code in (403, 421)


def test_a_video_is_played_in_parts_and_needs_no_key(api: Served, folder: Path) -> None:
    url = link(api, asset_of(api, folder / "clip.mp4"))
    whole = requests.get(url, timeout=60)
    assert (whole.content, whole.headers["Content-Type"]) == (VIDEO, "video/mp4")
    assert whole.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    part = requests.get(url, headers={"Range": "bytes=300-399"}, timeout=60)
    assert (part.status_code, part.content) == (206, VIDEO[300:400])
    assert part.headers["Content-Range"] == "bytes 300-399/1024"


def test_a_link_is_of_one_video_for_some_hours(api: Served, folder: Path) -> None:
    one, other = (asset_of(api, folder / name, name.encode()) for name in ("one.mp4", "two.mp4"))
    url = link(api, one)
    start, until, asset_id = url.rsplit("/", 2)
    signed = SignedLinks(KEY, api.url)
    assert requests.get(signed.url("media", until, one), timeout=60).content == b"one.mp4"
    for wrong in (url.replace(one, other), f"{start}/{int(until) + 1}/{asset_id}", signed.url("media", "1", one)):
        assert requests.get(wrong, timeout=60).status_code == 404


def test_no_file_is_given_that_could_not_be_ingested(api: Served, folder: Path, tmp_path: Path) -> None:
    outside, moved = asset_of(api, tmp_path / "outside.mp4"), asset_of(api, folder / "moved.mp4")
    url = link(api, moved)
    (folder / "moved.mp4").unlink()
    (folder / "moved.mp4").symlink_to(tmp_path / "outside.mp4")
    assert requests.get(url, timeout=60).status_code == 404
    for asset_id in (outside, moved):
        assert "outside the folders that this server may read" in refusal(api, asset_id)
    (folder / "moved.mp4").unlink()
    assert "does not exist" in refusal(api, moved)
    assert "is not a URL" in refusal(api, api.extracted(url="http://[half"))
    assert refusal(api, "nothing") == "there is no asset with this id"


def test_a_file_is_never_a_page_of_this_server(api: Served, folder: Path) -> None:
    reply = requests.get(link(api, asset_of(api, folder / "page.html", b"<script>alert()</script>")), timeout=60)
    assert reply.headers["Content-Type"] == "application/octet-stream"
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_a_video_of_the_web_is_played_from_there(api: Served) -> None:
    asset_id = api.extracted(url="https://example.com/video.mp4?signature=x")
    assert link(api, asset_id) == "https://example.com/video.mp4?signature=x"
    own = SignedLinks(KEY, api.url).url("media", "99999999999", asset_id)
    assert requests.get(own, timeout=60).status_code == 404
