"""What else finds the nearest vectors. Each builds what it needs in a folder of its own, which another process opens.

What comes before the `yield` of a build is not measured: the import.
"""

# What they stand on is in locks/bench.txt alone.
# pyright: reportMissingImports=false

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.search.data import Data, K, Matrix

Search = Callable[[Matrix], list[list[int]]]
"""Takes queries, a row each, and returns the numbers of the rows nearest to each."""

THREADS = 2


def numpy_in_memory(data: Data, folder: Path) -> Search:
    """One matrix times a vector, the matrix in memory."""
    return _matvec(data.vectors(in_memory=True))


def numpy_mapped(data: Data, folder: Path) -> Search:
    """The same, the matrix in the system's cache of a file."""
    return _matvec(data.vectors())


def _matvec(vectors: Matrix) -> Search:
    def search(queries: Matrix) -> list[list[int]]:
        near = vectors @ queries[0]
        best = np.argpartition(near, -K)[-K:]
        return [best[np.argsort(-near[best])].tolist()]

    return search


def build_faiss(data: Data, folder: Path) -> Iterator[None]:
    """All vectors as they are."""
    import faiss

    yield

    index = faiss.IndexFlatIP(data.vectors().shape[1])
    for _, block in data.blocks():
        index.add(block)
    faiss.write_index(index, str(folder / "flat.faiss"))


def faiss_flat(data: Data, folder: Path) -> Search:
    """Every vector is compared."""
    import faiss

    index = faiss.read_index(str(folder / "flat.faiss"))
    return lambda queries: index.search(queries, K)[1].tolist()


def build_usearch(data: Data, folder: Path) -> Iterator[None]:
    """A graph (HNSW), with the package's own settings."""
    from usearch.index import Index

    yield

    index = Index(ndim=data.vectors().shape[1], metric="cos", dtype="f32")
    for first, block in data.blocks():
        index.add(np.arange(first, first + len(block)), block, threads=THREADS)
    index.save(str(folder / "graph.usearch"))


def usearch_graph(data: Data, folder: Path) -> Search:
    """The graph, in memory."""
    from usearch.index import Index

    index = Index.restore(str(folder / "graph.usearch"))
    assert index is not None
    return lambda queries: [index.search(queries[0], K).keys.tolist()]


def build_lance(data: Data, folder: Path) -> Iterator[None]:
    """A table."""
    import lancedb

    yield
    _lance_table(data, folder, lancedb)


def build_lance_graph(data: Data, folder: Path) -> Iterator[None]:
    """The same table, with cells, a graph in each and numbers of 8 bits."""
    import lancedb

    yield
    _lance_table(data, folder, lancedb).create_index(metric="cosine", index_type="IVF_HNSW_SQ")


def build_lance_cells(data: Data, folder: Path) -> Iterator[None]:
    """The same table, with cells and product quantization."""
    import lancedb

    yield
    _lance_table(data, folder, lancedb).create_index(metric="cosine", index_type="IVF_PQ")


def _lance_table(data: Data, folder: Path, lancedb: Any) -> Any:
    import pyarrow as pa

    dimensions = data.vectors().shape[1]
    schema = pa.schema({"id": pa.int64(), "vector": pa.list_(pa.float32(), dimensions)})

    def batches() -> Iterator[pa.RecordBatch]:
        for first, block in data.blocks():
            vectors = pa.FixedSizeListArray.from_arrays(block.ravel(), dimensions)
            yield pa.record_batch([np.arange(first, first + len(block)), vectors], schema=schema)

    return lancedb.connect(folder).create_table("vectors", batches(), schema=schema)


def lance(data: Data, folder: Path) -> Search:
    """With an index, ten times as many are found and compared exactly; without, all are."""
    import lancedb

    table: Any = lancedb.connect(folder).open_table("vectors")

    def search(queries: Matrix) -> list[list[int]]:
        asked = table.search(queries[0]).distance_type("cosine").refine_factor(10).select(["id", "_distance"]).limit(K)
        return [asked.to_arrow()["id"].to_pylist()]

    return search
