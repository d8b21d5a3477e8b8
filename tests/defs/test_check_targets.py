"""The checks of a day in the UI: red or green, because each is about the day's newest materialization."""

from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from mixpeek_assets.definitions import defs
from mixpeek_assets.defs.checks import DAY_CHECKS
from mixpeek_assets.defs.run_requests import range_tags
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.mixpeek import ScriptedMixpeek, Video
from tests.fakes.pipeline import TODAY, poll

DAYS = [TODAY - timedelta(days=1), TODAY]
KEYS = {dg.AssetCheckKey(dg.AssetKey(["mixpeek", check.table]), check.name) for check in DAY_CHECKS}


def run(job: str, instance: dg.DagsterInstance) -> None:
    definition = defs().get_repository_def().get_job(job)
    assert definition.execute_in_process(instance=instance, tags=range_tags(*DAYS)).success


def shown(instance: dg.DagsterInstance) -> dict[tuple[dg.AssetCheckKey, str], str]:
    """What the UI shows of each check and day; it leaves out what is about an older materialization, or about none."""
    infos = instance.event_log_storage.get_asset_check_partition_info(list(KEYS))
    return {
        (info.check_key, info.partition_key): info.latest_execution_status.value
        for info in infos
        if info.is_current and info.partition_key is not None
    }


@pytest.mark.usefixtures("warehouse")
def test_each_day_shows_its_own_checks_after_runs_over_several_days(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"http://videos.test/{day}.mp4,{day}\n" for day in DAYS)
    Path("list.csv").write_text(f"url,added_at\n{rows}", encoding="utf-8")
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")
    mixpeek.videos[f"http://videos.test/{DAYS[0]}.mp4"] = Video(["FAILED"], error="no video that FFmpeg can read")

    run("mixpeek_ingest", instance)
    poll()
    run("mixpeek_land", instance)
    run("mixpeek_ingest", instance)

    found = shown(instance)
    assert set(found) == {(key, day.isoformat()) for key in KEYS for day in DAYS}
    failed = {(key.name, day) for (key, day), status in found.items() if status != "SUCCEEDED"}
    assert failed == {("succeeded", DAYS[0].isoformat()), ("landed", DAYS[0].isoformat())}


@pytest.mark.usefixtures("warehouse", "mixpeek")
def test_the_checks_that_run_after_an_asset_are_about_what_it_has_just_materialized(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("list.csv").write_text(f"url,added_at\nhttp://videos.test/a.mp4,{DAYS[0]}\n", encoding="utf-8")
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")
    run("mixpeek_ingest", instance)

    tasks = dg.AssetKey(["mixpeek", "tasks"])
    materialize = defs().get_repository_def().get_implicit_global_asset_job_def()
    result = materialize.execute_in_process(instance=instance, tags=range_tags(*DAYS), asset_selection=[tasks])

    assert result.success
    assert {event.step_key for event in result.all_events if event.is_step_success} >= {"tasks", "day_checks"}
    of_tasks = {key for key in KEYS if key.asset_key == tasks}
    assert {place for place in shown(instance) if place[0] in of_tasks} == {
        (key, day.isoformat()) for key in of_tasks for day in DAYS
    }


def test_executing_all_checks_evaluates_them_for_every_day(
    mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"http://videos.test/{day}.mp4,{day}\n" for day in DAYS)
    Path("list.csv").write_text(f"url,added_at\n{rows}", encoding="utf-8")
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")
    run("mixpeek_ingest", instance)
    poll()
    run("mixpeek_land", instance)
    with warehouse.database.transaction() as connection:
        connection.execute("DELETE FROM mixpeek.vectors WHERE partition_date = $day", {"day": DAYS[0]})

    execute_all = dg.define_asset_job("execute_all", selection=dg.AssetSelection.checks(*KEYS))
    repository = dg.Definitions.merge(defs(), dg.Definitions(jobs=[execute_all])).get_repository_def()
    assert repository.get_job("execute_all").execute_in_process(instance=instance).success

    found = shown(instance)
    assert {(key.name, day) for (key, day), status in found.items() if status != "SUCCEEDED"} == {
        ("complete", DAYS[0].isoformat())
    }
    assert set(found) == {(key, day.isoformat()) for key in KEYS for day in DAYS}
