"""Readers beside a busy pipeline: the published file, against the pipeline's own file opened by everybody."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.pipeline import landed
from benchmarks.pipeline.measure import show
from benchmarks.pipeline.world import file_of, fill, publisher_of
from mixpeek_assets.warehouse.publishing import published_path
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.warehouse import Warehouse

OPENS = 1_000
FORGOTTEN_SECONDS = 10.0
SIZES = (10_000, 100_000, 500_000)
"""Vectors of 1,024 numbers."""


def main() -> None:
    """Print the tables."""
    show(
        f"{OPENS:,} plain opens while landings go on; a session that is forgotten for {FORGOTTEN_SECONDS:.0f} s",
        ("what is opened", "opens that fail", "a landing waits s", "behind by s, median", "most"),
        [_row("the pipeline's own file", published=False), _row("the published file", published=True)],
    )
    show(
        "publishing (of a file that is in the page cache)",
        ("vectors", "file MB", "copy s", "then not for s", "share of a busy pipeline's time"),
        [_copy(vectors) for vectors in SIZES],
    )


def _row(what: str, *, published: bool) -> tuple[object, ...]:
    with tempfile.TemporaryDirectory() as name:
        warehouse = _warehouse(Path(name), lag=300 if published else 0)
        path = published_path(file_of(warehouse)) if published else file_of(warehouse)
        with _running(_land_for_ever, file_of(warehouse).parent, publisher_of(warehouse).lag):
            failed, lags = _open_often(path)
        return what, failed, _seconds_behind_a_session(warehouse, path), *_spread(lags)


def _warehouse(folder: Path, lag: float) -> Warehouse:
    warehouse = Warehouse(Site.of_file(folder / "warehouse.duckdb"), lag=lag)
    fill(warehouse, 1_000, 10)
    publisher_of(warehouse).publish("now")
    return warehouse


def _land_for_ever(folder: Path, lag: float) -> None:
    warehouse = Warehouse(Site.of_file(folder / "warehouse.duckdb"), lag=lag)
    while True:
        landed.write(warehouse.landing_folder, 100)
        warehouse.load_pending()


def _open_often(path: Path) -> tuple[int, list[float]]:
    """Open the file with plain DuckDB; return how often it failed, and how old the newest row was each time."""
    failed, lags = 0, list[float]()
    for _ in range(OPENS):
        try:
            with duckdb.connect(path, read_only=True) as session:
                newest = session.execute("SELECT epoch(max(loaded_at)) FROM mixpeek.vectors").fetchall()[0][0]
        except duckdb.IOException:
            failed += 1
        else:
            lags += [time.time() - newest] if newest else []
    return failed, lags


def _seconds_behind_a_session(warehouse: Warehouse, path: Path) -> float:
    """Return how long a landing takes while another program has a session open."""
    landed.write(warehouse.landing_folder, 100)
    ready = path.with_name("ready")
    with _running(_hold, path, ready):
        while not ready.exists():
            time.sleep(0.01)
        began = time.monotonic()
        warehouse.load_pending()
        return time.monotonic() - began


def _hold(path: Path, ready: Path) -> None:
    with duckdb.connect(path, read_only=True):
        ready.touch()
        time.sleep(FORGOTTEN_SECONDS)


def _spread(lags: list[float]) -> tuple[float, float]:
    return sorted(lags)[len(lags) // 2], max(lags)


def _copy(vectors: int) -> tuple[object, ...]:
    with tempfile.TemporaryDirectory() as name:
        warehouse = Warehouse(Site.of_file(Path(name) / "warehouse.duckdb"), lag=300)
        with warehouse.database.transaction() as connection:
            connection.execute(
                "INSERT INTO mixpeek.vectors BY NAME SELECT 'f' || i AS feature_id, 'image' AS vector_name,"
                " list_transform(range(1024), lambda j: (hash(i, j) % 20000)::FLOAT / 1e4 - 1) AS embedding"
                f" FROM range({vectors}) AS numbers(i)"
            )
        size = file_of(warehouse).stat().st_size
        began = time.monotonic()
        publisher_of(warehouse).publish("now")
        seconds = time.monotonic() - began
        gap = publisher_of(warehouse).gap(size)
        return vectors, size / 1e6, seconds, gap, f"{seconds / (seconds + gap):.1%}"


@contextmanager
def _running(target: Callable[..., None], *arguments: Any) -> Iterator[None]:
    process = get_context("fork").Process(target=target, args=arguments)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()
