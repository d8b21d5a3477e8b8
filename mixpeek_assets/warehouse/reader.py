"""Reading the warehouse, several times through one opening of the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from mixpeek_assets import clock
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.schema import TABLE, TableName, partition_counts_query, preview_query


@dataclass(frozen=True)
class Reader:
    """What can be read while the file is open.

    Attributes:
        connection: The open file.
        api: The API that is spoken to.
    """

    connection: duckdb.DuckDBPyConnection
    api: str | None

    def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """Run `sql/<query>.sql` and return its rows; it may name `$api` and `$today`."""
        return SQL.fetch(self.connection, query, **{"api": self.api, "today": clock.now().date(), **parameters})

    def preview(self, table: TableName, partitions: Sequence[date], rows: int = 5) -> list[dict[str, Any]]:
        """Return the newest few rows of some partitions, less the columns that are too long to read."""
        query = self.connection.execute(preview_query(TABLE[table]), {"partitions": list(partitions), "rows": rows})
        names = [column[0] for column in query.description or []]
        return [dict(zip(names, row, strict=True)) for row in query.fetchall()]

    def partition_counts(self, table: TableName, partitions: Sequence[date]) -> dict[date, int]:
        """Return how many rows each of some partitions has; one without rows is left out."""
        query = self.connection.execute(partition_counts_query(TABLE[table]), {"partitions": list(partitions)})
        return dict(query.fetchall())
