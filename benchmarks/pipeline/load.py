"""Landed replies into the table `vectors`, against a bare file write, DuckDB alone, pandas and Dagster's IO manager."""

# What the baselines stand on is in locks/bench.txt alone.
# pyright: reportMissingImports=false

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.pipeline import landed
from benchmarks.pipeline.measure import Measured, in_turns, measured, show
from benchmarks.pipeline.world import fill, warehouse_in
from mixpeek_assets.warehouse.engine import OpenFile
from mixpeek_assets.warehouse.landing_lines import FeatureLine, columns_of
from mixpeek_assets.warehouse.schema import TABLE, create_table

REPLIES = 100_000
FEWER = 20_000
"""For those that are too slow for more, or take too much memory; their rates are compared."""

_READ = "read_json($files, format = 'newline_delimited', columns = $columns, maximum_object_size = 33554432)"
_ONE_TABLE = f"""
    CREATE TABLE vectors AS
    SELECT feature_id, entry.key AS vector_name, entry.value AS embedding
    FROM (SELECT feature_id, unnest(map_entries(dense)) AS entry FROM {_READ})
"""
_FEATURES = f"""
    INSERT INTO mixpeek.features BY NAME
    SELECT * REPLACE (created_at::TIMESTAMPTZ AS created_at), now() AS loaded_at
    FROM (SELECT feature_id, asset_id, video_id, partition_date, run_id, unnest(feature) FROM {_READ})
"""
_VECTORS = f"""
    INSERT INTO mixpeek.vectors BY NAME
    SELECT
        * EXCLUDE (entry),
        entry.key AS vector_name,
        len(entry.value)::INTEGER AS dimensions,
        entry.value AS embedding,
        now() AS loaded_at
    FROM (
        SELECT feature_id, asset_id, video_id, modality, partition_date, run_id, unnest(map_entries(dense)) AS entry
        FROM {_READ}
    )
"""


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size, fewer = landed.write(folder / "all", REPLIES), folder / "fewer"
        landed.write(fewer, FEWER)
        os.sync()
        found = in_turns(
            {
                "ours": _ours,
                "bare": partial(measured, bare_write, folder / "all", size),
                "rows": partial(measured, into_both_tables, folder / "all"),
                "floor": partial(measured, into_one_table, folder / "all"),
                "pandas": partial(measured, pandas_frames, fewer),
                "manager": partial(measured, io_manager, fewer),
            }
        )
    ours, bare, rows, floor, pandas, manager = found.values()
    show(
        f"{REPLIES:,} landed replies, d = {landed.DIMENSIONS:,}, {size / 1e9:.2f} GB of JSON (medians of 3, in turns)",
        ("what", "replies", "s", "replies/s", "CPU s", "peak MB", "ours is", "in CPU", "goal"),
        [
            _row("mixpeek_assets", REPLIES, ours),
            _row("a bare write of the same bytes", REPLIES, bare, *_times(ours, bare)),
            _row("DuckDB alone: the same rows, one INSERT a table", REPLIES, rows, *_times(ours, rows), "<= 1.5 x"),
            _row("DuckDB alone: the embeddings into one table", REPLIES, floor, *_times(ours, floor)),
            _row("pandas to DuckDB", FEWER, pandas, _faster(ours, pandas), "", ">= 6 x as fast"),
            _row("DuckDBPandasIOManager", FEWER, manager, _faster(ours, manager), "", ">= 3 x as fast"),
        ],
    )


def load(folder: Path) -> None:
    """Load what waits for the warehouse of a folder."""
    warehouse_in(folder).load_pending()


def _ours() -> Measured:
    with tempfile.TemporaryDirectory() as name:
        warehouse = warehouse_in(Path(name))
        fill(warehouse, REPLIES // 10, 10)
        landed.write(warehouse.landing_folder, REPLIES)
        os.sync()
        return measured(load, Path(name))


def bare_write(folder: Path, size: int) -> None:
    """Write as many bytes as all landing files have, and no more than that."""
    content = next(folder.iterdir()).read_bytes()
    with (folder.parent / "bare").open("wb") as file:
        for start in range(0, size, len(content)):
            file.write(memoryview(content)[: size - start])
        file.flush()
        os.fsync(file.fileno())


def into_both_tables(folder: Path) -> None:
    """Read all files into rows of `features` and of `vectors`: nothing is checked, replaced, merged or counted."""
    with _new_file(folder.parent / "rows.duckdb") as connection:
        connection.execute("CREATE SCHEMA mixpeek")
        columns = dict(columns_of(FeatureLine))
        for table, statement in ((TABLE["features"], _FEATURES), (TABLE["vectors"], _VECTORS)):
            connection.execute(create_table(table))
            connection.execute(statement, {"files": _files(folder), "columns": columns})


def into_one_table(folder: Path) -> None:
    """Read ids, names and embeddings of all files into one table."""
    with _new_file(folder.parent / "floor.duckdb") as connection:
        columns = {"feature_id": "VARCHAR", "dense": columns_of(FeatureLine)["dense"]}
        connection.execute(_ONE_TABLE, {"files": _files(folder), "columns": columns})


@contextmanager
def _new_file(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a new file as the warehouse is opened."""
    path.unlink(missing_ok=True)
    file = OpenFile(path)
    yield file.connection
    file.close()


def _files(folder: Path) -> list[str]:
    return [str(file) for file in folder.iterdir()]


def pandas_frames(folder: Path) -> None:
    """Read each file into a frame, and insert that."""
    path = folder.parent / "pandas.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE vectors (feature_id VARCHAR, vector_name VARCHAR, embedding FLOAT[])")
        for file in folder.iterdir():
            frame = _frame(file)
            connection.register("frame", frame)
            connection.execute("INSERT INTO vectors SELECT feature_id, vector_name, embedding FROM frame")


def io_manager(folder: Path) -> None:
    """Return all in one frame from a partitioned asset."""
    import dagster as dg
    import pandas as pd
    from dagster_duckdb_pandas import DuckDBPandasIOManager

    path = folder.parent / "manager.duckdb"
    path.unlink(missing_ok=True)

    @dg.asset(
        partitions_def=dg.DailyPartitionsDefinition(start_date="2026-01-01"),
        metadata={"partition_expr": "partition_date"},
    )
    def vectors() -> pd.DataFrame:
        frame = pd.concat([_frame(file) for file in folder.iterdir()])
        return frame.assign(partition_date=pd.Timestamp("2026-01-01"))

    manager = DuckDBPandasIOManager(database=str(path), schema="mixpeek")
    quiet = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
    dg.materialize([vectors], partition_key="2026-01-01", resources={"io_manager": manager}, run_config=quiet)


def _frame(file: Path) -> Any:
    import pandas as pd

    with file.open(encoding="utf-8") as lines:
        return pd.DataFrame(
            [
                {"feature_id": reply["feature_id"], "vector_name": vector_name, "embedding": embedding}
                for reply in map(json.loads, lines)
                for vector_name, embedding in reply["dense"].items()
            ]
        )


def _row(
    what: str, replies: int, run: Measured, ratio: str = "", in_cpu: str = "", goal: str = ""
) -> tuple[object, ...]:
    return what, replies, run.seconds, replies / run.seconds, run.cpu, run.megabytes, ratio, in_cpu, goal


def _times(ours: Measured, other: Measured) -> tuple[str, str]:
    return f"{ours.seconds / other.seconds:.1f} x", f"{ours.cpu / other.cpu:.2f} x"


def _faster(ours: Measured, other: Measured) -> str:
    return f"{REPLIES / ours.seconds / (FEWER / other.seconds):.1f} x as fast"
