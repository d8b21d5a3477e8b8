"""The sensor that polls open tasks and requests `land_job` for partitions with results to land."""

import time
from collections.abc import Sequence
from datetime import date

import dagster as dg

from mixpeek_assets import clock
from mixpeek_assets.connections import LocalApiDownError
from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.checks import evaluation
from mixpeek_assets.defs.failures import user_errors_as_failures
from mixpeek_assets.defs.jobs import LAND_JOB
from mixpeek_assets.defs.resources import TICK_WAREHOUSE_SECONDS, MixpeekResource
from mixpeek_assets.defs.run_liveness import fail_dead_runs
from mixpeek_assets.defs.run_requests import past_runs, ready
from mixpeek_assets.pipeline.poll import PollResult, due_tasks, poll_tasks, tick_policy
from mixpeek_assets.warehouse.errors import WarehouseBusyError
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.rows import Waiting
from mixpeek_assets.warehouse.warehouse import Warehouse

_POLL_SECONDS = 25
"""Leaves time for the calls then in flight (13 s each at most), the load, and the run history."""


def build_task_status_sensor(group: AssetGroup) -> dg.SensorDefinition:
    """Return the sensor `task_status_sensor` of a group."""
    job = group.named(LAND_JOB)

    @dg.sensor(
        name=group.named("task_status_sensor"),
        job_name=job,
        minimum_interval_seconds=10,
        default_status=dg.DefaultSensorStatus.RUNNING,
        required_resource_keys=group.resource_keys,
    )
    def task_status_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        """Polls due tasks, and requests `land_job` for each partition with results to land."""
        started = time.monotonic()
        warehouse = group.warehouse(context).open(TICK_WAREHOUSE_SECONDS)
        with user_errors_as_failures():
            try:
                result, api_down = _poll(group.mixpeek(context), warehouse, started)
                with warehouse.reader() as reader:
                    to_land, waiting = reader.partitions_to_land(), reader.waiting()
                    events = _events(group, reader, list(result.settled))
            except WarehouseBusyError as error:
                return dg.SkipReason(str(error))  # the replies are on disk, and the next load loads them
        fail_dead_runs(context.instance, job)
        requests = [
            dg.RunRequest(run_key=key, partition_key=partition.isoformat())
            for partition, key in ready(to_land, past_runs(context.instance, job), clock.now()).items()
        ]
        for warning in [*result.errors[:10], *result.warnings()]:
            context.log.warning("%s", warning)
        if not requests and not result.settled:
            return dg.SkipReason(api_down or _skip_reason(result, to_land, waiting))
        return dg.SensorResult(run_requests=requests, asset_events=events)

    return task_status_sensor


def _poll(mixpeek: MixpeekResource, warehouse: Warehouse, started: float) -> tuple[PollResult, str | None]:
    """Poll the due tasks; a local API that is not running does not fail the tick, but is named as the second value."""
    due = due_tasks(warehouse)
    if not due:
        return PollResult(), None
    seconds = _POLL_SECONDS - (time.monotonic() - started)
    try:
        with mixpeek.client(tick_policy(seconds)) as client:
            return poll_tasks(client, warehouse, due, seconds), None
    except LocalApiDownError as error:
        return PollResult(), str(error)


def _skip_reason(result: PollResult, to_land: Sequence[date], waiting: Sequence[Waiting]) -> str:
    if to_land:
        return f"{len(to_land)} partitions to land: a run of each is in progress, or failed a moment ago"
    for row in waiting:
        if row.kind == "api" and not result.polled:
            return f"{row.tasks} tasks were submitted to {row.name}, not to the API of the current settings"
    return f"{result.polled} tasks polled, none has ended" if result.polled else "no task is due"


def _events(
    group: AssetGroup, reader: Reader, days: Sequence[date]
) -> list[dg.AssetObservation | dg.AssetCheckEvaluation]:
    """Show on the asset `tasks` the states of a partition's tasks, and which failed and why."""
    if not days:
        return []
    counts = reader.task_counts(days)
    observations = [
        dg.AssetObservation(
            group.key("tasks"),
            partition=day.isoformat(),
            metadata={row.state: row.tasks for row in counts if row.partition_date == day},
        )
        for day in days
    ]
    return [*observations, evaluation(reader, "tasks", group.key("tasks"), "no_task_failed", days)]
