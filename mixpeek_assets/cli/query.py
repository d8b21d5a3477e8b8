"""`mixpeek-assets query`."""

import duckdb
from rich.console import Console

from mixpeek_assets.cli.display import show_rows
from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.settings import Settings
from mixpeek_assets.terminal_safe import terminal_safe_lines


def query(settings: Settings, sql: str) -> None:
    """Run a query on the warehouse, read-only, and print its result."""
    with open_warehouse(settings).database.connection(read_only=True) as connection:
        try:
            if (result := connection.sql(sql)) is not None:
                show_rows(Console(), result)
        except duckdb.Error as error:
            raise CommandError(terminal_safe_lines(str(error))) from None
