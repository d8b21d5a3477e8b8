"""A typed view for each named vector: `vectors_<name>`, with `embedding FLOAT[d]`, as vector functions need it."""

import hashlib
import re

import duckdb

from mixpeek_assets.sql_files import literal, quote
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.schema import SCHEMA
from mixpeek_assets.warehouse.search_macros import refresh_search_macros


def view_name(vector_name: str) -> str:
    """Return the view of a named vector: its own name where that is plain, else a readable part and a hash.

    DuckDB folds the case of identifiers, so `Text` and `text` must not share a view.
    """
    return f"vectors_{identifier_part(vector_name)}"


def identifier_part(vector_name: str) -> str:
    """Return what of the identifiers of a named vector is its own; no two names share it."""
    if re.fullmatch(r"[a-z0-9_]{1,50}", vector_name):
        return vector_name
    readable = re.sub(r"[^a-z0-9]+", "_", vector_name.lower()).strip("_")[:40]
    return f"{readable}_{hashlib.sha256(vector_name.encode()).hexdigest()[:8]}"


def refresh_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the view of every named vector with one dimension; drop the views of the others.

    Searches learn the names and dimensions too.
    """
    named = SQL.run(connection, "named_vectors").fetchall()
    _tell_searches({(name, one) for name, dimensions in named for one in dimensions}, connection)
    # The text of a view cannot contain a zero byte.
    wanted = {
        view_name(name): _definition(name, dimensions[0])
        for name, dimensions in named
        if len(dimensions) == 1 and "\0" not in name
    }
    present = dict(SQL.run(connection, "vector_views").fetchall())
    for name in present.keys() - wanted.keys():
        connection.execute(f"DROP VIEW {SCHEMA}.{quote(name)}")
    for name, (comment, definition) in wanted.items():
        if present.get(name) != comment:
            connection.execute(f"CREATE OR REPLACE VIEW {SCHEMA}.{quote(name)} AS {definition}")
            connection.execute(f"COMMENT ON VIEW {SCHEMA}.{quote(name)} IS {literal(comment)}")


def _tell_searches(named: set[tuple[str, int]], connection: duckdb.DuckDBPyConnection) -> None:
    if named != set(SQL.run(connection, "vector_names").fetchall()):
        known = [{"vector_name": name, "dimensions": dimensions} for name, dimensions in sorted(named)]
        SQL.run(connection, "set_vector_names", known=known)
        refresh_search_macros(connection)


def _definition(vector_name: str, dimensions: int) -> tuple[str, str]:
    # A view binds no values. Its table is not qualified: DuckDB searches the view's own schema first, so the view
    # works with any catalog name.
    return (
        f"The named vector {vector_name}, {dimensions} dimensions.",
        f"SELECT * EXCLUDE (embedding, sparse), embedding::FLOAT[{dimensions}] AS embedding FROM vectors"  # noqa: S608
        f" WHERE vector_name = {literal(vector_name)} AND embedding IS NOT NULL",
    )
