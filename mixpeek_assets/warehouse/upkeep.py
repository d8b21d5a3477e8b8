"""The upkeep of a lake: few large files instead of many small ones, and nothing kept that nobody can ask for.

Every landing adds files, and what it changes stays in older ones, for who reads an older snapshot. The upkeep takes
its turn with the other writers, step by step, so that landings do not wait long; readers wait for nobody.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from mixpeek_assets import clock
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.database import Database

GRACE = timedelta(days=1)
"""How long a file stays that no snapshot has. A transaction writes its files before it commits, and a reader may still
be at a snapshot that has expired: both take less."""


@dataclass(frozen=True)
class Size:
    """How large a lake is now, without what only older snapshots have.

    Attributes:
        files: Its Parquet files, those of deletions too.
        bytes: Of these files.
        snapshots: To how many moments one can go back.
    """

    files: int
    bytes: int
    snapshots: int


@dataclass(frozen=True)
class Upkeep:
    """What an upkeep did.

    Attributes:
        before: The lake at its beginning.
        after: The lake at its end.
        expired: How many snapshots it let expire.
        deleted: How many files it deleted.
        seconds: How long it took.
        longest_turn: The longest time in seconds that it kept other writers waiting.
    """

    before: Size
    after: Size
    expired: int
    deleted: int
    seconds: float
    longest_turn: float


def keep_up(database: Database, keep: timedelta, *, grace: timedelta = GRACE) -> Upkeep:
    """Merge small files and those with many deleted rows; forget old snapshots, and delete the files of nobody.

    What dies between two steps has lost nothing: the next upkeep does the rest.

    Args:
        database: A lake.
        keep: How far back one can go.
        grace: How long a file that no snapshot has is kept.

    Raises:
        WarehouseBusyError: other writers were at work for longer than the timeout, or a program outside the queue
            changed the same table.
        WarehouseError: the lake cannot be used.
    """
    began, steps = time.monotonic(), _Steps(database)
    before = _size(database)
    steps.run("lake_write_inlined")
    for schema, table, files, delete_files in _tables(database):
        if delete_files:
            steps.run("lake_rewrite", schema=schema, table=table)
        merged = 0
        while files > 1 and merged < files and steps.run("lake_merge", schema=schema, table=table):
            merged += 1
    expired = steps.run("lake_expire", older_than=clock.now() - keep)
    deleted = steps.run("lake_delete_old", older_than=clock.now() - grace)
    deleted += steps.run("lake_delete_orphaned", older_than=clock.now() - grace)
    return Upkeep(before, _size(database), expired, deleted, time.monotonic() - began, max(steps.seconds))


class _Steps:
    """Runs statements, each in a turn of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.seconds: list[float] = []

    def run(self, name: str, **parameters: Any) -> int:
        """Run a statement; return of how many things it tells."""
        with self._database.connection() as connection:
            began = time.monotonic()
            ((count,),) = SQL.run(connection, name, **parameters).fetchall()
            self.seconds.append(time.monotonic() - began)
        return count


def _tables(database: Database) -> list[tuple[str, str, int, int]]:
    with database.connection(read_only=True) as connection:
        return SQL.run(connection, "lake_tables").fetchall()


def _size(database: Database) -> Size:
    with database.connection(read_only=True) as connection:
        (size,) = SQL.fetch(connection, Size, "lake_size")
    return size
