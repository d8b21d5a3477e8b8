"""A file with the times of past requests, from which the next allowed time follows."""

import logging
import math
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from mixpeek_assets import clock

_MARGIN = timedelta(seconds=1)
"""Requests that leave evenly may arrive unevenly, and the server counts arrivals."""

_PARTS = 6
"""A window has this many parts, each with its share of the limit, so that requests do not leave in one burst."""

_TABLE = "CREATE TABLE IF NOT EXISTS departures (item_timestamp INTEGER)"
_INDEX = "CREATE INDEX IF NOT EXISTS departures_by_time ON departures (item_timestamp)"
_FORGET = "DELETE FROM departures WHERE item_timestamp < ?"
_NOT_AFTER = "UPDATE departures SET item_timestamp = ? WHERE item_timestamp > ?"
_NTH_NEWEST = "SELECT item_timestamp FROM departures ORDER BY item_timestamp DESC LIMIT 1 OFFSET ?"
_COUNT = "INSERT INTO departures (item_timestamp) VALUES (?)"

_log = logging.getLogger(__name__)


class FileBucket:
    """The requests of the last window, of all processes that use the file. Not thread-safe: the caller holds a lock.

    Args:
        file: The SQLite file.
        limit: How many requests may leave in any window.
        window: The length of a window.
    """

    def __init__(self, file: Path, limit: int, window: timedelta) -> None:
        self._file = file
        self._limit = limit
        self._span = (window + _MARGIN) // timedelta(milliseconds=1)
        self._connection: sqlite3.Connection | None = None

    def take(self) -> float:
        """Let a request leave now, and return 0; or return the seconds until one may.

        Raises:
            sqlite3.OperationalError: the file cannot be read or written.
        """
        try:
            return self._take()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            self._restart(error)
            return self._take()

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _take(self) -> float:
        self._connection = self._connection or self._open()
        now = _now()
        with self._connection as transaction:
            transaction.execute(_FORGET, (now - self._span,))
            # Times from a clock that was ahead count as now; otherwise they would block until it gets there again.
            transaction.execute(_NOT_AFTER, (now, now))
            shares = ((self._limit, self._span), (math.ceil(self._limit / _PARTS), self._span // _PARTS))
            pause = max(_free_at(transaction, limit, span) for limit, span in shares) - now
            if pause <= 0:
                transaction.execute(_COUNT, (now,))
        return max(pause, 0) / 1000

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, check_same_thread=False)
        try:
            # A process that dies loses nothing; a file that a power failure corrupts is replaced.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            connection.execute(_TABLE)
            connection.execute(_INDEX)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _restart(self, error: sqlite3.DatabaseError) -> None:
        """Empty a corrupt file in place, since other processes have it open, and count the limit as used up."""
        _log.warning("%s cannot be read (%s): the count restarts with the limit used up", self._file, error)
        self.close()
        self._file.with_name(f"{self._file.name}-journal").unlink(missing_ok=True)
        self._file.write_bytes(b"")
        with closing(self._open()) as connection, connection:
            connection.executemany(_COUNT, [(_now(),)] * self._limit)


def _free_at(connection: sqlite3.Connection, limit: int, span: int) -> int:
    """Return the time from which fewer than `limit` requests are within the last `span`."""
    found = connection.execute(_NTH_NEWEST, (limit - 1,)).fetchone()
    return found[0] + span + 1 if found else 0


def _now() -> int:
    return math.floor(clock.now().timestamp() * 1000)
