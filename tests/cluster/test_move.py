"""A warehouse is copied from a file to a lake and back: every row, once, whatever dies meanwhile."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, Literal

import duckdb
import pytest

from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.move import move as move_command
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse import move as moving
from mixpeek_assets.warehouse.errors import WarehouseError
from mixpeek_assets.warehouse.move import MovedTable, move
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.commands import forked
from tests.fakes.stores import Files
from tests.warehouse.rows import (
    DAY,
    add_videos,
    all_tables,
    asset_reply,
    done_task,
    feature,
    feature_reply,
    land,
    query,
    reading,
    video,
    write,
)

ODD = 'it\'s "odd"\n\t\\ \x00 ’日本 \U0001f469‍\U0001f680 ' + "x" * 5000


def dies(moment: Literal["_verify", "_copy"], parts: int, file: Path, to: str) -> None:
    """Copy, and die once so many parts, here of a day each, are verified or committed."""
    real, seen = getattr(moving, moment), count(1)

    def last(*given: Any) -> None:
        real(*given)
        if next(seen) == parts:
            os.kill(os.getpid(), signal.SIGKILL)

    moving._ROWS = 1
    setattr(moving, moment, last)
    ends = [Warehouse(Site.of_file(file), timeout=30, lag=0), open_warehouse(load_settings())]
    list(move(*(ends if to == "lake" else reversed(ends))))


@pytest.fixture
def file(tmp_path: Path, files: Files) -> Iterator[Warehouse]:
    """A warehouse in a file, with odd values."""
    with files.warehouse(tmp_path / "old" / "warehouse.duckdb", fill) as filled:
        yield filled


def fill(warehouse: Warehouse) -> None:
    """Make rows of three days, and some of none."""
    for number in range(3):
        day, name = DAY + timedelta(days=number), f"v{number}"
        add_videos(
            warehouse, video(name, metadata='{"a": [1, null, "é"]}', url=f"https://videos.test/{ODD}{name}"), day=day
        )
        done_task(warehouse, name, f"a{number}", day=day)
        listed = feature(f"f{number}", text=ODD, start_time=-0.0, metadata={"deep": {"x": [ODD] * 20}}, description="")
        land(warehouse, "assets", asset_reply(f"a{number}", listed, video_id=name, day=day))
        sparse = {"words": {"indices": [1, 70_000], "values": [0.5, -3e-38]}}
        reply = feature_reply(
            f"f{number}", {"clip": [0.1, 3.4e38], "it's": [1.0]}, sparse=sparse, video_id=name, day=day
        )
        land(warehouse, "vectors", reply)
    with warehouse.database.transaction() as connection:
        connection.execute(
            "INSERT INTO mixpeek.rejects BY NAME"
            " SELECT NULL AS partition_date, $odd AS reason, TIMESTAMPTZ '9999-12-31 23:59:59.999999+00' AS loaded_at"
            " UNION ALL SELECT NULL, $odd, TIMESTAMPTZ '0001-01-01 00:00:00+00'",
            {"odd": ODD},
        )
        connection.execute("INSERT INTO mixpeek_internal.refetch_requests VALUES ('fetch asset', 'a1')")


def whole(warehouse: Warehouse) -> dict[str, Any]:
    """What is to be the same in both."""
    return {
        **all_tables(warehouse, without=()),
        "requests": query(warehouse, "FROM mixpeek_internal.refetch_requests ORDER BY ALL"),
        "names": query(warehouse, "FROM mixpeek_internal.vector_names ORDER BY ALL"),
        "views": query(
            warehouse,
            "SELECT view_name FROM duckdb_views() WHERE database_name = current_database()"
            " AND schema_name = 'mixpeek' ORDER BY ALL",
        ),
        "nearest": query(warehouse, "SELECT feature_id, similarity FROM mixpeek.nearest('clip', [0.1, 3])"),
    }


def copied(done: list[MovedTable]) -> int:
    return sum(one.copied for one in done)


def test_every_row_is_the_same_in_a_lake_and_in_a_file_again(
    file: Warehouse, warehouse: Warehouse, tmp_path: Path
) -> None:
    before = whole(file)
    there = list(move(file, warehouse))
    assert whole(warehouse) == before
    assert (copied(there), sum(one.rows for one in there)) == (3 * 7 + 2 + 1,) * 2
    back = Warehouse(Site.of_file(tmp_path / "back.duckdb"), timeout=30, lag=0)
    list(move(warehouse, back))
    assert whole(back) == whole(file) == before
    assert query(back, "SELECT table_name FROM duckdb_tables() WHERE table_name = 'moved_from'") == []


def test_what_is_there_is_not_copied_again_and_what_has_changed_since_is(file: Warehouse, warehouse: Warehouse) -> None:
    list(move(file, warehouse))
    assert copied(list(move(file, warehouse))) == 0
    add_videos(file, video("v9"))
    with pytest.raises(WarehouseError, match="has the rows of another warehouse: move to an empty place"):
        list(move(file, warehouse))


@pytest.mark.parametrize("to", ["lake", "file"])
def test_a_copy_that_is_killed_goes_on_where_it_was(
    file: Warehouse, warehouse: Warehouse, tmp_path: Path, to: str
) -> None:
    before, other = whole(file), tmp_path / "back.duckdb"
    source, target = file, warehouse
    if to == "file":
        list(move(file, warehouse))
        source, target = warehouse, Warehouse(Site.of_file(other), timeout=30, lag=0)
    for moment, number in (("_verify", 5), ("_copy", 4)):
        process = forked(dies, moment, number, Path(file.name) if to == "lake" else other, to)
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
    done = list(move(source, target))
    assert whole(target) == before
    rows = sum(one.rows for one in done)
    # Four parts of the first, of one row or two each, and four of the second.
    assert rows - 16 <= copied(done) <= rows - 8
    assert {one.name: one.copied for one in done}["mixpeek.videos"] == 0
    assert whole(source) == before


def test_what_waits_to_be_loaded_is_loaded_first(file: Warehouse, warehouse: Warehouse) -> None:
    write(file.landing_folder, "vectors", feature_reply("f99", {"clip": [1, 2]}))
    list(move(file, warehouse))
    assert ("f99",) in query(warehouse, "SELECT feature_id FROM mixpeek.vectors")


def test_nobody_writes_to_either_meanwhile(file: Warehouse, warehouse: Warehouse) -> None:
    tables = move(file, warehouse)
    next(tables)
    with ThreadPoolExecutor(1) as another:
        for one in (file, warehouse):
            one.database.timeout = 0.1
            with pytest.raises(WarehouseError, match=r"was held by|held open"):
                another.submit(one.forget_discarded, []).result()
    tables.close()


def test_what_is_refused_is_said_in_a_sentence(file: Warehouse, warehouse: Warehouse, tmp_path: Path) -> None:
    missing = Warehouse(Site.of_file(tmp_path / "missing.duckdb"), timeout=30)
    with pytest.raises(WarehouseError, match=r"there is no warehouse at .*missing.duckdb: nothing to move"):
        list(move(missing, warehouse))
    with pytest.raises(WarehouseError, match="has no rows: nothing to move"):
        list(move(warehouse, missing))
    with pytest.raises(WarehouseError, match="is what is to be moved: name another place"):
        list(move(file, Warehouse(Site.of_file(tmp_path / "old" / ".." / "old" / "warehouse.duckdb"))))
    add_videos(warehouse, video("another"))
    with pytest.raises(WarehouseError, match="has the rows of another warehouse"):
        list(move(file, warehouse))
    with file.database.transaction() as connection:
        connection.execute("UPDATE mixpeek_internal.schema_version SET version = 99")
    with pytest.raises(WarehouseError, match="was written by a newer mixpeek_assets"):
        list(move(file, warehouse))


def test_the_command_says_what_it_did_and_what_to_set(
    file: Warehouse, warehouse: Warehouse, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with reading(file):
        pass
    with duckdb.connect(file.name) as mine:
        mine.execute("CREATE TABLE notes AS SELECT 1 AS mine")
    move_command(load_settings(), "cluster", Path(file.name), "table")
    said = " ".join(capsys.readouterr().out.split())
    assert "mixpeek.vectors: 9 rows, as in the old one" in said
    assert "Not copied, since others have made it: main.notes." in said
    assert "Set MIXPEEK_CLUSTER and MIXPEEK_LAKE wherever the pipeline runs." in said
    move_command(load_settings(), "back.duckdb", None, "json")
    said = " ".join(capsys.readouterr().err.split())
    assert "set MIXPEEK_WAREHOUSE=back.duckdb, and unset MIXPEEK_CLUSTER and MIXPEEK_LAKE" in said
    monkeypatch.delenv("MIXPEEK_CLUSTER")
    monkeypatch.delenv("MIXPEEK_LAKE")
    with pytest.raises(CommandError, match="no cluster is set"):
        move_command(load_settings(), "cluster", None, "table")
