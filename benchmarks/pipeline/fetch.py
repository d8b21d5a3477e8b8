"""Features fetched with their vectors and landed, per second: beside the guide's loop, dlt, and an aiohttp floor."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import SecretStr

from benchmarks.pipeline import baselines, load_generator
from benchmarks.pipeline.measure import Measured, measured, median, show
from benchmarks.pipeline.serving import serving
from benchmarks.pipeline.world import DAY, fill, warehouse_in
from mixpeek_assets.api.client import MixpeekClient
from mixpeek_assets.assets.landing import land_vectors

_CONCURRENCY = 32
_LATENCY = 0.050
_FEATURES = 10


GENERATOR, PIPELINE, FLOOR = "plain load generator", "**the pipeline**", "aiohttp into Arrow (the floor)"


def main() -> None:
    """Print two tables: at 50 ms, where the latency is the limit, and at 0 ms, where the processor is."""
    with serving(latency_ms=_LATENCY * 1000) as server:
        runs = _run(server.url, pipeline=(12_800, 3), floor=(12_800, 1), dlt_pipeline=(2_000, 1), guide=(200, 1))
    _table("50 ms latency, 32 in flight: at most 640 a second", runs, GENERATOR)
    print("Goals: the pipeline at 95 % of 640 a second, 30 x the guide's loop, 5 x dlt.")
    with serving() as server:
        runs = _run(server.url, pipeline=(10_000, 5), floor=(10_000, 5), dlt_pipeline=(2_000, 1), guide=(2_000, 1))
    _table("0 ms latency, 32 in flight: as fast as the processor", runs, FLOOR)
    print("Goal: the pipeline at 60 % of the floor.")


def _run(url: str, **counts: tuple[int, int]) -> Mapping[str, tuple[Measured, int]]:
    """Return each contender's median run, with how many features it fetched."""
    names = {"pipeline": PIPELINE, "floor": FLOOR, "dlt_pipeline": "dlt, 32 workers", "guide": "the guide's loop"}
    generated = counts["pipeline"][0]
    runs = {GENERATOR: (measured(load_generator.generate, url, generated), generated)}
    for name, (features, times) in counts.items():
        contender, given = (pipeline, ()) if name == "pipeline" else (_baseline, (name,))
        runs[names[name]] = (median(contender, *given, url, features, runs=times), features)
    return runs


def pipeline(url: str, features: int) -> Iterator[None]:
    """Land features as the asset `vectors` does, from the question what is missing to the last commit."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = warehouse_in(Path(folder))
        fill(warehouse, features // _FEATURES, _FEATURES)
        yield
        with MixpeekClient(url, SecretStr("benchmark"), concurrency=_CONCURRENCY) as client:
            land_vectors(client, warehouse, [DAY], run_id="benchmark")
        assert warehouse.rows("table_counts")[0]["vectors"] == features


def _baseline(name: str, url: str, features: int) -> Iterator[None]:
    fetch = getattr(baselines, name)
    ids = [f"feature-{number // _FEATURES}-{number % _FEATURES}" for number in range(features)]
    with tempfile.TemporaryDirectory() as folder:
        yield
        assert fetch(url, ids, Path(folder)) == features


def _table(title: str, features: Mapping[str, tuple[Measured, int]], most: str) -> None:
    rate = {name: count / run.seconds for name, (run, count) in features.items()}
    rows = [
        (
            name,
            count,
            rate[name],
            rate[name] / rate[most],
            rate[PIPELINE] / rate[name],
            run.cpu / count * 1e6,
            run.megabytes,
        )
        for name, (run, count) in features.items()
    ]
    columns = ("", "features", "per second", f"of {most}", "pipeline is x times", "µs CPU each", "peak MB above start")
    show(title, columns, rows)
