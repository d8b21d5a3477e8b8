"""A run with nothing new, beside a run of five assets that do nothing: what is ours to save, and what is Dagster's."""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import dagster as dg

from benchmarks.pipeline.home import dagster_home
from benchmarks.pipeline.measure import measured, show
from benchmarks.pipeline.world import DAY, fill, warehouse_in
from mixpeek_assets.automation.planning import range_tags
from mixpeek_assets.checks import check_specs
from mixpeek_assets.definitions import defs
from mixpeek_assets.partitions import daily
from mixpeek_assets.runs import process_tag
from mixpeek_assets.warehouse.schema import TableName

_RUNS = 7
_CHAIN: tuple[TableName, ...] = ("videos", "tasks", "assets", "features", "vectors")
_TWO_JOBS = (_CHAIN[:2], _CHAIN[2:])
_SQL = (Path(__file__).parent / "nothing_left.sql").read_text()
_NOBODY = "http://127.0.0.1:9"
"""Where nobody listens: a run that sent a request would fail."""


def main() -> None:
    """Compare the chain in one run, and as the two jobs that `mixpeek-assets run` makes of it."""
    rows = []
    for jobs, said in (((_CHAIN,), "one run"), (_TWO_JOBS, "the two jobs")):
        floor = measured(floor_runs, jobs, checks=False).result
        checked = measured(floor_runs, jobs, checks=True).result
        rows += [
            [said, "five empty assets", floor * 1000, 1.0, floor / checked, ""],
            [said, "the same with our checks, empty", checked * 1000, checked / floor, 1.0, ""],
        ]
        for partitions, features in ((3, 300), (100, 100_000)):
            with landed(partitions, features) as folder:
                ours = measured(our_runs, folder, len(jobs)).result
            what = f"{partitions} partitions, {features:,} features landed"
            rows.append([said, what, ours * 1000, ours / floor, ours / checked, "<= 1.3"])
    columns = ["", "what", "ms", "x five empty", "x empty with checks", "goal"]
    show("A run of one partition with nothing new", columns, rows)


@contextmanager
def landed(partitions: int, features: int) -> Iterator[Path]:
    """Yield a folder with a manifest of ten videos a partition, of which everything is landed."""
    with tempfile.TemporaryDirectory(prefix="mixpeek-bench-") as name:
        folder, videos = Path(name), 10 * partitions
        warehouse = warehouse_in(folder)
        fill(warehouse, videos, features // videos, a_day=10)
        with warehouse.database.transaction() as connection:
            for statement in connection.extract_statements(_SQL):
                connection.execute(statement)
        days = [DAY + timedelta(days=number // 10) for number in range(videos)]
        listed = "".join(f"http://videos.test/{number},{day}\n" for number, day in enumerate(days))
        (folder / "list.csv").write_text(f"url,added_at\n{listed}")
        yield folder


def our_runs(folder: Path, jobs: int) -> float:
    """Return the seconds of a round over the first partition, as one run or two."""
    os.environ |= {
        "MIXPEEK_VIDEOS": str(folder / "list.csv"),
        "MIXPEEK_COLLECTION": "example",
        "MIXPEEK_DATA_DIR": str(folder),
        "MIXPEEK_API_URL": _NOBODY,
        "MIXPEEK_API_KEY": "none",
    }
    names = ["ingest_job", "land_job"] if jobs == 2 else ["__ASSET_JOB"]
    with dagster_home():
        return _median(defs(), names)


def floor_runs(jobs: Sequence[Sequence[TableName]], *, checks: bool) -> float:
    """Return the seconds of a round of empty assets with the same partitions, executor and instance."""

    def empty(name: TableName, upstream: str | None) -> dg.AssetsDefinition:
        specs = check_specs(name) if checks else []

        @dg.asset(name=name, deps=[upstream] if upstream else [], partitions_def=daily, check_specs=specs)
        def nothing() -> dg.MaterializeResult:
            results = [dg.AssetCheckResult(check_name=spec.name, passed=True) for spec in specs]
            return dg.MaterializeResult(check_results=results)

        return nothing

    assets = [empty(name, upstream) for name, upstream in zip(_CHAIN, (None, *_CHAIN), strict=False)]
    named = {f"job_{number}": chosen for number, chosen in enumerate(jobs)}
    definitions = dg.Definitions(
        assets=assets,
        jobs=[dg.define_asset_job(name, selection=list(chosen)) for name, chosen in named.items()],
        executor=dg.in_process_executor,
    )
    with dagster_home():
        return _median(definitions, list(named))


def _median(definitions: dg.Definitions, jobs: Sequence[str]) -> float:
    repository = definitions.get_repository_def()
    with dg.DagsterInstance.get() as instance:
        tags = {**range_tags(DAY, DAY), **process_tag(instance)}
        seconds = []
        for _ in range(1 + _RUNS):
            start = time.perf_counter()
            for job in jobs:
                repository.get_job(job).execute_in_process(
                    run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                    instance=instance,
                    tags=tags,
                )
            seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[1:])
