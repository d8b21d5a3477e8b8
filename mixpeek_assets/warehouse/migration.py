"""Migrates an older warehouse to the declared tables, views and macros: it only adds."""

import hashlib
from functools import cache

import duckdb

from mixpeek_assets.warehouse import SQL, schema
from mixpeek_assets.warehouse.comments import VIEWS, WORDS, write_comments
from mixpeek_assets.warehouse.declared import DEFINITIONS, flaws, present_columns
from mixpeek_assets.warehouse.errors import WarehouseError
from mixpeek_assets.warehouse.lake import is_lake, set_up_lake
from mixpeek_assets.warehouse.search_macros import refresh_search_macros
from mixpeek_assets.warehouse.views import refresh_views


def needs_migration(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
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
            f"{name} was written by a newer mixpeek_assets (its tables have version {version}, this one knows "
            f"{schema.SCHEMA_VERSION}): upgrade, or set MIXPEEK_WAREHOUSE to another path"
        )
    return (version, fingerprint) != (schema.SCHEMA_VERSION, _fingerprint())


def migrate(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Create what is missing, in one transaction.

    Raises:
        WarehouseError: the file has tables or views of somebody else in the place of these.
    """
    in_lake = is_lake(connection)
    if in_lake:
        set_up_lake(connection)
    connection.begin()
    present = present_columns(connection)
    _refuse_others(connection, name, is_ours=(f"{schema.SCHEMA}_internal", "schema_version") in present)
    SQL.run(connection, "internal_tables")
    for table in schema.TABLES:
        found = present.get((schema.SCHEMA, table.name))
        missing = [column for column in table.columns if column.name not in (found or {})]
        added = [schema.add_column(table, column, in_lake=in_lake) for column in missing]
        made = added if found else [schema.create_table(table, in_lake=in_lake)]
        for statement in [*made, *schema.comments(table)]:
            connection.execute(statement)
    if (f"{schema.SCHEMA}_internal", "wanted_again") in present:
        SQL.run(connection, "rename_wanted_again")
    for name in DEFINITIONS:
        SQL.run(connection, name)
    refresh_views(connection, anew=True)
    refresh_search_macros(connection)
    write_comments(connection)
    SQL.run(connection, "set_schema_version", version=schema.SCHEMA_VERSION, fingerprint=_fingerprint())
    connection.commit()


def _refuse_others(connection: duckdb.DuckDBPyConnection, name: str, *, is_ours: bool) -> None:
    """Refuse what is not ours: an older file of ours lacks tables and columns, and has no others in their place."""
    of_others = [one.words for one in flaws(connection) if not one.is_missing or (one.is_column and not is_ours)]
    of_others += [f"the view {name}" for name in SQL.values(connection, "views_of_others", names=list(VIEWS))]
    if of_others:
        raise WarehouseError(
            f"{name} has something of somebody else's where the tables of mixpeek_assets go ({of_others[0]}): "
            "rename it, or set MIXPEEK_WAREHOUSE to another path"
        )


@cache
def _fingerprint() -> str:
    """Return a hash of the declared tables, views and macros, with their words."""
    tables = (
        statement for table in schema.TABLES for statement in (schema.create_table(table), *schema.comments(table))
    )
    definitions = (SQL.text(name) for name in DEFINITIONS)
    return hashlib.sha256("\n".join([*tables, *definitions, str(WORDS), str(VIEWS)]).encode()).hexdigest()
