"""What is read and written does not grow with what is stored; small commits leave no large file. Counts, no seconds."""

import sys
from pathlib import Path

import pytest

from mixpeek_assets.warehouse import engine, loading
from mixpeek_assets.warehouse.landing_files import Kind
from mixpeek_assets.warehouse.loading import load_pending
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.rows import asset_reply, feature, feature_reply, file_of, land, query, table, warehouse_in, write

pytestmark = pytest.mark.file

LANDINGS = 12
SMALL_COMMITS = 24
DENSE = {"clip": [number / 7 for number in range(500)]}


def row_groups(warehouse: Warehouse) -> int:
    found = "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('mixpeek.vectors')"
    return query(warehouse, found)[0][0]


def land_little(warehouse: Warehouse) -> int:
    """Land one vector at a time, and return the file's size."""
    for number in range(LANDINGS):
        land(warehouse, "vectors", feature_reply(f"f{number}", DENSE))
    assert query(warehouse, "SELECT count(DISTINCT feature_id) FROM mixpeek.vectors") == [(LANDINGS,)]
    return file_of(warehouse).stat().st_size


NEVER = 1 << 40


def test_small_commits_are_merged_into_a_small_file(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MERGE_EVERY", 1)
    size = land_little(warehouse)
    assert row_groups(warehouse) <= 2
    assert size < LANDINGS * 200_000


def test_a_session_that_does_not_merge_leaves_each_commit_as_it_is(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MERGE_EVERY", NEVER)
    size = land_little(warehouse)
    assert row_groups(warehouse) == LANDINGS
    assert size > LANDINGS * 200_000, "if a commit takes so little, nothing needs to be merged"


@pytest.mark.parametrize("kinds", [("vectors",), ("assets", "vectors")])
def test_of_many_small_commits_the_same_ones_are_merged_each_time(tmp_path: Path, kinds: tuple[Kind, ...]) -> None:
    most = [most_row_groups(warehouse_in(tmp_path / name), kinds) for name in ("one", "other")]
    assert most[0] == most[1]
    assert most[0] < SMALL_COMMITS - 5


def most_row_groups(warehouse: Warehouse, kinds: tuple[Kind, ...]) -> int:
    """Make small commits of each kind in turns, and return how many row groups of vectors there were at most."""
    most = 0
    for number in range(SMALL_COMMITS):
        for kind in kinds:
            reply = (
                asset_reply(f"a{number}", feature(f"f{number}"))
                if kind == "assets"
                else feature_reply(f"f{number}", DENSE)
            )
            land(warehouse, kind, reply)
        most = max(most, row_groups(warehouse))
    return most


def test_a_large_load_merges_nothing(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MERGE_EVERY", 1)
    monkeypatch.setattr(loading, "_LARGE_BYTES", 0)
    land_little(warehouse)
    assert row_groups(warehouse) == LANDINGS


def test_a_partition_that_is_landed_again_and_again_takes_no_more_room(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "MERGE_EVERY", NEVER)
    sizes: list[int] = []
    for landing in range(5):
        for part in range(4):
            replies = [feature_reply(f"f{part}-{number}", DENSE, seconds=landing) for number in range(300)]
            land(warehouse, "vectors", *replies)
        sizes.append(file_of(warehouse).stat().st_size)
    # Once replaced, a part's room is that of the next part.
    assert max(sizes) < 1.5 * sizes[0]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how many bytes were read")
def test_duckdb_reads_a_landing_file_once(warehouse: Warehouse) -> None:
    # What stands before the embeddings is read through a memory map, which is not counted.
    file = write(warehouse.landing_folder, "vectors", *(feature_reply(f"f{number}", DENSE) for number in range(500)))
    size, before = file.stat().st_size, bytes_read()
    load_pending(warehouse.database, warehouse.landing_folder)
    assert size < bytes_read() - before < 1.5 * size


def bytes_read() -> int:
    """How many bytes this process has read so far, files of Python's own included."""
    return int(Path("/proc/self/io").read_text().split()[1])


def test_a_feature_that_its_asset_and_its_own_reply_bring_at_once_has_what_both_say(warehouse: Warehouse) -> None:
    write(warehouse.landing_folder, "assets", asset_reply("a1", feature("f1", text="EXIT"), feature("f2")))
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}, description="a door", payload={"door": 1}))
    first, second = table(warehouse, "features")
    assert (first["text"], first["description"], first["run_id"]) == ("EXIT", "a door", "run-vectors")
    assert first["payload"] == '{"feature_id":"f1","door":1}'
    assert (second["feature_id"], second["run_id"]) == ("f2", "run-assets")


def test_a_reply_that_is_kept_twice_is_landed_once(warehouse: Warehouse) -> None:
    reply = feature_reply("f1", {"clip": [1, 0]}, sparse={"words": {"indices": [1], "values": [1]}})
    write(warehouse.landing_folder, "vectors", reply, reply)
    land(warehouse, "vectors", reply)
    assert query(warehouse, "SELECT vector_name FROM mixpeek.vectors ORDER BY ALL") == [("clip",), ("words",)]
    assert len(table(warehouse, "features")) == 1


def test_a_reply_that_says_nothing_new_writes_no_feature(warehouse: Warehouse) -> None:
    said = {"text": "EXIT", "payload": {"text": "EXIT", "metadata": {}, "modality": None}}
    land(warehouse, "vectors", feature_reply("f1", {"clip": [1]}, **said))
    before = table(warehouse, "features", without=())
    land(warehouse, "vectors", feature_reply("f1", {"clip": [2]}, seconds=9, **said))
    assert table(warehouse, "features", without=()) == before
    assert query(warehouse, "SELECT embedding FROM mixpeek.vectors") in ([([2.0],)], [((2.0,),)])
