"""A process that does the whole work in small steps, over and over, until all is done or it dies."""

import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Literal

from mixpeek_assets import clock
from mixpeek_assets.api.documents import listing
from mixpeek_assets.warehouse import loading, spool
from tests.fakes.commands import enter
from tests.fakes.pipeline import add_videos, land, poll, project_warehouse, submit
from tests.warehouse.rows import file_of

_FASTER = 20
"""The clock of these processes runs so much faster from their beginning on, so that a task is due again at once."""

_FILE_BYTES, _TRANSACTION_BYTES, _PAGE = 1_000, 1_500, 3
_MOST_ROUNDS = 500
_MOMENT = 0.0002

Place = Literal["half a line", "audit", "write-ahead log"]


@dataclass(frozen=True)
class Death:
    """Where a process kills itself: the `at`-th time that something happens.

    Attributes:
        stage: What the pipeline is doing there.
        place: In the middle of a line, at an event of Python's audit, or once the write-ahead log is there.
        event: The audit event.
        suffix: How the name of its file ends.
        at: Which time.
    """

    stage: str
    place: Place
    event: str = ""
    suffix: str = ""
    at: int = 1


def run_in_small_steps(
    folder: Path, environment: dict[str, str], began: datetime, urls: list[str], death: Death | None
) -> None:
    """Submit, poll and land these videos, in small steps, until all of them are landed."""
    _go_in_small_steps()
    run_all(folder, environment, began, urls, death)


def run_all(folder: Path, environment: dict[str, str], began: datetime, urls: list[str], death: Death | None) -> None:
    """Do it in steps of the usual size."""
    enter(folder, environment)
    tempfile.tempdir = str(folder)  # a killed process leaves its temporary files
    clock.now = lambda: began + _FASTER * (datetime.now(UTC) - began)
    if death is not None:
        _prepare(death)
    add_videos(urls)
    for _ in range(_MOST_ROUNDS):
        submit()
        poll()
        time.sleep(1.1 / _FASTER)  # after its first poll, a task is due again in a second
        poll()
        land()
        if not _unlanded():
            return
    raise AssertionError("it does not come to an end")


def _unlanded() -> int:
    with project_warehouse().database.connection(read_only=True) as connection:
        landed = "SELECT video_id FROM mixpeek.tasks WHERE landed_at IS NOT NULL"
        query = f"SELECT count(*) FROM mixpeek.videos WHERE video_id NOT IN ({landed})"
        return connection.execute(query).fetchall()[0][0]


def _go_in_small_steps() -> None:
    for module, name, value in (
        (spool, "FILE_BYTES", _FILE_BYTES),
        (loading, "_BATCH_BYTES", _TRANSACTION_BYTES),
        (listing, "PAGE", _PAGE),
    ):
        assert hasattr(module, name)
        setattr(module, name, value)


def _prepare(death: Death) -> None:
    if death.place == "half a line":
        _die_in_a_line(death)
    elif death.place == "audit":
        _die_at_an_event(death)
    else:
        threading.Thread(target=_die_with_a_log, args=(death,), daemon=True).start()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # the others are still to be stopped


def _nth(death: Death) -> Callable[[], bool]:
    counted = count(1)
    return lambda: next(counted) == death.at


def _die_in_a_line(death: Death) -> None:
    """Die when half of a line is in a landing file: nothing else is written with a memoryview."""
    write, is_time = os.pwrite, _nth(death)

    def write_half(handle: int, data: Any, place: int) -> int:
        if isinstance(data, memoryview) and is_time():
            write(handle, data[: len(data) // 2], place)
            die()
        return write(handle, data, place)

    os.pwrite = write_half


def _die_at_an_event(death: Death) -> None:
    is_time = _nth(death)

    def watch(event: str, details: tuple[Any, ...]) -> None:
        if event == death.event and _name(event, details).endswith(death.suffix) and is_time():
            die()

    sys.addaudithook(watch)


def _name(event: str, details: tuple[Any, ...]) -> str:
    if event == "fcntl.flock":
        return str(Path(f"/dev/fd/{details[0]}").resolve())
    return str(details[0])


def _die_with_a_log(death: Death) -> None:
    """Die while DuckDB commits: its write-ahead log is there from a commit until the file is closed."""
    log = Path(f"{file_of(project_warehouse())}.wal")
    is_time = _nth(death)
    while True:
        while not log.exists():
            time.sleep(_MOMENT)
        if is_time():
            die()
        while log.exists():
            time.sleep(_MOMENT)
