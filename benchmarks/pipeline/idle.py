"""A run with nothing new, beside a run of five assets that do nothing: what is ours to save, and what is Dagster's."""

import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import dagster as dg

from benchmarks.pipeline.home import dagster_home
from benchmarks.pipeline.measure import measured, show
from benchmarks.pipeline.world import DAY, fill, name_by_manifest, store, warehouse_in
from mixpeek_assets.definitions import defs
from mixpeek_assets.defs.partitions import daily_partitions
from mixpeek_assets.defs.run_liveness import process_tag
from mixpeek_assets.defs.run_requests import range_tags
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.schema import TableName

_ROUNDS = 7
_CHAIN: tuple[TableName, ...] = ("videos", "tasks", "assets", "features", "vectors")
_TWO_JOBS = (_CHAIN[:2], _CHAIN[2:])
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_DAILY = daily_partitions(DAY)
_NOBODY = "http://127.0.0.1:9"
"""Where nobody listens: a run that sent a request would fail."""


def main() -> None:
    """Compare the chain in one run, and as the two jobs that `mixpeek-assets run` makes of it."""
    rows = []
    for partitions, features in ((3, 300), (100, 100_000)):
        with landed(partitions, features) as folder:
            for jobs, said in (((_CHAIN,), "one run"), (_TWO_JOBS, "two jobs")):
                empty, ours = measured(rounds, folder, jobs).result
                where = f"{said}, {partitions} partitions, {features:,} features"
                rows += [
                    [where, "five empty assets", empty * 1000, 1.0],
                    ["", "ours, with its checks and pictures", ours * 1000, ours / empty],
                ]
    columns = ["", "what", "ms", "x five empty"]
    show("A run of one partition with nothing new", columns, rows)


@contextmanager
def landed(partitions: int, features: int) -> Iterator[Path]:
    """Yield a folder with a manifest of ten videos a partition, of which everything is landed."""
    with tempfile.TemporaryDirectory(prefix="mixpeek-bench-") as name:
        folder, videos = Path(name), 10 * partitions
        warehouse = warehouse_in(folder)
        fill(warehouse, videos, features // videos, a_day=10)
        name_by_manifest(warehouse)
        store(warehouse, 8)
        days = [DAY + timedelta(days=number // 10) for number in range(videos)]
        listed = "".join(f"http://videos.test/{number},{day}\n" for number, day in enumerate(days))
        (folder / "list.csv").write_text(f"url,added_at\n{listed}")
        yield folder


def rounds(folder: Path, jobs: Sequence[Sequence[TableName]]) -> list[float]:
    """Return the seconds of five empty assets, and of ours: run in turn, medians."""
    os.environ |= {
        "MIXPEEK_VIDEOS": str(folder / "list.csv"),
        "MIXPEEK_COLLECTION": "example",
        "MIXPEEK_DATA_DIR": str(folder),
        "MIXPEEK_API_URL": _NOBODY,
        "MIXPEEK_API_KEY": "none",
    }
    seconds: list[list[float]] = []
    with dagster_home(), dg.DagsterInstance.get() as instance:
        contenders = [as_jobs(assets, jobs) for assets in (empty_assets(), defs())]
        settings = load_settings()
        for _ in range(1 + _ROUNDS):
            seconds.append([])
            for contender in contenders:
                start = time.perf_counter()
                for job in contender:
                    run_id = str(uuid.uuid4())
                    tags = {**range_tags(DAY, DAY), **process_tag(instance, settings, run_id)}
                    job.execute_in_process(run_id=run_id, run_config=_QUIET, instance=instance, tags=tags)
                seconds[-1].append(time.perf_counter() - start)
    return [statistics.median(of_one) for of_one in zip(*seconds[1:], strict=True)]


def empty_assets() -> dg.Definitions:
    """Return the chain as assets that do nothing, with the same keys, partitions and executor."""

    def empty(name: TableName, upstream: str | None) -> dg.AssetsDefinition:
        deps = [["mixpeek", upstream]] if upstream else []

        @dg.asset(key=["mixpeek", name], deps=deps, partitions_def=_DAILY)
        def nothing() -> dg.MaterializeResult:
            return dg.MaterializeResult()

        return nothing

    assets = [empty(name, upstream) for name, upstream in zip(_CHAIN, (None, *_CHAIN), strict=False)]
    return dg.Definitions(assets=assets, executor=dg.in_process_executor)


def as_jobs(definitions: dg.Definitions, jobs: Sequence[Sequence[TableName]]) -> list[dg.JobDefinition]:
    """Return a job for each selection of assets."""
    made = [
        dg.define_asset_job(
            f"job_{number}",
            selection=dg.AssetSelection.assets(*(["mixpeek", table] for table in chosen)).without_checks(),
        )
        for number, chosen in enumerate(jobs)
    ]
    repository = dg.Definitions.merge(definitions, dg.Definitions(jobs=made)).get_repository_def()
    return [repository.get_job(job.name) for job in made]
