"""A typed view for each named vector: `vectors_<name>`, with `embedding FLOAT[d]`, as vector functions need it."""

import duckdb

from mixpeek_assets.sql_files import identifier_part, literal, quote
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.comments import View, comment_columns
from mixpeek_assets.warehouse.schema import SCHEMA, TABLE
from mixpeek_assets.warehouse.search_macros import refresh_search_macros

_COLUMNS = [column.name for column in TABLE["vectors"].columns if column.name != "sparse"]


def view_name(vector_name: str) -> str:
    """Return the view of a named vector: its own name where that is plain, else a readable part and a hash.

    DuckDB folds the case of identifiers, so `Text` and `text` must not share a view.
    """
    return f"vectors_{identifier_part(vector_name)}"


def refresh_views(connection: duckdb.DuckDBPyConnection, *, anew: bool = False) -> None:
    """Create the view of every named vector with one dimension; drop the views of the others.

    Searches learn the names and dimensions too.

    Args:
        connection: The open file, in a transaction.
        anew: Whether views that are there are made again too, as another version may have made them.
    """
    named = SQL.run(connection, "named_vectors").fetchall()
    _tell_searches({(name, one) for name, dimensions in named for one in dimensions}, connection)
    # The text of a view cannot contain a zero byte.
    wanted = {
        view_name(name): (name, dimensions[0])
        for name, dimensions in named
        if len(dimensions) == 1 and "\0" not in name
    }
    present = dict(SQL.run(connection, "vector_views").fetchall())
    for name in present.keys() - wanted.keys():
        connection.execute(f"DROP VIEW {SCHEMA}.{quote(name)}")
    for name, (vector_name, dimensions) in wanted.items():
        view = View(
            f"The named vector {vector_name}, {dimensions} dimensions.",
            "vectors",
            {"embedding": f"The vector, as {dimensions} numbers of a typed array."},
        )
        if anew or present.get(name) != view.words:
            query = _query(vector_name, dimensions)
            connection.execute(f"CREATE OR REPLACE VIEW {SCHEMA}.{quote(name)} AS {query}")
            connection.execute(f"COMMENT ON VIEW {SCHEMA}.{quote(name)} IS {literal(view.words)}")
            comment_columns(connection, name, view, _COLUMNS)


def _tell_searches(named: set[tuple[str, int]], connection: duckdb.DuckDBPyConnection) -> None:
    if named != set(SQL.run(connection, "vector_names").fetchall()):
        known = [{"vector_name": name, "dimensions": dimensions} for name, dimensions in sorted(named)]
        SQL.run(connection, "set_vector_names", known=known)
        refresh_search_macros(connection)


def _query(vector_name: str, dimensions: int) -> str:
    # A view binds no values. Its table is not qualified: DuckDB searches the view's own schema first, so the view
    # works with any catalog name.
    return (
        f"SELECT * EXCLUDE (embedding, sparse), embedding::FLOAT[{dimensions}] AS embedding FROM vectors"  # noqa: S608
        f" WHERE vector_name = {literal(vector_name)} AND embedding IS NOT NULL"
    )
