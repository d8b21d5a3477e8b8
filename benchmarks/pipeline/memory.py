"""The most memory that a run takes to keep and load vectors, ten times and a hundred times as many."""

import tempfile
from pathlib import Path

from benchmarks.pipeline import landed
from benchmarks.pipeline.measure import measured, show
from benchmarks.pipeline.world import file_of, fill, warehouse_in

SIZES = (10_000, 100_000, 1_000_000)


def main() -> None:
    """Print the table."""
    rows: list[tuple[object, ...]] = []
    for count in SIZES:
        with tempfile.TemporaryDirectory() as name:
            fill(warehouse_in(Path(name)), count // 10, 10)
            run = measured(land, Path(name), count)
            assert run.result == count
            size = file_of(warehouse_in(Path(name))).stat().st_size
        rows.append((count, run.seconds, count / run.seconds, run.megabytes, size / count, "< 1,000 MB, flat"))
    show(
        f"Vectors kept by a spool and loaded while more come, d = {landed.DIMENSIONS:,}",
        ("vectors", "s", "vectors/s", "peak MB above start", "file, bytes/vector", "goal"),
        rows,
    )


def land(folder: Path, count: int) -> int:
    """Keep so many replies as a run does, and return how many vectors the table has in the end."""
    warehouse = warehouse_in(folder)
    with warehouse.spool("vectors") as spool:
        for reply in landed.replies(count):
            spool.append(reply)
    with warehouse.reader() as reader:
        return reader.table_counts()["vectors"]
