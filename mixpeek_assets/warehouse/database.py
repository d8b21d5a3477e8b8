"""The one code path that opens the DuckDB file: queue on the lock, open, one transaction, close."""

import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import duckdb
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from mixpeek_assets.lock import LockTimeoutError, exclusive
from mixpeek_assets.warehouse.disk import disk_error, disk_error_of
from mixpeek_assets.warehouse.engine import OpenFile
from mixpeek_assets.warehouse.errors import WarehouseBusyError, WarehouseError
from mixpeek_assets.warehouse.migration import migrate, needs_migration

log = logging.getLogger(__name__)


class Database:
    """A DuckDB file that many processes share, one short transaction at a time.

    Args:
        path: The file; made, with its folder, when it is not there.
        timeout: Seconds to wait while another program holds the file.
    """

    def __init__(self, path: Path, timeout: float = 1800) -> None:
        self.path = path
        self.timeout = timeout

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file, alone, for one transaction: committed at the end, rolled back on an exception.

        Raises:
            WarehouseBusyError: someone else held the file for longer than `timeout`.
            WarehouseError: the file cannot be used.
        """
        with self.connection() as connection:
            connection.begin()
            try:
                yield connection
            except BaseException:
                with suppress(duckdb.Error):  # it must not hide why
                    connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def connection(self, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file, alone among our processes; read-only, it can be shared with other readers.

        Raises:
            WarehouseBusyError: someone else held the file for longer than `timeout`.
            DiskError: the disk is full, or may not be written.
            WarehouseError: the file cannot be used.
        """
        with self._queued(read_only=read_only):
            file = self._open(read_only=read_only and self.path.exists())
            try:
                if needs_migration(file.connection, self.path):
                    if read_only:
                        file.close()
                        file = self._open(read_only=False)
                    migrate(file.connection)
                yield file.connection
            except duckdb.Error as error:
                if disk_error := disk_error_of(self.path, error):
                    raise disk_error from None
                raise
            finally:
                file.close()

    @contextmanager
    def _queued(self, *, read_only: bool) -> Iterator[None]:
        with ExitStack() as stack:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                lock = self.path.with_name(self.path.name + ".lock")
                stack.enter_context(exclusive(lock, self.timeout))
            except LockTimeoutError as error:
                raise WarehouseBusyError(str(error)) from None
            except OSError as error:
                # Where the lock cannot be written, a reader goes without its turn: DuckDB's own lock keeps writers off.
                if not read_only or not os.access(self.path, os.R_OK):
                    raise disk_error(self.path.parent, error) from None
            yield

    def _open(self, *, read_only: bool) -> OpenFile:
        waiting = _Waiting(self.path)
        retrying = Retrying(
            retry=retry_if_exception(_is_held),
            wait=wait_random_exponential(multiplier=0.05, max=1),
            stop=stop_after_delay(self.timeout),
            before_sleep=waiting,
            reraise=True,
        )
        try:
            return retrying(self._attach, read_only=read_only)
        except duckdb.Error as error:
            raise _explained(error, self.path, self.timeout) from None

    def _attach(self, *, read_only: bool) -> OpenFile:
        if not self.path.exists():
            # Under another name first: of a death in the middle, DuckDB leaves a file that it never opens again.
            unfinished = self.path.with_name(f"{self.path.name}.new")
            unfinished.unlink(missing_ok=True)
            OpenFile(unfinished).close()
            unfinished.rename(self.path)
        return OpenFile(self.path, read_only=read_only)


class _Waiting:
    """Says who holds the file: at once, and then every half minute."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._said = float("-inf")

    def __call__(self, state: RetryCallState) -> None:
        if time.monotonic() - self._said < 30 or state.outcome is None:
            return
        self._said = time.monotonic()
        log.warning("Waiting for %s: %s has it open", self._path, _holder(state.outcome.exception()))


def _is_held(error: BaseException) -> bool:
    # The second is a connection of this very process, outside this class.
    return isinstance(error, duckdb.Error) and (
        "Could not set lock on file" in str(error) or "Unique file handle conflict" in str(error)
    )


def _holder(error: BaseException | None) -> str:
    found = re.search(r"held in (.+?) \(PID (\d+)\)", str(error))
    return f"{Path(found[1]).name} (process {found[2]})" if found else "this process or one of another user"


def _explained(error: duckdb.Error, path: Path, timeout: float) -> WarehouseError:
    message = str(error)
    if _is_held(error):
        return WarehouseBusyError(f"{path} was held open by {_holder(error)} for {timeout:.0f} s: close it there")
    if "not a valid DuckDB database file" in message:
        return WarehouseError(f"{path} is not a DuckDB file: move it away, or set MIXPEEK_WAREHOUSE to another path")
    if "version number" in message or "newer" in message:
        return WarehouseError(
            f"{path} was written by a newer DuckDB than the installed {duckdb.__version__}: "
            "upgrade duckdb, or set MIXPEEK_WAREHOUSE to another path"
        )
    if disk_error := disk_error_of(path, error):
        return disk_error
    if isinstance(error, duckdb.IOException | duckdb.PermissionException):
        return WarehouseError(f"{path} cannot be opened ({message}): set MIXPEEK_WAREHOUSE to a path you may write")
    return WarehouseError(f"{path}: {message}")
