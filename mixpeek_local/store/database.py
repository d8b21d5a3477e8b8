"""The SQLite file: connections, transactions, the clock."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

SCHEMA_VERSION = 3


class Database:
    """One connection for each thread; readers never wait for a writer (WAL)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._prepare()

    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            # Only `close` touches it from another thread.
            connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            self._local.connection = connection
            self._connections.append(connection)
        return connection

    def _prepare(self) -> None:
        """Create the tables, or migrate an older file."""
        connection = self.connection()
        if _version(connection) == SCHEMA_VERSION:
            return
        with self.transaction():
            if _version(connection) == SCHEMA_VERSION:  # another process was first
                return
            is_first_schema = connection.execute(
                "SELECT name FROM pragma_table_info('tasks') WHERE name = 'interval_sec'"
            )
            if is_first_schema.fetchone():
                _run(connection, "migrate_1.sql")
            _run(connection, "schema.sql")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Commit everything in the block, or nothing."""
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    def close(self) -> None:
        """Close every thread's connection."""
        for connection in self._connections:
            connection.close()


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def _run(connection: sqlite3.Connection, script: str) -> None:
    # Not `executescript`, which commits the transaction that it is called in.
    statement = ""
    for line in Path(__file__).with_name(script).read_text(encoding="utf-8").splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def now() -> str:
    """The time in UTC as ISO 8601 with microseconds, as in all rows."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def as_json(value: Any) -> str:
    """A value as JSON text for a row."""
    return orjson.dumps(value).decode()
