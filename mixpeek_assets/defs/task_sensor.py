"""The sensor that watches tasks and has what they made landed."""

import time
from collections.abc import Sequence

import dagster as dg

from mixpeek_assets import clock
from mixpeek_assets.defs.checks import evaluation
from mixpeek_assets.defs.failures import EXPLAINED
from mixpeek_assets.defs.jobs import land_job
from mixpeek_assets.defs.resources import TICK_WAREHOUSE_SECONDS, LocalApiDownError, MixpeekResource, WarehouseResource
from mixpeek_assets.defs.run_liveness import fail_dead_runs
from mixpeek_assets.defs.run_requests import past_runs, ready
from mixpeek_assets.pipeline.poll import PollResult, poll_due_tasks, tick_policy
from mixpeek_assets.warehouse.errors import WarehouseBusyError
from mixpeek_assets.warehouse.warehouse import Warehouse

_POLL_SECONDS = 25
"""Leaves time for the calls then in flight (13 s each at most), the load, and the run history."""


@dg.sensor(job=land_job, minimum_interval_seconds=10, default_status=dg.DefaultSensorStatus.RUNNING)
def task_status_sensor(
    context: dg.SensorEvaluationContext, mixpeek: MixpeekResource, warehouse: WarehouseResource
) -> dg.SensorResult | dg.SkipReason:
    """Reads the status of tasks that are due, and requests a landing for each partition with something to land."""
    started = time.monotonic()
    target = warehouse.open(TICK_WAREHOUSE_SECONDS)
    try:
        polled, trouble = _poll(mixpeek, target, started)
        partitions_to_land = [row["partition_date"] for row in target.rows("partitions_to_land")]
    except WarehouseBusyError as error:
        return dg.SkipReason(str(error))  # what was read is kept, and loaded by whoever loads next
    except EXPLAINED as error:
        raise dg.Failure(str(error)) from None
    fail_dead_runs(context.instance, land_job.name)
    requests = [
        dg.RunRequest(run_key=key, partition_key=partition.isoformat())
        for partition, key in ready(partitions_to_land, past_runs(context.instance, land_job.name), clock.now()).items()
    ]
    for trouble_or_oddity in [*polled.errors[:10], *polled.warnings()]:
        context.log.warning("%s", trouble_or_oddity)
    if not requests and not polled.settled:
        return dg.SkipReason(trouble or _why_nothing(target, polled, partitions_to_land))
    return dg.SensorResult(run_requests=requests, asset_events=_events(target, polled))


def _poll(mixpeek: MixpeekResource, target: Warehouse, started: float) -> tuple[PollResult, str | None]:
    """Poll what is due; without a local API there is nobody to ask, which is no failure of the tick."""
    if not target.rows("open_tasks")[0]["tasks"]:
        target.load_pending()
        return PollResult(), None
    seconds = _POLL_SECONDS - (time.monotonic() - started)
    try:
        with mixpeek.client(tick_policy(seconds)) as client:
            return poll_due_tasks(client, target, seconds), None
    except LocalApiDownError as error:
        return PollResult(), str(error)


def _why_nothing(target: Warehouse, polled: PollResult, partitions_to_land: Sequence[object]) -> str:
    if partitions_to_land:
        return f"{len(partitions_to_land)} partitions to land: a run of each is in progress, or has failed a moment ago"
    for row in target.rows("waiting"):
        if row["kind"] == "api" and not polled.polled:
            return f"{row['tasks']} tasks were submitted to {row['name']}, which the environment does not name now"
    return f"{polled.polled} tasks read, none over" if polled.polled else "no task is due"


def _events(target: Warehouse, polled: PollResult) -> list[dg.AssetObservation | dg.AssetCheckEvaluation]:
    """Show on the asset `tasks` what has become of a partition's tasks, and which came to nothing and why."""
    if not polled.settled:
        return []
    states = target.rows("task_states", partitions=list(polled.settled))
    observations = [
        dg.AssetObservation(
            "tasks",
            partition=day.isoformat(),
            metadata={row["state"]: row["tasks"] for row in states if row["partition_date"] == day},
        )
        for day in polled.settled
    ]
    return [*observations, evaluation(target, "tasks", "no_task_failed", list(polled.settled))]
