"""What other processes do to a warehouse, where that it is another process is the point.

Each function runs in a forked process. They talk through files, because a process that is killed can leave
nothing behind in a file that is there or not.
"""

import os
import resource
import signal
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import duckdb

from mixpeek_assets.lock import exclusive
from mixpeek_assets.warehouse.database import Database
from mixpeek_assets.warehouse.errors import DiskError, WarehouseError
from mixpeek_assets.warehouse.landing_files import Kind, LandingFile
from mixpeek_assets.warehouse.landing_lines import FeatureLine, TaskEvent
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.site import Site
from tests.fakes.commands import forked
from tests.warehouse.asking import ask
from tests.warehouse.rows import DAY, Row, event, feature_reply, publisher_of, warehouse_in


@contextmanager
def running(target: Callable[..., None], *arguments: Any) -> Iterator[BaseProcess]:
    """Run a function in a process of its own, which is killed at the end."""
    process = forked(target, *arguments)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join(10)


def run_all(jobs: Sequence[tuple[Callable[..., None], tuple[Any, ...]]], seconds: float = 120) -> None:
    """Run functions in processes side by side, and see each end well."""
    processes = [forked(target, *arguments) for target, arguments in jobs]
    for process in processes:
        process.start()
    stop_at = time.monotonic() + seconds
    for process in processes:
        process.join(max(stop_at - time.monotonic(), 0.1))
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
    assert codes == [0] * len(jobs)


def run(target: Callable[..., None], *arguments: Any) -> None:
    """Run a function in a process of its own, and see it end well."""
    run_all([(target, arguments)])


def until(condition: Callable[[], Any], seconds: float = 60) -> None:
    """Wait for something that is about to happen."""
    stop_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < stop_at, "it did not happen in time"
        time.sleep(0.01)


def _stay() -> None:
    time.sleep(120)


def hold_lock(path: Path, ready: Path) -> None:
    with exclusive(path, 10):
        ready.touch()
        _stay()


def count_up(lock: Path, counter: Path, times: int) -> None:
    """Raise the number in a file, in the way that loses a step whenever two do it at once."""
    for _ in range(times):
        with exclusive(lock, 60):
            number = int(counter.read_text())
            time.sleep(0)
            counter.write_text(str(number + 1))


def hold_file(path: Path, ready: Path, release: Path, seconds: float, read_only: bool) -> None:
    """Be another program that has the file open."""
    with duckdb.connect(path, read_only=read_only):
        ready.touch()
        stop_at = time.monotonic() + seconds
        while time.monotonic() < stop_at and not release.exists():
            time.sleep(0.02)


def open_plainly(path: Path, read_only: bool) -> None:
    with duckdb.connect(path, read_only=read_only) as connection:
        connection.execute("SELECT count(*) FROM mixpeek.videos").fetchall()


def count_rows(folder: Path) -> None:
    ask(warehouse_in(folder), Reader.table_counts)


def insert_videos(folder: Path, name: str, times: int) -> None:
    """One short transaction a row."""
    database = warehouse_in(folder).database
    for number in range(times):
        with database.transaction() as connection:
            connection.execute("INSERT INTO mixpeek.videos (video_id) VALUES ($id)", {"id": f"{name}-{number}"})


def publish_for_ever(folder: Path) -> None:
    """Commit a row, publish it, and so on."""
    warehouse = warehouse_in(folder)
    while True:
        insert_videos(folder, uuid.uuid4().hex, 1)
        publisher_of(warehouse).publish("now")


def insert_after_waiting(folder: Path, waits: Path) -> None:
    """Be a writer that notes for whom it waits."""
    database = Database(warehouse_in(folder).site, 60, on_wait=waits.write_text)
    with database.transaction() as connection:
        connection.execute("INSERT INTO mixpeek.videos (video_id) VALUES ('patient')")


def stop_inside_transaction(folder: Path, ready: Path) -> None:
    with warehouse_in(folder).database.transaction() as connection:
        connection.execute("INSERT INTO mixpeek.videos (video_id) VALUES ('never committed')")
        ready.touch()
        _stay()


def stop_after_commit(folder: Path, ready: Path) -> None:
    with warehouse_in(folder).database.connection() as connection:
        connection.execute("INSERT INTO mixpeek.videos (video_id) VALUES ('committed')")
        ready.touch()
        _stay()


def read_zoneless_time(path: Path, answer: Path) -> None:
    """What plain DuckDB here, and what the warehouse, take a zoneless noon for: seconds since 1970."""
    noon = "SELECT epoch('2026-07-01 12:00:00'::TIMESTAMPTZ)"
    with duckdb.connect() as plain, Database(Site.of_file(path)).connection() as connection:
        readings = [session.execute(noon).fetchall()[0][0] for session in (plain, connection)]
    answer.write_text(" ".join(str(int(reading)) for reading in readings))


def _let_nothing_be_written_beyond(size: int) -> None:
    """Make the disk look full: a write that would go further into any file fails with an OSError."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def die_while_making_the_file(folder: Path, written: int) -> None:
    """Be killed by the kernel in the write that goes beyond so many bytes of a file."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
    ask(warehouse_in(folder), Reader.table_counts)


def insert_on_full_disk(folder: Path, answer: Path) -> None:
    database = warehouse_in(folder).database
    _let_nothing_be_written_beyond(4096)
    try:
        with database.transaction() as connection:
            connection.execute("INSERT INTO mixpeek.videos (video_id) SELECT uuid()::VARCHAR FROM range(300000)")
    except Exception as error:
        answer.write_text(f"{type(error).__name__}: {error}")


def load_on_full_disk(folder: Path, answer: Path) -> None:
    warehouse = warehouse_in(folder)
    _let_nothing_be_written_beyond(1 << 20)  # more than the replies take without their embeddings
    try:
        warehouse.load_pending()
    except WarehouseError as error:
        answer.write_text(str(error))


def append_until_disk_is_full(folder: Path, answer: Path) -> None:
    """Write lines of some 1,000 bytes where 10,000 fit, one more than fits, and then a short one that does."""
    _let_nothing_be_written_beyond(10_000)
    kept = 0
    with LandingFile(folder, "tasks") as file:
        with suppress(DiskError):
            while True:
                file.append(event("v1", status="x" * 900))
                kept += 1
        file.append(event("v1", status="short"))
    answer.write_text(str(kept + 1))


def write_and_stay(folder: Path, kind: Kind, records: Sequence[Row], half_line: bytes, ready: Path) -> None:
    """Be a writer that is in the middle of a line."""
    file = LandingFile(folder, kind)
    for record in records:
        file.append(record)
    [part] = folder.glob("*.part")
    with part.open("ab") as same:
        same.write(half_line)
    ready.touch()
    _stay()


def die_at_first_removal(folder: Path) -> None:
    """Load, and die where the rows are committed and the landing file is about to go."""

    def kill(happening: str, details: tuple[Any, ...]) -> None:
        if happening == "os.remove" and str(details[0]).endswith(".ndjson"):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(kill)
    warehouse_in(folder).load_pending()


def poll_for_ever(folder: Path, told: Path) -> None:
    """Tell of poll after poll of one task, load now and then, and note what was told."""
    warehouse = warehouse_in(folder)
    number = told.stat().st_size if told.exists() else 0
    with told.open("ab", buffering=0) as note:
        while True:
            with warehouse.spool("tasks") as spool:
                for _ in range(7):
                    number += 1
                    spool.append(TaskEvent(**event("v1", seconds=number, polls=1, state="open", next_poll_at=None)))
                    note.write(b".")
                    if number % 3 == 0:
                        spool.rotate()


def spool_vectors(folder: Path, name: str, spools: int) -> None:
    """Keep and load one reply at a time."""
    warehouse = warehouse_in(folder, timeout=60)
    for number in range(spools):
        with warehouse.spool("vectors") as spool:
            spool.append(
                FeatureLine(**feature_reply(f"{name}-{number}", {"clip": [float(number), 1.0]}, asset_id=name))
            )


_TORN = """
SELECT
    (SELECT count(*) FROM mixpeek.features),
    (SELECT count(*) FROM mixpeek.vectors AS vector ANTI JOIN mixpeek.features AS feature USING (feature_id)),
    (
        SELECT count(*)
        FROM (SELECT asset_id FROM mixpeek.vectors GROUP BY asset_id HAVING count(*) != 12)
    )
"""


def watch_for_torn_loads(folder: Path, ready: Path, stop: Path, answer: Path) -> None:
    """Read on and on: how many different counts of features were seen, and how often something was in between."""
    warehouse = warehouse_in(folder)
    seen, torn = set[int](), 0
    while not stop.exists():
        with warehouse.database.connection(read_only=True) as connection:
            [(features, orphans, partial)] = connection.execute(_TORN).fetchall()
        seen.add(features)
        torn += orphans + partial
        ready.touch()
    answer.write_text(f"{len(seen)} {torn}")


def list_on_full_disk(folder: Path, answer: Path) -> None:
    """Keep a work list that is larger than any file may be."""
    warehouse = warehouse_in(folder)
    _let_nothing_be_written_beyond(4096)
    try:
        with warehouse.features_to_fetch([DAY], refresh=False):
            pass
    except WarehouseError as error:
        answer.write_text(f"{type(error).__name__}: {error}")
