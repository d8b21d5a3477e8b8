"""One collection of several in a file: whoever looks through it sees its videos alone, in every query."""

from collections.abc import Generator
from contextlib import contextmanager, suppress

import duckdb

from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.declared import DEFINITIONS


@contextmanager
def looking_at(connection: duckdb.DuckDBPyConnection, collection: str | None) -> Generator[None]:
    """Show the connection one collection while the block lasts; None shows it all. What it sees is read-only."""
    if collection is None:
        yield
        return
    connection.execute("ATTACH OR REPLACE ':memory:' AS one_collection")
    try:
        # A view binds no values.
        connection.execute("SET VARIABLE seen_collection = $collection", {"collection": collection})
        SQL.run(connection, "one_collection")
        connection.execute("USE one_collection")
        for name in DEFINITIONS:
            SQL.run(connection, name)
        yield
    finally:
        with suppress(duckdb.Error):  # It must not hide the first error.
            connection.execute("USE warehouse")
            connection.execute("DETACH one_collection")
