"""The SQL of this package, run by name with bound values.

A statement is planned each time: a plan for a table that was empty is a bad one when it is full.
"""

# pyright: reportMissingImports=false

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mixpeek_assets.sql_files import SqlFiles

if TYPE_CHECKING:
    from psycopg import Connection

_AT_ONCE = 10_000
_SQL = SqlFiles("mixpeek_assets.sinks.pgvector")


def run(connection: "Connection[Any]", name: str, **values: Any) -> int:
    """Run `sql/<name>.sql`, and return how many rows it has changed; without values it may be several statements."""
    return connection.execute(_SQL.text(name).encode(), values or None, prepare=False).rowcount


def fetch(connection: "Connection[Any]", name: str, **values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of `sql/<name>.sql`."""
    return connection.execute(_SQL.text(name).encode(), values or None, prepare=False).fetchall()


def stream(connection: "Connection[Any]", name: str, **values: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of `sql/<name>.sql`, a single query, without all of them in memory; within a transaction."""
    # All rows are wanted, not the first soon.
    connection.execute("SET LOCAL cursor_tuple_fraction = 1")
    with connection.cursor(name) as cursor:
        cursor.itersize = _AT_ONCE
        yield from cursor.execute(_SQL.text(name).strip().removesuffix(";").encode(), values)
