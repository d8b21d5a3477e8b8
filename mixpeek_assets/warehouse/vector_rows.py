"""A day's vectors as Arrow batches, kept on disk: they are sent over a network, and no connection is open meanwhile."""

import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb

from mixpeek_assets.warehouse import SQL

_BATCH = 2_048
"""Rows of a batch: 8 MB with embeddings of 1,024 numbers."""


@dataclass(frozen=True)
class VectorRows:
    """The vectors of a day, each with its moment and its video.

    Attributes:
        rows: How many there are.
    """

    rows: int
    _file: Path

    def batches(self) -> Iterator[Any]:
        """Read the rows (`pyarrow.RecordBatch`), in the order of their keys, from the first."""
        pa = _pyarrow()
        with pa.memory_map(str(self._file)) as source, pa.ipc.open_stream(source) as reader:
            yield from reader


@contextmanager
def kept_vector_rows(connection: duckdb.DuckDBPyConnection, day: date) -> Generator[VectorRows]:
    """Keep the vectors of a day until the block ends, without `connection`."""
    pa = _pyarrow()
    with tempfile.TemporaryDirectory(prefix="mixpeek-") as folder:
        file, rows = Path(folder) / "vectors.arrow", 0
        query = SQL.text("vector_rows").strip().removesuffix(";")
        found = connection.sql(query, params={"day": day}).to_arrow_reader(_BATCH)
        with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, found.schema) as writer:
            for batch in found:
                writer.write_batch(_with_digests(batch))
                rows += len(batch)
        yield VectorRows(rows, file)


def _with_digests(batch: Any) -> Any:
    """Mix the hash of each embedding's bytes into the digest of its moment."""
    pa, hashed = _pyarrow(), import_module("xxhash").xxh3_64_intdigest
    moments, at = batch["digest"].to_pylist(), batch.schema.get_field_index("digest")
    mixed = [
        hashed(numbers, seed=moment & _UNSIGNED) - _HALF
        for moment, numbers in zip(moments, _bytes_of(batch["embedding"]), strict=True)
    ]
    return batch.set_column(at, batch.schema.field(at), pa.array(mixed, pa.int64()))


def _pyarrow() -> Any:
    # It comes with the extra of each sink; nobody else needs it, and it has no types of its own.
    return import_module("pyarrow")


_UNSIGNED, _HALF = (1 << 64) - 1, 1 << 63


def _bytes_of(embeddings: Any) -> list[memoryview]:
    """Return the numbers of each embedding as they are in memory; none of a null."""
    numbers = memoryview(embeddings.values.to_numpy(zero_copy_only=False)).cast("B")
    ends = [4 * place for place in embeddings.offsets.to_pylist()]
    return [numbers[start:end] for start, end in pairwise(ends)]
