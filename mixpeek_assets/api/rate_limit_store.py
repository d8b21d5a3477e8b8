"""When requests have left, in a file, so that the next knows when it may."""

import logging
import math
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

from pyrate_limiter import Rate, RateItem, SQLiteBucket

from mixpeek_assets import clock

_MARGIN = timedelta(seconds=1)
"""Requests that left evenly may arrive unevenly, and the server counts arrivals."""

_PARTS = 6
"""Into so many parts is a window divided, so that its budget does not go at once and leave the next in line nothing."""

_TABLE = "departures"
_NOT_AFTER = f"UPDATE {_TABLE} SET item_timestamp = ? WHERE item_timestamp > ?"  # noqa: S608 - it holds no data

_log = logging.getLogger(__name__)


class Bucket:
    """The requests of the last window. For one process at a time: whoever calls holds a lock.

    Args:
        file: Where they are kept.
        limit: So many may leave in any window.
        window: How long a window is.
    """

    def __init__(self, file: Path, limit: int, window: timedelta) -> None:
        span = (window + _MARGIN) // timedelta(milliseconds=1)
        part, whole = Rate(math.ceil(limit / _PARTS), span // _PARTS), Rate(limit, span)
        self._rates = [part, whole] if part.limit < limit else [whole]
        self._file = file
        self._bucket: SQLiteBucket | None = None

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
            self._begin_anew(error)
            return self._take()

    def close(self) -> None:
        """Close the file."""
        if self._bucket is not None:
            self._bucket.close()
            self._bucket = None

    def _take(self) -> float:
        bucket = self._bucket = self._bucket or self._open(self._rates)
        now = _now()
        bucket.leak(now)
        # Left while the clock was ahead: taken as left now, or they would be in the way until it is there again.
        with bucket.conn:
            bucket.conn.execute(_NOT_AFTER, (now, now))
        request = RateItem("request", now)
        if bucket.put(request):
            return 0
        pause: Any = bucket.waiting(request)
        return max(pause, 1) / 1000

    def _open(self, rates: list[Rate]) -> SQLiteBucket:
        connection = sqlite3.connect(self._file, check_same_thread=False)
        try:
            # The death of a process loses nothing; what the death of the machine spoils is begun anew.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            connection.execute(f"CREATE TABLE IF NOT EXISTS {_TABLE} (name TEXT, item_timestamp INTEGER)")
            return SQLiteBucket(rates, connection, _TABLE)
        except sqlite3.Error:
            connection.close()
            raise

    def _begin_anew(self, error: sqlite3.DatabaseError) -> None:
        """Empty a spoilt file, in place as others have it open, and begin with a window in which all has left."""
        _log.warning("%s cannot be read (%s): as if the budget were spent, the count is begun anew", self._file, error)
        self.close()
        self._file.with_name(self._file.name + "-journal").unlink(missing_ok=True)
        self._file.write_bytes(b"")
        limit = self._rates[-1]
        spent = self._open([limit])
        spent.put(RateItem("unknown", _now(), weight=limit.limit))
        spent.close()


def _now() -> int:
    return math.floor(clock.now().timestamp() * 1000)
