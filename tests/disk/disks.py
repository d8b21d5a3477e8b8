"""Disks that are full when a test says so: a small tmpfs, and where none may be mounted a limit on what files may hold.

A tmpfs is mounted in a mount namespace of its own: no other process sees it, and it goes with its keeper.
"""

import contextlib
import errno
import functools
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

_UNLIMITED = resource.RLIM_INFINITY


class Place(Protocol):
    """Where the data directory lies."""

    folder: Path

    seen_from_here: Path
    """The folder, for a process that does not see the disk."""

    def command(self, *arguments: str) -> list[str]:
        """What runs a command so that it sees the disk."""
        ...

    def use(self, process: subprocess.Popen[str]) -> None:
        """Know of a process that writes here."""
        ...


class Disk(Place, Protocol):
    """A disk that can be full."""

    full: str
    """What the system calls it when nothing fits any more."""

    keeps_what_is_reserved: bool
    """Whether room that was taken before the disk was full can still be written to."""

    def fill(self, leave: int = 0) -> None:
        """Let nothing but so many bytes fit any more."""
        ...

    def make_room(self) -> None:
        """Be a disk with room again."""
        ...


class Closable(Place, Protocol):
    """A folder that can be made one that may be read and not written."""

    closed: str
    """What the system calls it then."""

    def close(self) -> None:
        """Let nothing be written."""
        ...

    def reopen(self) -> None:
        """Let things be written again."""
        ...


class Tmpfs:
    """A small tmpfs."""

    full, closed = os.strerror(errno.ENOSPC), os.strerror(errno.EROFS)
    keeps_what_is_reserved = True

    def __init__(self, folder: Path, keeper: subprocess.Popen[str], megabytes: int) -> None:
        self.folder = folder
        self.seen_from_here = Path(f"/proc/{keeper.pid}/root{folder}")
        self._keeper, self._megabytes = keeper, megabytes

    def command(self, *arguments: str) -> list[str]:
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        enter = ["nsenter", f"--target={self._keeper.pid}", "--mount", *user, "--"]
        # A namespace is entered at its root.
        return [*enter, "sh", "-c", 'cd "$0" && exec "$@"', str(self.folder.parent), *arguments]

    def use(self, process: subprocess.Popen[str]) -> None:
        """Processes come and go."""

    def fill(self, leave: int = 0) -> None:
        """Take what is free until that is little enough: processes may write between the look and the taking."""
        with (self.seen_from_here / "filler").open("ab", buffering=0) as filler:
            for _ in range(1_000):
                system = os.fstatvfs(filler.fileno())
                free = system.f_bavail * system.f_frsize
                if free <= leave:
                    return
                with contextlib.suppress(OSError):  # no room for so much any more: look again
                    os.posix_fallocate(filler.fileno(), os.fstat(filler.fileno()).st_size, free - leave)
        raise AssertionError(f"what is free on {self.folder} cannot be taken")

    def make_room(self) -> None:
        self._megabytes += 8
        self.mount(f"remount,size={self._megabytes}m")

    def close(self) -> None:
        self.mount("remount,ro")

    def reopen(self) -> None:
        self.mount("remount,rw")

    def mount(self, options: str) -> None:
        # With a source named, the options of before, which a user's own namespace refuses, are not given again.
        command = self.command("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder))
        subprocess.run(command, check=True, timeout=30)


class LimitedFiles:
    """A plain folder, whose files the processes that use it may not write to, once it is said to be full."""

    full = os.strerror(errno.EFBIG)
    keeps_what_is_reserved = False

    def __init__(self, folder: Path) -> None:
        self.folder = self.seen_from_here = folder
        self._users: list[subprocess.Popen[str]] = []

    def command(self, *arguments: str) -> list[str]:
        return list(arguments)

    def use(self, process: subprocess.Popen[str]) -> None:
        self._users.append(process)

    def fill(self, leave: int = 0) -> None:
        """Where something is left, a small file may still grow, and the largest may not."""
        self._limit(max(file.stat().st_size for file in self.folder.rglob("*")) if leave else 0)

    def make_room(self) -> None:
        self._limit(_UNLIMITED)

    def _limit(self, size: int) -> None:
        for process in self._users:
            if process.poll() is None:
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, _UNLIMITED))


class OwnFolder:
    """A folder of ours, for processes that may do no more than its owner may: root may write to any."""

    closed = os.strerror(errno.EACCES)

    def __init__(self, folder: Path) -> None:
        self.folder = self.seen_from_here = folder

    def command(self, *arguments: str) -> list[str]:
        return [*(["setpriv", "--bounding-set=-dac_override", "--"] if os.geteuid() == 0 else []), *arguments]

    def use(self, process: subprocess.Popen[str]) -> None:
        """Processes come and go."""

    def close(self) -> None:
        self._permit(0o555)

    def reopen(self) -> None:
        self._permit(0o755)

    def _permit(self, mode: int) -> None:
        for folder in (self.folder, *(path for path in self.folder.rglob("*") if path.is_dir())):
            folder.chmod(mode)


@contextlib.contextmanager
def small_tmpfs(folder: Path, megabytes: int = 8) -> Iterator[Tmpfs]:
    """Mount a tmpfs that only the processes of its `command` see."""
    folder.mkdir(exist_ok=True)
    mount = f'mount -t tmpfs -o size={megabytes}m,mode=755 tmpfs "$0" && echo mounted && exec cat'
    # It ends with its input, so with us, however we end.
    with subprocess.Popen(
        [*_unshare(), "sh", "-c", mount, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as keeper:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == "mounted\n"
        yield Tmpfs(folder, keeper, megabytes)


@functools.cache
def why_no_tmpfs() -> str | None:
    """Say why none can be mounted here, or None."""
    missing = [tool for tool in ("unshare", "nsenter", "mount") if shutil.which(tool) is None]
    if missing:
        return f"no tmpfs without {', '.join(missing)}"
    tried = _run([*_unshare(), "mount", "-t", "tmpfs", "tmpfs", tempfile.gettempdir()])
    return None if tried.returncode == 0 else f"no tmpfs can be mounted here: {tried.stderr.strip()}"


def _unshare() -> list[str]:
    return ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
