"""A day of one Lance table: what is there, what came, and the least that makes the first like the second."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from mixpeek_assets.sinks.lance_tables import as_rows_of, width_of
from mixpeek_assets.sinks.port import Replaced
from mixpeek_assets.sinks.rows import KEY

_NAMED = 10_000
"""Rows that one condition names."""

_IN_MEMORY = 256 << 20
"""Bytes of rows from which on they are kept on disk: 65,000 embeddings of 1,024 numbers."""

_MERGED = 20_000
"""Rows of one merge, which keeps them in memory."""


class DayOfTable:
    """Takes the rows of a day as they come, keeps those that differ, and writes them at the end.

    Args:
        found: A table of ours.
        scope: The condition for the rows of the day (and of the collection).
        spool: The file for rows that are too many for the memory.

    Attributes:
        table: Its name.
        width: How many numbers its embeddings have; None: it is that of sparse vectors.
    """

    def __init__(self, found: Any, scope: str, spool: Path) -> None:
        self.table, self.width = found.name, width_of(found.schema)
        self._table, self._scope, self._spool = found, scope, spool
        held = found.search().where(scope).select([*KEY, "digest"]).to_arrow()
        self._left: dict[tuple[str, str], int] = dict(zip(_keys(held), held["digest"].to_pylist(), strict=True))
        self._new: set[str] = set()
        self._written = self._unchanged = 0
        self._replaces = False
        self._kept: list[pa.RecordBatch] = []
        self._writer: Any = None
        self._open = ExitStack()

    def take(self, rows: pa.RecordBatch) -> None:
        """Keep those of the rows that the table does not hold as they are."""
        is_written: list[bool] = []
        for key, digest in zip(_keys(rows), rows["digest"].to_pylist(), strict=True):
            held = self._left.pop(key, None)
            is_written.append(held != digest)
            if held is None:
                self._new.add(key[0])
            elif held != digest:
                self._replaces = True
        count = sum(is_written)
        self._written += count
        self._unchanged += len(rows) - count
        if count:
            self._keep(rows if count == len(rows) else rows.filter(pa.array(is_written)))

    def finish(self) -> Replaced:
        """Write what differs, in one version of the table, and then remove what did not come, in another."""
        removed = list(self._left.values())
        if self._written and (self._replaces or self._are_elsewhere()):
            self._merge()
        elif self._written:
            self._table.add(self._all_kept())
        if removed:
            self._remove(removed)
        return Replaced(self._written, self._unchanged, len(removed))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _keep(self, rows: pa.RecordBatch) -> None:
        self._kept.append(as_rows_of(self._table.schema, rows))
        if sum(one.nbytes for one in self._kept) > _IN_MEMORY:
            self._spill()

    def _spill(self) -> None:
        if self._writer is None:
            file = self._open.enter_context(pa.OSFile(str(self._spool), "wb"))
            self._writer = self._open.enter_context(pa.ipc.new_stream(file, self._table.schema))
        for rows in self._kept:
            self._writer.write_batch(rows)
        self._kept = []

    def _all_kept(self) -> pa.Table:
        if self._writer is None:
            return pa.Table.from_batches(self._kept)
        self._spill()
        self._open.close()
        return pa.ipc.open_stream(pa.memory_map(str(self._spool))).read_all()

    def _are_elsewhere(self) -> bool:
        """Say whether a row that is new to the day is one of another day: it is to be replaced, not doubled."""
        others = self._table.search().select(["feature_id"]).to_batches()
        return any(not self._new.isdisjoint(batch["feature_id"].to_pylist()) for batch in others)

    def _merge(self) -> None:
        rows = self._all_kept()
        for start in range(0, len(rows), _MERGED):
            merge = self._table.merge_insert(list(KEY)).when_matched_update_all().when_not_matched_insert_all()
            merge.execute(rows.slice(start, _MERGED))

    def _remove(self, digests: list[int]) -> None:
        # The digest tells a row of a day from every other, and a number needs no quotes.
        for start in range(0, len(digests), _NAMED):
            named = ", ".join(map(str, digests[start : start + _NAMED]))
            self._table.delete(f"{self._scope} AND digest IN ({named})")


def _keys(rows: Any) -> Iterator[tuple[str, str]]:
    return zip(*(rows[name].to_pylist() for name in KEY), strict=True)
