"""A run whose process has died is marked as failed, and its partition is landed by another."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from mixpeek_assets import clock
from mixpeek_assets.cli.jobs import Jobs
from mixpeek_assets.definitions import defs
from mixpeek_assets.defs.run_liveness import PROCESS
from mixpeek_assets.lock import abandoned
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.defs.test_sensors import record_run, tick
from tests.fakes.commands import Command
from tests.fakes.mixpeek import ScriptedMixpeek
from tests.fakes.pipeline import TODAY
from tests.fakes.project import Project
from tests.survival.paused_server import paused

FAILURE, STARTED, SUCCESS = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.SUCCESS
Start = Callable[[str], Command]
POST, DETAIL = "POST /ingest", "GET /features/"


@pytest.fixture
def project(environment: Path, mixpeek: ScriptedMixpeek, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose manifest names two videos, and which is this process' own too."""
    (environment / "list.csv").write_text("url\nhttp://videos.test/a.mp4\nhttp://videos.test/b.mp4\n")
    monkeypatch.setenv("MIXPEEK_VIDEOS", "list.csv")
    monkeypatch.setenv("DAGSTER_HOME", str(environment / "dagster_home"))
    return Project(environment)


@pytest.fixture
def started(project: Project) -> Iterator[Start]:
    """Starts `mixpeek-assets`, which is killed at the end."""
    with ExitStack() as stack:

        def start(command: str) -> Command:
            process = project.start(project.folder / f"{command}.log", command)
            stack.callback(process.wait, 20)
            stack.callback(process.kill)
            return process

        yield start


def landings(instance: dg.DagsterInstance) -> list[dg.DagsterRunStatus]:
    """The statuses of the landings, the newest first."""
    return [run.status for run in instance.get_runs(dg.RunsFilter(job_name="mixpeek_land"))]


def test_a_run_of_the_command_line_that_is_killed_is_failed_by_the_sensor_which_lands_its_partition(
    started: Start, mixpeek: ScriptedMixpeek, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with paused(mixpeek, DETAIL) as detail:
        process = started("run")
        detail.wait()
        with dg.DagsterInstance.get() as instance:
            while_it_lives = tick("task_status_sensor", instance, warehouse)
            assert while_it_lives.requested == []
            assert landings(instance) == [STARTED]

            process.kill()
            process.wait(20)
            after_its_death = tick("task_status_sensor", instance, warehouse)
            assert after_its_death.requested == [], "a failed landing is requested again a little later"
            [run] = instance.get_runs(dg.RunsFilter(job_name="mixpeek_land"))
            assert run.status == FAILURE
            assert any("has died: it was killed" in event.message for event in instance.all_logs(run.run_id))

            monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(minutes=1))
            result = tick("task_status_sensor", instance, warehouse)
            assert result.requested == [TODAY.isoformat()]


def test_the_next_run_of_the_command_line_fails_the_dead_one_and_lands_what_it_left(
    project: Project, started: Start, mixpeek: ScriptedMixpeek
) -> None:
    with paused(mixpeek, DETAIL) as detail:
        process = started("run")
        detail.wait()
        process.kill()
        process.wait(20)

    with dg.DagsterInstance.get() as instance:
        jobs = Jobs(load_settings(), instance)
        assert landings(instance) == [FAILURE]
        assert jobs.land([TODAY])
        assert landings(instance) == [SUCCESS, FAILURE]
    assert project.sql("SELECT count(*), count(DISTINCT feature_id) FROM mixpeek.vectors") == [(2, 2)]
    assert len(mixpeek.asked(POST)) == 2
    locks = list((project.folder / "dagster_home" / "processes").iterdir())
    assert len(locks) == 1, "the dead one's lock is cleared away"


def test_a_run_that_never_said_whose_it_is_is_failed_after_a_while(
    project: Project, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dg.DagsterInstance.get() as instance:
        record_run(instance, "mixpeek_land", STARTED)
        tick("task_status_sensor", instance, warehouse)
        assert landings(instance) == [STARTED], "it may be about to say so"

        monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(minutes=2))
        tick("task_status_sensor", instance, warehouse)
        assert landings(instance) == [FAILURE]


def test_a_run_names_the_process_that_executes_it_whatever_tags_it_was_given(project: Project) -> None:
    # Dagster copies the tags of a run that is done again.
    tags = {PROCESS: "4194304999-0badcafe", "dagster/partition": TODAY.isoformat()}
    with dg.DagsterInstance.get() as instance:
        job = defs().get_repository_def().get_job("mixpeek_ingest")
        assert job.execute_in_process(instance=instance, tags=tags).success
        [run] = instance.get_runs()
        lock = project.folder / "dagster_home" / "processes" / f"{run.tags[PROCESS]}.lock"
        assert lock.is_file()
        with abandoned(lock) as dead:
            assert dead is None
