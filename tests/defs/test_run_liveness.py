"""The lease of a run: taken when it begins, kept while it lasts, and released for the next."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from mixpeek_assets import clock
from mixpeek_assets.defs.run_liveness import PROCESS, fail_dead_runs, lease_of, leases_of, process_tag
from mixpeek_assets.locks import Leases
from mixpeek_assets.settings import Settings, load_settings

STARTED, FAILURE = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE


@dg.job(name="mixpeek_land")
def land() -> None:
    """A job of that name."""


@pytest.fixture
def settings(environment: Path) -> Settings:
    return load_settings()


@pytest.fixture
def leases(instance: dg.DagsterInstance, settings: Settings) -> Iterator[Leases]:
    found = leases_of(instance, settings)
    yield found
    for run in instance.get_runs():
        found.release(lease_of(run.run_id))


def begin(instance: dg.DagsterInstance, tags: dict[str, str] | None = None) -> str:
    run = instance.create_run_for_job(land, tags=tags)
    instance.report_dagster_event(dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, "mixpeek_land"), run.run_id)
    return run.run_id


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_a_process_that_lives_on_keeps_the_leases_of_its_runs_until_they_have_ended(
    instance: dg.DagsterInstance, settings: Settings, leases: Leases
) -> None:
    first, beside, next_one = begin(instance), begin(instance), begin(instance)
    assert process_tag(instance, settings, first) == {PROCESS: lease_of(first)}
    process_tag(instance, settings, beside)
    assert not leases.is_dead(lease_of(first)), "it is not over"

    over = instance.get_run_by_id(first)
    assert over is not None
    instance.report_run_failed(over)
    process_tag(instance, settings, next_one)
    assert leases.is_dead(lease_of(first))
    assert not leases.is_dead(lease_of(beside))


def test_only_a_run_whose_lease_nobody_holds_is_failed(
    instance: dg.DagsterInstance, settings: Settings, leases: Leases
) -> None:
    alive, dead = begin(instance), begin(instance)
    for run_id in (alive, dead):
        instance.add_run_tags(run_id, process_tag(instance, settings, run_id))
    leases.release(lease_of(dead))  # as it is when its process dies
    fail_dead_runs(instance, "another_job", settings)
    assert (status(instance, alive), status(instance, dead)) == (STARTED, FAILURE)


def test_a_run_that_is_done_again_is_not_failed_for_the_death_of_the_first(
    instance: dg.DagsterInstance, settings: Settings, leases: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = begin(instance, {PROCESS: lease_of("00000000-dead")})
    fail_dead_runs(instance, "mixpeek_land", settings)
    assert status(instance, again) == STARTED, "it is about to take a lease of its own"

    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(minutes=2))
    fail_dead_runs(instance, "mixpeek_land", settings)
    assert status(instance, again) == FAILURE
