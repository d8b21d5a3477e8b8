"""What the UI and the notebook show of the samples, which the command line has run on the local API."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Locator, expect

from tests.browser.conftest import OpenUi
from tests.browser.ui import FRONT, GROUP, Theme
from tests.fakes.dev import Dev, running_dev, until
from tests.fakes.project import ROOT, Project

TODAY = datetime.now(UTC).date()
TABLES = ("videos", "tasks", "assets", "features", "vectors")

WITH_MODELS = bool(os.environ.get("MIXPEEK_TEST_PICTURES"))
"""The models find what the pictures show; the tests can do without."""


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory, browser: object) -> Iterator[Dev]:
    """The UI after `mixpeek-assets run`."""
    folder = tmp_path_factory.mktemp("mixpeek")
    project = Project(folder)
    if not WITH_MODELS:
        project.environment["MIXPEEK_MODELS"] = str(folder / "none")
    run = project.command("run")
    assert run.returncode == 0, run.stderr
    with running_dev(project) as dev:
        until(dev.is_up, "UI")
        yield dev


def test_runs_of_the_command_line_are_on_the_timeline_under_their_job_and_can_be_executed_again(
    dev: Dev, open_ui: OpenUi
) -> None:
    ui = open_ui(dev.url)
    ui.open(FRONT)
    ui.sees("mixpeek_ingest", "mixpeek_land")
    ui.click(ui.link("mixpeek_ingest"))
    ui.click(ui.tab("Runs"))
    ui.sees("trigger: command line", "Success")

    ui.click(ui.text(re.compile("^[0-9a-f]{8}$")))
    again = ui.button(re.compile("^Re-execute all"))
    expect(again).to_be_enabled()
    expect(again.get_by_label("warning")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_day_shows_its_funnel_its_rows_and_a_map_of_its_embeddings_in_light_and_dark(
    dev: Dev, open_ui: OpenUi, theme: Theme, pictures: Path
) -> None:
    ui = open_ui(dev.url, theme, height=1800)
    ui.open_asset("vectors", "partitions", partition=str(TODAY))

    ui.sees("5 of 5 landed")
    expect(ui.metadata("funnel")).to_contain_text("videos 5, submitted 5, settled 5, landed 5")
    expect(ui.metadata("preview")).to_contain_text(".mp4")
    expect(ui.metadata("map")).to_contain_text("of their variance in two")
    for name in ("funnel", "map"):
        assert is_drawn(ui.metadata(name).locator("img")), name
    shade = ui.page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).slice(0, 3)")
    assert (max(map(float, shade)) < 80) == (theme == "dark"), shade

    ui.picture_of([ui.metadata("progress"), ui.metadata("map")], pictures / f"day-{theme}.png")

    ui.click(ui.metadata("map_large").get_by_text("Show Markdown"))
    map_large = ui.page.get_by_role("dialog").locator("img")
    assert is_drawn(map_large)
    ui.picture(pictures / "map.png", map_large)


def is_drawn(picture: Locator) -> bool:
    """Whether a picture is there and has a size: a broken one has none."""
    expect(picture).to_be_visible()
    return picture.evaluate("image => image.decode().then(() => image.naturalWidth > 100, () => false)")


def test_figures_of_each_day_are_plotted(dev: Dev, open_ui: OpenUi) -> None:
    ui = open_ui(dev.url)
    ui.open_asset("vectors")
    ui.click(ui.button("Plots"))

    ui.sees("dagster/partition_row_count", "features_fetched")
    expect(ui.page.locator("canvas").first).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_table_of_the_graph_is_full_and_checked(dev: Dev, open_ui: OpenUi, theme: Theme, pictures: Path) -> None:
    ui = open_ui(dev.url, theme, width=2400, height=700)
    ui.open(f"{GROUP}~kind%3Aduckdb%20and%20not%20kind%3Aview/")

    for table in TABLES:
        expect(ui.node(table)).to_contain_text("100% filled")
        expect(ui.node(table)).to_contain_text(re.compile(r"(\d) / \1 Passed"))
    ui.picture_of([ui.node(table) for table in TABLES], pictures / f"graph-{theme}.png")


def test_the_page_of_the_local_api_opens_with_the_link_that_dev_prints(
    dev: Dev, open_ui: OpenUi, pictures: Path
) -> None:
    [link] = re.findall(r"http://127.0.0.1:\d+/#key=\S+", (dev.project.folder / "dev.log").read_text())
    ui = open_ui(dev.url, width=1000, height=640)
    ui.open(link)

    ui.sees("harbour.mp4", "talk.mp4")
    if WITH_MODELS:  # which a search by words needs
        ui.page.get_by_role("searchbox").fill("a lighthouse at night")
        ui.click(ui.button("Search"))
        ui.sees(re.compile(r"^\d\d:\d\d$"))
        assert is_drawn(ui.page.locator("article img").first)
    ui.picture(pictures / "local-api.png")


def test_the_notebook_draws_a_map_and_shows_the_frames_of_the_moments_that_are_selected_on_it(
    dev: Dev, open_ui: OpenUi, pictures: Path
) -> None:
    with running_notebook(dev.project) as url:
        ui = open_ui(url, width=960, height=1520)
        ui.open("/")
        frames, chart = ui.page.locator("figure img"), ui.page.locator("marimo-vega canvas")
        found = 4 if WITH_MODELS else 0  # by words, of which the models know the meaning
        expect(frames).to_have_count(found)
        expect(chart).to_be_visible()
        ui.picture(pictures / "notebook.png")

        box = chart.bounding_box()
        assert box is not None
        ui.page.mouse.move(box["x"] + 0.02 * box["width"], box["y"] + 0.1 * box["height"])
        ui.page.mouse.down()
        ui.page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.9 * box["height"], steps=5)
        ui.page.mouse.up()

        expect(frames).to_have_count(found + 12)
        assert is_drawn(frames.last)


@contextmanager
def running_notebook(project: Project) -> Iterator[str]:
    """Serve the notebook on a free port, on what the project has landed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url, options = f"http://127.0.0.1:{port}", ["--headless", "--no-token", "--port", str(port)]
    with (
        (project.folder / "notebook.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "marimo", "run", ROOT / "examples" / "explore.py", *options],
            cwd=project.folder,
            env=project.environment,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            until(lambda: answers(f"{url}/health"), "notebook")
            yield url
        finally:
            process.kill()


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=60).ok
    except requests.ConnectionError:
        return False
