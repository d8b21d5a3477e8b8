"""The sensor that polls open tasks and requests landings of partitions with results to land."""

import time
from collections.abc import Sequence
from datetime import date

import dagster as dg

from mixpeek_assets import clock
from mixpeek_assets.chosen_api import LocalApiDownError
from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.failures import user_errors_as_failures
from mixpeek_assets.defs.jobs import LAND
from mixpeek_assets.defs.resources import TICK_WAREHOUSE_SECONDS, MixpeekResource
from mixpeek_assets.defs.run_liveness import fail_dead_runs
from mixpeek_assets.defs.run_requests import past_runs, ready, run_tags, why_not_ready
from mixpeek_assets.defs.task_events import changed_checks, settled_events
from mixpeek_assets.labels import counted
from mixpeek_assets.pipeline.poll import PollResult, due_tasks, poll_tasks, tick_policy
from mixpeek_assets.warehouse.errors import WarehouseBusyError
from mixpeek_assets.warehouse.rows import OpenTasks, Waiting
from mixpeek_assets.warehouse.warehouse import Warehouse

_POLL_SECONDS = 25
"""Leaves time for the calls then in flight (13 s each at most), the load, and the run history."""


def build_task_status_sensor(group: AssetGroup, status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    """Return the sensor `task_status_sensor` of a group."""
    job = group.job(LAND)

    @dg.sensor(
        name=group.named("task_status_sensor"),
        job_name=job,
        minimum_interval_seconds=10,
        default_status=status,
        required_resource_keys=group.resource_keys,
        description="Polls the tasks that are due, shows on the asset tasks what has become of them, and requests"
        f" {job} for each day whose tasks have settled. Its cursor says what the last tick found.",
    )
    def task_status_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        started = time.monotonic()
        resource = group.warehouse(context)
        warehouse = resource.open(TICK_WAREHOUSE_SECONDS)
        with user_errors_as_failures():
            try:
                result, api_down = _poll(group.mixpeek(context), warehouse, started)
                with warehouse.reader() as reader:
                    # Tasks that failed leave nothing to fetch, yet the landing is what checks their day.
                    to_land = sorted({*reader.partitions_to_land(), *result.settled})
                    waiting, open_tasks = reader.waiting(), reader.open_tasks()
                    events = settled_events(group, reader, list(result.settled))
                    events = events or changed_checks(group, reader, context.instance)
                warehouse.publish("at the end")
            except WarehouseBusyError as error:
                # The replies are on disk, and the next load loads them.
                return dg.SensorResult(skip_reason=str(error), cursor=context.cursor)
            fail_dead_runs(context.instance, job, resource.settings)
        runs, now = past_runs(context.instance, job), clock.now()
        to_land = [day for day in to_land if group.first_partition <= day <= now.date()]
        chosen = ready(to_land, runs, now)
        requests = [
            dg.RunRequest(run_key=key, partition_key=day.isoformat(), tags=run_tags(group.named("task_status_sensor")))
            for day, key in chosen.items()
        ]
        for warning in [*result.errors[:10], *result.warnings()]:
            context.log.warning("%s", warning)
        held = why_not_ready([day for day in to_land if day not in chosen], runs, now)
        said = _sentence(result, open_tasks, list(chosen), held)
        context.log.info(said)
        skipped = None if requests else api_down or _other_api(result, waiting) or said
        return dg.SensorResult(run_requests=requests, asset_events=events, cursor=said, skip_reason=skipped)

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


def _sentence(result: PollResult, open_tasks: OpenTasks, landing: Sequence[date], held: str) -> str:
    """Say in a line what the tick found; the table of ticks cuts some fifty characters in the middle."""
    settled = result.settled.total()
    parts = [f"{settled:,} settled"] if settled else []
    if landing:
        parts.append("landing " + ", ".join(f"{day:%m-%d}" for day in landing))
    if open_tasks.tasks or not parts:
        parts.append(f"{open_tasks.tasks:,} open" if open_tasks.tasks else "no task is open")
    if open_tasks.tasks and open_tasks.next_poll_at is not None:
        parts.append(f"next poll {open_tasks.next_poll_at:%H:%M:%S} UTC")
    if result.polled and not settled:
        parts.append(f"{result.polled:,} polled")
    if result.errors:
        parts.append(f"{counted(len(result.errors), 'poll')} failed")
    return ", ".join([*parts, *([held] if held else [])])


def _other_api(result: PollResult, waiting: Sequence[Waiting]) -> str | None:
    for row in waiting:
        if row.kind == "api" and not result.polled:
            were = "task was" if row.tasks == 1 else "tasks were"
            return f"{row.tasks:,} {were} submitted to {row.name}, not to the API of the current settings"
    return None
