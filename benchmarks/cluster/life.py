"""What a move and the upkeep of a lake take: there and back, many small landings, and searches before and after."""

import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from benchmarks.cluster.sites import BUCKET, FILE, FOLDER, variables, warehouse_of
from benchmarks.pipeline.measure import show
from deploy import services
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.move import move
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.upkeep import Upkeep, keep_up
from mixpeek_assets.warehouse.views import refresh_views
from mixpeek_assets.warehouse.warehouse import Warehouse

VECTORS, DIMENSIONS = 100_000, 512
DAYS = 20
LANDINGS, SMALL = 60, 300

_ROWS = (
    "INSERT INTO mixpeek.vectors BY NAME SELECT concat($name, number) AS feature_id, 'clip' AS vector_name,"
    " list_transform(range($dimensions), lambda x: random()::FLOAT) AS embedding, $dimensions AS dimensions,"
    " DATE '2026-01-01' + (number // $a_day)::INTEGER AS partition_date FROM range($rows) AS numbers(number)"
)
_SEARCH = (
    f"SELECT count(*) FROM mixpeek.nearest('clip', list_transform(range({DIMENSIONS}), lambda x: random()::FLOAT))"
)
_KEEP = timedelta(days=7)


def main() -> None:
    """Print the table."""
    with services.postgres() as postgres, services.s3() as s3, tempfile.TemporaryDirectory() as name:
        folder, columns = Path(name), list[dict[str, object]]()
        with warehouse_of(variables(FILE, folder / "old", postgres, s3)) as old:
            fill(old, "v", VECTORS, VECTORS // DAYS)
        for number, kind in enumerate((FOLDER, BUCKET)):
            with warehouse_of(variables(kind, folder / f"lake{number}", postgres, s3)):
                columns.append(_live(old, folder / f"new{number}.duckdb"))
    rows = [(what, *(column[what] for column in columns)) for what in columns[0]]
    show(f"{VECTORS:,} vectors of {DIMENSIONS} floats, seconds", ("", FOLDER, BUCKET), rows)


def _live(old: Warehouse, copy: Path) -> dict[str, object]:
    """Let a lake live for a while; the environment names it."""
    lake, back = open_warehouse(load_settings()), Warehouse(Site.of_file(copy), lag=0)
    found: dict[str, object] = {
        "file to lake": seconds(lambda: list(move(old, lake))),
        "lake to file": seconds(lambda: list(move(lake, back))),
    }
    for number in range(LANDINGS):
        fill(lake, f"more{number}-", SMALL, SMALL)
    found["10 nearest, in many files"] = seconds(lambda: search(lake))
    done: list[Upkeep] = []
    found["upkeep"] = seconds(lambda: done.append(keep_up(lake.database, _KEEP)))
    found["... files before, after"] = f"{done[0].before.files}, {done[0].after.files}"
    found["... its longest turn"] = done[0].longest_turn
    found["10 nearest, after it"] = seconds(lambda: search(lake))
    found["upkeep with nothing to do"] = seconds(lambda: keep_up(lake.database, _KEEP))
    return found


def fill(warehouse: Warehouse, name: str, rows: int, a_day: int) -> None:
    """Land vectors."""
    with warehouse.database.transaction() as connection:
        connection.execute(_ROWS, {"name": name, "rows": rows, "a_day": a_day, "dimensions": DIMENSIONS})
        refresh_views(connection)


def search(warehouse: Warehouse) -> None:
    """Find the ten nearest of all."""
    with warehouse.database.connection(read_only=True) as connection:
        connection.execute(_SEARCH).fetchall()


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
