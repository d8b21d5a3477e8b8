from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mixpeek_assets.definitions import defs
from mixpeek_assets.defs.manifest_sensor import Cursor
from mixpeek_assets.defs.resources import MixpeekResource, WarehouseResource
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.rows import Waiting
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.mixpeek import Answer, ScriptedMixpeek, Video
from tests.fakes.pipeline import TODAY, add_videos, submit
from tests.fakes.videos import upsert
from tests.warehouse.asking import ask

URL = "http://videos.test/a.mp4"


@dataclass
class Tick:
    """What a tick of a sensor did: the days it requests runs of, or why none; its events, and its cursor."""

    requested: list[str | None]
    skipped: str | None
    events: Sequence[Any]
    cursor: str | None


def tick(name: str, instance: dg.DagsterInstance, warehouse: Warehouse, cursor: str | None = None) -> Tick:
    """Evaluate a sensor of the code location that the environment describes."""
    settings, repository = load_settings(), defs().get_repository_def()
    with dg.build_sensor_context(
        instance=instance,
        cursor=cursor,
        resources={
            "mixpeek": MixpeekResource(settings=settings),
            "warehouse": WarehouseResource.of(settings),
        },
        repository_def=repository,
    ) as context:
        tick = repository.get_sensor_def(name).evaluate_tick(context)
        return Tick(
            [request.partition_key for request in tick.run_requests or []],
            tick.skip_message,
            list(tick.asset_events),
            tick.cursor,
        )


def evaluations(result: Tick) -> list[dg.AssetCheckEvaluation]:
    return [event for event in result.events if isinstance(event, dg.AssetCheckEvaluation)]


def record_run(
    instance: dg.DagsterInstance, job: str, status: dg.DagsterRunStatus, tags: dict[str, str] | None = None
) -> None:
    definition = defs().get_repository_def().get_job(job)
    run = instance.create_run_for_job(definition, tags=tags or {"dagster/partition": TODAY.isoformat()})
    events = {
        dg.DagsterRunStatus.STARTED: dg.DagsterEventType.RUN_START,
        dg.DagsterRunStatus.FAILURE: dg.DagsterEventType.RUN_FAILURE,
    }
    instance.report_dagster_event(dg.DagsterEvent(events[status].value, job), run.run_id)


def test_settled_tasks_are_written_down_and_their_partition_is_landed(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    add_videos([URL])
    submit()

    result = tick("task_status_sensor", instance, warehouse)

    assert result.requested == [TODAY.isoformat()]
    (observation,) = [event for event in result.events if isinstance(event, dg.AssetObservation)]
    assert (observation.asset_key, observation.partition) == (dg.AssetKey(["mixpeek", "tasks"]), TODAY.isoformat())
    assert observation.metadata["states"].value == "1 done"
    assert observation.metadata["progress"].value == "0 of 1 landed; 1 to land"
    checks = {(check.check_name, check.partition): check.passed for check in evaluations(result)}
    assert checks == {
        ("tasks_succeeded", None): True,
        ("polled_in_time", None): True,
        ("all_landed", None): False,
    }
    assert result.cursor == f"1 settled, landing {TODAY:%m-%d}"


def test_a_task_that_came_to_nothing_is_shown_at_once_and_why(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    mixpeek.videos[URL] = Video(["FAILED"], error="moov atom not found")
    add_videos([URL])
    submit()

    result = tick("task_status_sensor", instance, warehouse)

    assert result.events[0].metadata["states"].value == "1 failed"
    told = {check.check_name: check for check in evaluations(result)}
    failed = told["tasks_succeeded"]
    assert (failed.passed, failed.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert failed.description == "1 of 1 failed: a.mp4: moov atom not found"
    assert result.requested == [TODAY.isoformat()], "a landing checks the day"


def test_nothing_is_requested_while_a_landing_runs_and_again_after_it_failed_a_while_ago(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    add_videos([URL])
    submit()
    first = tick("task_status_sensor", instance, warehouse)
    record_run(instance, "mixpeek_land", dg.DagsterRunStatus.STARTED)

    result = tick("task_status_sensor", instance, warehouse)

    assert first.requested == [TODAY.isoformat()]
    assert "in progress" in str(result.skipped)


def test_a_task_that_is_still_open_requests_nothing(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    mixpeek.videos[URL] = Video(["PROCESSING"])
    add_videos([URL])
    submit()

    result = tick("task_status_sensor", instance, warehouse)

    assert str(result.skipped).startswith("1 open, next poll ")
    assert result.skipped == result.cursor


def test_a_tick_that_finds_nothing_new_tells_no_check_again(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    mixpeek.videos[URL] = Video(["PROCESSING"])
    add_videos([URL])
    submit()
    for event in tick("task_status_sensor", instance, warehouse).events:
        instance.report_runless_asset_event(event)

    assert tick("task_status_sensor", instance, warehouse).events == []

    with warehouse.database.transaction() as connection:
        connection.execute("UPDATE mixpeek.tasks SET next_poll_at = now() - INTERVAL 1 HOUR, api = 'elsewhere'")
    (overdue,) = tick("task_status_sensor", instance, warehouse).events
    assert (overdue.check_name, overdue.passed) == ("polled_in_time", False)


def test_the_sensor_needs_no_cursor(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    add_videos([URL])
    submit()

    result = tick("task_status_sensor", instance, warehouse, cursor="what is this?")

    assert result.requested == [TODAY.isoformat()]


def test_a_wrong_key_fails_the_tick_and_says_so(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    add_videos([URL])
    submit()
    mixpeek.script("GET /tasks", Answer({"success": False, "error": {"message": "Invalid API key"}}, 401))

    with pytest.raises(dg.Failure, match="Invalid API key"):
        tick("task_status_sensor", instance, warehouse)


def test_without_a_local_api_the_tick_is_skipped_with_what_to_do(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos([URL])
    submit()
    with warehouse.database.transaction() as connection:
        connection.execute("UPDATE mixpeek.tasks SET api = 'local'")
    monkeypatch.delenv("MIXPEEK_API_KEY")
    monkeypatch.delenv("MIXPEEK_API_URL")

    result = tick("task_status_sensor", instance, warehouse)

    assert "make dev" in str(result.skipped)


def test_a_tick_says_that_tasks_wait_for_another_api(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos([URL])
    submit()
    monkeypatch.setenv("MIXPEEK_API_URL", "http://127.0.0.1:9")

    result = tick("task_status_sensor", instance, warehouse)

    assert f"1 task was submitted to {mixpeek.url}" in str(result.skipped)


def test_a_partition_that_a_clock_ahead_has_made_waits_for_its_day(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    """Dagster has no such partition yet: a request for a run of it would fail the whole tick."""
    tomorrow = TODAY + timedelta(days=1)
    add_videos([URL], day=tomorrow)
    submit(day=tomorrow)

    result = tick("task_status_sensor", instance, warehouse)

    assert result.requested == []
    assert ask(warehouse, lambda reader: reader.task_counts([tomorrow]))[0].state == "done"
    assert ask(warehouse, Reader.waiting)[-1] == Waiting("partition", tomorrow.isoformat(), 1)


def test_a_manifest_with_new_videos_has_their_partitions_ingested(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = f"url,added_at\n{URL},2026-01-03\nhttp://videos.test/b.mp4,\nhttp://videos.test/c.mp4,2999-01-01\n"
    Path("list.csv").write_text(rows)
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")

    result = tick("manifest_sensor", instance, warehouse)

    assert result.requested == ["2026-01-03", TODAY.isoformat()], "a day that has not come has no partition"


def test_a_manifest_that_is_ingested_is_not_read_again_until_it_changes(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos([URL])
    submit()
    monkeypatch.setenv("MIXPEEK_VIDEOS", "manifest.csv")

    result = tick("manifest_sensor", instance, warehouse)
    assert str(result.cursor).startswith(f"all ingested on {TODAY} (manifest ")

    with Path("manifest.csv").open("a") as file:
        file.write("http://videos.test/new.mp4,\n")
    result = tick("manifest_sensor", instance, warehouse, cursor=result.cursor)
    assert result.requested == [TODAY.isoformat()]


def test_videos_that_were_never_submitted_are_ingested_even_when_the_manifest_is_known(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos([URL])
    submit()
    monkeypatch.setenv("MIXPEEK_VIDEOS", "manifest.csv")
    result = tick("manifest_sensor", instance, warehouse)
    with warehouse.database.transaction() as connection:
        connection.execute("DELETE FROM mixpeek.tasks")

    result = tick("manifest_sensor", instance, warehouse, cursor=result.cursor)

    assert result.requested == [TODAY.isoformat()]


def test_a_manifest_that_cannot_be_read_fails_the_tick_and_says_so(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_VIDEOS", "nowhere.csv")

    with pytest.raises(dg.Failure, match=r"nowhere\.csv"):
        tick("manifest_sensor", instance, warehouse)


@pytest.mark.parametrize("text", [None, "", "{", '{"version": 1}', "all ingested on", "ingesting 2026-01-01"])
def test_a_cursor_that_cannot_be_read_is_as_good_as_none(text: str | None) -> None:
    assert Cursor.read(text) is None


def test_a_cursor_is_a_sentence_that_is_read_again() -> None:
    cursor = Cursor("5f2e", "2026-01-02")
    assert Cursor.read(str(cursor)) == cursor


def test_videos_of_days_before_the_first_partition_are_named_and_taken_in_by_a_reload(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos([URL], day=TODAY - timedelta(days=3))
    submit(day=TODAY - timedelta(days=3))
    monkeypatch.setenv("MIXPEEK_VIDEOS", "manifest.csv")
    loaded = defs()
    assert first_day(loaded) == TODAY - timedelta(days=3)
    with Path("manifest.csv").open("a") as file:
        file.write("http://videos.test/early.mp4,2025-12-31\n")

    result = tick("manifest_sensor", instance, warehouse)

    assert result.requested == []
    assert "1 day of the manifest is before" in str(result.skipped)
    assert "reload the code location" in str(result.skipped)
    assert first_day(defs()) == date(2025, 12, 31)
    assert tick("manifest_sensor", instance, warehouse).requested == ["2025-12-31"]


def first_day(definitions: dg.Definitions) -> date:
    partitions = definitions.get_repository_def().asset_graph.get(dg.AssetKey(["mixpeek", "videos"])).partitions_def
    assert partitions is not None
    return date.fromisoformat(str(partitions.get_first_partition_key()))


def test_without_a_local_api_nothing_is_ingested_and_the_tick_says_what_to_do(
    warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("a.mp4").write_bytes(b"video")
    Path("list.csv").write_text("url\na.mp4\n")
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")

    result = tick("manifest_sensor", instance, warehouse)

    assert result.requested == []
    assert "make dev" in str(result.skipped)


def test_sensors_and_schedule_run_by_default() -> None:
    repository = defs().get_repository_def()
    for sensor in ("task_status_sensor", "manifest_sensor"):
        assert repository.get_sensor_def(sensor).default_status == dg.DefaultSensorStatus.RUNNING
    assert repository.get_schedule_def("daily_ingest").default_status == dg.DefaultScheduleStatus.RUNNING


def test_the_schedule_ingests_the_day_that_has_just_begun(instance: dg.DagsterInstance) -> None:
    schedule = defs().get_repository_def().get_schedule_def("daily_ingest")
    moment = datetime(2026, 3, 2, 0, 15, tzinfo=UTC)
    context = dg.build_schedule_context(instance=instance, scheduled_execution_time=moment)

    request = schedule(context)

    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2026-03-02"


def test_a_row_that_becomes_usable_is_noticed_though_the_manifest_has_not_changed(
    warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("list.csv").write_text("url\nthere.mp4\nlater.mp4\n")
    Path("there.mp4").write_bytes(b"video")
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")
    with read_manifest(load_settings()) as manifest:
        upsert(warehouse, manifest, [TODAY], datetime.now(UTC), "test")
    with warehouse.database.transaction() as connection:
        connection.execute(
            "INSERT INTO mixpeek.tasks BY NAME SELECT video_id, 1 AS attempt, 'done' AS state FROM mixpeek.videos"
        )

    result = tick("manifest_sensor", instance, warehouse)
    Path("later.mp4").write_bytes(b"video")
    result = tick("manifest_sensor", instance, warehouse, cursor=result.cursor)

    assert "make dev" in str(result.skipped), "it is to be ingested, when there is an API"
