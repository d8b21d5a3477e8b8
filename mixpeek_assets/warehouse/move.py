"""Copies a warehouse from one store to another, days at a time, each verified before it is committed.

Nothing is remembered of what was copied: the days of both are compared, and those that differ are written again. So a
copy that died goes on where it was, and one whose source has changed since is mended.
"""

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb

from mixpeek_assets.sql_files import literal, quote
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.database import Database
from mixpeek_assets.warehouse.errors import WarehouseError
from mixpeek_assets.warehouse.file_store import FileStore
from mixpeek_assets.warehouse.schema import SCHEMA, TABLES
from mixpeek_assets.warehouse.search_macros import refresh_search_macros
from mixpeek_assets.warehouse.views import refresh_views
from mixpeek_assets.warehouse.warehouse import Warehouse

_ROWS = 50_000
"""Days are copied together up to so many rows: a transaction for each would take longer than its rows."""

_REQUESTS = f"{SCHEMA}_internal.refetch_requests"
_COLUMNS: Mapping[str, Sequence[str]] = {
    **{f"{SCHEMA}.{table.name}": [column.name for column in table.columns] for table in TABLES},
    _REQUESTS: ["verb", "object_id"],
}
"""The tables that are copied. What else is in `mixpeek_internal` is made anew of them."""

Digest = tuple[int, int]
"""How many rows a day has, and the sum of their hashes."""


@dataclass(frozen=True)
class MovedTable:
    """What became of a table.

    Attributes:
        name: With its schema.
        rows: How many it has.
        copied: How many of them were written now; the others were there.
        seconds: How long it took.
    """

    name: str
    rows: int
    copied: int
    seconds: float


class _Part(NamedTuple):
    """Some days, and what they are to have; a table without days is of the day None, as rows without one are."""

    days: Sequence[date | None]
    digest: Digest


def move(source: Warehouse, target: Warehouse) -> Generator[MovedTable]:
    """Copy a warehouse, table by table; the source stays as it is.

    Nobody else writes to either meanwhile. Landing files of this machine that wait are loaded first.

    Args:
        source: What is copied.
        target: Empty, or what an earlier copy of this source has left.

    Raises:
        WarehouseError: there is nothing to copy, the target is the source or has the rows of another warehouse, or
            either cannot be used.
    """
    _refuse_same(source, target)
    if not source.exists():
        raise WarehouseError(f"there is no warehouse at {source.name}: nothing to move")
    source.load_pending()
    for warehouse in (source, target):
        with warehouse.database.connection(read_only=True):  # It is made, or brought up to date.
            pass
    with _held(source.database, read_only=True) as old, _held(target.database, read_only=False) as new:
        digests = {table: _digests(old, table) for table in _COLUMNS}
        if not any(digests.values()):
            raise WarehouseError(f"{source.name} has no rows: nothing to move")
        _claim(source, target, new, digests)
        for table, days in digests.items():
            yield _move_table(source, target, old, new, table, days)
        new.begin()
        refresh_views(new, anew=True)
        refresh_search_macros(new)
        SQL.run(new, "move_over")
        new.commit()


def left_behind(source: Warehouse) -> list[str]:
    """Return the tables and views of somebody else, and the columns in our tables, which are not copied."""
    with source.database.connection(read_only=True) as connection:
        return SQL.values(connection, "not_moved", tables=[*_COLUMNS], columns=_all_columns())


def _refuse_same(source: Warehouse, target: Warehouse) -> None:
    one, other = source.site.store, target.site.store
    same_file = (
        isinstance(one, FileStore) and isinstance(other, FileStore) and one.path.resolve() == other.path.resolve()
    )
    if same_file or one.name == other.name:
        raise WarehouseError(f"{source.name} is what is to be moved: name another place")


@contextmanager
def _held(database: Database, *, read_only: bool) -> Generator[duckdb.DuckDBPyConnection]:
    """Keep the turn of a writer, so that nobody writes, and see one moment."""
    with database.store.turn(database.timeout, database.report_wait, read_only=False), ExitStack() as opened:
        try:
            session = opened.enter_context(closing(database.store.attach(read_only=read_only)))
        except duckdb.Error as error:
            raise database.store.opening_error(error) from None
        try:
            yield session.connection
        except (duckdb.Error, OSError) as error:
            if found := database.store.outage(error) or database.store.damage(error):
                raise found from None
            raise


def _claim(
    source: Warehouse,
    target: Warehouse,
    new: duckdb.DuckDBPyConnection,
    digests: Mapping[str, Mapping[date | None, Digest]],
) -> None:
    """Note in the target whose rows it takes, unless it is whole already; refuse one with the rows of another."""
    SQL.run(new, "move_begins")
    claimed = SQL.values(new, "moved_from")
    if claimed == [source.name]:
        return
    there = {table: _digests(new, table) for table in _COLUMNS}
    if any(there.values()) and there != digests:
        if not claimed:
            SQL.run(new, "move_over")
        whose = f"a part of {claimed[0]}" if claimed else "the rows of another warehouse"
        raise WarehouseError(f"{target.name} has {whose}: move to an empty place")
    SQL.run(new, "claim_for_move", source=source.name)


def _move_table(
    source: Warehouse,
    target: Warehouse,
    old: duckdb.DuckDBPyConnection,
    new: duckdb.DuckDBPyConnection,
    table: str,
    days: Mapping[date | None, Digest],
) -> MovedTable:
    began, copied = time.monotonic(), 0
    there = _digests(new, table)
    differing = {day: days.get(day, (0, 0)) for day in {**there, **days} if there.get(day) != days.get(day)}
    for part in _parts(differing):
        source.site.locks.verify()
        target.site.locks.verify()
        _copy(old, new, table, part)
        copied += part.digest[0]
    return MovedTable(table, sum(rows for rows, _ in days.values()), copied, time.monotonic() - began)


def _parts(days: Mapping[date | None, Digest]) -> Iterator[_Part]:
    """Yield days together up to a number of rows."""
    chosen: list[date | None] = []
    rows = total = 0
    for day, (count, digest) in sorted(days.items(), key=lambda one: (one[0] is None, one[0])):
        if chosen and rows + count > _ROWS:
            yield _Part(chosen, (rows, total))
            chosen, rows, total = [], 0, 0
        chosen, rows, total = [*chosen, day], rows + count, total + digest
    if chosen:
        yield _Part(chosen, (rows, total))


def _copy(old: duckdb.DuckDBPyConnection, new: duckdb.DuckDBPyConnection, table: str, part: _Part) -> None:
    """Write a part into the target, in one transaction, by way of a file: either may be far away, and neither waits."""
    columns, where = ", ".join(map(quote, _COLUMNS[table])), _where(table, part.days)
    with TemporaryDirectory(prefix="mixpeek-") as folder:
        file = literal(str(Path(folder) / "part.parquet"))
        old.execute(
            f"COPY (SELECT {columns} FROM {table} WHERE {where}) TO {file} (FORMAT parquet, ROW_GROUP_SIZE 8192)"  # noqa: S608
        )
        new.begin()
        try:
            new.execute(f"DELETE FROM {table} WHERE {where}")  # noqa: S608
            new.execute(f"INSERT INTO {table} BY NAME SELECT {columns} FROM read_parquet({file})")  # noqa: S608
            _verify(new, table, part)
        except BaseException:
            new.rollback()
            raise
        new.commit()


def _verify(connection: duckdb.DuckDBPyConnection, table: str, part: _Part) -> None:
    found = _digests(connection, table, _where(table, part.days)).values()
    if (sum(rows for rows, _ in found), sum(digest for _, digest in found)) != part.digest:
        raise WarehouseError(
            f"{table} came out different from {part.days[0]} on, and none of it was kept: run it again"
        )


def _digests(connection: duckdb.DuckDBPyConnection, table: str, where: str = "TRUE") -> dict[date | None, Digest]:
    """Return what each day of a table has."""
    day = "NULL::DATE" if table == _REQUESTS else "partition_date"
    columns = ", ".join(map(quote, _COLUMNS[table]))
    found = connection.execute(
        f"SELECT {day} AS day, count(*), sum(hash({columns})::HUGEINT) FROM {table} WHERE {where} GROUP BY day"  # noqa: S608
    ).fetchall()
    return {one: (count, int(digest)) for one, count, digest in found}


def _where(table: str, days: Sequence[date | None]) -> str:
    if table == _REQUESTS:
        return "TRUE"
    dated = [f"DATE '{day}'" for day in days if day is not None]
    # With a range, by which whole files and row groups are left out.
    conditions = (
        [f"partition_date BETWEEN {dated[0]} AND {dated[-1]} AND partition_date IN ({', '.join(dated)})"]
        if dated
        else []
    )
    conditions += ["partition_date IS NULL"] if None in days else []
    return f"({' OR '.join(conditions)})"


def _all_columns() -> list[str]:
    return [f"{table}.{column}" for table, columns in _COLUMNS.items() for column in columns]
