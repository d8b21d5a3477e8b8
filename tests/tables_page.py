"""`docs/tables.md`, made of the schema and of a new warehouse: `python -m tests.tables_page` writes it."""

import re
from pathlib import Path

import duckdb

from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.comments import VIEWS, View
from mixpeek_assets.warehouse.declared import DEFINITIONS
from mixpeek_assets.warehouse.migration import migrate
from mixpeek_assets.warehouse.schema import TABLE, TABLES, Table

PAGE = Path(__file__).parents[1] / "docs" / "tables.md"
_COMMON = {"partition_date", "run_id", "loaded_at"}
_HEAD = """\
<!-- Made by `python -m tests.tables_page` from mixpeek_assets/warehouse/schema.py and comments.py. -->
# The tables and views

Schema `mixpeek`. Each table also has `partition_date DATE`, `run_id VARCHAR` (the Dagster run that wrote the row) and
`loaded_at TIMESTAMPTZ`. The same words are in DuckDB's catalog, for any program that shows comments
([queries.md](queries.md#what-there-is)), and those of the tables in Dagster's UI.
"""
_VECTORS = """\
## vectors_&lt;name&gt;

A view. A row is a vector of that name. It is there as long as all vectors of the name have one dimension *d*, and has
the columns of [vectors](#vectors) without `sparse`, and `embedding` as `FLOAT[d]`, as vector functions want it.
"""
_FOOT = """\
DuckDB 1.5 and 2.0 take comments on tables, views, columns and macros, but not on schemas, databases or a macro's
parameters. So it is said here: `mixpeek` is for you; `mixpeek_internal` is the project's own, and may change with any
version.

The file is not called `mixpeek.duckdb` for a reason: DuckDB names a catalog after its file, and `mixpeek.videos` is
ambiguous when the catalog and the schema have the same name. In such a file, begin with `USE mixpeek.mixpeek`.
"""


def page() -> str:
    """Return the page's text."""
    with duckdb.connect() as connection:
        migrate(connection, "in memory")
        views = [_view(connection, name, view) for name, view in VIEWS.items()]
        return "\n".join([_HEAD, *map(_table, TABLES), *views, _VECTORS, _macros(connection), _FOOT])


def _table(table: Table) -> str:
    key = f" Key: {', '.join(f'`{name}`' for name in table.key)}." if table.key else ""
    rows = [(column.name, column.type, column.description) for column in table.columns if column.name not in _COMMON]
    return f"## {table.name}\n\nA row is {table.row}.{key}\n\n{_columns(rows)}"


def _view(connection: duckdb.DuckDBPyConnection, name: str, view: View) -> str:
    rows = connection.execute(
        "SELECT column_name, replace(data_type, 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ'), comment"
        " FROM duckdb_columns() WHERE schema_name = 'mixpeek' AND table_name = $name ORDER BY column_index",
        {"name": name},
    ).fetchall()
    also = ""
    if {column.name for column in TABLE[view.table].columns} <= {column for column, *_ in rows}:
        also = f" It has the columns of [{view.table}](#{view.table}), and:"
        rows = [row for row in rows if row[0] in view.columns]
    return f"## {name}\n\nA view. {view.words}{also}\n\n{_columns(rows)}"


def _columns(rows: list[tuple[str, str, str]]) -> str:
    lines = [f"| `{name}` | {type_} | {words} |\n" for name, type_, words in rows]
    return "| column | type | |\n|---|---|---|\n" + "".join(lines)


def _macros(connection: duckdb.DuckDBPyConnection) -> str:
    words = dict(
        connection.execute(
            "SELECT function_name, comment FROM duckdb_functions() WHERE schema_name = 'mixpeek'"
        ).fetchall()
    )
    texts = "".join(map(SQL.text, DEFINITIONS))
    lines = [
        f"| `{name}({' '.join(parameters.split())})` | {words[name]} |\n"
        for name, parameters in re.findall(r"MACRO mixpeek\.(\w+)\(([^)]*)\)", texts)
    ]
    return "## Macros\n\n| call | what it gives |\n|---|---|\n" + "".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
