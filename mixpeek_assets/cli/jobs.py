"""Running jobs in this process, recorded in the instance that `dagster dev` shows."""

import sys
import uuid
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import dagster as dg

# Dagster has no public way to say whose runs these are: without it, the UI shows them on no timeline and under no job,
# and cannot execute them again.
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from mixpeek_assets.connections import readable_name
from mixpeek_assets.definitions import build_definitions
from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.first_partition import first_partition, remember_first_partition
from mixpeek_assets.defs.jobs import INGEST, LAND
from mixpeek_assets.defs.run_liveness import fail_dead_runs, process_tag
from mixpeek_assets.defs.run_requests import range_tags, ranges, run_tags
from mixpeek_assets.defs.sink_state import SinkState, sink_state
from mixpeek_assets.defs.sinks import SINKS
from mixpeek_assets.defs.task_events import settled_events
from mixpeek_assets.settings import Settings
from mixpeek_assets.sinks.chosen import chosen_sinks
from mixpeek_assets.warehouse.warehouse import Warehouse

_MODULE, _LOCATION = "mixpeek_assets.definitions", "mixpeek_assets"
_QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}


class Jobs:
    """Runs jobs over partitions, consecutive days in one run.

    Args:
        settings: The settings of the jobs.
        instance: The instance that records the runs.
        days: Days that runs are to be of; the partitions begin no later.
        retry_failed: Whether videos whose last task failed are submitted again.

    Attributes:
        failures: One sentence for each step that failed.
    """

    def __init__(
        self,
        settings: Settings,
        instance: dg.DagsterInstance,
        days: Iterable[date] = (),
        *,
        retry_failed: bool = False,
    ) -> None:
        self._settings, self._instance = settings, instance
        self._retry_failed = retry_failed
        if settings.first_partition is None and (first := min(days, default=None)):
            remember_first_partition(settings, first)
        self._group = AssetGroup(first_partition(settings), readable_name(settings))
        self._repository = build_definitions(settings).get_repository_def()
        for verb in (INGEST, LAND):
            fail_dead_runs(instance, self._group.job(verb), settings)
        self.failures: list[str] = []

    def ingest(self, partitions: Iterable[date]) -> bool:
        """Run the job that ingests; return whether every step succeeded."""
        return self._run(INGEST, partitions, {"tasks": {"config": {"resubmit_failed": self._retry_failed}}})

    def land(self, partitions: Iterable[date], *, refresh: bool = False) -> bool:
        """Run the job that lands; return whether every step succeeded."""
        return self._run(LAND, partitions, {"land_results": {"config": {"refresh": refresh}}})

    def write_sinks(self, partitions: Iterable[date]) -> bool:
        """Run the job that writes the sinks; return whether every step succeeded."""
        return self._run(SINKS, partitions, {})

    def sink_states(self, warehouse: Warehouse) -> list[SinkState]:
        """Return how far each sink is that the settings choose."""
        chosen = chosen_sinks(self._settings)
        return [sink_state(self._instance, self._group, warehouse, sink) for sink in chosen]

    def report_settled(self, warehouse: Warehouse, days: Iterable[date]) -> None:
        """Show on `tasks` what has become of the tasks of some days, as the sensor does."""
        with warehouse.reader() as reader:
            events = settled_events(self._group, reader, sorted(days))
        for event in events:
            self._instance.report_runless_asset_event(event)

    def _run(self, verb: str, partitions: Iterable[date], config: Mapping[str, Any]) -> bool:
        name = self._group.job(verb)
        definition = self._repository.get_job(name)
        failures: list[str] = []
        for first, last in ranges(partitions):
            run_id = str(uuid.uuid4())
            lease = process_tag(self._instance, self._settings, run_id)
            run = self._instance.create_run_for_job(
                definition,
                run_id=run_id,
                run_config={"ops": config, "loggers": _QUIET},
                tags={**range_tags(first, last), **lease, **run_tags("command line")},
                remote_job_origin=_origin(name),
            )
            result = execute_run(InMemoryJob(definition), run, self._instance)
            failures += [_sentence(event) for event in result.all_events if event.is_step_failure]
        self.failures = [
            *(failure for failure in self.failures if not failure.startswith(f"{name}:")),
            *(f"{name}: {failure}" for failure in failures),
        ]
        return not failures


def _origin(job: str) -> RemoteJobOrigin:
    """Return the job of the code location that workspace.yaml names."""
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name=_MODULE)
    location = ManagedGrpcPythonEnvCodeLocationOrigin(target, _LOCATION)
    return RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), job)


def _sentence(event: dg.DagsterEvent) -> str:
    """Return why the step failed, in its own words."""
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        return failure.user_failure_data.description
    return failure.error.message.strip() if failure.error else f"the step {event.step_key} failed"
