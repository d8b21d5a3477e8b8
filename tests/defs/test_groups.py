"""Two groups of the five assets in one code location, each with videos, a warehouse and names of its own."""

from pathlib import Path

import dagster as dg
import duckdb
import pytest
from pydantic import SecretStr

from mixpeek_assets.connections import open_client, open_warehouse
from mixpeek_assets.definitions import build_definitions
from mixpeek_assets.pipeline.poll import poll_due_tasks
from mixpeek_assets.settings import Settings, load_settings
from tests.fakes.mixpeek import KEY, ScriptedMixpeek
from tests.fakes.pipeline import TODAY

GROUPS = ("trailers", "lectures")


@pytest.fixture
def settings(tmp_path: Path, mixpeek: ScriptedMixpeek) -> dict[str, Settings]:
    """One API, and for each group a list of videos, a collection and a data directory."""
    made: dict[str, Settings] = {}
    for name in GROUPS:
        manifest = tmp_path / f"{name}.csv"
        manifest.write_text(f"url\nhttp://videos.test/{name}.mp4\n", encoding="utf-8")
        made[name] = load_settings(
            videos=str(manifest),
            collection=name,
            api_key=SecretStr(KEY),
            api_url=mixpeek.url,
            requests_per_minute=0,
            data_dir=tmp_path / name,
        )
    return made


def land(settings: Settings, repository: dg.RepositoryDefinition, instance: dg.DagsterInstance, name: str) -> None:
    for verb in ("ingest", "land"):
        definition = repository.get_job(f"{name}_{verb}")
        assert definition.execute_in_process(instance=instance, partition_key=TODAY.isoformat()).success
        with open_client(settings) as client:
            poll_due_tasks(client, open_warehouse(settings), 10)


def test_two_groups_of_one_code_location_land_side_by_side(
    settings: dict[str, Settings], instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    groups = [build_definitions(settings[name], group_name=name, key_prefix=(name,)) for name in GROUPS]
    repository = dg.Definitions.merge(*groups).get_repository_def()

    for name in GROUPS:
        land(settings[name], repository, instance, name)

    for name in GROUPS:
        assert instance.get_latest_materialization_event(dg.AssetKey([name, "vectors"])) is not None
        with duckdb.connect(tmp_path / name / "warehouse.duckdb", read_only=True) as connection:
            found = connection.execute("SELECT url, collection FROM mixpeek.videos").fetchall()
            vectors = connection.execute("SELECT count(*) FROM mixpeek.vectors").fetchall()
        assert found == [(f"http://videos.test/{name}.mp4", name)]
        assert vectors[0][0] > 0
    assert not (tmp_path / "data").exists(), "nothing was taken from the environment's settings"


def test_each_group_has_names_of_its_own(settings: dict[str, Settings]) -> None:
    groups = [build_definitions(settings[name], group_name=name, key_prefix=(name,)) for name in GROUPS]
    repository = dg.Definitions.merge(*groups).get_repository_def()

    for name in GROUPS:
        assert repository.get_sensor_def(f"{name}_task_status_sensor").job_name == f"{name}_land"
        assert repository.get_schedule_def(f"{name}_daily_ingest").job_name == f"{name}_ingest"
    assert {node.group_name for node in repository.asset_graph.asset_nodes} == set(GROUPS)


def test_replies_wait_beside_their_own_warehouse(settings: dict[str, Settings], tmp_path: Path) -> None:
    folders = {open_warehouse(settings[name]).landing_folder for name in GROUPS}
    folders.add(open_warehouse(settings["trailers"], path=tmp_path / "other" / "warehouse.duckdb").landing_folder)

    assert len(folders) == 3
