"""A worker of Celery: what is delivered to it twice, what is terminated, what it prints, and what is on its disk."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from dagster._core.code_pointer import CodePointer
from dagster._core.launcher import LaunchRunContext
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin

from deploy.services import PostgresServer, RedisServer, S3Server, free_ports
from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.definitions import defs
from mixpeek_assets.settings import load_settings
from tests.cluster.site import WAIT, Site, site, until
from tests.fakes.commands import Command, give
from tests.fakes.mixpeek import Answer, ScriptedMixpeek, scripted_mixpeek
from tests.fakes.project import Project
from tests.survival.paused_server import paused
from tests.warehouse.rows import event, write

DELIVERED, TERMINATED, PRINTED = DAYS = ("2026-01-05", "2026-01-06", "2026-01-07")
POST = "POST /ingest/"


class Worker:
    """A worker and its cluster, which has no daemon: a test launches its runs itself."""

    def __init__(self, cluster: Site, mixpeek: ScriptedMixpeek) -> None:
        self.cluster, self.mixpeek = cluster, mixpeek
        self.log = cluster.root / "worker.log"
        self.start()

    def start(self) -> None:
        """Start it."""
        self._process = Command(["worker"], self.cluster.root, dict(os.environ), self.log, self.log)

    def end(self) -> int:
        """Have it end, as an operator does, and return its exit code."""
        os.kill(self._process.pid, signal.SIGTERM)
        return self._process.wait(WAIT)

    def kill(self) -> None:
        """Kill what runs of it, if anything does."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(WAIT)

    def launch(self, day: str) -> str:
        """Launch the ingestion of a day, and return the run."""
        pointer = CodePointer.from_module("mixpeek_assets.definitions", "defs", None)
        run = self.cluster.instance.create_run_for_job(
            defs().get_repository_def().get_job("mixpeek_ingest"),
            tags={"dagster/partition": day},
            job_code_origin=JobPythonOrigin("mixpeek_ingest", RepositoryPythonOrigin("python", pointer)),
        )
        self.deliver(run.run_id)
        return run.run_id

    def deliver(self, run_id: str) -> None:
        """Have the broker deliver a run, once more if it has before."""
        instance: Any = self.cluster.instance
        instance.run_launcher.launch_run(LaunchRunContext(instance.get_run_by_id(run_id), None))

    def deliveries(self) -> int:
        """With how many deliveries it is done."""
        return self.log.read_text().count(" succeeded in ")

    def status(self, run_id: str) -> str:
        run = self.cluster.instance.get_run_by_id(run_id)
        assert run is not None
        return run.status.value

    def until(self, run_id: str, status: str) -> None:
        """Wait until a run has a status."""
        until(lambda: self.status(run_id) == status, f"{status} of the run", self.cluster)

    def submitted(self, day: str) -> int:
        """How often the videos of a day were submitted."""
        return sum(day in request.body["url"] for request in self.mixpeek.asked(POST))


@pytest.fixture(scope="module")
def worker(
    tmp_path_factory: pytest.TempPathFactory,
    nobodys_environment: None,
    postgres: PostgresServer,
    redis: RedisServer,
    s3: S3Server,
) -> Iterator[Worker]:
    """A running worker, whose variables are this process' own too, and a manifest with a video of each day."""
    with ExitStack() as stack:
        mixpeek = stack.enter_context(scripted_mixpeek())
        rows = "".join(f"http://videos.test/{day}.mp4,{day}\n" for day in DAYS)
        mixpeek.script("(GET|HEAD) /list.csv", Answer(f"url,added_at\n{rows}".encode()), for_ever=True)
        monkeypatch = stack.enter_context(pytest.MonkeyPatch.context())
        root = tmp_path_factory.mktemp("worker") / "site"
        videos = f"{mixpeek.url}/list.csv"
        cluster = stack.enter_context(site(root, postgres, redis, s3, mixpeek, monkeypatch, MIXPEEK_VIDEOS=videos))
        made = Worker(cluster, mixpeek)
        stack.callback(made.kill)
        yield made


@pytest.fixture(autouse=True)
def its_environment(environment: object, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of the cluster, which each test forgets."""
    for name, value in worker.cluster.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAGSTER_HOME", str(worker.cluster.root / "dagster_home"))
    monkeypatch.setenv("MIXPEEK_DATA_DIR", str(worker.cluster.root / "data"))


def test_a_run_that_is_delivered_twice_does_nothing_twice(worker: Worker) -> None:
    with paused(worker.mixpeek, POST) as submission:
        run_id = worker.launch(DELIVERED)
        submission.wait()
        done = worker.deliveries()
        worker.deliver(run_id)
        until(lambda: worker.deliveries() == done + 1, "second delivery", worker.cluster)
        assert worker.status(run_id) == "STARTED", "the first goes on"
    worker.until(run_id, "SUCCESS")
    until(lambda: worker.deliveries() == done + 2, "end of the first delivery", worker.cluster)

    worker.deliver(run_id)
    until(lambda: worker.deliveries() == done + 3, "third delivery", worker.cluster)
    assert worker.status(run_id) == "SUCCESS"
    assert worker.submitted(DELIVERED) == 1


def test_a_run_that_is_terminated_ends_as_canceled_and_its_worker_goes_on(worker: Worker) -> None:
    with paused(worker.mixpeek, POST) as submission:
        run_id = worker.launch(TERMINATED)
        submission.wait()
        assert worker.cluster.instance.run_coordinator.cancel_run(run_id)
        assert worker.status(run_id) == "CANCELING", "until what is in flight has its answer"
    worker.until(run_id, "CANCELED")

    again = worker.launch(TERMINATED)
    worker.until(again, "SUCCESS")


def test_what_a_step_prints_is_seen_from_another_machine(worker: Worker) -> None:
    run_id = worker.launch(PRINTED)
    worker.until(run_id, "SUCCESS")

    instance = worker.cluster.instance
    (captured,) = {
        entry.dagster_event.logs_captured_data.file_key
        for entry in instance.all_logs(run_id)
        if entry.dagster_event and entry.dagster_event.event_type_value == "LOGS_CAPTURED"
    }
    printed = instance.compute_log_manager.get_log_data([run_id, "compute_logs", captured]).stderr
    assert printed is not None
    assert b"1 video to submit" in printed


def test_a_worker_loads_what_is_on_its_disk_when_it_ends_and_when_it_starts(worker: Worker) -> None:
    folder = open_warehouse(load_settings()).landing_folder
    write(folder, "tasks", event("v1"))
    assert worker.end() == 0, worker.log.read_text()
    assert not list(folder.glob("tasks-*"))

    write(folder, "tasks", event("v1"))
    worker.start()
    said = "Loaded 1 landing file of this machine."
    until(lambda: worker.log.read_text().count(said) == 2, "load", worker.cluster)
    assert not list(folder.glob("tasks-*"))


def test_a_worker_whose_instance_does_not_launch_runs_by_celery_says_so(worker: Worker, environment: Path) -> None:
    project = Project(environment)
    variables = {**os.environ, "DAGSTER_HOME": str(project.folder / "dagster_home")}
    done = give(["worker"], project.folder, variables)

    assert done.returncode == 1
    assert "dagster_home/dagster.yaml is not Celery's: begin with deploy/celery/dagster.yaml" in done.stderr


def test_a_worker_that_finds_no_database_of_dagster_says_so_without_the_password(worker: Worker) -> None:
    done = give(["worker"], worker.cluster.root, {**os.environ, "DAGSTER_PG_PORT": str(*free_ports(1))})

    assert done.returncode == 1
    sentence = done.stderr.splitlines()[-1]
    assert "Connection refused" in sentence
    assert sentence.endswith("start PostgreSQL, or correct its address and user in dagster.yaml")
    assert worker.cluster.postgres.password not in done.stderr
