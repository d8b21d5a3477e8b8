"""The upkeep of a lake changes how its rows are kept, and none of them."""

import os
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mixpeek_assets.definitions import build_definitions
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse import lake_store
from mixpeek_assets.warehouse.upkeep import keep_up
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.stores import Stores
from tests.warehouse.rows import add_videos, all_tables, event, feature_reply, land, query, table, video

NOTHING = timedelta(0)


def landings(warehouse: Warehouse) -> None:
    """Many small landings, of which the last replaces the first."""
    add_videos(warehouse, *(video(f"v{number}") for number in range(12)))
    for seconds, first in enumerate((0, 20, 40, 0)):
        features = (f"f{number}" for number in range(first, first + 20))
        land(warehouse, "vectors", *(feature_reply(name, {"clip": [seconds, 1]}, seconds=seconds) for name in features))


@pytest.fixture
def landed(environment: Path, stores: Stores) -> Iterator[Warehouse]:
    """A lake of many small landings."""
    with stores.warehouse(environment / "warehouse.duckdb", landings) as filled:
        yield filled


def files_of(warehouse: Warehouse) -> set[str]:
    """The Parquet files in the lake's folder."""
    folder = Path(load_settings().lake or "")
    return {str(file) for file in folder.rglob("*.parquet")}


def test_rows_are_the_same_in_fewer_files_and_nothing_of_before_is_left(landed: Warehouse) -> None:
    before, files = all_tables(landed, without=()), files_of(landed)
    done = keep_up(landed.database, NOTHING, grace=NOTHING)
    assert all_tables(landed, without=()) == before
    assert done.after.files < done.before.files
    assert done.after.snapshots == 1
    assert done.expired >= done.before.snapshots - 1
    assert done.deleted >= len(files - files_of(landed)) > 0
    assert len(files_of(landed)) == done.after.files
    again = keep_up(landed.database, NOTHING, grace=NOTHING)
    assert (again.after, again.deleted) == (done.after, 0)


def test_one_can_go_back_as_far_as_is_kept(landed: Warehouse) -> None:
    ((earlier,),) = query(landed, "SELECT max(snapshot_id) FROM ducklake_snapshots('warehouse')")
    then = "SELECT count(*) FROM mixpeek.vectors AT (VERSION => $version)"
    land(landed, "vectors", feature_reply("f99", {"clip": [9, 9]}))
    keep_up(landed.database, timedelta(days=1))
    assert query(landed, then, {"version": earlier}) == [(60,)]
    assert query(landed, "SELECT count(*) FROM mixpeek.vectors") == [(61,)]


def test_a_reader_that_is_open_meanwhile_sees_its_moment(landed: Warehouse) -> None:
    everything = "FROM mixpeek.vectors ORDER BY ALL"
    with landed.database.connection(read_only=True) as reader:
        reader.begin()
        before = reader.execute(everything).fetchall()
        land(landed, "vectors", feature_reply("f0", {"clip": [7, 7]}, seconds=99))
        keep_up(landed.database, NOTHING)
        assert reader.execute(everything).fetchall() == before
        reader.commit()
    assert query(landed, everything) != before


def test_what_a_transaction_has_written_and_not_committed_stays(landed: Warehouse) -> None:
    with closing(landed.site.store.attach(read_only=False)) as stranger:
        stranger.connection.begin()
        stranger.connection.execute(
            "INSERT INTO mixpeek.rejects BY NAME SELECT range::VARCHAR AS object_id FROM range(5000)"
        )
        keep_up(landed.database, NOTHING)
        stranger.connection.commit()
    assert len(table(landed, "rejects")) == 5000


def test_what_a_dead_writer_has_left_goes_when_it_is_old(landed: Warehouse) -> None:
    old, new = (Path(next(iter(files_of(landed)))).with_name(f"{name}.parquet") for name in ("old", "new"))
    old.write_bytes(b"half a file")
    new.write_bytes(b"half a file")
    os.utime(old, (1e9, 1e9))
    keep_up(landed.database, NOTHING)
    assert (old.exists(), new.exists()) == (False, True)


def test_a_job_does_it_once_a_day_with_its_figures(landed: Warehouse, instance: dg.DagsterInstance) -> None:
    repository = build_definitions(load_settings()).get_repository_def()
    result = repository.get_job("mixpeek_upkeep").execute_in_process(instance=instance)
    (done,) = (event for event in result.all_events if event.is_successful_output)
    told: dict[str, Any] = {name: value.value for name, value in done.step_output_data.metadata.items()}
    assert told["files_after"] < told["files_before"]
    assert told["snapshots_expired"] == 0, "a week is kept"
    assert repository.get_schedule_def("daily_upkeep").job_name == "mixpeek_upkeep"


def test_a_warehouse_in_a_file_needs_none() -> None:
    repository = build_definitions(load_settings()).get_repository_def()
    assert not repository.has_job("mixpeek_upkeep")
    assert [schedule.name for schedule in repository.schedule_defs] == ["daily_ingest"]


def test_a_load_merges_the_files_of_a_table_that_has_gathered_many(
    landed: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = "SELECT file_count + delete_file_count FROM ducklake_table_info('warehouse') WHERE table_name = 'vectors'"
    ((before,),) = query(landed, count)
    rows = query(landed, "FROM mixpeek.vectors ORDER BY ALL")
    land(landed, "tasks", event("v1"))
    assert query(landed, count) == [(before,)]
    monkeypatch.setattr(lake_store, "MOST_FILES", before - 1)
    land(landed, "tasks", event("v2"))
    assert query(landed, count) < [(before,)]
    assert query(landed, "FROM mixpeek.vectors ORDER BY ALL") == rows
