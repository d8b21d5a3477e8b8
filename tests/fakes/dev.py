"""`mixpeek-assets dev` as it runs for a person: Dagster's UI on a port, its daemon, and the local API beside it."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.fakes.commands import Command
from tests.fakes.project import Project

WAIT = 300
"""Seconds that end a test which hangs; a busy machine needs a few."""


@dataclass(frozen=True)
class Dev:
    """A running `mixpeek-assets dev`."""

    project: Project
    process: Command
    url: str

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Ask Dagster's GraphQL."""
        reply = requests.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60)
        found = reply.json()
        assert "errors" not in found, found["errors"]
        return found["data"]

    def runs(self) -> list[dict[str, str]]:
        """The runs, newest first."""
        return self.ask("{ runsOrError { ... on Runs { results { jobName status } } } }")["runsOrError"]["results"]

    def is_up(self) -> bool:
        """Whether the UI answers and has loaded the code location."""
        try:
            found = self.ask("{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }")
        except requests.ConnectionError:
            return False
        return bool(found["repositoriesOrError"].get("nodes"))


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until something has happened."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.5)
    pytest.fail(f"no {what} within {WAIT} s")


@contextmanager
def running_dev(project: Project, log: str = "dev.log") -> Iterator[Dev]:
    """Run `mixpeek-assets dev` in a project, on a free port; nothing is left of it at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = project.start(project.folder / log, "dev", "--port", str(port), "--host", "127.0.0.1")
    try:
        yield Dev(project, process, f"http://127.0.0.1:{port}")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
