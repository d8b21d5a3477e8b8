"""Machines on this one: each has a host name, a disk and processes of its own, and shares nothing but the network.

A machine is a set of namespaces. Its disk is seen at the same path on each, and no other machine's is seen anywhere.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SECONDS = 60

# What runs first on a machine: $1 its name, $2 its disk, $3 where it sees it, $4 where all disks are; then the command.
_BOOT = """
hostname "$1" && mount --bind "$2" "$3" && mount -t tmpfs none "$4" && cd "$3" || exit 99
shift 4
exec "$@"
"""


def _unshared() -> list[str]:
    """The command that gives another its own mounts, host name and processes, which all die with the first of them."""
    own = ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return own if os.geteuid() == 0 else [*own, "--user", "--map-root-user"]


def why_none() -> str | None:
    """Say why there can be no machines here; None: there can."""
    try:
        tried = subprocess.run(
            [*_unshared(), "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return "there is no `unshare` here, which gives a process namespaces of its own"
    return None if tried.returncode == 0 else f"namespaces are not allowed here: {tried.stderr.strip()}"


class Machine:
    """A machine, which is on while a command runs on it.

    Args:
        name: Its host name.
        root: The folder of all machines.
        command: What it does.
        environment: What the command is told.
    """

    def __init__(self, name: str, root: Path, command: list[str | Path], environment: Mapping[str, str]) -> None:
        self.name, self._root, self._command, self._environment = name, root, command, environment
        self.folder, self.log = root / "machine", root / f"{name}.log"
        self._disks, self._disk = root / "disks", root / "disks" / f"{name}-0"
        self._process: subprocess.Popen[bytes] | None = None
        self.new_disk()

    def new_disk(self) -> None:
        """Give it an empty disk; the old one is lost."""
        number = int(self._disk.name.rpartition("-")[2]) + 1
        self._disk = self._disks / f"{self.name}-{number}"
        for folder in (self.folder, self._disk / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)

    def put(self, name: str, content: str) -> None:
        """Put a file on its disk."""
        (self._disk / name).parent.mkdir(parents=True, exist_ok=True)
        (self._disk / name).write_text(content, encoding="utf-8")

    def files(self, pattern: str) -> list[str]:
        """The names of files on its disk."""
        return sorted(file.name for file in self._disk.rglob(pattern))

    def lines(self, pattern: str) -> int:
        """How many lines these files have."""
        return sum(file.read_bytes().count(b"\n") for file in self._disk.rglob(pattern))

    def switch_on(self) -> None:
        """Have it do what it does."""
        assert self._process is None
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._entered(self._command),
                env=self._all_variables(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def lose(self) -> None:
        """Kill all its processes at once; its disk stays until it gets a new one."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(_SECONDS)
        self._process = None

    def is_on(self) -> bool:
        """Whether its command runs."""
        return self._process is not None and self._process.poll() is None

    def switch_off(self) -> None:
        """Kill what runs, if anything does."""
        if self._process is not None:
            self.lose()

    def run(self, *command: str | Path) -> str:
        """Run a command on it, beside what it does, and return what it prints."""
        done: subprocess.CompletedProcess[str] = subprocess.run(
            self._entered(list(command)),
            env=self._all_variables(),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _entered(self, command: list[str | Path]) -> list[str | Path]:
        booted: list[str | Path] = ["sh", "-c", _BOOT, "sh", self.name, self._disk, self.folder, self._disks]
        return [*_unshared(), *booted, *command]

    def _all_variables(self) -> dict[str, Any]:
        own = {
            "TMPDIR": self.folder / "tmp",
            "HOME": self.folder,
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin:/usr/sbin:/sbin",
        }
        return {**os.environ, **own, **self._environment}
