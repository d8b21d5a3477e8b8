"""What is to be done, kept beside the memory: there may be millions of rows, and fetching them takes hours."""

import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Generic, TypeVar

import duckdb

Record = TypeVar("Record")

_CHUNK = 2_000
"""So many rows are in memory at once."""

_IN_MEMORY = 8 << 20


@contextmanager
def work_list(
    query: duckdb.DuckDBPyConnection, record: Callable[..., Record], read_at: datetime
) -> Iterator["WorkList[Record]"]:
    """Keep the rows of what was executed, in their order, until the block ends; no connection is needed any more."""
    names = [column[0] for column in query.description or []]
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        length = 0
        while chunk := query.fetchmany(_CHUNK):
            pickle.dump(chunk, file)
            length += len(chunk)
        yield WorkList(file, record, names, length, read_at)


class WorkList(Generic[Record]):
    """Rows that are gone through, and counted.

    Attributes:
        read_at: The moment of which they are, by DuckDB's clock.
    """

    def __init__(
        self, file: IO[bytes], record: Callable[..., Record], names: Sequence[str], length: int, read_at: datetime
    ) -> None:
        self.read_at = read_at
        self._file, self._record, self._names, self._length = file, record, names, length

    def __len__(self) -> int:
        """Return how many there are."""
        return self._length

    def __iter__(self) -> Iterator[Record]:
        """Go through them, from the first; only one may do so at a time."""
        self._file.seek(0)
        for _ in range(0, self._length, _CHUNK):
            for row in pickle.load(self._file):  # noqa: S301 - our own, and nobody else's
                yield self._record(**dict(zip(self._names, row, strict=True)))
