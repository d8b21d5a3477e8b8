"""An exclusive lock between processes and threads that serves its waiters in turn.

The kernel's `flock` queues its waiters, wakes the next one at once and releases the lock when its holder dies. A lock
that is polled does neither: the longest of 1,600 waits was 0.6 s with flock and 10.8 s with the filelock package.
"""

import fcntl
import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mixpeek_assets.errors import UserError

REPORT_AFTER = 5.0
"""Seconds of waiting in turn before the first report; shorter waits are normal."""

REPORT_EVERY = 30.0
"""Seconds between two reports of one wait."""


class LockTimeoutError(UserError):
    """The lock was not free in time; the message names its holder."""

    retryable = True


class Waiter(ABC):
    """Waits for a lock, reports a long wait, and gives up in time."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What messages call the lock."""

    @abstractmethod
    def holder(self) -> str:
        """Return who holds it now."""

    @abstractmethod
    def comes_within(self, seconds: float) -> bool:
        """Wait for some seconds, and say whether the turn has come."""

    @abstractmethod
    def leave(self) -> None:
        """Leave the queue, whether or not the turn comes in this moment."""

    def wait(self, timeout: float, on_wait: Callable[[str], object] | None) -> None:
        """Wait for the turn.

        Raises:
            LockTimeoutError: it did not come in time.
        """
        try:
            came = self._comes_in_time(timeout, on_wait)
        except BaseException:
            self.leave()
            raise
        if not came:
            holder = self.holder()
            self.leave()
            raise LockTimeoutError(f"{self.name} was held by {holder} for {timeout:.0f} s")

    def _comes_in_time(self, timeout: float, on_wait: Callable[[str], object] | None) -> bool:
        deadline, report = time.monotonic() + timeout, REPORT_AFTER
        while (left := deadline - time.monotonic()) > report:
            if self.comes_within(report):
                return True
            if on_wait is not None:
                on_wait(f"Waiting for {self.name}: {self.holder()} holds it")
            report = REPORT_EVERY
        return self.comes_within(max(left, 0))


@contextmanager
def exclusive(path: Path, timeout: float, on_wait: Callable[[str], object] | None = None) -> Iterator[None]:
    """Hold the lock file at `path`, waiting in turn for at most `timeout` seconds.

    Args:
        path: The lock's file.
        timeout: Seconds to wait.
        on_wait: Called with a sentence that names the holder, when the wait is long.

    Raises:
        LockTimeoutError: the lock was not free in time.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    if not try_lock(handle):
        _FileWaiter(path, handle).wait(timeout, on_wait)
    try:
        with suppress(OSError):  # Disk full: waiters just will not see who holds the lock.
            os.truncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def try_lock(handle: int) -> bool:
    """Take the lock of an open file if it is free."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def create_locked(path: Path) -> int:
    """Create a file and hold its lock while it is open; return its handle. Found unlocked, its creator has died."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle
        os.close(handle)  # Between the two calls, another process took it for a dead creator's file and removed it.


@contextmanager
def abandoned(path: Path) -> Iterator[int | None]:
    """Lock a file of `create_locked` whose creator has died, and yield its handle; else None."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        yield None
        return
    try:
        # A free lock may also mean that the creator has just renamed or removed the file.
        yield handle if try_lock(handle) and path.exists() else None
    finally:
        os.close(handle)


class _FileWaiter(Waiter):
    """Blocks on flock in a helper thread, because flock has no timeout.

    A caller that gives up leaves the handle to the thread, which closes it when its turn comes.
    """

    def __init__(self, path: Path, handle: int) -> None:
        self._path, self._handle = path, handle
        self._turn = threading.Event()
        self._state = threading.Lock()
        self._abandoned = False
        threading.Thread(target=self._block, daemon=True, name="mixpeek-lock").start()

    @property
    def name(self) -> str:
        return str(self._path)

    def holder(self) -> str:
        return f"process {os.pread(self._handle, 32, 0).decode(errors='replace') or 'unknown'}"

    def comes_within(self, seconds: float) -> bool:
        return self._turn.wait(seconds)

    def leave(self) -> None:
        with self._state:
            if self._turn.is_set():
                os.close(self._handle)
            self._abandoned = True

    def _block(self) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        with self._state:
            if self._abandoned:
                os.close(self._handle)
            else:
                self._turn.set()
