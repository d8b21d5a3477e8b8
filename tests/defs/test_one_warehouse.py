"""Two groups of one code location on one DuckDB file: each shows its collection, and works on it alone."""

from collections import Counter
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from pydantic import SecretStr

from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.definitions import build_definitions
from mixpeek_assets.defs.resources import MixpeekResource, WarehouseResource
from mixpeek_assets.settings import Settings, load_settings
from tests.fakes.mixpeek import KEY, ScriptedMixpeek, Video
from tests.fakes.pipeline import TODAY, make_due

GROUPS = ("trailers", "lectures")
DAY = TODAY.isoformat()


class Location:
    """A code location with both groups, whose runs and ticks are recorded in one instance."""

    def __init__(self, folder: Path, mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance) -> None:
        self.instance, self.file = instance, folder / "warehouse.duckdb"
        # One manifest for both: each takes its own rows.
        manifest = folder / "videos.csv"
        rows = "".join(f"http://videos.test/{name}-{i}.mp4,{name}\n" for name in GROUPS for i in range(2))
        manifest.write_text(f"url,collection\n{rows}", encoding="utf-8")
        self.settings: dict[str, Settings] = {
            name: load_settings(
                videos=str(manifest),
                collection=name,
                only_collection=True,
                api_key=SecretStr(KEY),
                api_url=mixpeek.url,
                requests_per_minute=0,
                feature_extractors=f'[{{"name":"{name}"}}]',
                data_dir=folder / name,
                warehouse=self.file,
            )
            for name in GROUPS
        }
        groups = [build_definitions(self.settings[name], group_name=name, key_prefix=(name,)) for name in GROUPS]
        self.repository = dg.Definitions.merge(*groups).get_repository_def()

    def run(self, job: str) -> dg.ExecuteInProcessResult:
        result = self.repository.get_job(job).execute_in_process(instance=self.instance, partition_key=DAY)
        assert result.success
        return result

    def tick(self, name: str, sensor: str) -> dg.SensorResult:
        """Tick a group's sensor, and run what it requests."""
        settings = self.settings[name]
        resources: dict[str, Any] = {
            f"{name}_mixpeek": MixpeekResource(settings=settings),
            f"{name}_warehouse": WarehouseResource.of(settings),
        }
        with dg.build_sensor_context(
            instance=self.instance, resources=resources, repository_def=self.repository
        ) as context:
            definition = self.repository.get_sensor_def(f"{name}_{sensor}")
            tick = definition.evaluate_tick(context)
        for _ in tick.run_requests or []:
            assert definition.job_name is not None
            self.run(definition.job_name)
        return dg.SensorResult(list(tick.run_requests or []), asset_events=list(tick.asset_events))

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.file, read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture
def location(tmp_path: Path, mixpeek: ScriptedMixpeek, instance: dg.DagsterInstance) -> Location:
    mixpeek.videos["http://videos.test/lectures-0.mp4"] = Video(statuses=["FAILED"], error={"message": "no sound"})
    return Location(tmp_path, mixpeek, instance)


def submitted(mixpeek: ScriptedMixpeek) -> dict[str, Any]:
    return {request.body["url"]: request.body["feature_extractors"] for request in mixpeek.asked("^POST")}


def test_sensors_of_both_groups_submit_and_land_each_video_once(location: Location, mixpeek: ScriptedMixpeek) -> None:
    for _ in range(2):
        for name in GROUPS:
            location.tick(name, "manifest_sensor")
    assert len(mixpeek.asked("^POST")) == 4, "other extractors submit nobody else's videos again"

    for _ in range(2):
        make_due(open_warehouse(location.settings["trailers"]))
        for name in GROUPS:
            location.tick(name, "task_status_sensor")

    urls = location.sql("SELECT parse_filename(url), collection FROM mixpeek.videos ORDER BY ALL")
    assert urls == [(f"{name}-{i}.mp4", name) for name in sorted(GROUPS) for i in range(2)]
    assert location.sql(
        "SELECT DISTINCT collection, extractors FROM mixpeek.tasks JOIN mixpeek.videos USING (video_id) ORDER BY 1"
    ) == [
        ("lectures", '[{"name":"lectures"}]'),
        ("trailers", '[{"name":"trailers"}]'),
    ]
    asked = Counter(request.path for request in mixpeek.asked("^GET /(assets|features)"))
    assert len(asked) == 6, "three videos, an asset and a feature each"
    assert set(asked.values()) == {1}
    assert location.sql("SELECT count(*), count(DISTINCT feature_id) FROM mixpeek.vectors") == [(3, 3)]


def test_a_group_neither_polls_nor_shows_what_another_has_to_do(location: Location, mixpeek: ScriptedMixpeek) -> None:
    for name in GROUPS:
        location.run(f"{name}_ingest")

    tick = location.tick("trailers", "task_status_sensor")
    polled = {mixpeek.tasks[request.path.removeprefix("/tasks/")][2] for request in mixpeek.asked("^GET /tasks")}
    assert polled == {"trailers"}
    assert [request.partition_key for request in tick.run_requests or []] == [DAY]

    location.tick("lectures", "task_status_sensor")
    told = {
        (key.asset_key.path[0], key.name): record.status.value
        for key, record in location.instance.event_log_storage.get_latest_asset_check_execution_by_key(
            [
                dg.AssetCheckKey(dg.AssetKey([name, "vectors" if check == "all_landed" else "tasks"]), check)
                for name in GROUPS
                for check in ("all_landed", "tasks_succeeded")
            ]
        ).items()
    }
    assert told == {
        ("trailers", "all_landed"): "SUCCEEDED",
        ("trailers", "tasks_succeeded"): "SUCCEEDED",
        ("lectures", "all_landed"): "FAILED",
        ("lectures", "tasks_succeeded"): "FAILED",
    }
    for name, rows in (("trailers", 2), ("lectures", 1)):
        event = location.instance.get_latest_materialization_event(dg.AssetKey([name, "vectors"]))
        assert event is not None
        assert event.asset_materialization is not None
        metadata = event.asset_materialization.metadata
        assert metadata["dagster/row_count"].value == rows
        shown = metadata["rows_in_sql"].value
        assert isinstance(shown, str)
        assert len(location.sql(shown.removeprefix("```sql\n").removesuffix("\n```"))) == rows


def test_a_retry_of_one_group_pays_for_its_own_videos_alone(location: Location, mixpeek: ScriptedMixpeek) -> None:
    for name in GROUPS:
        location.run(f"{name}_ingest")
        location.tick(name, "task_status_sensor")
    mixpeek.requests.clear()

    location.run("trailers_retry_failed")
    assert submitted(mixpeek) == {}
    location.run("lectures_retry_failed")
    assert set(submitted(mixpeek)) == {"http://videos.test/lectures-0.mp4"}


def test_the_first_partition_of_a_group_is_its_own(location: Location, tmp_path: Path) -> None:
    location.run("trailers_ingest")
    old = tmp_path / "old.csv"
    old.write_text("url,added_at\nhttp://videos.test/old.mp4,2020-01-01\n", encoding="utf-8")
    for name, first in (("archive", "2020-01-01"), ("trailers", DAY)):
        settings = location.settings["trailers"].model_copy(
            update={"collection": name, "videos": str(old) if name == "archive" else location.settings[name].videos}
        )
        definitions = build_definitions(settings, key_prefix=(name,)).get_repository_def()
        partitions = definitions.assets_defs_by_key[dg.AssetKey([name, "videos"])].partitions_def
        assert isinstance(partitions, dg.DailyPartitionsDefinition)
        assert partitions.get_first_partition_key() == first
