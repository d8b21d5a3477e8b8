"""Compares a file with what is declared: somebody else's tables are refused, not changed."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import duckdb

from mixpeek_assets.warehouse import SQL, schema

DEFINITIONS = (
    "define_endpoints",
    "define_file_name",
    "define_is_chosen",
    "define_latest_tasks",
    "define_load_time",
    "define_partition_of",
    "define_progress",
    "define_work",
    "define_search",
)
"""The files with views and macros, in order of dependency."""

_INTERNAL = {
    "schema_version": {"version": "INTEGER"},
    "loaded_files": {"name": "VARCHAR"},
    "refetch_requests": {"verb": "VARCHAR", "object_id": "VARCHAR"},
}
"""The columns of `mixpeek_internal` that every version has."""

Columns = dict[str, tuple[str, bool]]
"""A table's columns, each with its type and whether it is a table's, not a view's."""


class Flaw(NamedTuple):
    """How a file differs from what is declared.

    Attributes:
        words: What is wrong.
        is_missing: Whether something is not there, which a migration would make.
        is_column: Whether it is about a column of a table that is there.
    """

    words: str
    is_missing: bool = True
    is_column: bool = False


def present_columns(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Columns]:
    """Return the columns of each table and view of ours, by schema and name."""
    found: dict[tuple[str, str], Columns] = {}
    for schema_name, table, column, type_, is_table in SQL.run(connection, "present_columns").fetchall():
        found.setdefault((schema_name, table), {})[column] = (type_, is_table)
    return found


def present_definitions(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Return the names of the views and macros of the file, each with its schema."""
    return set(SQL.values(connection, "present_definitions"))


def flaws(connection: duckdb.DuckDBPyConnection) -> Iterator[Flaw]:
    """Yield what differs from what is declared; tables and columns of others are no flaw."""
    present = present_columns(connection)
    declared = {(schema.SCHEMA, table.name): {one.name: one.type for one in table.columns} for table in schema.TABLES}
    internal = {(f"{schema.SCHEMA}_internal", name): columns for name, columns in _INTERNAL.items()}
    for (place, name), columns in (declared | internal).items():
        found = present.get((place, name))
        if found is None:
            yield Flaw(f"the table {place}.{name} is missing")
            continue
        if not all(is_table for _, is_table in found.values()):
            yield Flaw(f"{place}.{name} is a view", is_missing=False)
            continue
        for column, type_ in columns.items():
            wanted = str(connection.sqltype(type_))
            if column not in found:
                yield Flaw(f"{place}.{name} has no column {column}", is_missing=place == schema.SCHEMA, is_column=True)
            elif found[column][0] != wanted:
                yield Flaw(f"{place}.{name}.{column} is {found[column][0]}, not {wanted}", is_missing=False)
    texts = "".join(map(SQL.text, DEFINITIONS))
    for name in set(re.findall(r"CREATE OR REPLACE (?:VIEW|MACRO) ([\w.]+)", texts)) - present_definitions(connection):
        yield Flaw(f"{name} is missing")
