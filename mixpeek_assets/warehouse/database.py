"""The one code path that opens the DuckDB file: wait for a turn, open, one transaction, close."""

import logging
import os
import re
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import duckdb
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from mixpeek_assets.lock import REPORT_EVERY, LockTimeoutError, exclusive
from mixpeek_assets.stopwatch import Stopwatch
from mixpeek_assets.warehouse.declared import flaws
from mixpeek_assets.warehouse.disk import damage_of, disk_error_of, disk_errors
from mixpeek_assets.warehouse.engine import OpenFile
from mixpeek_assets.warehouse.errors import DiskError, WarehouseBusyError, WarehouseError
from mixpeek_assets.warehouse.migration import migrate, needs_migration

log = logging.getLogger(__name__)


class Database:
    """A DuckDB file that many processes share, one short transaction at a time.

    Our own processes take turns in order of arrival. A process that finds the file open in another program gives up its
    turn while it waits, so that readers can still read beside that program.

    Args:
        path: The file; created, with its folder, if it does not exist.
        timeout: Seconds to wait for a turn and for other programs, together.
        on_wait: Also called with each sentence about a long wait; it is logged either way.

    Attributes:
        waiting: Runs in threads that wait for their turn, or open the file (some milliseconds).
    """

    def __init__(self, path: Path, timeout: float = 1800, on_wait: Callable[[str], object] | None = None) -> None:
        self.path = path
        self.timeout = timeout
        self.waiting = Stopwatch()
        self._on_wait = on_wait

    @contextmanager
    def transaction(self) -> Generator[duckdb.DuckDBPyConnection]:
        """Open the file, alone, for one transaction: committed at the end, rolled back on an exception.

        Raises:
            WarehouseBusyError: another process held the file for longer than `timeout`.
            WarehouseError: the file cannot be used.
        """
        with self.connection() as connection:
            connection.begin()
            try:
                yield connection
            except BaseException:
                with suppress(duckdb.Error):  # It must not hide the first error.
                    connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def connection(self, *, read_only: bool = False) -> Generator[duckdb.DuckDBPyConnection]:
        """Open the file, alone among our processes; read-only, beside the readers of other programs.

        Raises:
            WarehouseBusyError: another process held the file for longer than `timeout`.
            DiskError: the disk is full, or cannot be written.
            WarehouseError: the file cannot be used.
        """
        with ExitStack() as opened:
            with self.waiting:
                connection = self._open(opened, read_only=read_only)
            try:
                yield connection
            except (duckdb.Error, OSError) as error:
                if explained := self._explained(connection, error):
                    raise explained from None
                raise

    def report_wait(self, sentence: str) -> None:
        """Log a sentence about a long wait, and pass it to `on_wait`."""
        log.warning("%s", sentence)
        if self._on_wait is not None:
            self._on_wait(sentence)

    def _explained(self, connection: duckdb.DuckDBPyConnection, error: duckdb.Error | OSError) -> WarehouseError | None:
        """Return what is wrong with the file; None if the error is one of the statement alone."""
        if found := disk_error_of(self.path, error) or damage_of(self.path, error):
            return found
        with suppress(duckdb.Error):  # It must not hide the first error.
            if flaw := next(flaws(connection), None) if isinstance(error, duckdb.Error) else None:
                undo = "undo that change, or set MIXPEEK_WAREHOUSE to another path"
                return WarehouseError(f"{self.path} was changed: {flaw.words}; {undo}")
        return None

    def _open(self, opened: ExitStack, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + self.timeout
        waiting = _Waiting(self.path, self.report_wait)
        retrying = Retrying(
            retry=retry_if_exception(_is_held),
            wait=wait_random_exponential(multiplier=0.05, max=1),
            stop=stop_after_delay(self.timeout),
            before_sleep=waiting,
            reraise=True,
        )
        try:
            return retrying(self._open_in_turn, opened, deadline, read_only=read_only)
        except LockTimeoutError as error:
            # Other processes of ours wait too: name the program that holds the file.
            raise self._busy(waiting.holder) if waiting.holder else WarehouseBusyError(str(error)) from None
        except duckdb.Error as error:
            raise self._warehouse_error(error) from None

    def _open_in_turn(self, opened: ExitStack, deadline: float, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        """Open the file and leave its closing to `opened`; on an error, give the turn to the next."""
        with ExitStack() as attempt:
            attempt.enter_context(self._turn(deadline, read_only=read_only))
            file = attempt.enter_context(closing(self._attach(read_only=read_only and self.path.exists())))
            if needs_migration(file.connection, self.path):
                file.close()
                with closing(self._attach(read_only=False)) as older:
                    migrate(older.connection, self.path)
                file = attempt.enter_context(closing(self._attach(read_only=read_only)))
            opened.push(attempt.pop_all())
            return file.connection

    @contextmanager
    def _turn(self, deadline: float, *, read_only: bool) -> Generator[None]:
        with ExitStack() as turn:
            try:
                with disk_errors(self.path.parent):
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                    lock = self.path.with_name(f"{self.path.name}.lock")
                    turn.enter_context(exclusive(lock, max(deadline - time.monotonic(), 0), self.report_wait))
            except DiskError:
                # A reader can do without a lock file that cannot be written: DuckDB's own lock keeps writers out.
                if not read_only or not os.access(self.path, os.R_OK):
                    raise
            yield

    def _attach(self, *, read_only: bool) -> OpenFile:
        if (self.path.exists() and not self.path.is_file()) or (self.path.is_symlink() and not self.path.exists()):
            raise WarehouseError(f"{self.path} is not a file: set MIXPEEK_WAREHOUSE to the path of a DuckDB file")
        if not self.path.exists():
            # Under another name first: DuckDB cannot open a file whose creation was interrupted.
            unfinished = self.path.with_name(f"{self.path.name}.new")
            with disk_errors(unfinished):
                unfinished.unlink(missing_ok=True)
                OpenFile(unfinished).close()
                unfinished.rename(self.path)
        return OpenFile(self.path, read_only=read_only)

    def _busy(self, holder: str) -> WarehouseBusyError:
        return WarehouseBusyError(f"{self.path} was held open by {holder} for {self.timeout:.0f} s: close it there")

    def _warehouse_error(self, error: duckdb.Error) -> WarehouseError:
        return self._busy(_holder(error)) if _is_held(error) else opening_error(self.path, error)


def opening_error(path: Path, error: duckdb.Error) -> WarehouseError:
    """Return why a file could not be opened, as a sentence."""
    message = str(error)
    if "not a valid DuckDB database file" in message:
        return WarehouseError(f"{path} is not a DuckDB file: move it away, or set MIXPEEK_WAREHOUSE to another path")
    if "version number" in message or "newer" in message:
        return WarehouseError(
            f"{path} was written by a newer DuckDB than the installed {duckdb.__version__}: "
            "upgrade duckdb, or set MIXPEEK_WAREHOUSE to another path"
        )
    if found := disk_error_of(path, error) or damage_of(path, error):
        return found
    if isinstance(error, duckdb.IOException | duckdb.PermissionException):
        hint = "set MIXPEEK_WAREHOUSE to a path you may write"
        return WarehouseError(f"{path} cannot be opened ({message}): {hint}")
    hint = "rename what is in the way in the schema `mixpeek`, or set MIXPEEK_WAREHOUSE to another path"
    return WarehouseError(f"{path} cannot take the tables of mixpeek_assets ({message}): {hint}")


class _Waiting:
    """Reports which program has the file open: at once, and then every half minute."""

    def __init__(self, path: Path, report: Callable[[str], object]) -> None:
        self.holder = ""
        self._path, self._report = path, report
        self._reported = float("-inf")

    def __call__(self, state: RetryCallState) -> None:
        self.holder = _holder(state.outcome.exception() if state.outcome else None)
        if time.monotonic() - self._reported >= REPORT_EVERY:
            self._reported = time.monotonic()
            self._report(f"Waiting for {self._path}: {self.holder} has it open")


def _is_held(error: BaseException) -> bool:
    # The second is about a connection of this process, outside this class.
    return isinstance(error, duckdb.Error) and (
        "Could not set lock on file" in str(error) or "Unique file handle conflict" in str(error)
    )


def _holder(error: BaseException | None) -> str:
    found = re.search(r"held in (.+?) \(PID (\d+)\)", str(error))
    return f"{Path(found[1]).name} (process {found[2]})" if found else "this process or one of another user"
