"""Landed replies into the table `vectors`, against a bare file write, DuckDB alone, pandas and Dagster's IO manager."""

# What the baselines stand on is in locks/bench.txt alone.
# pyright: reportMissingImports=false

import json
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.pipeline import landed
from benchmarks.pipeline.measure import Measured, in_turns, measured, show
from benchmarks.pipeline.world import fill, warehouse_in

REPLIES = 100_000
FEWER = 20_000
"""For those that are too slow for more, or take too much memory; their rates are compared."""

_COLUMNS = "feature_id: 'VARCHAR', dense: 'MAP(VARCHAR, FLOAT[])'"
_FLOOR = f"""
    CREATE TABLE vectors AS
    SELECT feature_id, entry.key AS vector_name, entry.value AS embedding
    FROM (
        SELECT feature_id, unnest(map_entries(dense)) AS entry
        FROM read_json($files, format = 'newline_delimited', columns = {{{_COLUMNS}}}, maximum_object_size = 33554432)
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
                "floor": partial(measured, duckdb_alone, folder / "all"),
                "pandas": partial(measured, pandas_frames, fewer),
                "manager": partial(measured, io_manager, fewer),
            }
        )
    ours, bare, floor, pandas, manager = found.values()
    show(
        f"{REPLIES:,} landed replies, d = {landed.DIMENSIONS:,}, {size / 1e9:.2f} GB of JSON (medians of 3, in turns)",
        ("what", "replies", "s", "replies/s", "CPU s", "peak MB", "ours is", "goal"),
        [
            _row("mixpeek_assets", REPLIES, ours),
            _row("a bare write of the same bytes", REPLIES, bare, f"{ours.seconds / bare.seconds:.1f} x", "<= 3 x"),
            _row("DuckDB alone: read_json into a table", REPLIES, floor, f"{ours.seconds / floor.seconds:.1f} x"),
            _row("pandas to DuckDB", FEWER, pandas, _faster(ours, pandas), ">= 6 x as fast"),
            _row("DuckDBPandasIOManager", FEWER, manager, _faster(ours, manager), ">= 3 x as fast"),
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


def duckdb_alone(folder: Path) -> None:
    """Read all files into one table: nothing is replaced, merged, or safe from a death."""
    path = folder.parent / "floor.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(config={"preserve_insertion_order": False}) as connection:
        connection.execute(f"ATTACH '{path}' AS warehouse (ROW_GROUP_SIZE 8192)")
        connection.execute("USE warehouse")
        connection.execute("SET enable_progress_bar = false")
        connection.execute(_FLOOR, {"files": [str(file) for file in folder.iterdir()]})


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


def _row(what: str, replies: int, run: Measured, ratio: str = "", goal: str = "") -> tuple[object, ...]:
    return what, replies, run.seconds, replies / run.seconds, run.cpu, run.megabytes, ratio, goal


def _faster(ours: Measured, other: Measured) -> str:
    return f"{REPLIES / ours.seconds / (FEWER / other.seconds):.1f} x as fast"
