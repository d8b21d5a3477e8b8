"""The one code path that opens the store: wait for a turn, open, one transaction, close."""

import logging
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing, contextmanager, suppress

import duckdb
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from mixpeek_assets.lock import REPORT_EVERY, LockTimeoutError
from mixpeek_assets.stopwatch import Stopwatch
from mixpeek_assets.warehouse.declared import flaws
from mixpeek_assets.warehouse.engine import Session
from mixpeek_assets.warehouse.errors import WarehouseBusyError, WarehouseError
from mixpeek_assets.warehouse.migration import migrate, needs_migration
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.store import Store

log = logging.getLogger(__name__)


class Database:
    """A store that many processes share, one short transaction at a time.

    Our own processes take turns in order of arrival. A process that finds a file open in another program gives up its
    turn while it waits, so that readers can still read beside that program.

    Args:
        site: The store, created if it does not exist, and the locks.
        timeout: Seconds to wait for a turn and for other programs, together.
        on_wait: Also called with each sentence about a long wait; it is logged either way.

    Attributes:
        waiting: Runs in threads that wait for their turn, or open the file (some milliseconds).
    """

    def __init__(self, site: Site, timeout: float = 1800, on_wait: Callable[[str], object] | None = None) -> None:
        self.site = site
        self.store = site.store
        self.timeout = timeout
        self.waiting = Stopwatch()
        self._on_wait = on_wait

    @contextmanager
    def transaction(self) -> Generator[duckdb.DuckDBPyConnection]:
        """Open the store, alone, for one transaction: committed at the end, rolled back on an exception.

        Raises:
            WarehouseBusyError: another process held the store for longer than `timeout`.
            LockLostError: a lock of this site that is held here was lost, so another process may hold it by now.
            WarehouseError: the store cannot be used.
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
        """Open the store, alone among our writers; read-only, beside the readers of other programs.

        Raises:
            WarehouseBusyError: another process held the store for longer than `timeout`.
            LockLostError: a lock of this site that is held here was lost, so another process may hold it by now.
            DiskError: the disk is full, or cannot be written.
            WarehouseError: the store cannot be used.
        """
        with ExitStack() as opened:
            with self.waiting:
                connection = self._open(opened, read_only=read_only)
            try:
                if not read_only:
                    self.site.locks.verify()
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
        """Return what is wrong with the store; None if the error is one of the statement alone."""
        if found := self.store.outage(error) or self.store.damage(error):
            return found
        with suppress(duckdb.Error):  # It must not hide the first error.
            if flaw := next(flaws(connection), None) if isinstance(error, duckdb.Error) else None:
                undo = "undo that change, or set MIXPEEK_WAREHOUSE to another path"
                return WarehouseError(f"{self.store.name} was changed: {flaw.words}; {undo}")
        return None

    def _open(self, opened: ExitStack, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        deadline = time.monotonic() + self.timeout
        waiting = _Waiting(self.store, self.report_wait)
        retrying = Retrying(
            retry=retry_if_exception(lambda error: self.store.holder(error) is not None),
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
        """Open the store and leave its closing to `opened`; on an error, give the turn to the next."""
        with ExitStack() as attempt:
            session = self._attach(attempt, deadline, read_only=read_only)
            if needs_migration(session.connection, self.store.name):
                attempt.close()
                with ExitStack() as migrating:
                    writer = self._attach(migrating, deadline, read_only=False)
                    if needs_migration(writer.connection, self.store.name):  # nobody else has done it meanwhile
                        migrate(writer.connection, self.store.name)
                session = self._attach(attempt, deadline, read_only=read_only)
            opened.push(attempt.pop_all())
            return session.connection

    def _attach(self, opened: ExitStack, deadline: float, *, read_only: bool) -> Session:
        read_only = read_only and self.store.exists()  # who finds none makes one
        left = max(deadline - time.monotonic(), 0)
        opened.enter_context(self.store.turn(left, self.report_wait, read_only=read_only))
        return opened.enter_context(closing(self.store.attach(read_only=read_only)))

    def _busy(self, holder: str) -> WarehouseBusyError:
        held = f"{self.store.name} was held open by {holder} for {self.timeout:.0f} s"
        return WarehouseBusyError(f"{held}: close it there")

    def _warehouse_error(self, error: duckdb.Error) -> WarehouseError:
        holder = self.store.holder(error)
        return self._busy(holder) if holder else self.store.opening_error(error)


class _Waiting:
    """Reports which program has the store open: at once, and then every half minute."""

    def __init__(self, store: Store, report: Callable[[str], object]) -> None:
        self.holder = ""
        self._store, self._report = store, report
        self._reported = float("-inf")

    def __call__(self, state: RetryCallState) -> None:
        self.holder = self._store.holder(state.outcome.exception() if state.outcome else None) or ""
        if time.monotonic() - self._reported >= REPORT_EVERY:
            self._reported = time.monotonic()
            self._report(f"Waiting for {self._store.name}: {self.holder} has it open")
