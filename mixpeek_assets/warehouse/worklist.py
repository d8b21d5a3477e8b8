"""A work list on disk: it may hold millions of rows, and working through them takes hours."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from mixpeek_assets.warehouse import SQL

_CHUNK = 2_000
"""How many rows are in memory as Python's own at once."""


@contextmanager
def work_list(connection: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> Iterator["WorkList"]:
    """Keep the rows of `sql/<query>.sql`, in their order, until the block ends; `connection` is not needed any more."""
    with tempfile.TemporaryDirectory(prefix="mixpeek-") as folder:
        file = Path(folder) / "work.parquet"
        yield WorkList(file, SQL.write_parquet(connection, query, file, **parameters))


class WorkList:
    """Rows to work through, and their number."""

    def __init__(self, file: Path, length: int) -> None:
        self._file, self._length = file, length

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._length

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Read the rows, from the first."""
        # An instance of its own: it keeps the order of the file, and it is open for as long as the work takes.
        with duckdb.connect(config={"threads": 1}) as reader:
            reader.execute("SET TimeZone = 'UTC'")
            rows = reader.execute("FROM read_parquet($file)", {"file": str(self._file)})
            names = [column[0] for column in rows.description or []]
            while chunk := rows.fetchmany(_CHUNK):
                for row in chunk:
                    yield dict(zip(names, row, strict=True))
