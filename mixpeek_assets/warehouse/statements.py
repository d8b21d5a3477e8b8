"""The SQL files, run by name with bound values."""

from functools import cache
from importlib import resources
from typing import Any

import duckdb


@cache
def sql(name: str) -> str:
    """Return the text of `sql/<name>.sql`."""
    return (resources.files("mixpeek_assets.warehouse") / "sql" / f"{name}.sql").read_text()


def run(connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> duckdb.DuckDBPyConnection:
    """Run every statement of `sql/<name>.sql`, each with those of the parameters that it names."""
    for statement in connection.extract_statements(sql(name)):
        named = {key: value for key, value in parameters.items() if key in statement.named_parameters}
        connection.execute(statement, named)
    return connection


def fetch(connection: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> list[dict[str, Any]]:
    """Run `sql/<name>.sql` and return the rows of its last statement."""
    run(connection, name, **parameters)
    columns = [column[0] for column in connection.description or []]
    return [dict(zip(columns, row, strict=True)) for row in connection.fetchall()]
