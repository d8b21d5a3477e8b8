"""Processes that work on one project at once."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from mixpeek_assets.definitions import defs
from mixpeek_assets.warehouse.landing_lines import FeatureLine
from tests.fakes.commands import barrier, enter, forked
from tests.fakes.pipeline import poll, project_warehouse
from tests.warehouse.processes import until
from tests.warehouse.rows import feature_reply, file_of

WAIT = 120


@contextmanager
def side_by_side(
    target: Any, environment: dict[str, str], each: list[tuple[Any, ...]]
) -> Iterator[Sequence[BaseProcess]]:
    """Start a process for each, all of which begin at once; what is left of them is killed at the end."""
    together = barrier(len(each))
    processes = [forked(target, Path.cwd(), environment, together, *one) for one in each]
    try:
        for process in processes:
            process.start()
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.join(10)


def ended(processes: Sequence[BaseProcess]) -> list[int | None]:
    """Wait for them, and say how each ended."""
    stop_at = time.monotonic() + WAIT
    for process in processes:
        process.join(max(stop_at - time.monotonic(), 0))
    return [process.exitcode for process in processes]


def write_on(folder: Path, environment: dict[str, str], together: Barrier, name: str, times: int, waits: Path) -> None:
    """Keep and load a reply, and commit a row, over and over; note the longest that one took."""
    enter(folder, environment)
    target, longest = project_warehouse(), 0.0
    together.wait(WAIT)
    for number in range(times):
        began = time.monotonic()
        with target.spool("vectors") as spool:
            spool.append(
                FeatureLine(**feature_reply(f"{name}-{number}", {"clip": [float(number), 1.0]}, asset_id=name))
            )
        kept = time.monotonic()
        with target.database.transaction() as connection:
            connection.execute("INSERT INTO mixpeek.videos (video_id) VALUES ($id)", {"id": f"{name}-{number}"})
        longest = max(longest, kept - began, time.monotonic() - kept)
    (waits / name).write_text(f"{longest:.2f}")


def hold(folder: Path, environment: dict[str, str], together: Barrier) -> None:
    """Be a user's session that reads, until there is a file `let go`."""
    enter(folder, environment)
    with duckdb.connect(file_of(project_warehouse()), read_only=True) as connection:
        connection.execute("SELECT count(*) FROM mixpeek.vectors").fetchall()
        together.wait(WAIT)
        Path("reading").touch()
        until(Path("let go").exists, WAIT)


def ingest_and_land(folder: Path, environment: dict[str, str], together: Barrier, tags: dict[str, str]) -> None:
    """Be a run worker of both jobs, one after the other."""
    enter(folder, environment)
    repository = defs().get_repository_def()
    with dg.DagsterInstance.get() as instance:
        together.wait(WAIT)
        assert repository.get_job("mixpeek_ingest").execute_in_process(instance=instance, tags=tags).success
        poll()
        together.wait(WAIT)
        assert repository.get_job("mixpeek_land").execute_in_process(instance=instance, tags=tags).success
