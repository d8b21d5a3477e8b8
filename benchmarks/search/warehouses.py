"""The project's own search: `mixpeek.nearest` as it was, as it is without an index, and with one."""

from collections import deque
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np

from benchmarks.pipeline.world import fill, warehouse_in
from benchmarks.search.contenders import Search
from benchmarks.search.data import Data, K, Matrix
from mixpeek_assets.warehouse import vector_index, views

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


def build_indexed(data: Data, folder: Path) -> Iterator[None]:
    """The same with an index, of which alone is measured how long it takes."""
    deque(build(data, folder), maxlen=0)
    yield
    with warehouse_in(folder).database.connection() as connection:
        for index in vector_index.refresh(connection):
            print(f"index of {index.vectors:,}: {index.method} {index.why}, pool {index.pool}, recall {index.recall}")


def before(data: Data, folder: Path) -> Search:
    """The macro as it was."""
    return _search(folder, "before")


def nearest(data: Data, folder: Path) -> Search:
    """The macro, which uses the index if there is one."""
    return _search(folder, "nearest")


def nearest_each(data: Data, folder: Path) -> Search:
    """All queries in one statement."""
    connection = _open(folder)
    asked = (_SQL / "nearest_each.sql").read_text()

    def search(queries: Matrix) -> list[list[int]]:
        found: list[list[int]] = [[] for _ in queries]
        for number, feature_id in connection.execute(asked, {"queries": queries.tolist(), "k": K}).fetchall():
            found[number - 1].append(_number(feature_id))
        return found

    return search


def _search(folder: Path, name: str) -> Search:
    connection = _open(folder)
    asked = (_SQL / f"{name}.sql").read_text()

    def search(queries: Matrix) -> list[list[int]]:
        found = connection.execute(asked, {"query": queries[0].tolist(), "k": K}).fetchall()
        return [[_number(feature_id) for (feature_id,) in found]]

    return search


def _open(folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(folder / "warehouse.duckdb", read_only=True)
    connection.execute("SET enable_progress_bar = false")
    return connection


def _number(feature_id: str) -> int:
    _, video, place = feature_id.split("-")
    return int(video) * _A_VIDEO + int(place)
