"""The page of the local API: a dropped video is played from its moments, and the page says how to land it."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Locator, expect

from mixpeek_local.state import api_key, endpoint
from tests.browser.conftest import OpenUi
from tests.browser.ui import Ui
from tests.fakes.dev import until
from tests.fakes.project import Project
from tests.mixpeek_local.caller import Caller
from tests.mixpeek_local.clips import Scene, place, tone, write_clip

SECONDS = 12
SCENES = [Scene(place(1), SECONDS, tone(220))]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, browser: object) -> Project:
    """A project whose name a shell has to be told in quotes."""
    folder = tmp_path_factory.mktemp("mixpeek") / "a project's"
    folder.mkdir()
    project = Project(folder)
    project.environment["MIXPEEK_MODELS"] = str(folder / "none")
    return project


@pytest.fixture(scope="module")
def api(project: Project) -> Iterator[Caller]:
    """`mixpeek-assets serve-local-api` in the project."""
    state = project.folder / "data" / "local_api"
    server = project.start(project.folder / "serve.log", "serve-local-api", "--port", "0")
    try:
        until((state / "endpoint.json").exists, "server")
        yield Caller(endpoint(state) or "", api_key(state))
    finally:
        os.kill(server.pid, signal.SIGTERM)
        server.wait(20)


@pytest.fixture
def page(api: Caller, open_ui: OpenUi) -> Ui:
    ui = open_ui(api.url, width=1000, height=800)
    ui.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ui.open(f"/#key={api.key}")
    return ui


def test_a_dropped_video_is_played_from_a_moment_and_landed_by_the_command_that_can_be_copied(
    page: Ui, project: Project, tmp_path: Path
) -> None:
    drop(page, write_clip(tmp_path / "my clip.mp4", SCENES))
    moments = page.page.locator("article")
    expect(moments).to_have_count(2)
    assert is_drawn(moments.last.locator("img"))

    moments.last.get_by_role("button", name="Play my clip.mp4 from 00:10").press("Enter")
    player, video = page.page.get_by_role("dialog"), page.page.locator("video")
    expect(player).to_contain_text("my clip.mp4 from 00:10")
    until(lambda: video.evaluate("video => !video.paused && video.currentTime") > 10, "playing")
    assert video.evaluate("video => video.videoWidth") == 160
    page.page.keyboard.press("Escape")
    expect(player).to_be_hidden()
    assert video.evaluate("video => video.currentSrc && video.paused")

    page.click(page.button("Copy"))
    page.sees("Copied")
    command = page.page.evaluate("navigator.clipboard.readText()")
    landed = subprocess.run(command, shell=True, cwd=tmp_path, env=project.environment, capture_output=True, text=True)
    assert landed.returncode == 0, landed.stderr
    url = "SELECT url, count(*) FROM mixpeek.videos JOIN mixpeek.vectors USING (video_id) GROUP BY ALL"
    [(url, vectors)] = project.sql(url)
    assert url.endswith("my%20clip.mp4")
    assert vectors > 0


@pytest.mark.parametrize(("name", "container"), [("old.avi", "avi"), ("sound alone is played.mp4", "mov,mp4,m4a")])
def test_a_format_that_no_browser_plays_is_said_and_the_file_named(
    page: Ui, tmp_path: Path, name: str, container: str
) -> None:
    drop(page, write_clip(tmp_path / name, SCENES, codec="mpeg4"))
    page.click(page.page.get_by_role("button", name=f"Play {name} from 00:00"))
    player = page.page.get_by_role("dialog")
    expect(player).to_contain_text(f"This browser cannot play this video (mpeg4 in {container}")
    expect(player).to_contain_text(re.compile(f"Open it in another player: /.+/{name}"))
    expect(page.page.locator("video")).to_be_hidden()
    page.click(page.button("Close"))
    expect(player).to_be_hidden()


def test_any_page_may_show_a_thumbnail_and_read_nothing(api: Caller, open_ui: OpenUi, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", SCENES).read_bytes()
    dropped = api.request("POST", "/uploads", params={"name": "clip.mp4"}, data=clip).json()
    shown = api.process(dropped["url"])["features"]["image"][0]["preview_url"]
    (tmp_path / "index.html").write_text(f"<img src='{shown}'>")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path)) as other:
        Thread(target=other.serve_forever).start()
        ui = open_ui(f"http://127.0.0.1:{other.server_port}")
        ui.open("/")
        assert is_drawn(ui.page.locator("img"))
        for address in (shown, f"{api.url}/health"):
            assert ui.page.evaluate("url => fetch(url).then(() => 'read', () => 'refused')", address) == "refused"
        other.shutdown()


def drop(page: Ui, file: Path) -> None:
    page.page.locator("#file").set_input_files(file)
    expect(page.page.locator("#found-title")).to_have_text(file.name)


def is_drawn(picture: Locator) -> bool:
    """Whether a picture is there and has a size: a broken one has none."""
    expect(picture).to_be_visible()
    return picture.evaluate("image => image.decode().then(() => image.naturalWidth > 100, () => false)")
