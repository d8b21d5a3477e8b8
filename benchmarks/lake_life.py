"""What do a move and the upkeep of a lake take? ``python -m benchmarks.lake_life [vectors, 100,000 by default]``.

Vectors of 512 floats on 20 days, copied from a file to a lake and back; then 60 landings of 300 vectors, the upkeep,
and a search of all before and after it. MIXPEEK_CLUSTER names an empty database, MIXPEEK_LAKE a bucket or a folder.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.move import move
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.upkeep import keep_up
from mixpeek_assets.warehouse.views import refresh_views
from mixpeek_assets.warehouse.warehouse import Warehouse

Answer = TypeVar("Answer")

ROWS = (
    "INSERT INTO mixpeek.vectors BY NAME SELECT concat($name, number) AS feature_id, 'clip' AS vector_name,"
    " list_transform(range(512), lambda x: random()::FLOAT) AS embedding, 512 AS dimensions,"
    " DATE '2026-01-01' + (number // $a_day)::INTEGER AS partition_date FROM range($rows) AS numbers(number)"
)
SEARCH = "SELECT count(*) FROM mixpeek.nearest('clip', list_transform(range(512), lambda x: random()::FLOAT))"


def main() -> None:
    """Print a line a measurement."""
    vectors = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    lake = open_warehouse(load_settings())
    with tempfile.TemporaryDirectory() as folder:
        old = Warehouse(Site.of_file(Path(folder) / "old.duckdb"), lag=0)
        fill(old, "v", vectors, vectors // 20)
        timed("file to lake", lambda: list(move(old, lake)))
        timed("lake to file", lambda: list(move(lake, Warehouse(Site.of_file(Path(folder) / "new.duckdb"), lag=0))))
    print("memory at most, MB:", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    for number in range(60):
        fill(lake, f"more{number}-", 300, 300)
    timed("first search of many files", lambda: search(lake))
    timed("search of many files", lambda: search(lake))
    print(timed("upkeep", lambda: keep_up(lake.database, timedelta(days=7))))
    timed("search after the upkeep", lambda: search(lake))
    print(timed("second upkeep", lambda: keep_up(lake.database, timedelta(days=7))))


def fill(warehouse: Warehouse, name: str, rows: int, a_day: int) -> None:
    """Land vectors."""
    with warehouse.database.transaction() as connection:
        connection.execute(ROWS, {"name": name, "rows": rows, "a_day": a_day})
        refresh_views(connection)


def search(warehouse: Warehouse) -> None:
    """Find the ten nearest of all."""
    with warehouse.database.connection(read_only=True) as connection:
        connection.execute(SEARCH).fetchall()


def timed(what: str, ask: Callable[[], Answer]) -> Answer:
    """Print how long it takes."""
    began = time.monotonic()
    answer = ask()
    print(f"{what}: {time.monotonic() - began:.2f} s", flush=True)
    return answer


if __name__ == "__main__":
    main()
