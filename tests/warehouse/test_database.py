"""One transaction at a time, whoever else has the file and whatever dies."""

import logging
import multiprocessing
import signal
import threading
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from mixpeek_assets import lock
from mixpeek_assets.warehouse.database import Database
from mixpeek_assets.warehouse.errors import WarehouseBusyError, WarehouseError
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.asking import ask
from tests.warehouse.processes import (
    die_while_making_the_file,
    hold_file,
    insert_after_waiting,
    insert_on_full_disk,
    insert_videos,
    open_plainly,
    read_zoneless_time,
    run,
    run_all,
    running,
    stop_after_commit,
    stop_inside_transaction,
    until,
    watch_for_torn_loads,
)
from tests.warehouse.rows import add_videos, file_of, query, video, warehouse_in

pytestmark = pytest.mark.file

INSERT = "INSERT INTO mixpeek.videos (video_id) VALUES ($id)"


def video_ids(warehouse: Warehouse) -> list[str]:
    with warehouse.database.connection(read_only=True) as connection:
        found = connection.execute("SELECT video_id FROM mixpeek.videos ORDER BY ALL").fetchall()
    return [video_id for (video_id,) in found]


def test_a_transaction_commits_all_that_it_did(warehouse: Warehouse) -> None:
    with warehouse.database.transaction() as connection:
        connection.execute(INSERT, {"id": "v1"})
        connection.execute(INSERT, {"id": "v2"})
    assert video_ids(warehouse) == ["v1", "v2"]


def test_an_exception_rolls_all_back_and_is_the_one_that_is_raised(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1"))
    with pytest.raises(ZeroDivisionError), warehouse.database.transaction() as connection:
        connection.execute(INSERT, {"id": "v2"})
        raise ZeroDivisionError
    assert video_ids(warehouse) == ["v1"]


def test_a_statement_that_fails_rolls_back_those_before_it(warehouse: Warehouse) -> None:
    with pytest.raises(duckdb.ConversionException), warehouse.database.transaction() as connection:
        connection.execute(INSERT, {"id": "v1"})
        connection.execute("INSERT INTO mixpeek.videos (added_at) VALUES ('no date')")
    assert video_ids(warehouse) == []


@pytest.mark.slow
@pytest.mark.parametrize("read_only", [False, True])
def test_another_process_can_open_the_file_right_after_an_exception(warehouse: Warehouse, read_only: bool) -> None:
    add_videos(warehouse, video("v1"))
    with pytest.raises(ZeroDivisionError), warehouse.database.transaction():
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), warehouse.database.connection(read_only=True):
        raise ZeroDivisionError
    run(open_plainly, file_of(warehouse), read_only)


def test_the_connection_that_was_given_is_closed_afterwards(warehouse: Warehouse) -> None:
    with warehouse.database.transaction() as connection:
        pass
    with pytest.raises(duckdb.ConnectionException):
        connection.execute("SELECT 1")


@pytest.mark.slow
def test_a_commit_that_fails_says_why_and_leaves_the_rows_of_before(warehouse: Warehouse, tmp_path: Path) -> None:
    add_videos(warehouse, video("v1"))
    answer = tmp_path / "answer"
    run(insert_on_full_disk, tmp_path, answer)
    assert answer.read_text().startswith(f"DiskError: {file_of(warehouse)}: File too large; make room on that disk")
    assert video_ids(warehouse) == ["v1"]


def test_a_reader_cannot_write(warehouse: Warehouse) -> None:
    add_videos(warehouse, video("v1"))
    with (
        warehouse.database.connection(read_only=True) as connection,
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
    ):
        connection.execute(INSERT, {"id": "v2"})


@pytest.mark.slow
def test_readers_share_the_file_with_another_programs_reading_session(warehouse: Warehouse, tmp_path: Path) -> None:
    add_videos(warehouse, video("v1"))
    ready, release = tmp_path / "ready", tmp_path / "release"
    with running(hold_file, file_of(warehouse), ready, release, 60, True) as holder:
        until(ready.exists)
        impatient = Warehouse(warehouse.site, timeout=0.2)
        assert ask(impatient, Reader.table_counts)["videos"] == 1
        with impatient.database.connection(read_only=True):
            run(open_plainly, file_of(warehouse), True)
        assert holder.is_alive()
        with pytest.raises(WarehouseBusyError), impatient.database.transaction():
            pass


@pytest.mark.slow
def test_a_zoneless_time_is_utc_whatever_the_zone_of_the_machine(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    answer = tmp_path / "answer"
    # Started, not forked: DuckDB reads the zone when it is first loaded.
    process = multiprocessing.get_context("spawn").Process(target=read_zoneless_time, args=(file_of(warehouse), answer))
    process.start()
    process.join(120)
    plain, ours = map(int, answer.read_text().split())
    assert ours == 1_782_907_200
    assert plain == ours + 4 * 3600, "the zone of the machine has no effect, so this test shows nothing"


def test_a_zoneless_time_is_utc_in_readers_too(warehouse: Warehouse) -> None:
    with warehouse.database.connection(read_only=True) as connection:
        assert connection.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]


@pytest.mark.slow
@pytest.mark.parametrize("written", [100, 5000, 10_000])
def test_a_process_that_is_killed_while_it_makes_the_file_leaves_none_that_cannot_be_opened(
    tmp_path: Path, written: int
) -> None:
    with running(die_while_making_the_file, tmp_path, written) as process:
        process.join(30)
        assert process.exitcode == -signal.SIGXFSZ
    warehouse = warehouse_in(tmp_path)
    add_videos(warehouse, video("v1"))
    assert video_ids(warehouse) == ["v1"]
    assert not list(tmp_path.glob("*.new"))


@pytest.mark.slow
def test_what_a_killed_process_had_not_committed_is_not_there(warehouse: Warehouse, tmp_path: Path) -> None:
    add_videos(warehouse, video("v1"))
    with running(stop_inside_transaction, tmp_path, tmp_path / "ready") as process:
        until((tmp_path / "ready").exists)
        process.kill()
        process.join()
    assert video_ids(warehouse) == ["v1"]
    add_videos(warehouse, video("v2"))
    assert video_ids(warehouse) == ["v1", "v2"]


@pytest.mark.slow
def test_what_a_killed_process_had_committed_is_there_for_a_reader_and_a_writer(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    with running(stop_after_commit, tmp_path, tmp_path / "ready") as process:
        until((tmp_path / "ready").exists)
        process.kill()
        process.join()
    assert video_ids(warehouse) == ["committed"]
    add_videos(warehouse, video("v2"))
    assert video_ids(warehouse) == ["committed", "v2"]


@pytest.mark.slow
def test_six_processes_with_thirty_transactions_each_lose_none_and_none_of_them_starves(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    run_all([(insert_videos, (tmp_path, name, 30)) for name in "abcdef"])
    order = [video_id for (video_id,) in query(warehouse, "SELECT video_id FROM mixpeek.videos ORDER BY rowid")]
    assert sorted(order) == sorted(f"{name}-{number}" for name in "abcdef" for number in range(30))
    for name in "abcdef":
        turns = [turn for turn, video_id in enumerate(order) if video_id.startswith(name)]
        # In turn it is five; a few more, because who has just let go may be there again before the next is awake.
        assert max(later - turn - 1 for turn, later in pairwise(turns)) < 40, "others were served again and again"


def test_threads_of_one_process_take_turns_as_processes_do(warehouse: Warehouse) -> None:
    # Every change reads what it raises: two transactions at once would lose one.
    with warehouse.database.transaction() as connection:
        connection.execute("INSERT INTO mixpeek.tasks (video_id, polls) VALUES ('v1', 0)")

    def poll() -> None:
        for _ in range(5):
            with warehouse.database.transaction() as connection:
                [(polls,)] = connection.execute("SELECT polls FROM mixpeek.tasks").fetchall()
                time.sleep(0.001)
                connection.execute("UPDATE mixpeek.tasks SET polls = $polls", {"polls": polls + 1})

    threads = [threading.Thread(target=poll) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert query(warehouse, "SELECT polls FROM mixpeek.tasks") == [(30,)]


@pytest.mark.slow
@pytest.mark.parametrize(("read_only", "seconds"), [(False, 2), (True, 0.5)])
def test_a_transaction_waits_for_another_programs_session_and_says_whose(
    warehouse: Warehouse, tmp_path: Path, caplog: pytest.LogCaptureFixture, read_only: bool, seconds: float
) -> None:
    add_videos(warehouse, video("v1"))
    ready = tmp_path / "ready"
    with (
        caplog.at_level(logging.WARNING, "mixpeek_assets.warehouse.database"),
        running(hold_file, file_of(warehouse), ready, tmp_path / "release", seconds, read_only) as holder,
    ):
        until(ready.exists)
        add_videos(warehouse, video("v2"))
        holder.join(10)
        assert holder.exitcode == 0, "the transaction came through while the file was held"
    assert video_ids(warehouse) == ["v1", "v2"]
    [said] = caplog.messages
    assert said.startswith(f"Waiting for {file_of(warehouse)}: python")
    assert f"(process {holder.pid})" in said


@pytest.mark.slow
@pytest.mark.parametrize("read_only", [False, True])
def test_a_session_that_does_not_end_is_named_when_the_wait_is_over(
    warehouse: Warehouse, tmp_path: Path, read_only: bool
) -> None:
    add_videos(warehouse, video("v1"))
    with running(hold_file, file_of(warehouse), tmp_path / "ready", tmp_path / "release", 60, False) as holder:
        until((tmp_path / "ready").exists)
        impatient = Database(warehouse.site, timeout=0.3)
        with pytest.raises(WarehouseBusyError) as busy, impatient.connection(read_only=read_only):
            pass
    for part in (str(file_of(warehouse)), "python", f"(process {holder.pid})", "close it there"):
        assert part in str(busy.value)


def test_a_session_of_this_very_process_is_waited_for_too(
    warehouse: Warehouse, caplog: pytest.LogCaptureFixture
) -> None:
    add_videos(warehouse, video("v1"))
    with duckdb.connect(file_of(warehouse)):
        with pytest.raises(WarehouseBusyError, match="this process"), Database(warehouse.site, 0.3).transaction():
            pass
        assert "this process" in caplog.text
    add_videos(warehouse, video("v2"))
    assert video_ids(warehouse) == ["v1", "v2"]


@pytest.mark.slow
def test_a_writer_that_waits_for_a_session_delays_no_reader_and_other_writers_name_the_session_too(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    add_videos(warehouse, video("v1"))
    ready, release, waits = tmp_path / "ready", tmp_path / "release", tmp_path / "waits"
    with ExitStack() as processes:
        holder = processes.enter_context(running(hold_file, file_of(warehouse), ready, release, 60, True))
        until(ready.exists)
        writer = processes.enter_context(running(insert_after_waiting, tmp_path, waits))
        until(waits.exists)
        for _ in range(3):
            assert video_ids(warehouse) == ["v1"]
            with pytest.raises(WarehouseBusyError) as busy, Database(warehouse.site, timeout=1).transaction():
                pass
            assert f"(process {holder.pid})" in str(busy.value)
        assert writer.is_alive()
        assert f"(process {holder.pid}) has it open" in waits.read_text()
        release.touch()
        writer.join(30)
        assert writer.exitcode == 0
    assert video_ids(warehouse) == ["patient", "v1"]


@pytest.mark.slow
def test_a_writer_has_its_turn_though_readers_of_ours_come_without_end(warehouse: Warehouse, tmp_path: Path) -> None:
    add_videos(warehouse, video("v1"))
    stop = tmp_path / "stop"
    with ExitStack() as readers:
        for name in "abc":
            ready, answer = tmp_path / f"{name}-ready", tmp_path / f"{name}-answer"
            readers.enter_context(running(watch_for_torn_loads, tmp_path, ready, stop, answer))
            until(ready.exists)
        for number in range(20):
            add_videos(warehouse, video(f"w{number}"))
        stop.touch()
    assert len(video_ids(warehouse)) == 21


@pytest.mark.slow
def test_a_long_wait_for_one_of_our_own_processes_is_reported(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "REPORT_AFTER", 0.05)
    reported = threading.Event()
    said: list[str] = []

    def on_wait(sentence: str) -> None:
        said.append(sentence)
        reported.set()

    with running(stop_inside_transaction, tmp_path, tmp_path / "ready") as ahead:
        until((tmp_path / "ready").exists)
        database = Database(warehouse.site, 60, on_wait)
        reader = threading.Thread(target=lambda: database.connection(read_only=True).__enter__())
        reader.start()
        assert reported.wait(30)
        ahead.kill()
        reader.join(30)
        assert not reader.is_alive()
    assert said == [f"Waiting for {file_of(warehouse)}.lock: process {ahead.pid} holds it"]


@pytest.mark.slow
def test_a_reader_that_has_to_migrate_waits_for_the_session_and_goes_on(warehouse: Warehouse, tmp_path: Path) -> None:
    add_videos(warehouse, video("v1"))
    with warehouse.database.transaction() as connection:
        connection.execute("ALTER TABLE mixpeek.videos DROP COLUMN source")
        connection.execute("UPDATE mixpeek_internal.schema_version SET fingerprint = 'older'")
    ready, release, waits = tmp_path / "ready", tmp_path / "release", tmp_path / "waits"
    with running(hold_file, file_of(warehouse), ready, release, 60, True) as holder:
        until(ready.exists)

        def let_go(sentence: str) -> None:
            waits.write_text(sentence)
            release.touch()

        with Database(warehouse.site, 60, let_go).connection(read_only=True) as connection:
            assert connection.execute("SELECT source FROM mixpeek.videos").fetchall() == [(None,)]
    assert f"(process {holder.pid})" in waits.read_text()


@pytest.mark.slow
def test_our_own_processes_wait_in_turn_and_the_one_ahead_is_named(warehouse: Warehouse, tmp_path: Path) -> None:
    with running(stop_inside_transaction, tmp_path, tmp_path / "ready") as ahead:
        until((tmp_path / "ready").exists)
        impatient = warehouse_in(tmp_path, timeout=0.3)
        with pytest.raises(WarehouseBusyError, match=f"process {ahead.pid}"):
            ask(impatient, Reader.table_counts)
    assert isinstance(WarehouseBusyError(), WarehouseError)
