"""Features fetched with their vectors and landed, per second: beside the guide's loop, dlt, and an aiohttp floor."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
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
_MOST = _CONCURRENCY / _LATENCY


def main() -> None:
    """Print two tables: at 50 ms, where the latency is the limit, and at 0 ms, where the processor is."""
    print("bodies of 1,024 floats, 12.9 kB; 32 in flight")
    with serving(latency_ms=_LATENCY * 1000) as server:
        ours = median(pipeline, server.url, 12_800)
        rates = {
            "plain load generator": _rate(measured(load_generator.generate, server.url, 12_800), 12_800),
            "aiohttp into Arrow (the floor)": _rate(median(_baseline, "floor", server.url, 12_800), 12_800),
            "the pipeline": _rate(ours, 12_800),
            "dlt, 32 workers": _rate(measured(_baseline, "dlt_pipeline", server.url, 2_000), 2_000),
            "the guide's loop (stores nothing)": _rate(measured(_baseline, "guide", server.url, 200), 200),
        }
    _table(f"50 ms latency: at most {_MOST:.0f}/s", rates, ours, "≥ 95 % of 640/s, 30 × guide, 5 × dlt", _MOST)
    with serving() as server:
        ours = median(pipeline, server.url, 10_000, runs=5)
        floor = median(_baseline, "floor", server.url, 10_000, runs=5)
        rates = {
            "plain load generator": _rate(measured(load_generator.generate, server.url, 40_000), 40_000),
            "aiohttp into Arrow (the floor)": _rate(floor, 10_000),
            "the pipeline": _rate(ours, 10_000),
            "dlt, 32 workers": _rate(measured(_baseline, "dlt_pipeline", server.url, 2_000), 2_000),
            "the guide's loop (stores nothing)": _rate(measured(_baseline, "guide", server.url, 2_000), 2_000),
        }
    _table("0 ms latency: at most what a processor can do", rates, ours, "≥ 60 % of the floor", _rate(floor, 10_000))


def pipeline(url: str, features: int) -> int:
    """Land features as the asset `vectors` does, from the question what is missing to the last commit."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = warehouse_in(Path(folder))
        fill(warehouse, features // _FEATURES, _FEATURES)
        return _land(url, warehouse)
