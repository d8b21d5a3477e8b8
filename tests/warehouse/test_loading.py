"""Loads as a whole: all or nothing, each file once, and nothing that was fetched is lost."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mixpeek_assets.warehouse import loading
from mixpeek_assets.warehouse.errors import WarehouseError
from mixpeek_assets.warehouse.file_store import FileStore
from mixpeek_assets.warehouse.landing_lines import FeatureLine
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.asking import ask
from tests.warehouse.processes import (
    die_at_first_removal,
    load_on_full_disk,
    poll_for_ever,
    run,
    run_all,
    running,
    spool_vectors,
    until,
    watch_for_torn_loads,
)
from tests.warehouse.rows import (
    accepted,
    all_tables,
    asset_reply,
    event,
    feature,
    feature_reply,
    file_of,
    intend,
    land,
    query,
    settled,
    table,
    task,
    the_task,
    write,
)


def left(warehouse: Warehouse) -> list[str]:
    return sorted(path.name for path in warehouse.landing_folder.iterdir())


def poll(seconds: float) -> dict[str, object]:
    return event("v1", seconds=seconds, state="open", polls=1)


def remembered(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return query(warehouse, "SELECT name FROM mixpeek_internal.loaded_files")


def test_files_that_are_loaded_are_gone_and_forgotten(warehouse: Warehouse) -> None:
    write(warehouse.landing_folder, "assets", asset_reply("a1", feature("f1")))
    write(warehouse.landing_folder, "vectors", feature_reply("f1", {"clip": [1]}))
    assert warehouse.load_pending().files == 2
    assert left(warehouse) == []
    assert remembered(warehouse) == []
    assert warehouse.load_pending().files == 0


def test_a_vector_file_is_loaded_with_an_asset_file_that_was_begun_later(warehouse: Warehouse) -> None:
    write(warehouse.landing_folder, "vectors", feature_reply("f1", {"clip": [1]}))
    write(warehouse.landing_folder, "assets", asset_reply("a1", feature("f1", text="EXIT"), feature("f2")))
    write(warehouse.landing_folder, "tasks", accepted("v1"), settled("v1", asset_id="a1"))
    intend(warehouse, "v1")
    assert warehouse.load_pending().files == 3
    counts = ask(warehouse, Reader.table_counts)
    assert (counts["assets"], counts["features"], counts["vectors"]) == (1, 2, 1)
    assert the_task(warehouse)["state"] == "done"
    assert the_task(warehouse)["landed_at"] is None


@pytest.mark.slow
def test_a_process_that_dies_between_the_commit_and_the_removal_loads_nothing_twice(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    task(warehouse, "v1", accepted("v1"))
    write(warehouse.landing_folder, "tasks", poll(1))
    write(warehouse.landing_folder, "tasks", poll(2))
    with running(die_at_first_removal, tmp_path) as loader:
        loader.join(30)
        assert loader.exitcode == -9
    assert len(left(warehouse)) == 2, "it died before the files were to go"
    assert the_task(warehouse)["polls"] == 2, "it died after the commit"
    write(warehouse.landing_folder, "tasks", poll(3))
    assert warehouse.load_pending().files == 1
    assert the_task(warehouse)["polls"] == 3
    assert left(warehouse) == []
    assert remembered(warehouse) == []


def test_a_file_that_comes_back_after_its_load_was_finished_is_a_new_one(warehouse: Warehouse) -> None:
    # The names are forgotten once the files are gone, so that they do not pile up.
    task(warehouse, "v1", accepted("v1"))
    file = write(warehouse.landing_folder, "tasks", poll(1))
    content = file.read_bytes()
    warehouse.load_pending()
    file.write_bytes(content)
    assert warehouse.load_pending().files == 1
    assert the_task(warehouse)["polls"] == 2


@pytest.mark.slow
def test_whatever_dies_when_each_line_that_was_kept_is_loaded_once(warehouse: Warehouse, tmp_path: Path) -> None:
    intend(warehouse, "v1")
    told = tmp_path / "told"
    told.touch()
    lives = 5
    for life in range(lives):
        before = told.stat().st_size
        with running(poll_for_ever, tmp_path, told) as process:
            # Killed after another number of lines each time: between a write, a load, a commit and a removal.
            until(lambda wanted=before + 5 + 4 * life: told.stat().st_size >= wanted)
            process.kill()
            process.join()
    warehouse.load_pending()
    # A line can be kept by one who died before noting that it was.
    assert told.stat().st_size <= the_task(warehouse)["polls"] <= told.stat().st_size + lives
    assert left(warehouse) == []


def test_a_long_load_gives_others_their_turn_between_its_transactions(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_BATCH_BYTES", 1)
    loads = 6
    for number in range(loads):
        write(warehouse.landing_folder, "assets", asset_reply(f"a{number}", feature(f"f{number}")))
    loader = threading.Thread(target=warehouse.load_pending)
    seen = set[int]()
    loader.start()
    while loader.is_alive() and not seen - {0, loads}:
        seen.add(ask(warehouse, Reader.table_counts)["assets"])
    loader.join()

    assert seen - {0, loads}
    assert ask(warehouse, Reader.table_counts)["assets"] == loads


BROKEN = {
    "a disk's words": b'{"asset_id": "a2", "partition_date": "a file: No space left on device"}\n',
    "no JSON": b"nonsense\n",
    "half a line": b'{"asset_id": "a2", "video_id": "v2"',
    "no object": b'{"asset_id": "a2"}\n[1, 2]\n',
    "another type": b'{"asset_id": "a2", "features": {"video": "x"}}\n',
    "no text": b'{"asset_id": "\xff\xfe"}\n',
    "no date": b'{"asset_id": "a2", "partition_date": "soon"}\n',
    "binary": bytes(range(256)) * 10,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_cannot_be_read_is_set_aside_with_a_reject_and_stops_no_other(
    warehouse: Warehouse, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    write(warehouse.landing_folder, "assets", asset_reply("a1", feature("f1")))
    broken = warehouse.landing_folder / "assets-20261101T000000.000000-00000000.ndjson"
    broken.write_bytes(content)
    write(warehouse.landing_folder, "assets", asset_reply("a3", feature("f3"), video_id="v3"))
    write(warehouse.landing_folder, "vectors", feature_reply("f1", {"clip": [1]}))
    aside = broken.with_suffix(".bad")
    with caplog.at_level(logging.ERROR):
        loaded = warehouse.load_pending()
    assert (loaded.files, loaded.quarantined) == (3, (aside,))
    assert str(aside) in caplog.text
    assert aside.read_bytes() == content
    assert left(warehouse) == [aside.name]
    assert [row["asset_id"] for row in table(warehouse, "assets")] == ["a1", "a3"]
    assert len(table(warehouse, "vectors")) == 1
    [reject] = table(warehouse, "rejects")
    assert (reject["endpoint"], reject["object_id"]) == ("landing", str(aside))
    assert 10 < len(reject["reason"]) <= 300
    assert warehouse.load_pending().files == 0
    assert len(table(warehouse, "rejects")) == 1


def test_a_file_that_cannot_be_read_takes_nothing_half_way_with_it(warehouse: Warehouse) -> None:
    land(warehouse, "assets", asset_reply("a1", feature("f1")))
    good = asset_reply("a1", feature("f2"), seconds=50)
    file = write(warehouse.landing_folder, "assets", good)
    with file.open("ab") as more:
        more.write(b"nonsense\n")
    before = all_tables(warehouse, without=())
    warehouse.load_pending()
    after = all_tables(warehouse, without=())
    assert len(after.pop("rejects")) == 1
    assert after == {name: rows for name, rows in before.items() if name != "rejects"}


@pytest.mark.file
@pytest.mark.slow
def test_a_disk_that_is_full_is_not_blamed_on_the_files(warehouse: Warehouse, tmp_path: Path) -> None:
    land(warehouse, "vectors", feature_reply("f0", {"clip": [0.5] * 100}))
    for part in range(2):
        replies = [
            feature_reply(f"f{part}-{number}", {"clip": [number / 7 + axis / 3 for axis in range(100)]})
            for number in range(1000)
        ]
        write(warehouse.landing_folder, "vectors", *replies)
    waiting, answer = left(warehouse), tmp_path / "answer"
    run(load_on_full_disk, tmp_path, answer)
    assert f"{file_of(warehouse)}: File too large; make room on that disk" in answer.read_text()
    assert left(warehouse) == waiting
    assert table(warehouse, "rejects") == []
    assert [row["feature_id"] for row in table(warehouse, "vectors")] == ["f0"]
    assert warehouse.load_pending().files == 2
    assert query(warehouse, "SELECT count(*), count(DISTINCT feature_id) FROM mixpeek.vectors") == [(2001, 2001)]
    assert left(warehouse) == []


@pytest.mark.slow
def test_whoever_has_the_lock_loads_what_others_have_kept(warehouse: Warehouse, tmp_path: Path) -> None:
    each = 25 if isinstance(warehouse.site.store, FileStore) else 5  # A load of a lake takes ten times as long.
    run_all([(spool_vectors, (tmp_path, name, each)) for name in "abcd"])
    rows = query(warehouse, "SELECT feature_id, count(*), any_value(embedding[1]) FROM mixpeek.vectors GROUP BY ALL")
    assert sorted(rows) == sorted((f"{name}-{number}", 1, number) for name in "abcd" for number in range(each))
    counts = query(warehouse, "SELECT count(*), count(DISTINCT feature_id) FROM mixpeek.features")
    assert counts == [(4 * each, 4 * each)]
    assert left(warehouse) == []
    assert remembered(warehouse) == []


@pytest.mark.slow
def test_a_reader_sees_all_of_a_load_or_none_of_it(warehouse: Warehouse, tmp_path: Path) -> None:
    ready, stop, answer = tmp_path / "ready", tmp_path / "stop", tmp_path / "answer"

    def replies(asset_id: str, seconds: float) -> list[dict[str, object]]:
        dense = {"a": [seconds], "b": [seconds, 1], "c": [seconds, 1, 2]}
        return [feature_reply(f"{asset_id}-{n}", dense, asset_id=asset_id, seconds=seconds) for n in range(4)]

    with running(watch_for_torn_loads, tmp_path, ready, stop, answer) as reader:
        until(ready.exists)
        for number in range(8):
            # A new asset each time, and the first one over again: deleted and inserted.
            land(warehouse, "vectors", *replies(f"a{number}", number), *replies("a0", number + 0.5))
            ready.unlink(missing_ok=True)
            until(ready.exists)
        stop.touch()
        reader.join(30)
    states, torn = map(int, answer.read_text().split())
    assert torn == 0
    assert states > 4, "it read too seldom to see anything"
    assert query(warehouse, "SELECT count(*) FROM mixpeek.vectors") == [(8 * 4 * 3,)]


def test_a_spool_loads_what_it_has_even_after_an_exception(warehouse: Warehouse) -> None:
    with pytest.raises(ZeroDivisionError), warehouse.spool("vectors") as spool:
        spool.append(FeatureLine(**feature_reply("f1", {"clip": [1]})))
        raise ZeroDivisionError
    assert len(table(warehouse, "vectors")) == 1


def test_a_spool_that_was_given_nothing_leaves_nothing(warehouse: Warehouse) -> None:
    with warehouse.spool("tasks") as spool:
        spool.rotate()
    assert left(warehouse) == []


def test_what_a_spool_has_is_loaded_while_more_is_written(warehouse: Warehouse) -> None:
    with warehouse.spool("vectors") as spool:
        spool.append(FeatureLine(**feature_reply("f1", {"clip": [1]})))
        spool.rotate()
        until(lambda: query(warehouse, "SELECT count(*) FROM mixpeek.vectors") == [(1,)])
        spool.append(FeatureLine(**feature_reply("f2", {"clip": [1]})))
    assert len(table(warehouse, "vectors")) == 2


def test_threads_may_share_a_spool(warehouse: Warehouse) -> None:
    with warehouse.spool("vectors") as spool, ThreadPoolExecutor(8) as pool:

        def keep(number: int) -> None:
            spool.append(FeatureLine(**feature_reply(f"f{number}", {"clip": [number, 1]})))
            if number % 40 == 0:
                spool.rotate()

        list(pool.map(keep, range(400)))
    rows = query(warehouse, "SELECT feature_id, embedding[1] FROM mixpeek.vectors")
    assert sorted(rows) == sorted((f"f{number}", number) for number in range(400))


@pytest.mark.file
def test_a_spool_says_that_its_load_failed_and_keeps_what_it_had(warehouse: Warehouse) -> None:
    file_of(warehouse).write_text("this is no warehouse" * 1000)
    with pytest.raises(WarehouseError, match="is not a DuckDB file"), warehouse.spool("vectors") as spool:
        spool.append(FeatureLine(**feature_reply("f1", {"clip": [1]})))
    file_of(warehouse).unlink()
    assert warehouse.load_pending().files == 1


@pytest.mark.file
def test_an_exception_is_not_hidden_by_the_load_that_fails_after_it(warehouse: Warehouse) -> None:
    file_of(warehouse).write_text("this is no warehouse" * 1000)
    with pytest.raises(ZeroDivisionError) as first, warehouse.spool("vectors") as spool:
        spool.append(FeatureLine(**feature_reply("f1", {"clip": [1]})))
        raise ZeroDivisionError
    assert "is not a DuckDB file" in first.value.__notes__[0]
    assert len(list(warehouse.landing_folder.glob("*.ndjson"))) == 1


def test_a_load_is_cut_into_transactions_of_bounded_size(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        write(warehouse.landing_folder, "vectors", feature_reply(f"f{number}", {"clip": [1]}))
    largest = max(path.stat().st_size for path in warehouse.landing_folder.iterdir())
    monkeypatch.setattr(loading, "_BATCH_BYTES", 2 * largest)
    assert warehouse.load_pending().files == 5
    # A transaction's rows are written at one time.
    times = query(warehouse, "SELECT count(*) FROM mixpeek.vectors GROUP BY loaded_at ORDER BY loaded_at")
    assert times == [(2,), (2,), (1,)]
