"""What DuckLake does not have of DuckDB, and how a lake is set up; the tables, views and macros are the same."""

import duckdb

from mixpeek_assets.warehouse import SQL


def is_lake(connection: duckdb.DuckDBPyConnection) -> bool:
    """Say whether the warehouse is a DuckLake, which keeps no comments on macros, nor on columns of views."""
    return SQL.values(connection, "is_lake") == [True]


def set_up_lake(connection: duckdb.DuckDBPyConnection) -> None:
    """Set how its Parquet files are written, by whichever program."""
    SQL.run(connection, "set_up_lake")
