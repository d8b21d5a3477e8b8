"""One DuckDB instance a process, reused across openings: starting one takes three times as long as attaching a file."""

import atexit
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from mixpeek_assets.sql_files import literal

CATALOG = "warehouse"
"""The name of the catalog that a store is attached as."""

_STORAGE = "v1.5.0"
"""The format of new files: programs with DuckDB 1.5 can read them too, whichever DuckDB writes them."""

_ROW_GROUP_SIZE = 8192
"""A thread writes whole row groups: with groups twice as large, a transaction of 20,000 rows keeps one thread busy."""

MERGE_EVERY = 11
"""A session merges the row groups of small commits if the file's number of used blocks is a multiple of this.

A commit has row groups of its own and so takes a block or two of 256 KiB, however few its rows are: about every
eleventh session merges, in any process, and the file alone decides which. A prime number, because jobs that
repeat the same few commits would otherwise always merge the same table, and never another.
Merging in every session would also rewrite large row groups: a third more CPU for landings of 2,400 vectors, and with
DuckDB's hundred tasks instead of one, 100 landings of one partition left the file at 2.5 x its live size.
"""

_USED_BLOCKS = "SELECT used_blocks FROM pragma_database_size() WHERE database_name = $catalog"

_CONFIG: Mapping[str, Any] = {
    "preserve_insertion_order": False,
    "custom_user_agent": "mixpeek_assets",
}

_idle: dict[tuple[int, str | None], duckdb.DuckDBPyConnection] = {}
"""Keyed by PID, because a forked child does not inherit DuckDB's threads, and by what is attached."""

_MOST_ATTACHED = 2
"""Instances with a store attached: a process has one store, which it writes and reads."""

_changing = threading.Lock()


class Session:
    """What is open of a store: a connection whose default catalog is the warehouse.

    Args:
        attach: Attaches the store as the catalog `warehouse`.
        stays: What names a store that stays attached between two sessions, because nobody waits for it to be let go;
            None: it is let go.

    Attributes:
        connection: Its temporary tables end with it.
        was_attached: Whether it was still attached from a session before.
    """

    def __init__(self, attach: Callable[[duckdb.DuckDBPyConnection], object], stays: str | None = None) -> None:
        self._is_open = True
        self._stays = stays
        self._engine, self.was_attached = _take(stays)
        self.connection = self._engine.cursor()
        try:
            self.connection.execute("SET TimeZone = 'UTC'")  # a time without a zone is UTC
            self.connection.execute("SET enable_progress_bar = false")  # it would be shown in a run's log
            if not self.was_attached:
                attach(self.connection)
            self.connection.execute(f"USE {CATALOG}")
        except BaseException:
            self.discard()
            raise

    def close(self) -> None:
        """Release the store, even after a fatal error; a second call does nothing."""
        if not self._is_open:
            return
        self._is_open = False
        self.connection.close()
        try:
            if not self._stays:
                self._engine.execute(f"DETACH {CATALOG}")
        except duckdb.Error:
            self._engine.close()  # A fatal error broke it: closing it releases the store too.
        else:
            _keep(self._engine, self._stays)

    def discard(self) -> None:
        """Release the store, and keep nothing of it."""
        self._is_open = False
        self.connection.close()
        self._engine.close()


class OpenFile(Session):
    """An open DuckDB file.

    Args:
        path: The file.
        read_only: Whether other readers may have it open too.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        # DuckDB would take the type from the file, and fetch an extension to write into an SQLite file.
        options = f"TYPE duckdb, ROW_GROUP_SIZE {_ROW_GROUP_SIZE}"
        if read_only:
            options += ", READ_ONLY"
        elif not path.exists():
            options += f", STORAGE_VERSION {literal(_STORAGE)}"
        super().__init__(lambda session: session.execute(f"ATTACH {literal(str(path))} AS {CATALOG} ({options})"))
        if not read_only:
            self.connection.execute(f"SET max_vacuum_tasks = {int(self._should_merge())}")

    def _should_merge(self) -> bool:
        found = self.connection.execute(_USED_BLOCKS, {"catalog": CATALOG}).fetchone()
        return found is not None and found[0] % MERGE_EVERY == 0


def _take(attached: str | None) -> tuple[duckdb.DuckDBPyConnection, bool]:
    """Return an instance, and say whether it has that store attached."""
    with _changing:
        if idle := _idle.pop((os.getpid(), attached), None):
            return idle, attached is not None
        others = [key for key in _idle if key[0] == os.getpid() and key[1] is not None]
        # One with another store has loaded its extensions, which takes longer than to attach.
        another = _idle.pop(others[0]) if attached is not None and len(others) >= _MOST_ATTACHED else None
    if another is not None:
        try:
            another.execute(f"DETACH {CATALOG}")
        except duckdb.Error:
            another.close()
        else:
            return another, False
    return duckdb.connect(config=dict(_CONFIG)), False


def _keep(engine: duckdb.DuckDBPyConnection, attached: str | None) -> None:
    key = (os.getpid(), attached)
    with _changing:
        others = [one for one in _idle if one[0] == key[0] and one[1] is not None]
        if is_kept := key not in _idle and (attached is None or len(others) < _MOST_ATTACHED):
            _idle[key] = engine
    if not is_kept:
        engine.close()


@atexit.register
def _end() -> None:
    for (pid, _), engine in _idle.items():
        if pid == os.getpid():
            engine.close()
