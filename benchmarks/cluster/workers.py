"""Features landed a second by 1, 2 and 4 processes from one server at 50 ms, without a limit."""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks.cluster.sites import BUCKET, FILE, FOLDER, variables, warehouse_of
from benchmarks.pipeline.measure import show
from benchmarks.pipeline.serving import serving
from benchmarks.pipeline.world import DAY, fill
from deploy import services
from mixpeek_assets.api.assets.client import AssetsClient
from mixpeek_assets.pipeline.fetch import fetch_vectors

WORKERS = (1, 2, 4)
CONCURRENCY = 32
LATENCY_MS = 50
_VIDEOS, _FEATURES = 640, 10
"""Of each worker's day: ten seconds of requests, if nothing but the latency counts."""


def main() -> None:
    """Print the table."""
    most = CONCURRENCY * 1000 / LATENCY_MS
    rows: list[tuple[object, ...]] = []
    with services.postgres() as postgres, services.s3() as s3, serving(latency_ms=LATENCY_MS) as server:
        for kind in (FILE, FOLDER, BUCKET):
            first = 0.0
            for workers in WORKERS:
                with tempfile.TemporaryDirectory() as folder:
                    environment = variables(kind, Path(folder), postgres, s3)
                    seconds, cpu = _run(environment, server.url, workers)
                rate = workers * _VIDEOS * _FEATURES / seconds
                first = first or rate
                rows.append((kind, workers, rate, rate / first, rate / (workers * most), cpu))
    columns = ("warehouse", "workers", "features/s", "of one worker", f"of {most:,.0f}/s each", "CPU s of the workers")
    show(f"{LATENCY_MS} ms latency, {CONCURRENCY} in flight a worker, {os.cpu_count()} cores in all", columns, rows)


def _run(environment: Mapping[str, str], url: str, workers: int) -> tuple[float, float]:
    with warehouse_of(environment) as warehouse:
        fill(warehouse, workers * _VIDEOS, _FEATURES, a_day=_VIDEOS)
        context = multiprocessing.get_context("spawn")
        ready, cpu = context.Barrier(workers + 1), context.Queue()
        processes = [
            context.Process(target=_work, args=(environment, url, number, ready, cpu)) for number in range(workers)
        ]
        for process in processes:
            process.start()
        ready.wait(120)
        began = time.perf_counter()
        used = [cpu.get(timeout=600) for _ in processes]
        seconds = time.perf_counter() - began
        for process in processes:
            process.join(60)
        with warehouse.reader() as reader:
            assert reader.table_counts()["vectors"] == workers * _VIDEOS * _FEATURES
    return seconds, sum(used)


def _work(environment: Mapping[str, str], url: str, number: int, ready: Any, cpu: Any) -> None:
    """Land one day, as a run of a worker does."""
    with warehouse_of(environment) as warehouse:
        day = DAY + timedelta(days=number)
        with warehouse.reader(), AssetsClient(url, SecretStr("benchmark"), concurrency=CONCURRENCY) as client:
            pass  # What a warm worker has loaded.
        ready.wait(120)
        began = time.process_time()
        with AssetsClient(url, SecretStr("benchmark"), concurrency=CONCURRENCY) as client:
            fetch_vectors(client, warehouse, [day], run_id=f"benchmark-{number}")
        cpu.put(time.process_time() - began)
