"""One file of a day: it is written anew from the first row on that differs, and not at all if none does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from mixpeek_assets.sinks.port import Replaced
from mixpeek_assets.sinks.rows import SCHEMA

IN_THE_PATH = ("partition_date", "vector_name")
"""Columns that the names of the folders tell: BigQuery refuses those that are in the files too."""

FILE_SCHEMA = pa.schema([field for field in SCHEMA if field.name not in IN_THE_PATH])

ROW_GROUP = 8_192
"""Rows of a row group: 32 MB with embeddings of 1,024 numbers, which is what a writer keeps in memory."""

_COPIED = 2_048
_PLAIN = [field.name for field in FILE_SCHEMA if not pa.types.is_nested(field.type)]
_HOW: Any = {"compression": dict.fromkeys(_PLAIN, "zstd"), "use_dictionary": _PLAIN}
"""Not of embeddings: their numbers get 8 % smaller at most, in twice the time."""


class FileOfDay:
    """Compares the rows of a file with those that come, in the order of their keys.

    Args:
        held: The file as it is, open; None: there is none.
        written: Where to write it anew.
    """

    def __init__(self, held: pq.ParquetFile | None, written: Path) -> None:
        self._held = held if held is not None and held.schema_arrow.equals(FILE_SCHEMA) else None
        self._source, self.written = held, written
        keys = None if held is None else held.read(columns=["feature_id", "digest"])
        self._keys = [] if keys is None else _keys(keys)
        self._left = dict(self._keys)
        self._same = self._differing = self._unchanged = 0
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.RecordBatch] = []

    def take(self, rows: pa.RecordBatch) -> None:
        """Compare rows, and write them unless the file has been the same up to their last."""
        keys = _keys(rows)
        differing = sum(self._left.pop(key, None) != digest for key, digest in keys)
        self._differing += differing
        self._unchanged += len(keys) - differing
        if self._writer is None and self._held and self._keys[self._same : self._same + len(keys)] == keys:
            self._same += len(keys)
            return
        self._start()
        self._write(rows.select(FILE_SCHEMA.names).cast(FILE_SCHEMA))

    def finish(self) -> Replaced:
        """Return what has become of the rows."""
        if self._same < len(self._keys):
            self._start()
        if self._writer is not None:
            self._flush()
            self._writer.close()
        return Replaced(self._differing, self._unchanged, len(self._left))

    @property
    def is_written(self) -> bool:
        """Whether there is another file now, in `written`."""
        return self._writer is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()
        if self._source is not None:
            self._source.close(force=True)

    def _start(self) -> None:
        """Begin the new file, with the rows that are the same."""
        if self._writer is not None:
            return
        self._writer = pq.ParquetWriter(self.written, FILE_SCHEMA, **_HOW)
        for rows in self._first(self._same):
            self._write(rows)

    def _first(self, count: int) -> Iterator[pa.RecordBatch]:
        if self._held is None or not count:
            return
        for rows in self._held.iter_batches(_COPIED):
            yield rows.slice(0, count)
            count -= len(rows)
            if count <= 0:
                return

    def _write(self, rows: pa.RecordBatch) -> None:
        self._waiting.append(rows)
        if sum(map(len, self._waiting)) >= ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._waiting and self._writer is not None:
            self._writer.write_table(pa.Table.from_batches(self._waiting))
            self._waiting = []


def _keys(rows: Any) -> list[tuple[str, int]]:
    return list(zip(rows["feature_id"].to_pylist(), rows["digest"].to_pylist(), strict=True))
