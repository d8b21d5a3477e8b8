"""Migrates an older warehouse to the declared tables, views and macros: it only adds."""

import hashlib
from functools import cache
from pathlib import Path

import duckdb

from mixpeek_assets.warehouse import SQL, schema
from mixpeek_assets.warehouse.errors import WarehouseError

_DEFINITIONS = (
    "define_endpoints",
    "define_file_name",
    "define_is_chosen",
    "define_latest_tasks",
    "define_partition_of",
    "define_progress",
    "define_work",
    "define_search",
)
"""The files with views and macros, in order of dependency."""


def needs_migration(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Say whether the file has other declarations than these.

    Raises:
        WarehouseError: a newer mixpeek_assets wrote tables that this one cannot write.
    """
    try:
        version, fingerprint = SQL.run(connection, "schema_version").fetchall()[0]
    except (duckdb.BinderException, duckdb.CatalogException):  # an older version, or an empty file
        return True
    if version > schema.SCHEMA_VERSION:
        raise WarehouseError(
            f"{path} was written by a newer mixpeek_assets (its tables have version {version}, this one knows "
            f"{schema.SCHEMA_VERSION}): upgrade, or set MIXPEEK_WAREHOUSE to another path"
        )
    return (version, fingerprint) != (schema.SCHEMA_VERSION, _fingerprint())


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing, in one transaction."""
    connection.begin()
    SQL.run(connection, "internal_tables")
    present = set(SQL.run(connection, "present_columns").fetchall())
    tables = {table for table, _ in present}
    for table in schema.TABLES:
        missing = [column for column in table.columns if (table.name, column.name) not in present]
        added = [schema.add_column(table, column) for column in missing]
        for statement in [*(added if table.name in tables else [schema.create_table(table)]), *schema.comments(table)]:
            connection.execute(statement)
    if "wanted_again" in tables:
        SQL.run(connection, "rename_wanted_again")
    define(connection)
    SQL.run(connection, "set_schema_version", version=schema.SCHEMA_VERSION, fingerprint=_fingerprint())
    connection.commit()


def define(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the views and macros, in the catalog that is in use."""
    for name in _DEFINITIONS:
        SQL.run(connection, name)


@cache
def _fingerprint() -> str:
    """Return a hash of the declared tables, views and macros."""
    tables = (
        statement for table in schema.TABLES for statement in (schema.create_table(table), *schema.comments(table))
    )
    definitions = (SQL.text(name) for name in _DEFINITIONS)
    return hashlib.sha256("\n".join([*tables, *definitions]).encode()).hexdigest()
