"""A work list on disk: it may hold millions of rows, and working through them takes hours."""

import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

import duckdb

from mixpeek_assets.warehouse import SQL

Record = TypeVar("Record")

_CHUNK = 2_000
"""How many rows are Python objects at once."""


@contextmanager
def work_list(
    connection: duckdb.DuckDBPyConnection, record: Callable[..., Record], query: str, **parameters: Any
) -> "Generator[WorkList[Record]]":
    """Keep the rows of `sql/<query>.sql`, in their order, until the block ends, without `connection`."""
    with tempfile.TemporaryDirectory(prefix="mixpeek-") as folder:
        file = Path(folder) / "work.parquet"
        (read_at,) = connection.execute("SELECT now()").fetchall()[0]
        yield WorkList(file, record, SQL.write_parquet(connection, query, file, **parameters), read_at)


class WorkList(Generic[Record]):
    """Rows to work through, and their number.

    Attributes:
        read_at: When they were read, by DuckDB's clock.
    """

    def __init__(self, file: Path, record: Callable[..., Record], length: int, read_at: datetime) -> None:
        self._file, self._record, self._length = file, record, length
        self.read_at = read_at

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._length

    def __iter__(self) -> Iterator[Record]:
        """Read the rows, from the first."""
        # A separate instance: it keeps the file's order, and stays open as long as the work takes.
        with duckdb.connect(config={"threads": 1}) as reader:
            reader.execute("SET TimeZone = 'UTC'")
            reader.execute("SET enable_progress_bar = false")  # it would be shown in a run's log
            rows = reader.execute("FROM read_parquet($file)", {"file": str(self._file)})
            names = [column[0] for column in rows.description or []]
            while chunk := rows.fetchmany(_CHUNK):
                for row in chunk:
                    yield self._record(**dict(zip(names, row, strict=True)))
