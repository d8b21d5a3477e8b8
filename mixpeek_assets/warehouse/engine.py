"""DuckDB itself, kept running between two openings of the file: to start it takes three times as long as they do."""

import atexit
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from random import random
from typing import Any

import duckdb

from mixpeek_assets.sql_files import literal

_CATALOG = "warehouse"
_ROW_GROUP_SIZE = 8192
"""A thread writes whole row groups by itself: with twice as many rows, a transaction's 20,000 are the work of one."""

_MERGING = 1 / 10
"""The share of sessions that merge the row groups of small commits when they close the file.

A commit has row groups of its own and so takes some 270 KB, however few its rows are: 300 of three vectors left 84 MB.
To merge in every session writes what is large again as well: a third more CPU for landings of 2,400 vectors, and with
DuckDB's hundred tasks instead of one, 100 landings of one partition left the file at 2.5 x its live size.
"""

_CONFIG: Mapping[str, Any] = {
    "preserve_insertion_order": False,
    "custom_user_agent": "mixpeek_assets",
}

_idle: dict[int, duckdb.DuckDBPyConnection] = {}
"""By process: a fork has none of its parent's threads."""

_changing = threading.Lock()


class OpenFile:
    """A DuckDB file that is open.

    Args:
        path: The file.
        read_only: Whether other readers may have it open too.

    Attributes:
        connection: A session of its own: what is temporary in it ends with it.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._is_open = True
        self._engine = _take()
        self.connection = self._engine.cursor()
        merging = int(random() < _MERGING)  # noqa: S311 - no secret
        options = f"ROW_GROUP_SIZE {_ROW_GROUP_SIZE}" + (", READ_ONLY" if read_only else "")
        try:
            self.connection.execute("SET TimeZone = 'UTC'")  # so that a time without a zone is read as UTC
            self.connection.execute("SET enable_progress_bar = false")  # it would stand in a run's log
            self.connection.execute(f"SET max_vacuum_tasks = {merging}")
            self.connection.execute(f"ATTACH {literal(str(path))} AS {_CATALOG} ({options})")
            self.connection.execute(f"USE {_CATALOG}")
        except BaseException:
            self.connection.close()
            self._engine.close()
            raise

    def close(self) -> None:
        """Release the file, whatever has become of it; a second time does nothing."""
        if not self._is_open:
            return
        self._is_open = False
        self.connection.close()
        try:
            self._engine.execute(f"DETACH {_CATALOG}")
        except duckdb.Error:
            self._engine.close()  # a fatal error has broken it: with its end, the file is free too
        else:
            _keep(self._engine)


def _take() -> duckdb.DuckDBPyConnection:
    with _changing:
        idle = _idle.pop(os.getpid(), None)
    return idle or duckdb.connect(config=dict(_CONFIG))


def _keep(engine: duckdb.DuckDBPyConnection) -> None:
    with _changing:
        kept = _idle.setdefault(os.getpid(), engine)
    if kept is not engine:
        engine.close()


@atexit.register
def _end() -> None:
    if engine := _idle.pop(os.getpid(), None):
        engine.close()
