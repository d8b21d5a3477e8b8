"""Features fetched with their vectors and landed, per second: beside the guide's loop, dlt, and an aiohttp floor."""

import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from benchmarks.pipeline import baselines, load_generator
from benchmarks.pipeline.measure import Measured, in_turns, measured, show
from benchmarks.pipeline.serving import serving
from benchmarks.pipeline.world import DAY, fill, warehouse_in
from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.pipeline.fetch import fetch_vectors

_CONCURRENCY = 32
_LATENCY = 0.050
_FEATURES = 10


GENERATOR, PIPELINE, FLOOR = "plain load generator", "**the pipeline**", "aiohttp into Arrow (the floor)"
DLT, GUIDE = "dlt, 32 workers", "the guide's loop"


def main() -> None:
    """Print two tables: at 50 ms, where the latency is the limit, and at 0 ms, where the processor is."""
    with serving(latency_ms=_LATENCY * 1000) as server:
        counts = {GENERATOR: 6_400, PIPELINE: 12_800, FLOOR: 12_800, DLT: 1_600, GUIDE: 100}
        _table("50 ms latency, 32 in flight: at most 640 a second", _run(server.url, counts), counts, GENERATOR)
    print("Goals: the pipeline at 95 % of 640 a second, 30 x the guide's loop, 5 x dlt.")
    with serving() as server:
        counts = {GENERATOR: 20_000, PIPELINE: 20_000, FLOOR: 20_000, DLT: 2_000, GUIDE: 2_000}
        _table("0 ms latency, 32 in flight: as fast as the processor", _run(server.url, counts), counts, FLOOR)
    print("Goal: the pipeline at 60 % of the floor.")


def _run(url: str, counts: Mapping[str, int]) -> Mapping[str, Measured]:
    contenders = {
        GENERATOR: partial(measured, load_generator.generate, url, counts[GENERATOR]),
        PIPELINE: partial(measured, pipeline, url, counts[PIPELINE]),
        FLOOR: partial(measured, baseline, "floor", url, counts[FLOOR]),
        DLT: partial(measured, baseline, "dlt_pipeline", url, counts[DLT]),
        GUIDE: partial(measured, baseline, "guide", url, counts[GUIDE]),
    }
    return in_turns(contenders)


def pipeline(url: str, features: int) -> Iterator[None]:
    """Land features as the asset `vectors` does, from the question what is missing to the last commit."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = warehouse_in(Path(folder))
        fill(warehouse, features // _FEATURES, _FEATURES)
        yield
        with AssetsClient(url, SecretStr("benchmark"), concurrency=_CONCURRENCY) as client:
            fetch_vectors(client, warehouse, [DAY], run_id="benchmark")
        with warehouse.reader() as reader:
            assert reader.table_counts()["vectors"] == features


def baseline(name: str, url: str, features: int) -> Iterator[None]:
    """Fetch as one of the baselines does."""
    fetch = getattr(baselines, name)
    ids = [f"feature-{number // _FEATURES}-{number % _FEATURES}" for number in range(features)]
    with tempfile.TemporaryDirectory() as folder:
        yield
        assert fetch(url, ids, Path(folder)) == features


def _table(title: str, runs: Mapping[str, Measured], counts: Mapping[str, int], most: str) -> None:
    rate = {name: counts[name] / run.seconds for name, run in runs.items()}
    rows = [
        (
            name,
            counts[name],
            rate[name],
            rate[name] / rate[most],
            rate[PIPELINE] / rate[name],
            run.cpu / counts[name] * 1e6,
            run.megabytes,
        )
        for name, run in runs.items()
    ]
    columns = ("", "features", "per second", f"of {most}", "pipeline is x times", "µs CPU each", "peak MB above start")
    show(f"{title} (medians of 3, in turns)", columns, rows)
