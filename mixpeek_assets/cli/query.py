"""`mixpeek-assets query`."""

import json
from typing import Any

import duckdb
from rich.console import Console

from mixpeek_assets.cli.errors import StatementError
from mixpeek_assets.cli.formats import Format, print_csv, print_json
from mixpeek_assets.cli.tables import Column, show_table
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.settings import Settings

_NUMBERS = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    *("UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL"),
)
"""Prefixes of DuckDB's numeric types; a list of one ends in brackets."""


def query(settings: Settings, sql: str, format_: Format) -> None:
    """Run a query on the published file and print its result."""
    try:
        with open_warehouse(settings).published() as connection:
            if not connection.extract_statements(sql):
                raise StatementError('there is no statement: give one such as "SELECT count(*) FROM mixpeek.videos"')
            result = connection.sql(sql)
            if result is not None:
                show_result(Console(), result, format_)
            elif format_ == "json":
                print_json([])
    except duckdb.Error as error:
        # What a macro says of its arguments is a sentence already.
        raise StatementError(str(error).removeprefix("Invalid Input Error: ")) from None


def show_result(console: Console, result: duckdb.DuckDBPyRelation, format_: Format = "table") -> None:
    """Print a result; in a table and in CSV, each value as DuckDB writes it."""
    types = [str(type_) for type_ in result.types]
    if format_ == "json":
        rows = (map(_of_json, types, row) for row in result.fetchall())
        print_json(dict(zip(_unique(result.columns), row, strict=True)) for row in rows)
        return
    rows = result.project("CAST(COLUMNS(*) AS VARCHAR)").fetchall()
    if format_ == "csv":
        print_csv(result.columns, rows)
        return
    is_number = (type_.startswith(_NUMBERS) and not type_.endswith("]") for type_ in types)
    show_table(console, [Column(*column) for column in zip(result.columns, is_number, strict=True)], rows)


def _of_json(type_: str, value: Any) -> Any:
    """Return a value of a column; what a column of JSON holds is a part of the document, not a text in it."""
    return json.loads(value) if type_ == "JSON" and value is not None else value


def _unique(names: list[str]) -> list[str]:
    """Return the names, of which an object of JSON must have none twice; the second `a` becomes `a_1`, as in DuckDB."""
    return [f"{name}_{seen}" if (seen := names[:place].count(name)) else name for place, name in enumerate(names)]
