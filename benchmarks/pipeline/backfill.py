"""A year of partitions landed: in runs of a month, as the backfill policy cuts it, and in a run for each partition."""

import os
import tempfile
import time
import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import dagster as dg

from benchmarks.pipeline.home import dagster_home
from benchmarks.pipeline.measure import measured, show
from benchmarks.pipeline.serving import serving
from benchmarks.pipeline.world import DAY, fill, warehouse_in
from mixpeek_assets.definitions import defs
from mixpeek_assets.defs.partitions import several_days_a_run
from mixpeek_assets.defs.run_liveness import process_tag
from mixpeek_assets.defs.run_requests import range_tags
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.warehouse import Warehouse

_DAYS, _A_DAY, _FEATURES, _DIMENSIONS = 365, 10, 3, 8
_FIRST = DAY - timedelta(days=_DAYS)
_SAMPLE = 20
"""Of the runs of one partition so many are made, and the rest reckoned."""

_FOR_ALL = _DAYS * _A_DAY * (1 + _FEATURES)


def main() -> None:
    """Land the year, and a sample of it partition by partition."""
    most = several_days_a_run.max_partitions_per_run or 1
    rows = []
    with serving(features=_FEATURES, dimensions=_DIMENSIONS) as server:
        for days, partitions in ((most, _DAYS), (1, _SAMPLE)):
            with tempfile.TemporaryDirectory(prefix="mixpeek-bench-") as folder:
                fill_year(warehouse_in(Path(folder)))
                seconds = measured(land, folder, server.url, cut(partitions, days)).result
            asked, scale = server.told()["asked"], _DAYS / partitions
            requests = asked["GET /assets"] + asked["GET /features"]
            rows.append(
                [
                    f"{days} days a run" if days > 1 else "a run a partition",
                    len(cut(_DAYS, days)),
                    f"{seconds * scale:,.0f}" + ("" if scale == 1 else f" (reckoned from {partitions} runs)"),
                    seconds / partitions * 1000,
                    round(requests * scale),
                    _FOR_ALL,
                ]
            )
    columns = ["", "runs", "seconds", "ms a partition", "requests", "requests that it takes"]
    show(f"Backfill of {_DAYS} partitions of {_A_DAY} videos of {_FEATURES} features", columns, rows)


def fill_year(warehouse: Warehouse) -> None:
    """Make a year of partitions with nothing landed, the last of them in the past."""
    fill(warehouse, _DAYS * _A_DAY, a_day=_A_DAY)
    with warehouse.database.transaction() as connection:
        for table in ("videos", "tasks"):
            shift = f"UPDATE mixpeek.{table} SET partition_date = partition_date - $days::INTEGER"
            connection.execute(shift, {"days": (DAY - _FIRST).days})


def cut(partitions: int, days: int) -> list[tuple[date, date]]:
    """Return the first and last day of each run."""
    last = _FIRST + timedelta(days=partitions - 1)
    starts = [_FIRST + timedelta(days=start) for start in range(0, partitions, days)]
    return [(first, min(first + timedelta(days=days - 1), last)) for first in starts]


def land(folder: str, url: str, runs: Sequence[tuple[date, date]]) -> float:
    """Return the seconds of the runs, one after the other; a run over nothing has done the imports before."""
    os.environ |= {
        "MIXPEEK_DATA_DIR": folder,
        "MIXPEEK_API_URL": url,
        "MIXPEEK_API_KEY": "benchmark",
        "MIXPEEK_REQUESTS_PER_MINUTE": "0",
    }
    job = defs().get_repository_def().get_job("mixpeek_land")
    with dagster_home(), dg.DagsterInstance.get() as instance:

        def run(first: date, last: date) -> None:
            run_id = str(uuid.uuid4())
            job.execute_in_process(
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                instance=instance,
                run_id=run_id,
                tags={**range_tags(first, last), **process_tag(instance, load_settings(), run_id)},
            )

        before = _FIRST - timedelta(days=1)
        run(before, before)
        start = time.perf_counter()
        for first, last in runs:
            run(first, last)
        return time.perf_counter() - start
