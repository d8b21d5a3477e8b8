"""`mixpeek-assets dev`: the real daemon, code server, sensor ticks, run queue, and the local API."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
import requests

from tests.fakes.commands import Command
from tests.fakes.project import Project

WAIT = 300


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def dev(environment: Path) -> Iterator[tuple[Project, Command, str]]:
    project = Project(environment, is_new=True)
    project.environment["MIXPEEK_MODELS"] = str(environment / "none")  # what they see is tested with `run`
    port = free_port()
    process = project.start(environment / "dev.log", "dev", "--port", str(port), "--host", "127.0.0.1")
    try:
        yield project, process, f"http://127.0.0.1:{port}"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.5)
    pytest.fail(f"no {what} within {WAIT} s")


def landed(project: Project) -> int:
    try:
        return project.sql("SELECT count(*) FROM mixpeek.tasks WHERE landed_at IS NOT NULL")[0][0]
    except duckdb.Error:
        return 0  # not made yet, or a run is writing


def vectors(project: Project) -> int:
    return project.sql("SELECT count(*) FROM mixpeek.vectors")[0][0]


def runs(url: str) -> list[dict[str, str]]:
    query = "{ runsOrError { ... on Runs { results { jobName status } } } }"
    reply = requests.post(f"{url}/graphql", json={"query": query}, timeout=20)
    return reply.json()["data"]["runsOrError"]["results"]


def test_with_no_click_at_all_the_samples_become_vectors_and_ctrl_c_ends_everything(
    dev: tuple[Project, Command, str],
) -> None:
    project, process, url = dev

    until(lambda: landed(project) == 5, "vectors of all samples")
    until(lambda: {run["status"] for run in runs(url)} == {"SUCCESS"}, "end of every run")
    assert {run["jobName"] for run in runs(url)} == {"mixpeek_ingest", "mixpeek_land"}

    status = project.command("status")
    assert status.returncode == 0
    assert str(vectors(project)) in status.stdout

    endpoint = project.folder / "data" / "local_api" / "endpoint.json"
    assert endpoint.exists()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 0
    assert not endpoint.exists(), "the local API has ended too"
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
