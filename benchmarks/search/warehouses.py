"""The project's own search: `mixpeek.nearest` as it was, as it is without an index, and with one."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.pipeline.world import fill, warehouse_in
from benchmarks.search.contenders import Search
from benchmarks.search.data import Data, K, Matrix
from mixpeek_assets.warehouse import views

_SQL = Path(__file__).parent
_A_VIDEO = 10
"""Features a video."""
_VIDEOS_A_DAY = 1_000


def build(data: Data, folder: Path) -> Iterator[None]:
    """A warehouse with the vectors, a feature each."""
    import pyarrow as pa

    yield
    warehouse = warehouse_in(folder)
    rows, dimensions = data.vectors().shape
    fill(warehouse, -(-rows // _A_VIDEO), _A_VIDEO, a_day=_VIDEOS_A_DAY)
    for first, block in data.blocks():
        offsets = np.arange(0, block.size + 1, dimensions, dtype=np.int32)
        embeddings = pa.ListArray.from_arrays(offsets, block.ravel())
        arrived = pa.table({"number": np.arange(first, first + len(block)), "embedding": embeddings})
        with warehouse.database.transaction() as connection:
            connection.register("arrived", arrived)
            connection.execute((_SQL / "store.sql").read_text(), {"a_video": _A_VIDEO})
            connection.unregister("arrived")
    with warehouse.database.transaction() as connection:
        views.refresh_views(connection)


def before(data: Data, folder: Path) -> Search:
    """The macro as it was."""
    return _search(folder, "before")


def nearest(data: Data, folder: Path) -> Search:
    """The macro, which uses the index if there is one."""
    return _search(folder, "nearest")


def _search(folder: Path, name: str) -> Search:
    connection = duckdb.connect(folder / "warehouse.duckdb", read_only=True)
    asked = (_SQL / f"{name}.sql").read_text()

    def search(queries: Matrix) -> list[list[int]]:
        found = connection.execute(asked, {"query": queries[0].tolist(), "k": K}).fetchall()
        return [[_number(feature_id) for (feature_id,) in found]]

    return search


def _number(feature_id: str) -> int:
    _, video, place = feature_id.split("-")
    return int(video) * _A_VIDEO + int(place)
