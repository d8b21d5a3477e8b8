"""The sink LanceDB beside the package's own ways to write a day, into a folder."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import lancedb
import pyarrow as pa

from benchmarks.pipeline.measure import measured
from benchmarks.sinks.life import life_of, show_runs
from benchmarks.sinks.made import DAY, DIMENSIONS, NAME, made
from mixpeek_assets.sinks.lance import Lance
from mixpeek_assets.sinks.lance_tables import as_rows_of, schema_of
from mixpeek_assets.sinks.port import Sink

_SCHEMA = schema_of(NAME, DIMENSIONS)


def main(vectors: int) -> None:
    """Print the table."""
    others = {
        "table.add: first write": ("add", by_add),
        "table.add: the same again, all doubled": ("add", by_add),
        "delete the day, table.add: first write": ("anew", by_delete_and_add),
        "delete the day, table.add: the same again": ("anew", by_delete_and_add),
        "merge_insert of all: first write": ("merge", by_merge),
        "merge_insert of all: the same again": ("merge", by_merge),
    }
    with tempfile.TemporaryDirectory() as folder:
        opened = partial(open_sink, f"{folder}/ours")
        runs = {f"our {name}": (vectors, run) for name, run in life_of(opened, vectors).items()}
        for name, (store, way) in others.items():
            runs[name] = (vectors, measured(way, f"{folder}/{store}", vectors))
    show_runs(f"LanceDB: {vectors:,} vectors of {DIMENSIONS:,}", runs)


def open_sink(place: str) -> Sink:
    """Open the sink."""
    return Lance(place, None)


def by_add(place: str, vectors: int) -> Iterator[None]:
    """Add the rows, whatever is there."""
    day, table = _day(vectors), _table(place)
    yield
    table.add(day)


def by_delete_and_add(place: str, vectors: int) -> Iterator[None]:
    """Delete the day, and add it again; a reader may see the day without rows."""
    day, table = _day(vectors), _table(place)
    yield
    table.delete(f"partition_date = date '{DAY}'")
    table.add(day)


def by_merge(place: str, vectors: int) -> Iterator[None]:
    """Replace all rows by key."""
    day, table = _day(vectors), _table(place)
    yield
    merge = table.merge_insert(["feature_id", "vector_name"]).when_matched_update_all().when_not_matched_insert_all()
    merge.execute(day)


def _day(vectors: int) -> pa.Table:
    return pa.Table.from_batches((as_rows_of(_SCHEMA, rows) for rows in made(vectors)), _SCHEMA)


def _table(place: str) -> Any:
    return lancedb.connect(Path(place)).create_table("vectors", schema=_SCHEMA, exist_ok=True)
