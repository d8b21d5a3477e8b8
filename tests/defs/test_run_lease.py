"""Deliveries of a run to workers: it is executed once, whatever else has become of it."""

from pathlib import Path

import dagster as dg
import pytest

from mixpeek_assets.definitions import defs
from mixpeek_assets.defs.run_lease import MACHINE, executing
from mixpeek_assets.defs.run_liveness import PROCESS, fail_dead_runs, lease_of, leases_of
from mixpeek_assets.lock import create_locked
from mixpeek_assets.settings import load_settings

STATUS = dg.DagsterRunStatus


def recorded(instance: dg.DagsterInstance, status: dg.DagsterRunStatus) -> str:
    job = defs().get_repository_def().get_job("mixpeek_land")
    return instance.create_run_for_job(job, status=status).run_id


@pytest.fixture
def run_id(instance: dg.DagsterInstance) -> str:
    """A run that was launched."""
    return recorded(instance, STATUS.STARTING)


def is_begun(instance: dg.DagsterInstance, run_id: str) -> bool:
    with executing(instance, load_settings(), run_id) as is_ours:
        return is_ours


def status_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_a_run_is_executed_under_its_lease_and_says_where(instance: dg.DagsterInstance, run_id: str) -> None:
    leases = leases_of(instance, load_settings())
    with executing(instance, load_settings(), run_id) as is_ours:
        assert is_ours
        assert not leases.is_dead(lease_of(run_id))
        run = instance.get_run_by_id(run_id)
        assert run is not None
        assert run.tags[PROCESS] == lease_of(run_id)
        assert run.tags[MACHINE]

    assert leases.is_dead(lease_of(run_id))


def test_a_run_that_another_process_executes_is_left_to_it(instance: dg.DagsterInstance, run_id: str) -> None:
    folder = Path(instance.root_directory) / "processes"
    folder.mkdir()
    create_locked(folder / f"{lease_of(run_id)}.lock")

    assert not is_begun(instance, run_id)
    assert status_of(instance, run_id) == STATUS.STARTING


@pytest.mark.parametrize("end", [STATUS.SUCCESS, STATUS.FAILURE, STATUS.CANCELED])
def test_a_run_that_is_over_is_not_executed_again(instance: dg.DagsterInstance, end: dg.DagsterRunStatus) -> None:
    run_id = recorded(instance, end)

    assert not is_begun(instance, run_id)
    assert status_of(instance, run_id) == end


def test_a_run_that_was_terminated_before_it_began_ends_as_canceled(instance: dg.DagsterInstance, run_id: str) -> None:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    instance.report_run_canceling(run)

    assert not is_begun(instance, run_id)
    assert status_of(instance, run_id) == STATUS.CANCELED


def test_a_run_whose_first_worker_has_died_is_failed_and_not_begun_again(instance: dg.DagsterInstance) -> None:
    run_id = recorded(instance, STATUS.STARTED)

    assert not is_begun(instance, run_id)
    assert status_of(instance, run_id) == STATUS.FAILURE


def test_a_run_that_is_terminated_and_whose_worker_is_gone_ends_as_canceled(instance: dg.DagsterInstance) -> None:
    run_id = recorded(instance, STATUS.STARTED)
    instance.add_run_tags(run_id, {PROCESS: lease_of(run_id)})
    run = instance.get_run_by_id(run_id)
    assert run is not None
    instance.report_run_canceling(run)

    fail_dead_runs(instance, "mixpeek_land", load_settings())
    assert status_of(instance, run_id) == STATUS.CANCELED
