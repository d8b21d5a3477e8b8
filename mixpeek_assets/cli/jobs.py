"""Running jobs in this process, recorded in the instance that `dagster dev` shows."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import dagster as dg

from mixpeek_assets.definitions import build_definitions
from mixpeek_assets.defs.jobs import INGEST_JOB, LAND_JOB
from mixpeek_assets.defs.run_liveness import fail_dead_runs, process_tag
from mixpeek_assets.defs.run_requests import range_tags, ranges
from mixpeek_assets.settings import Settings

_QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}


class Jobs:
    """Runs jobs over partitions, consecutive days in one run.

    Args:
        settings: The settings of the jobs.
        instance: The instance that records the runs.
        retry_failed: Whether videos whose last task failed are submitted again.

    Attributes:
        failures: One sentence for each step that failed.
    """

    def __init__(self, settings: Settings, instance: dg.DagsterInstance, *, retry_failed: bool = False) -> None:
        self._instance = instance
        self._retry_failed = retry_failed
        self._repository = build_definitions(settings).get_repository_def()
        for job in (INGEST_JOB, LAND_JOB):
            fail_dead_runs(instance, job)
        self.failures: list[str] = []

    def ingest(self, partitions: Iterable[date]) -> bool:
        """Run `ingest_job`; return whether every step succeeded."""
        config = {"tasks": {"config": {"resubmit_failed": self._retry_failed}}}
        return self._run(INGEST_JOB, partitions, config)

    def land(self, partitions: Iterable[date], *, refresh: bool = False) -> bool:
        """Run `land_job`; return whether every step succeeded."""
        config = {op: {"config": {"refresh": refresh}} for op in ("assets_and_features", "vectors")}
        return self._run(LAND_JOB, partitions, config)

    def _run(self, job: str, partitions: Iterable[date], config: dict[str, Any]) -> bool:
        definition = self._repository.get_job(job)
        failures: list[str] = []
        for first, last in ranges(partitions):
            result = definition.execute_in_process(
                run_config={"ops": config, "loggers": _QUIET},
                instance=self._instance,
                tags={**range_tags(first, last), **process_tag(self._instance)},
                raise_on_error=False,
            )
            failures += [_sentence(event) for event in result.all_events if event.is_step_failure]
        self.failures = [
            *(failure for failure in self.failures if not failure.startswith(f"{job}:")),
            *(f"{job}: {failure}" for failure in failures),
        ]
        return not failures


def _sentence(event: dg.DagsterEvent) -> str:
    """Return why the step failed, in its own words."""
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        return failure.user_failure_data.description
    return failure.error.message.strip() if failure.error else f"the step {event.step_key} failed"
