"""Processes that need not start Python: they are forked from a server that has imported what the project needs.

A start of `mixpeek-assets run` spends two seconds of CPU on its imports, and the tests give it a hundred times.
"""

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from typing import Any

from mixpeek_assets.cli.main import main

ROOT = Path(__file__).parents[2]

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["tests.fakes.imported"])


def forked(target: Callable[..., Any], *arguments: Any) -> BaseProcess:
    """Make a process that calls `target` here, once it is started."""
    sys.audit("tests.forked")
    return _FORKED.Process(target=_call, args=(Path.cwd(), dict(os.environ), target, arguments))


def _call(folder: Path, environment: dict[str, str], target: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    enter(folder, environment)
    target(*arguments)


def barrier(processes: int) -> Barrier:
    """Make what so many forked processes can wait at for each other."""
    return _FORKED.Barrier(processes)


def enter(folder: Path, environment: dict[str, str]) -> None:
    """Make a project the own one of a forked process: the server knows of none."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    tempfile.tempdir = None
    time.tzset()


class Command:
    """A command of `mixpeek-assets` that runs in a process group of its own, with the methods of `subprocess.Popen`."""

    def __init__(
        self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], output: Path, errors: Path
    ) -> None:
        self._arguments = arguments
        for file in (output, errors):
            file.touch()
        self._process = forked(_run, arguments, folder, dict(environment), output, errors)
        self._process.start()

    @property
    def pid(self) -> int:
        """The process, which leads the group."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """Wait for the exit code."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise TimeoutExpired(["mixpeek-assets", *self._arguments], timeout)
        return self._process.exitcode

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()


def give(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float = 180
) -> CompletedProcess[str]:
    """Give a command in a folder, and wait for its end."""
    with tempfile.TemporaryDirectory() as aside:
        output, errors = Path(aside) / "output", Path(aside) / "errors"
        command = Command(arguments, folder, environment, output, errors)
        try:
            code = command.wait(seconds)
        finally:
            command.kill()
        return CompletedProcess(
            arguments,
            code,
            output.read_text("utf-8", "backslashreplace"),
            errors.read_text("utf-8", "backslashreplace"),
        )


def _run(arguments: Sequence[str], folder: Path, environment: dict[str, str], output: Path, errors: Path) -> None:
    os.setsid()
    enter(folder, environment)
    for number, path in ((1, output), (2, errors)):
        with path.open("ab") as file:
            os.dup2(file.fileno(), number)
    sys.argv = ["mixpeek-assets", *arguments]
    main()
