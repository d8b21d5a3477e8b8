"""DuckDB's own graph: the extension `vss`, packaged for one version of DuckDB alone (locks/duckdb-extensions.txt).

`make bench-search` puts that version beside the main environment, and its folder into the variable DUCKDB_VSS.
"""

# pyright: reportMissingImports=false

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search.contenders import Search
from benchmarks.search.data import Data, K, Matrix

VARIABLE = "DUCKDB_VSS"


def build(data: Data, folder: Path) -> Iterator[None]:
    """A table with a graph."""
    import pyarrow as pa

    connection = _open(folder)
    yield
    dimensions = data.vectors().shape[1]
    connection.execute(f"CREATE TABLE vectors (id BIGINT, embedding FLOAT[{dimensions}])")
    for first, block in data.blocks():
        vectors = pa.FixedSizeListArray.from_arrays(block.ravel(), dimensions)
        connection.register("block", pa.table({"id": np.arange(first, first + len(block)), "embedding": vectors}))
        connection.execute("INSERT INTO vectors SELECT * FROM block")
    connection.execute("CREATE INDEX graph ON vectors USING HNSW (embedding) WITH (metric = 'cosine')")
    connection.close()


def search(data: Data, folder: Path) -> Search:
    """Search by the graph.

    Raises:
        RuntimeError: The plan does not use it.
    """
    connection = _open(folder)
    dimensions = data.vectors().shape[1]
    asked = f"SELECT id FROM vectors ORDER BY array_cosine_distance(embedding, ?::FLOAT[{dimensions}]) LIMIT {K}"
    (plan,) = [text for _, text in connection.execute(f"EXPLAIN {asked}", [[1.0] * dimensions]).fetchall()]
    if "HNSW_INDEX_SCAN" not in plan:
        raise RuntimeError(f"the graph is not used:\n{plan}")

    def nearest(queries: Matrix) -> list[list[int]]:
        return [[number for (number,) in connection.execute(asked, [queries[0].tolist()]).fetchall()]]

    return nearest


def _open(folder: Path) -> Any:
    sys.path.insert(0, os.environ[VARIABLE])
    import duckdb
    import duckdb_extension_vss

    (package,) = duckdb_extension_vss.__path__
    (extension,) = Path(package).rglob("vss.duckdb_extension")
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"LOAD '{extension}'")
    connection.execute("SET hnsw_enable_experimental_persistence = true")
    connection.execute(f"ATTACH '{folder / 'graph.duckdb'}' AS graph")
    connection.execute("USE graph")
    return connection
