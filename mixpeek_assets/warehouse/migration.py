"""From any older warehouse to the declared tables: only ever by adding."""

from pathlib import Path

import duckdb

from mixpeek_assets.warehouse import SQL, schema
from mixpeek_assets.warehouse.errors import WarehouseError

# What only the project itself needs to remember: the version of the tables, the landing files that it has loaded, and
# what is asked for again although it is there: `object_id` is the video's, asset's or feature's, as the endpoint says.
_INTERNAL_TABLES = (
    "CREATE SCHEMA IF NOT EXISTS mixpeek_internal",
    "CREATE TABLE IF NOT EXISTS mixpeek_internal.schema_version (version INTEGER)",
    "CREATE TABLE IF NOT EXISTS mixpeek_internal.loaded_files (name VARCHAR)",
    "CREATE TABLE IF NOT EXISTS mixpeek_internal.refetch_requests (endpoint VARCHAR, object_id VARCHAR)",
)


def needs_migration(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Say whether tables or columns are missing.

    Raises:
        WarehouseError: a newer mixpeek_assets wrote the file in a way that this one cannot.
    """
    try:
        version = SQL.fetch(connection, "schema_version")[0]["version"]
    except duckdb.CatalogException:
        return True
    if version > schema.SCHEMA_VERSION:
        raise WarehouseError(
            f"{path} was written by a newer mixpeek_assets (its tables are of version {version}, this one knows "
            f"{schema.SCHEMA_VERSION}): upgrade, or set MIXPEEK_WAREHOUSE to another path"
        )
    return version < schema.SCHEMA_VERSION or not _has_every_column(connection)


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing, in one transaction; nothing is ever dropped or changed."""
    present = _columns(connection)
    tables = {table for table, _ in present}
    statements = [f"CREATE SCHEMA IF NOT EXISTS {schema.SCHEMA}", *_INTERNAL_TABLES]
    for table in schema.TABLES:
        if table.name not in tables:
            statements += [schema.create_table(table), *schema.comments(table)]
        for column in table.columns if table.name in tables else ():
            if (table.name, column.name) not in present:
                statements += schema.add_column(table, column)
    connection.begin()
    for statement in statements:
        connection.execute(statement)
    SQL.run(connection, "search")
    SQL.run(connection, "set_schema_version", version=schema.SCHEMA_VERSION)
    connection.commit()


def _has_every_column(connection: duckdb.DuckDBPyConnection) -> bool:
    """Ask for every column and no row: to read the catalog takes longer than all else that opening the file takes."""
    try:
        for table in schema.TABLES:
            connection.execute(schema.no_row_query(table))
    except (duckdb.BinderException, duckdb.CatalogException):
        return False
    return True


def _columns(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    return {(row["table_name"], row["column_name"]) for row in SQL.fetch(connection, "present_columns")}
