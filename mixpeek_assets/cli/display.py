"""Printing the result of a query."""

import duckdb
from rich.console import Console


def show_rows(console: Console, result: duckdb.DuckDBPyConnection) -> None:
    """Print a result as a plain table."""
    frame = result.df()
    console.print(frame.to_string(index=False, max_colwidth=60), highlight=False, soft_wrap=True)
