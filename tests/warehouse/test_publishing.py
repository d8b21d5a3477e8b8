"""The published file: what people read while the pipeline writes."""

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from mixpeek_assets.warehouse.engine import OpenFile
from mixpeek_assets.warehouse.publishing import Publisher, published_path
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.stores import Files
from tests.warehouse.processes import hold_file, publish_for_ever, running, until
from tests.warehouse.rows import add_videos, asset_reply, file_of, land, publisher_of, video, warehouse_in

pytestmark = pytest.mark.file

COUNT = "SELECT count(*) FROM mixpeek.videos"


def videos_seen(warehouse: Warehouse) -> int:
    """How many videos somebody sees who opens the published file with plain DuckDB."""
    with duckdb.connect(published_path(file_of(warehouse)), read_only=True, config={"threads": 1}) as session:
        return rows(session, COUNT)[0][0]


def rows(session: duckdb.DuckDBPyConnection, statement: str) -> list[tuple[int]]:
    return session.execute(statement).fetchall()


@pytest.fixture
def published(warehouse: Warehouse) -> Warehouse:
    """A warehouse with one video, which is published."""
    add_videos(warehouse, video("v1"))
    assert publisher_of(warehouse).publish("now")
    return warehouse


def test_a_landing_publishes_what_it_has_loaded(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1"))
    land(warehouse, "assets", asset_reply("a1"))
    with duckdb.connect(published_path(file_of(warehouse)), read_only=True, config={"threads": 1}) as session:
        assert session.execute("SELECT asset_id FROM mixpeek.assets").fetchall() == [("a1",)]


def test_an_open_session_keeps_its_moment_and_the_next_one_sees_the_newest(published: Warehouse) -> None:
    with closing(OpenFile(published_path(file_of(published)), read_only=True)) as session:
        add_videos(published, video("v2"))
        assert publisher_of(published).publish("now")
        assert rows(session.connection, COUNT) == [(1,)]
    assert videos_seen(published) == 2


@pytest.mark.slow
def test_a_forgotten_session_of_another_program_delays_nothing(published: Warehouse, tmp_path: Path) -> None:
    ready, release = tmp_path / "ready", tmp_path / "release"
    with running(hold_file, publisher_of(published).path, ready, release, 60, True):
        until(ready.exists)
        impatient = Warehouse(Site.of_file(file_of(published)), timeout=0)
        add_videos(impatient, video("v2"))
        assert publisher_of(impatient).publish("now")
    assert videos_seen(published) == 2


def test_what_has_not_changed_is_not_copied_again(published: Warehouse) -> None:
    assert not publisher_of(published).publish("now")
    with published.reader() as reader:
        assert reader.table_counts()["videos"] == 1
    assert not publisher_of(published).is_behind()


@pytest.fixture
def slow(published: Warehouse) -> Iterator[Publisher]:
    """A publisher on a disk that takes some 20 s for a copy, of a warehouse that has changed."""
    size = file_of(published).stat().st_size
    add_videos(published, video("v2"))
    yield Publisher(file_of(published), lag=60, bytes_per_second=size / 20)


@pytest.mark.parametrize("when", ["now and then", "at the end"])
def test_a_copy_that_costs_much_is_put_off(slow: Publisher, when: str) -> None:
    assert not slow.publish(when)  # pyright: ignore[reportArgumentType]
    assert slow.is_behind()


def test_it_is_not_put_off_for_longer_than_the_lag(slow: Publisher) -> None:
    slow.lag = 1e-6
    assert slow.publish("now and then")


def test_it_is_not_put_off_where_somebody_asks_for_it(slow: Publisher) -> None:
    assert slow.publish("now")


def test_no_lag_is_nothing_published_and_readers_open_the_warehouse(tmp_path: Path, files: Files) -> None:
    warehouse = Warehouse(Site.of_file(tmp_path / "warehouse.duckdb"), lag=0)
    file_of(warehouse).write_bytes(files.content())
    add_videos(warehouse, video("v1"))
    with warehouse.published() as connection:
        assert rows(connection, COUNT) == [(1,)]
    assert not published_path(file_of(warehouse)).exists()


def test_nobody_writes_into_the_published_file(published: Warehouse) -> None:
    mode = publisher_of(published).path.stat().st_mode
    assert not mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    with published.published() as connection, pytest.raises(duckdb.InvalidInputException, match="read-only"):
        connection.execute("DELETE FROM mixpeek.videos")


def test_programs_with_duckdb_1_5_can_read_it(unmade_warehouse: Warehouse) -> None:
    add_videos(unmade_warehouse, video("v1"))
    assert publisher_of(unmade_warehouse).publish("now")
    with unmade_warehouse.published() as connection:
        ((version,),) = connection.execute(
            "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'warehouse'"
        ).fetchall()
    assert version.startswith("v1.5")


def test_the_half_copy_of_a_process_that_died_is_replaced(published: Warehouse) -> None:
    left = publisher_of(published).path.with_name(f".{file_of(published).name}.new")
    left.write_bytes(b"half a cop")
    add_videos(published, video("v2"))
    assert publisher_of(published).publish("now")
    assert videos_seen(published) == 2
    assert not left.exists()


def test_what_a_process_that_died_had_committed_is_published(published: Warehouse) -> None:
    # DuckDB keeps a commit in a log beside the file until the file is closed.
    with duckdb.connect(file_of(published)) as dying:
        dying.execute("PRAGMA disable_checkpoint_on_shutdown")
        dying.execute("INSERT INTO mixpeek.videos BY NAME SELECT 'v2' AS video_id")
    assert Path(f"{file_of(published)}.wal").exists()
    assert publisher_of(published).publish("now")
    assert videos_seen(published) == 2


def test_a_damaged_copy_is_not_published(
    published: Warehouse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def damaged(_: Path, to: Path) -> None:
        to.write_bytes(bytes(10_000))

    monkeypatch.setattr("mixpeek_assets.warehouse.publishing._copy_file", damaged)
    add_videos(published, video("v2"))
    assert not publisher_of(published).publish("now")
    assert "is not up to date, and readers keep the older one" in caplog.text
    assert videos_seen(published) == 1


def test_no_room_for_a_copy_is_told_and_stops_nothing(
    published: Warehouse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = os.statvfs(file_of(published).parent)
    full = os.statvfs_result((*real[:3], 0, 0, *real[5:]))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    add_videos(published, video("v2"))
    assert not publisher_of(published).publish("now")
    assert "No space left on device" in caplog.text
    assert videos_seen(published) == 1


@pytest.mark.slow
def test_while_another_program_writes_it_is_left_to_the_next(published: Warehouse, tmp_path: Path) -> None:
    ready, release = tmp_path / "ready", tmp_path / "release"
    add_videos(published, video("v2"))
    published.database.timeout = 0.1
    with running(hold_file, file_of(published), ready, release, 60, False):
        until(ready.exists)
        assert not publisher_of(published).publish("now")
    assert publisher_of(published).publish("now")


def test_of_those_who_publish_at_once_one_copies(published: Warehouse) -> None:
    add_videos(published, video("v2"))
    done = list[bool]()
    threads = [
        threading.Thread(
            target=lambda: done.append(publisher_of(warehouse_in(file_of(published).parent)).publish("now"))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(done) == [False, False, False, True]


def test_threads_read_it_side_by_side(published: Warehouse) -> None:
    with published.published() as one, published.published() as other:
        assert rows(one, COUNT) == rows(other, COUNT) == [(1,)]


@pytest.mark.slow
def test_of_a_thousand_openings_while_it_is_written_and_published_none_fails(published: Warehouse) -> None:
    path = publisher_of(published).path
    with (
        running(publish_for_ever, file_of(published).parent),
        closing(OpenFile(path, read_only=True)) as forgotten,
    ):
        until(lambda: videos_seen(published) > 1)
        seen = [videos_seen(published) for _ in range(1_000)]
        until(lambda: videos_seen(published) > seen[-1])
        assert rows(forgotten.connection, COUNT) == [(1,)]
    assert seen == sorted(seen)
    assert seen[0] < seen[-1]
