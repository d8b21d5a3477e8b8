"""The sink of Parquet files beside `pyarrow.parquet.write_table`, into a folder."""

import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.pipeline.measure import measured
from benchmarks.sinks.life import life_of, show_runs
from benchmarks.sinks.made import DIMENSIONS, made
from mixpeek_assets.sinks.parquet import ParquetFiles
from mixpeek_assets.sinks.parquet_file import FILE_SCHEMA
from mixpeek_assets.sinks.port import Sink
from mixpeek_assets.sinks.rows import SCHEMA

_WAYS: Mapping[str, Mapping[str, Any]] = {
    "as it is by default (Snappy)": {},
    "Zstandard": {"compression": "zstd"},
    "Zstandard of split bytes": {
        "compression": "zstd",
        "use_dictionary": [name for name in FILE_SCHEMA.names if name not in ("embedding", "sparse")],
        "use_byte_stream_split": ["embedding.list.element"],
    },
}


def main(vectors: int) -> None:
    """Print the tables."""
    sizes: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        opened = partial(open_sink, f"{folder}/ours")
        runs = {f"our {name}": (vectors, run) for name, run in life_of(opened, vectors).items()}
        sizes["ours"] = sum(file.stat().st_size for file in Path(folder, "ours").rglob("*.parquet"))
        for number, (name, how) in enumerate(_WAYS.items()):
            file = Path(folder, f"{number}.parquet")
            runs[f"write_table, {name}"] = (vectors, measured(by_write_table, str(file), vectors, dict(how)))
            sizes[f"write_table, {name}"] = file.stat().st_size
    show_runs(f"Parquet: {vectors:,} vectors of {DIMENSIONS:,}", runs)
    for name, size in sizes.items():
        print(f"{name}: {size / 1e6:,.0f} MB")


def open_sink(place: str) -> Sink:
    """Open the sink."""
    return ParquetFiles(place, None)


def by_write_table(file: str, vectors: int, how: Mapping[str, Any]) -> Iterator[None]:
    """Write the day again, whatever is there."""
    day = pa.Table.from_batches(made(vectors), SCHEMA)
    yield
    pq.write_table(day, file, **how)
