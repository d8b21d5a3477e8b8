"""What a landing costs, and what the file takes, when much is stored already."""

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.pipeline import landed
from benchmarks.pipeline.measure import Measured, measured, middle, show
from benchmarks.pipeline.world import DAY, file_of, fill, store, warehouse_in

STORED = 1_000_000
LOADED = 10_000
PARTITIONS = 1_000
LANDINGS = 100


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as name:
        empty = middle([_load(Path(name) / f"empty-{number}", 0) for number in range(3)])
        many, full = Path(name) / "many", Path(name) / "full"
        small = measured(land_partitions, many).result
        after_many = middle([_load(many, PARTITIONS * 10 + number * LOADED) for number in range(3)])
        size = measured(store_all, full).result
        planned = middle([measured(plan, full) for _ in range(3)])
        into_full = middle([_load(full, STORED + number * LOADED) for number in range(3)])
        again = measured(land_again, Path(name) / "again").result
    show(
        f"Loading {LOADED:,} vectors, d = {landed.DIMENSIONS:,} (medians of 3)",
        ("into", "s", "CPU s", "peak MB", "against empty", "goal"),
        [
            (what, run.seconds, run.cpu, run.megabytes, f"{run.seconds / empty.seconds:.2f} x", goal)
            for what, run, goal in (
                ("an empty table", empty, ""),
                (f"one of {PARTITIONS:,} partitions, each landed by itself", after_many, "<= 1.5 x"),
                (f"one of {STORED:,} vectors", into_full, "<= 1.5 x"),
            )
        ],
    )
    show(
        "The file, and planning",
        ("what", "found", "goal"),
        [
            (f"{STORED:,} vectors", _of_the_numbers(size, STORED), "<= 1.05 x"),
            (f"{LANDINGS} landings of a partition", f"{again[1] / again[0]:.2f} x one landing", "<= 1.2 x"),
            (
                f"{PARTITIONS:,} landings of ten vectors each",
                _of_the_numbers(small[0], PARTITIONS * 10),
                "no huge file",
            ),
            ("the median and the slowest of these", f"{small[1]:.2f} s, {small[2]:.2f} s", ""),
            (f"what is missing of {STORED:,} features", f"{planned.seconds:.2f} s", "< 1 s"),
        ],
    )


def load(folder: Path) -> None:
    """Load what waits for the warehouse of a folder."""
    warehouse_in(folder).load_pending()


def land_partitions(folder: Path) -> tuple[int, float, float]:
    """Land ten vectors into each of many partitions; return the size, the median's and the slowest's seconds."""
    warehouse = warehouse_in(folder)
    fill(warehouse, PARTITIONS, 10, a_day=1)
    seconds: list[float] = []
    for number in range(PARTITIONS):
        landed.write(warehouse.landing_folder, 10, first=number * 10, day=DAY + number * landed.ONE_DAY)
        start = time.perf_counter()
        warehouse.load_pending()
        seconds.append(time.perf_counter() - start)
    return file_of(warehouse).stat().st_size, statistics.median(seconds), max(seconds)


def store_all(folder: Path) -> int:
    """Store features with their vectors, and return how large the file is."""
    warehouse = warehouse_in(folder)
    fill(warehouse, STORED // 10, 10, a_day=STORED // 10 // PARTITIONS)
    store(warehouse, landed.DIMENSIONS)
    return file_of(warehouse).stat().st_size


def plan(folder: Path) -> None:
    """Ask what is to be fetched."""
    with warehouse_in(folder).features_to_fetch([DAY], refresh=False) as features:
        assert not features


def land_again(folder: Path) -> tuple[int, int]:
    """Land a partition again and again; return the file's size after the first time and after the last.

    A landing is as many loads as one of 14,000 vectors in the files of a run, and each is large enough not to merge.
    """
    warehouse = warehouse_in(folder)
    fill(warehouse, 390, 10)
    sizes: list[int] = []
    for _ in range(LANDINGS):
        for part in range(6):
            landed.write(warehouse.landing_folder, 650, first=part * 650)
            warehouse.load_pending()
        sizes.append(file_of(warehouse).stat().st_size)
    return sizes[0], sizes[-1]


def _load(folder: Path, first: int) -> Measured:
    """Load vectors of videos whose features are known, and measure it."""
    warehouse = warehouse_in(folder)
    fill(warehouse, LOADED // 10, 10, first=first // 10)
    landed.write(warehouse.landing_folder, LOADED, first=first)
    return measured(load, folder)


def _of_the_numbers(size: int, vectors: int) -> str:
    return f"{size / vectors / landed.DIMENSIONS / 4:.2f} x 4 d"
