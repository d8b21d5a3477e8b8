"""The published file: a read-only copy of the warehouse, which people open while the pipeline works in its own file.

DuckDB lets one process write to a file, or many read it. A copy that is replaced by renaming keeps the two apart: an
open session keeps its moment and delays nothing, and the next one sees the newest.
"""

import errno
import fcntl
import logging
import os
import shutil
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import duckdb

from mixpeek_assets.lock import LockTimeoutError, exclusive
from mixpeek_assets.warehouse.database import Database
from mixpeek_assets.warehouse.disk import disk_errors
from mixpeek_assets.warehouse.engine import OpenFile
from mixpeek_assets.warehouse.errors import WarehouseBusyError, WarehouseError
from mixpeek_assets.warehouse.file_store import opening_error
from mixpeek_assets.warehouse.site import Site

When = Literal["now and then", "at the end", "now"]
"""Whether readers can wait: during a landing, after a step, or not at all."""

LAG = 300.0
"""Seconds by which the published file may lag behind, unless the settings say otherwise."""

SHARE = 0.04
"""The part of a busy pipeline's time that copying may take, until the lag is reached."""

_AT_ONCE = 0.2
"""Seconds of copying that the end of a step is worth, however short the step was."""

_LEAST_GAP = 1.0
_PATIENCE = {"now and then": 5.0, "at the end": 5.0, "now": 60.0}
"""Seconds to wait for the warehouse, by urgency: who gives up leaves it to the next."""

_AFTER_FAILURE = 30.0
_FICLONE = 0x40049409
"""Linux's request to share the blocks of another file."""

_log = logging.getLogger(__name__)


def published_path(warehouse: Path) -> Path:
    """Return the published file of a warehouse. It has the same name, and so the same catalog name in DuckDB."""
    return warehouse.parent / "published" / warehouse.name


@contextmanager
def opened(path: Path) -> Generator[duckdb.DuckDBPyConnection]:
    """Open a file that nobody writes.

    Raises:
        WarehouseError: it cannot be opened.
    """
    try:
        file = OpenFile(path, read_only=True)
    except duckdb.Error as error:
        raise opening_error(path, error) from None
    with closing(file):
        yield file.connection


@dataclass
class Publisher:
    """Publishes a warehouse that is a file, now and then.

    Attributes:
        source: The warehouse's file.
        timeout: Seconds to wait for it at most.
        lag: Seconds by which the published file may lag behind; 0: nothing is published.
        bytes_per_second: How fast copying is; learned from each copy.
    """

    source: Path
    timeout: float = 1800
    lag: float = LAG
    bytes_per_second: float = 500e6
    _failed_at: float = field(default=float("-inf"), init=False)

    @property
    def path(self) -> Path:
        """The published file."""
        return published_path(self.source)

    def publish(self, when: When = "now and then") -> bool:
        """Publish the warehouse if it has changed and that is worth its cost; say whether it was done.

        A failure is logged, and stops nothing: readers keep the file that they have.
        """
        try:
            with disk_errors(self.path.parent):
                if not self._is_due(when):
                    return False
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with exclusive(self._beside("lock"), _PATIENCE[when] if when == "now" else 0):
                    return self.is_behind() and self._replace(when)
        except (LockTimeoutError, WarehouseBusyError) as error:
            _log.info("%s is published later: %s", self.source, error)
        except (WarehouseError, duckdb.Error) as error:
            self._failed_at = time.monotonic()
            _log.warning("%s is not up to date, and readers keep the older one: %s", self.path, error)
        return False

    @property
    def _wal(self) -> Path:
        """DuckDB's log of what is committed and not in the file yet."""
        return Path(f"{self.source}.wal")

    def is_behind(self) -> bool:
        """Say whether the warehouse has changed since it was published."""
        try:
            source, copy = self.source.stat(), self.path.stat()
        except FileNotFoundError:
            return self.source.exists()
        # A copy has the modification time of what it is a copy of. What is in a log will be in the file.
        return self._wal.exists() or (source.st_mtime_ns, source.st_size) != (copy.st_mtime_ns, copy.st_size)

    def _is_due(self, when: When) -> bool:
        if self.lag <= 0 or not self.is_behind():
            return False
        if not self.path.exists():
            return True
        if not os.access(self.path.parent, os.W_OK):
            return False  # This process is a reader's.
        if when == "now":
            return True
        if time.monotonic() - self._failed_at < _AFTER_FAILURE:
            return False
        size = self.source.stat().st_size
        if when == "at the end" and size / self.bytes_per_second < _AT_ONCE:
            return True
        # Renaming sets the time of the last change of the file's status.
        return time.time() - self.path.stat().st_ctime > self.gap(size)

    def gap(self, size: int) -> float:
        """Return the seconds between two copies of so many bytes."""
        return min(max(size / self.bytes_per_second / SHARE, _LEAST_GAP), self.lag)

    def _replace(self, when: When) -> bool:
        unfinished = self._beside("new")
        try:
            with disk_errors(unfinished):
                self._copy(unfinished, _PATIENCE[when])
                OpenFile(unfinished, read_only=True).close()  # What cannot be opened is not published.
                unfinished.replace(self.path)
        finally:
            unfinished.unlink(missing_ok=True)
        return True

    def _copy(self, to: Path, patience: float) -> None:
        database = Database(Site.of_file(self.source), min(patience, self.timeout))
        if self._wal.exists():  # of a process that died: closing the file writes it into the file
            with database.connection():
                pass
        # Open, it keeps out the writers that do not queue with ours.
        with database.connection(read_only=True):
            began = time.monotonic()
            source = self.source.stat()
            _leave_room(to.parent, source.st_size)
            _copy_file(self.source, to)
        to.chmod(0o444)
        os.utime(to, ns=(source.st_atime_ns, source.st_mtime_ns))
        with to.open("rb") as handle:
            os.fsync(handle.fileno())
        self.bytes_per_second = source.st_size / max(time.monotonic() - began, 1e-3)

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(f".{self.path.name}.{ending}")


def _leave_room(folder: Path, size: int) -> None:
    """Refuse to take the space that landings need.

    Raises:
        OSError: there is not twice the space of a copy.
    """
    if shutil.disk_usage(folder).free < 2 * size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def _copy_file(source: Path, to: Path) -> None:
    """Copy a file, or share its blocks where the file system can (Btrfs, XFS): that takes no time and no space."""
    to.unlink(missing_ok=True)
    with source.open("rb") as read, to.open("xb") as written:
        try:
            fcntl.ioctl(written, _FICLONE, read.fileno())
        except OSError:  # This file system cannot.
            shutil.copyfile(source, to)
