import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

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


def tick(name: str, instance: dg.DagsterInstance, warehouse: Warehouse, cursor: str | None = None):
    """Evaluate a sensor of the code location that the environment describes."""
    settings, repository = load_settings(), defs().get_repository_def()
    with dg.build_sensor_context(
        instance=instance,
        cursor=cursor,
        resources={
            "mixpeek": MixpeekResource(settings=settings),
            "warehouse": WarehouseResource(database=str(warehouse.path), settings=settings),
        },
        repository_def=repository,
    ) as context:
        tick = repository.get_sensor_def(name).evaluate_tick(context)
        if tick.skip_message and not tick.asset_events:
            return dg.SkipReason(tick.skip_message), context
        return dg.SensorResult(run_requests=tick.run_requests, asset_events=tick.asset_events), context


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


def requested(result: object) -> list[str | None]:
    assert isinstance(result, dg.SensorResult), result
    return [request.partition_key for request in result.run_requests or []]


def test_settled_tasks_are_written_down_and_their_partition_is_landed(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    add_videos([URL])
    submit()

    result, _ = tick("task_status_sensor", instance, warehouse)

    assert requested(result) == [TODAY.isoformat()]
    assert isinstance(result, dg.SensorResult)
    observation, check = result.asset_events
    assert observation.asset_key == dg.AssetKey("tasks")
    assert observation.metadata["done"].value == 1
    assert isinstance(check, dg.AssetCheckEvaluation)
    assert (check.check_name, check.passed) == ("no_task_failed", True)


def test_a_task_that_came_to_nothing_is_shown_at_once_and_why(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    mixpeek.videos[URL] = Video(["FAILED"], error="moov atom not found")
    add_videos([URL])
    submit()

    result, _ = tick("task_status_sensor", instance, warehouse)

    assert isinstance(result, dg.SensorResult)
    observation, check = result.asset_events
    assert observation.metadata["failed"].value == 1
    assert isinstance(check, dg.AssetCheckEvaluation)
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert f"{URL}: moov atom not found" in str(check.metadata["examples"].value)


def test_nothing_is_requested_while_a_landing_runs_and_again_after_it_failed_a_while_ago(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    add_videos([URL])
    submit()
    first, _ = tick("task_status_sensor", instance, warehouse)
    record_run(instance, "mixpeek_land", dg.DagsterRunStatus.STARTED)

    result, _ = tick("task_status_sensor", instance, warehouse)

    assert requested(first) == [TODAY.isoformat()]
    assert isinstance(result, dg.SkipReason)
    assert "in progress" in str(result.skip_message)


def test_a_task_that_is_still_open_requests_nothing(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    mixpeek.videos[URL] = Video(["PROCESSING"])
    add_videos([URL])
    submit()

    result, _ = tick("task_status_sensor", instance, warehouse)

    assert isinstance(result, dg.SkipReason)
    assert "1 tasks polled, none has ended" in str(result.skip_message)


def test_the_sensor_needs_no_cursor(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    add_videos([URL])
    submit()

    result, context = tick("task_status_sensor", instance, warehouse, cursor="what is this?")

    assert requested(result) == [TODAY.isoformat()]
    assert context.cursor == "what is this?"


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

    result, _ = tick("task_status_sensor", instance, warehouse)

    assert isinstance(result, dg.SkipReason)
    assert "make dev" in str(result.skip_message)


def test_a_tick_says_that_tasks_wait_for_another_api(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos([URL])
    submit()
    monkeypatch.setenv("MIXPEEK_API_URL", "http://127.0.0.1:9")

    result, _ = tick("task_status_sensor", instance, warehouse)

    assert isinstance(result, dg.SkipReason)
    assert f"1 tasks were submitted to {mixpeek.url}" in str(result.skip_message)


def test_a_partition_that_a_clock_ahead_has_made_waits_for_its_day(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance
) -> None:
    """Dagster has no such partition yet: a request for a run of it would fail the whole tick."""
    tomorrow = TODAY + timedelta(days=1)
    add_videos([URL], day=tomorrow)
    submit(day=tomorrow)

    result, _ = tick("task_status_sensor", instance, warehouse)

    assert not getattr(result, "run_requests", None)
    assert ask(warehouse, lambda reader: reader.task_counts([tomorrow]))[0].state == "done"
    assert ask(warehouse, Reader.waiting)[-1] == Waiting("partition", tomorrow.isoformat(), 1)


def test_a_manifest_with_new_videos_has_their_partitions_ingested(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = f"url,added_at\n{URL},2026-01-03\nhttp://videos.test/b.mp4,\nhttp://videos.test/c.mp4,2999-01-01\n"
    Path("list.csv").write_text(rows)
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")

    result, _ = tick("manifest_sensor", instance, warehouse)

    assert requested(result) == ["2026-01-03", TODAY.isoformat()], "a day that has not come has no partition"


def test_a_manifest_that_is_ingested_is_not_read_again_until_it_changes(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos([URL])
    submit()
    monkeypatch.setenv("MIXPEEK_VIDEOS", "manifest.csv")

    result, context = tick("manifest_sensor", instance, warehouse)
    assert isinstance(result, dg.SkipReason)
    assert json.loads(context.cursor or "")["day"] == TODAY.isoformat()

    with Path("manifest.csv").open("a") as file:
        file.write("http://videos.test/new.mp4,\n")
    result, _ = tick("manifest_sensor", instance, warehouse, cursor=context.cursor)
    assert requested(result) == [TODAY.isoformat()]


def test_videos_that_were_never_submitted_are_ingested_even_when_the_manifest_is_known(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_videos([URL])
    submit()
    monkeypatch.setenv("MIXPEEK_VIDEOS", "manifest.csv")
    _, context = tick("manifest_sensor", instance, warehouse)
    with warehouse.database.transaction() as connection:
        connection.execute("DELETE FROM mixpeek.tasks")

    result, _ = tick("manifest_sensor", instance, warehouse, cursor=context.cursor)

    assert requested(result) == [TODAY.isoformat()]


def test_a_manifest_that_cannot_be_read_fails_the_tick_and_says_so(
    mixpeek: ScriptedMixpeek, warehouse: Warehouse, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIXPEEK_VIDEOS", "nowhere.csv")

    with pytest.raises(dg.Failure, match=r"nowhere\.csv"):
        tick("manifest_sensor", instance, warehouse)


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"version": 9}', '{"colour": "red"}'])
def test_a_cursor_that_cannot_be_read_is_as_good_as_none(text: str | None) -> None:
    assert Cursor.read(text) == Cursor()


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

    _, context = tick("manifest_sensor", instance, warehouse)
    Path("later.mp4").write_bytes(b"video")
    result, _ = tick("manifest_sensor", instance, warehouse, cursor=context.cursor)

    assert requested(result) == [TODAY.isoformat()]
