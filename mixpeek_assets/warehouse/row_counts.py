"""What a load did with the rows of each table, for a run's report."""

from collections import Counter
from typing import Literal, get_args

import duckdb

from mixpeek_assets.warehouse.schema import SCHEMA, TABLE, TableName

Fate = Literal["inserted", "replaced", "unchanged", "rejected"]
"""What became of a row. One that is loaded again with the same data is `unchanged`, with other data `replaced`.
`rejected` are the replies, and parts of replies, that are in `rejects`."""

RowCounts = Counter[tuple[TableName, Fate]]
"""How many rows of a table had which fate. What is rejected of an asset's list of features counts for `assets`."""


def of_table(table: TableName, **fates: int) -> RowCounts:
    """Return the counts of one table."""
    return RowCounts({(table, fate): fates.get(fate, 0) for fate in get_args(Fate)})


def replace_known(connection: duckdb.DuckDBPyConnection, table: TableName, run_id: str | None) -> tuple[int, int]:
    """Delete the rows that a load has found in its table (`known_…`), and compare them with the new ones.

    Runs only if there are some, so that a first load does not pay for the comparison.

    Returns:
        How many rows of the run (None: of all runs) replaced one with other data, and how many one with the same.
    """
    key = ", ".join(TABLE[table].key)
    content = f"{key}, hash(*COLUMNS(* EXCLUDE (run_id, loaded_at))) AS content"
    known = f"FROM {SCHEMA}.{table} WHERE rowid IN (SELECT place FROM known_{table})"  # noqa: S608
    # The new rows are those that its own transaction has written.
    new = f"FROM {SCHEMA}.{table} WHERE loaded_at = now() AND rowid NOT IN (SELECT place FROM known_{table})"  # noqa: S608
    found = connection.execute(
        "SELECT count(*) FILTER (WHERE old.content != new.content), count(*) FILTER (WHERE old.content = new.content)"  # noqa: S608
        f" FROM (SELECT {content} {known}) AS old JOIN (SELECT run_id, {content} {new}) AS new"
        f" USING ({key}) WHERE coalesce(new.run_id = $run_id, TRUE)",
        {"run_id": run_id},
    ).fetchall()
    connection.execute(f"DELETE {known}")
    return found[0]
