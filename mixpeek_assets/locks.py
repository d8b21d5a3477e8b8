"""What the processes of a site take turns by, and by what they see that another is alive: in a folder, or in a cluster.

A site in a folder locks files (`FolderLocks`, `FolderLeases`); a cluster has the same in PostgreSQL (`cluster/`).
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from mixpeek_assets.errors import UserError
from mixpeek_assets.lock import abandoned, create_locked, exclusive


class LockLostError(UserError):
    """A lock or a lease is no longer this process's although it was not released: what it guards must stop."""

    retryable = True


class Locks(Protocol):
    """Exclusive locks between all processes and threads of a site, which serve their waiters in turn."""

    def exclusive(
        self, name: str, timeout: float, on_wait: Callable[[str], object] | None = None
    ) -> AbstractContextManager[None]:
        """Hold the lock of that name, waiting in turn for at most `timeout` seconds.

        Args:
            name: The lock.
            timeout: Seconds to wait.
            on_wait: Called with a sentence that names the holder, when the wait is long.

        Raises:
            LockTimeoutError: the lock was not free in time; the message names its holder.
        """
        ...

    def verify(self) -> None:
        """Check that what this object holds is still held; costs nothing where nothing is.

        Raises:
            LockLostError: a lock was lost.
        """
        ...


class Leases(Protocol):
    """Signs of life: whoever takes one holds it until it is released or the process ends, however it ends."""

    def take(self, name: str) -> bool:
        """Take a lease, or keep it; False: another process holds it.

        Raises:
            LockLostError: this process held it and has lost it.
        """
        ...

    def release(self, name: str) -> None:
        """Give a lease back, if this process holds it."""
        ...

    def is_dead(self, name: str) -> bool:
        """Say whether nobody holds it."""
        ...

    @contextmanager
    def held(self, name: str) -> Iterator[bool]:
        """Hold a lease while the block lasts, and yield True; False: another process holds it, so leave it the work."""
        is_ours = self.take(name)
        try:
            yield is_ours
        finally:
            if is_ours:
                self.release(name)


class FolderLocks:
    """Locks of files in a folder, which is made when it is needed.

    Args:
        folder: The folder of the lock files, `<name>.lock`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def exclusive(
        self, name: str, timeout: float, on_wait: Callable[[str], object] | None = None
    ) -> AbstractContextManager[None]:
        """Hold the lock; see `Locks`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return exclusive(self._folder / f"{name}.lock", timeout, on_wait)

    def verify(self) -> None:
        """Do nothing: the kernel takes no lock away."""


class FolderLeases(Leases):
    """Leases that are locked files in a folder.

    Args:
        folder: The folder of the files, `<name>.lock`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, name: str) -> bool:
        """Take a lease; see `Leases`. What dead processes have left is cleared away."""
        file = self._file(name)
        with _guard:
            if (os.getpid(), file) in _leases:
                return True
            self._folder.mkdir(parents=True, exist_ok=True)
            for left in self._folder.glob("*.lock"):
                _clear(left)
            try:
                _leases[os.getpid(), file] = create_locked(file)
            except FileExistsError:
                return False
            return True

    def release(self, name: str) -> None:
        """Give a lease back; see `Leases`."""
        file = self._file(name)
        with _guard:
            if (handle := _leases.pop((os.getpid(), file), None)) is not None:
                file.unlink(missing_ok=True)
                os.close(handle)

    def is_dead(self, name: str) -> bool:
        """Say whether nobody holds it; see `Leases`."""
        return _clear(self._file(name))

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.lock"


_leases: dict[tuple[int, Path], int] = {}
"""The handles of the leases of a process, by its id: a fork has none."""
_guard = threading.Lock()


def _clear(file: Path) -> bool:
    """Remove a file that no process has locked; say whether it is gone."""
    with abandoned(file) as dead:
        if dead is not None:
            file.unlink()
    return not file.exists()
