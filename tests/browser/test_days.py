"""What the UI says of days: pending, landed or failed, on a scripted API whose answers the tests choose."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import expect

from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.browser.conftest import OpenUi
from tests.browser.ui import FRONT, GROUP, LOCATION, Ui
from tests.fakes.dev import Dev, running_dev, until
from tests.fakes.mixpeek import KEY, ScriptedMixpeek, Video, scripted_mixpeek
from tests.fakes.project import Project

TODAY = datetime.now(UTC).date()
FAILED_DAY, GOOD_DAY = TODAY - timedelta(days=2), TODAY - timedelta(days=1)
REASON = "no video that FFmpeg can read"
VIDEOS = "https://videos.example.com"


@dataclass(frozen=True)
class World:
    """A running UI, the API that it calls, and the manifest that it watches."""

    dev: Dev
    api: ScriptedMixpeek
    manifest: Path

    def count(self, what: str, day: object) -> int:
        """Count the tasks of a day of which something holds."""
        try:
            query = f"SELECT count(*) FROM mixpeek.tasks WHERE {what} AND partition_date = $day"
            return self.dev.project.sql(query, {"day": day})[0][0]  # pyright: ignore[reportArgumentType]
        except duckdb.Error:
            return 0  # not made yet, or a run is writing


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, browser: object) -> Iterator[World]:
    """Two days that the sensors have ingested and landed without a click; on the earlier one a video failed."""
    folder = tmp_path_factory.mktemp("mixpeek")
    project, manifest = Project(folder), folder / "videos.csv"
    manifest.write_text(
        f"url,added_at\n{VIDEOS}/broken.mp4,{FAILED_DAY}\n{VIDEOS}/harbour.mp4,{FAILED_DAY}\n{VIDEOS}/city.mp4,{GOOD_DAY}\n"
    )
    with scripted_mixpeek() as api:
        api.videos[f"{VIDEOS}/broken.mp4"] = Video(["FAILED"], error=REASON)
        project.environment |= {
            "MIXPEEK_API_KEY": KEY,
            "MIXPEEK_API_URL": api.url,
            "MIXPEEK_REQUESTS_PER_MINUTE": "600",
            "MIXPEEK_VIDEOS": str(manifest),
        }
        with running_dev(project) as dev:
            until(dev.is_up, "UI")
            found = World(dev, api, manifest)
            until(lambda: found.count("landed_at IS NOT NULL", FAILED_DAY) == 1, "landing of the failed day")
            until(lambda: found.count("landed_at IS NOT NULL", GOOD_DAY) == 1, "landing of the good day")
            until(lambda: {run["status"] for run in dev.runs()} == {"SUCCESS"}, "end of the runs")
            yield found


@pytest.fixture
def ui(world: World, open_ui: OpenUi) -> Iterator[Ui]:
    """A page that never shows the key."""
    ui = open_ui(world.dev.url)
    yield ui
    assert KEY not in ui.page.content()


def test_the_reason_of_a_failure_is_three_clicks_from_the_front_page(ui: Ui, pictures: Path) -> None:
    ui.open(FRONT)
    ui.click(ui.link("Catalog"))
    ui.click(ui.link("mixpeek / tasks"))
    ui.warning().hover()
    ui.click(ui.text("tasks_succeeded"))

    ui.sees(f"1 of 3 failed: broken.mp4: {REASON}", "what to do", "fix the reason", str(FAILED_DAY))
    assert ui.clicks == 3
    ui.picture(pictures / "failure.png")


def test_a_failed_day_stays_red_after_another_day_ran(ui: Ui, world: World) -> None:
    runs = len(world.dev.runs())
    ui.open_asset("vectors")
    ui.click(ui.button("Materialize…"))
    ui.launch(str(GOOD_DAY))
    until(lambda: [run["status"] for run in world.dev.runs()[:-runs]] == ["SUCCESS"], "run of the good day")

    ui.open_asset("tasks", "checks", checkDetail="succeeded")
    expect(ui.row("tasks_succeeded")).to_contain_text("Failed")
    expect(ui.row("succeeded")).to_contain_text("Failed")
    ui.click(ui.tab_of_check("Partitions"))
    ui.sees("Failed (1)", "Passed (1)")
    ui.click(ui.row(str(FAILED_DAY)))
    ui.sees(f"1 of 2 failed: broken.mp4: {REASON}")
    ui.click(ui.row(str(GOOD_DAY)))
    ui.sees("0 of 1 video failed")


def test_a_day_is_materialized_by_clicks_is_not_green_while_it_waits_and_lands_without_a_click(
    ui: Ui, world: World
) -> None:
    for name in ("lesson", "talk"):
        world.api.videos[f"{VIDEOS}/{name}.mp4"] = Video(
            ["PROCESSING"], features={"video": [world.api.feature("video", name)]}
        )
    ui.open(f"{LOCATION}/sensors/manifest_sensor")
    ui.switch_off()  # else it may be first
    with world.manifest.open("a") as file:
        file.write(f"{VIDEOS}/lesson.mp4,{TODAY}\n{VIDEOS}/talk.mp4,{TODAY}\n")

    ui.open(GROUP)
    for number, table in enumerate(["videos", "tasks", "assets", "features", "vectors"]):
        ui.click(ui.node(table), shift=number > 0)
    ui.click(ui.button("Materialize selected (5)"))
    ui.launch()
    until(lambda: world.count("state = 'open'", TODAY) == 2, "submission of the day's videos")
    until(lambda: world.dev.runs()[0]["status"] == "SUCCESS", "end of the run")

    for table in ("assets", "features", "vectors"):
        ui.open_asset(table, "partitions", partition=str(TODAY))
        ui.sees("Missing (1)", "Materialized (2)")
    ui.open_asset("vectors", "checks", checkDetail="landed")
    ui.sees(re.compile("0 of 2 landed; 2 open, the oldest for .+"))
    expect(ui.row("all_landed")).to_contain_text("Failed")

    for _, video, _ in list(world.api.tasks.values()):
        video.statuses[:] = ["DONE"] if video.statuses == ["PROCESSING"] else video.statuses
    until(lambda: world.count("landed_at IS NOT NULL", TODAY) == 2, "landing of the day's videos")
    until(lambda: world.dev.runs()[0]["status"] == "SUCCESS", "end of the landing")
    assert world.dev.runs()[0]["jobName"] == "mixpeek_land"
    for table in ("assets", "features", "vectors", "tasks"):
        ui.open_asset(table, "partitions", partition=str(TODAY))
        ui.sees("Materialized (3)")
    ui.sees("2 of 2 landed", "2 done")


def test_the_table_of_ticks_says_what_each_tick_found(world: World, open_ui: OpenUi, pictures: Path) -> None:
    ui = open_ui(world.dev.url, width=1600)  # a narrower table cuts its cells
    ui.open(f"{LOCATION}/sensors/task_status_sensor")

    ui.sees(re.compile(r"\d settled, landing \d\d-\d\d"))
    ui.picture(pictures / "ticks.png")


@pytest.mark.parametrize(
    ("job", "step", "words"),
    [
        ("mixpeek_ingest", "tasks", ["The API may bill each of them again", "At most so many videos are submitted"]),
        ("mixpeek_land", "land_results", ["is not billed as processing", "Only the videos of these collections"]),
        ("mixpeek_retry_failed", "tasks", ["The API may bill them again"]),
        ("mixpeek_plan", "show_plan", ["Only these days"]),
    ],
)
def test_the_launchpad_says_what_each_option_does_and_names_no_file(
    ui: Ui, world: World, job: str, step: str, words: list[str]
) -> None:
    ui.open(f"{LOCATION}/jobs/{job}/playground")
    editor = ui.page.locator(".CodeMirror")
    expect(editor).to_contain_text(f"{step}:")
    assert str(world.dev.project.folder) not in editor.inner_text()

    ui.click(editor.get_by_text("config", exact=True).first)
    ui.sees(*words)


def test_a_press_of_execute_evaluates_a_standing_check_and_execute_all_those_of_each_day(ui: Ui, world: World) -> None:
    set_state(world, "lost")
    try:
        ui.open_asset("tasks", "checks", checkDetail="tasks_succeeded")
        ui.sees(re.compile(r"1 of \d failed: broken.mp4"))
        ui.click(ui.button(re.compile("Execute$")))
        ui.sees(re.compile(r"2 of \d failed: broken.mp4"))
        ui.click(ui.button("Execute all"))
        until(lambda: verdict(world) == "FAILED", "evaluation of the day")
    finally:
        set_state(world, "done")
    ui.click(ui.button("Execute all"))
    until(lambda: verdict(world) == "SUCCEEDED", "evaluation of the day")
    ui.open_asset("tasks", "checks", checkDetail="succeeded")
    ui.click(ui.tab_of_check("Partitions"))
    ui.click(ui.row(str(GOOD_DAY)))
    ui.sees("0 of 1 video failed")


def set_state(world: World, state: str) -> None:
    """Change a task of the good day behind the back of the UI."""
    with Warehouse(Site.of_file(world.dev.project.warehouse), timeout=60).database.transaction() as connection:
        connection.execute(
            "UPDATE mixpeek.tasks SET state = $state WHERE partition_date = $day", {"state": state, "day": GOOD_DAY}
        )


def verdict(world: World) -> str | None:
    """The newest verdict on the good day's tasks."""
    query = """query ($day: String!) { assetCheckExecutions(
        assetKey: {path: ["mixpeek", "tasks"]}, checkName: "succeeded", partition: $day, limit: 1) { status } }"""
    executions = world.dev.ask(query, day=str(GOOD_DAY))["assetCheckExecutions"]
    return executions[0]["status"] if executions else None


def test_the_page_of_a_resource_says_which_api_it_is_and_which_variable_holds_the_key(ui: Ui, world: World) -> None:
    ui.open(f"{LOCATION}/resources/mixpeek")

    ui.sees(f"API: {world.api.url}", "path prefix: none", "600 requests a minute", "MIXPEEK_API_KEY")
    ui.open(f"{LOCATION}/resources/warehouse")
    ui.sees(f"file: {world.dev.project.warehouse}")


def test_a_reason_with_markup_stays_text_and_loads_nothing(ui: Ui, world: World) -> None:
    """The last of the file: it leaves a failed video behind."""
    reason = "**bold** <b>fat</b> <img src=//evil.example/1.png> ![x](//evil.example/2.png) [here](//evil.example/3)"
    world.api.videos[f"{VIDEOS}/*a*.mp4"] = Video(["FAILED"], error=reason)
    with world.manifest.open("a") as file:
        file.write(f"{VIDEOS}/*a*.mp4,{TODAY}\n")
    assert world.dev.project.command("run").returncode == 1
    asked: list[str] = []
    ui.page.on("request", lambda request: asked.append(request.url))

    ui.open_asset("tasks", "checks", checkDetail="succeeded")
    ui.sees(f"failed: *a*.mp4: {reason}")  # where the UI takes it for Markdown
    ui.click(ui.tab_of_check("Partitions"))
    ui.click(ui.row(str(TODAY)))
    ui.sees(re.compile(r"failed: .*a.*\.mp4: "))
    ui.open_asset("tasks", "partitions", partition=str(TODAY))
    ui.sees("*a*.mp4", "**bold**")

    assert [url for url in asked if "evil.example" in url] == []
    assert ui.page.get_by_role("link", name="here").count() == 0
