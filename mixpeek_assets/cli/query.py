"""`mixpeek-assets query`."""

import duckdb
from rich.console import Console

from mixpeek_assets.cli.display import show_rows
from mixpeek_assets.cli.errors import StatementError
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.settings import Settings


def query(settings: Settings, sql: str) -> None:
    """Run a query on the warehouse, read-only, and print its result."""
    try:
        with open_warehouse(settings).database.connection(read_only=True) as connection:
            if not connection.extract_statements(sql):
                raise StatementError('there is no statement: give one such as "SELECT count(*) FROM mixpeek.videos"')
            if (result := connection.sql(sql)) is not None:
                show_rows(Console(), result)
    except duckdb.Error as error:
        raise StatementError(str(error)) from None
