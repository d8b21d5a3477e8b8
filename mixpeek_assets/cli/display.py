"""Printing the result of a query."""

import duckdb
from rich.console import Console
from rich.markup import escape


def show_rows(console: Console, result: duckdb.DuckDBPyConnection) -> None:
    """Print a result as a plain table."""
    frame = result.df()
    console.print(frame.to_string(index=False, max_colwidth=60), highlight=False, soft_wrap=True)


def plain(text: object) -> str:
    """Escape text that comes from data."""
    return escape(str(text))
