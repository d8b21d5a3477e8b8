"""Documents listed in pages with their vectors and landed, per second: beside the wire, DuckDB, the SDK and dlt."""

import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from benchmarks.pipeline import document_baselines
from benchmarks.pipeline.document_baselines import PAGE, Groups
from benchmarks.pipeline.document_pages import OBJECT, DocumentPages
from benchmarks.pipeline.measure import Measured, in_turns, measured, show
from benchmarks.pipeline.serving import serving
from benchmarks.pipeline.world import DAY, fill, warehouse_in
from mixpeek_assets.api.documents.client import DocumentsClient, units_of
from mixpeek_assets.pipeline.fetch import fetch_assets

_CONCURRENCY = 16
_DOCUMENTS = 36
_A_GROUP = units_of(1).assets_per_fetch
_LATENCY_MS, _MEGABYTES = 50, 25

WIRE, PIPELINE, ALONE = "the wire", "**the pipeline**", "DuckDB alone: read_json of the pages"
DLT, SDK = "dlt, 16 workers", "the vendor's SDK, stores nothing"
GROUPS = {WIRE: 32, PIPELINE: 32, ALONE: 32, DLT: 1, SDK: 4}
"""How many groups of 25 videos each contender reads."""


def main() -> None:
    """Print two tables: where the wire is the limit, and where the processor is."""
    with serving(
        style="documents", features=_DOCUMENTS, latency_ms=_LATENCY_MS, megabytes_a_second=_MEGABYTES
    ) as server:
        _table(f"{_LATENCY_MS} ms latency, {_MEGABYTES} MB/s, {_CONCURRENCY} in flight", _run(server.url))
    with serving(style="documents", features=_DOCUMENTS) as server:
        _table(f"0 ms latency, {_CONCURRENCY} in flight: as fast as the processor", _run(server.url))
    print("Goal: the pipeline at 90 % of the slower of the wire and DuckDB alone.")


def _run(url: str) -> Mapping[str, Measured]:
    contenders = {
        WIRE: partial(measured, baseline, "wire", url, GROUPS[WIRE]),
        PIPELINE: partial(measured, pipeline, url, GROUPS[PIPELINE]),
        ALONE: partial(measured, alone, GROUPS[ALONE]),
        SDK: partial(measured, baseline, "sdk", url, GROUPS[SDK]),
        DLT: partial(measured, baseline, "dlt_pipeline", url, GROUPS[DLT]),
    }
    return in_turns(contenders)


def pipeline(url: str, groups: int) -> Iterator[None]:
    """Land documents as the asset `assets` does, from the question what is missing to the last commit."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = warehouse_in(Path(folder))
        fill(warehouse, groups * _A_GROUP)
        with warehouse.database.transaction() as connection:
            connection.execute("UPDATE mixpeek.tasks SET asset_id = $prefix || video_id", {"prefix": OBJECT})
        yield
        with DocumentsClient(url, SecretStr("benchmark"), namespace="videos", concurrency=_CONCURRENCY) as client:
            fetch_assets(client, warehouse, [DAY], run_id="benchmark")
        with warehouse.reader() as reader:
            assert reader.table_counts()["vectors"] == 2 * _documents(groups)


def baseline(name: str, url: str, groups: int) -> Iterator[None]:
    """Read as one of the baselines does."""
    read = getattr(document_baselines, name)
    with tempfile.TemporaryDirectory() as folder:
        yield
        assert read(url, _keys(groups), Path(folder)) == _documents(groups)


def alone(groups: int) -> Iterator[None]:
    """Have DuckDB read the same pages, which are on disk before it begins."""
    with tempfile.TemporaryDirectory() as folder:
        pages, files = DocumentPages(_DOCUMENTS), list[Path]()
        for keys in _keys(groups):
            for first in range(0, len(keys) * _DOCUMENTS, PAGE):
                files.append(Path(folder) / f"{len(files):05}.json")
                files[-1].write_bytes(pages.page(keys, first, PAGE))
        yield
        assert document_baselines.duckdb_alone(files, Path(folder)) == _documents(groups)


def _keys(groups: int) -> Groups:
    return [[f"video-{group * _A_GROUP + number}" for number in range(_A_GROUP)] for group in range(groups)]


def _documents(groups: int) -> int:
    return groups * _A_GROUP * _DOCUMENTS


def _table(title: str, runs: Mapping[str, Measured]) -> None:
    rate = {name: _documents(GROUPS[name]) / run.seconds for name, run in runs.items()}
    most = min(rate[WIRE], rate[ALONE])
    rows = [
        (
            name,
            _documents(GROUPS[name]),
            rate[name],
            rate[name] / most,
            rate[PIPELINE] / rate[name],
            run.cpu / _documents(GROUPS[name]) * 1e6,
            run.megabytes,
        )
        for name, run in runs.items()
    ]
    columns = (
        "",
        "documents",
        "per second",
        "of what can be",
        "pipeline is x times",
        "µs CPU each",
        "peak MB above start",
    )
    show(f"{title} (medians of 3, in turns)", columns, rows)
