"""`mixpeek-assets dev` whose run workers are killed: each landing is done by another, and nothing is paid for twice."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from mixpeek_assets.defs.run_liveness import PROCESS
from tests.end_to_end.test_dagster_dev import landed, vectors
from tests.fakes.dev import running_dev, until
from tests.fakes.mixpeek import ScriptedMixpeek
from tests.fakes.project import Project
from tests.survival.paused_server import paused

DAYS = ("2026-01-05", "2026-01-07")
POST, DETAIL = "POST /ingest/", "GET /features/"


@pytest.fixture
def project(environment: Path, mixpeek: ScriptedMixpeek, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose manifest names a video of each of two days, so that two landings run at once."""
    manifest = environment / "list.csv"
    manifest.write_text("url,added_at\n" + "".join(f"http://videos.test/{day}.mp4,{day}\n" for day in DAYS))
    monkeypatch.setenv("MIXPEEK_VIDEOS", str(manifest))
    monkeypatch.setenv("DAGSTER_HOME", str(environment / "dagster_home"))
    return Project(environment)


@dataclass(frozen=True)
class Landings:
    """The landings of an instance, which stays open: to open it takes longer than to ask it."""

    instance: dg.DagsterInstance

    @property
    def runs(self) -> dict[str, dg.DagsterRun]:
        """The runs, by their id."""
        return {run.run_id: run for run in self.instance.get_runs(dg.RunsFilter(job_name="mixpeek_land"))}

    def status(self, run_id: str) -> str:
        return self.runs[run_id].status.value

    def worker(self, run_id: str) -> int:
        """The process of a run: it has the file of its lease open."""
        lease = Path(self.instance.root_directory) / "processes" / f"{self.runs[run_id].tags[PROCESS]}.lock"
        return next(pid for pid, file in open_files() if file == str(lease))


@pytest.fixture
def landings(project: Project) -> Iterator[Landings]:
    """The landings of the project."""
    with dg.DagsterInstance.from_config(str(project.folder / "dagster_home")) as instance:
        yield Landings(instance)


def open_files() -> Iterator[tuple[int, str]]:
    """Each process with each file that it has open."""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # It was closed in this moment.
            yield int(link.parts[2]), str(link.readlink())


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_that_is_killed_and_a_machine_that_goes_down_leave_landings_that_others_finish(
    project: Project, mixpeek: ScriptedMixpeek, landings: Landings
) -> None:
    with paused(mixpeek, DETAIL) as detail, running_dev(project, "before.log") as dev:
        until(lambda: len(detail.requests) == 2, "landings of both days")
        killed, cut_off = landings.runs

        os.kill(landings.worker(killed), signal.SIGKILL)
        until(lambda: landings.status(killed) == "FAILURE", "end of the run whose worker was killed")

        other = landings.worker(cut_off)
        os.killpg(dev.process.pid, signal.SIGKILL)
        dev.process.wait(20)
        until(lambda: not is_alive(other), "death of the other worker")
        assert landings.status(cut_off) == "STARTED", "there was nobody left to say so"

    with running_dev(project, "after.log") as dev:
        until(lambda: landed(project) == 2, "landing of both days")
        until(lambda: all(run.is_finished for run in landings.runs.values()), "end of every run")
        os.killpg(dev.process.pid, signal.SIGINT)
        assert dev.process.wait(60) == 0

    assert landings.status(cut_off) == "FAILURE"
    assert Counter(run.status.value for run in landings.runs.values()) == {"FAILURE": 2, "SUCCESS": 2}
    assert vectors(project) == 2
    assert len(mixpeek.asked(POST)) == 2
    assert set(Counter(request.path for request in mixpeek.asked(DETAIL)).values()) == {2}, "once more after its death"
