"""Watching open tasks and landing what they make, until nothing is left to do."""

import time
from collections.abc import Iterable
from datetime import date, datetime

from rich.console import Console

from mixpeek_assets import clock
from mixpeek_assets.api.client import MixpeekClient
from mixpeek_assets.cli.display import labelled
from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.jobs import Jobs
from mixpeek_assets.pipeline.poll import poll_due_tasks
from mixpeek_assets.warehouse.warehouse import Warehouse

_POLL_SECONDS = 5.0
_LAND_EVERY = 10.0
"""A landing is a run of its own: while tasks are open, they are this many seconds apart."""

_LANDINGS_THAT_MAY_FAIL = 3
_SILENCE_SECONDS = 120.0
"""For how long every poll may fail before the run gives up."""


def is_unfinished(warehouse: Warehouse) -> bool:
    """Say whether tasks are open, or what they made is not landed."""
    return bool(warehouse.rows("open_tasks")[0]["tasks"] or partitions_to_land(warehouse))


def partitions_to_land(warehouse: Warehouse) -> list[date]:
    """Return the partitions with something to land."""
    return [row["partition_date"] for row in warehouse.rows("partitions_to_land")]


def land_as_it_settles(client: MixpeekClient, warehouse: Warehouse, jobs: Jobs, console: Console) -> None:
    """Watch the open tasks and land what they made, until nothing is open and nothing is left to land.

    Raises:
        CommandError: the API tells of no task any more.
    """
    landed_at, heard_at, failures = 0.0, time.monotonic(), 0
    told = set[str]()
    while True:
        polled = poll_due_tasks(client, warehouse, _POLL_SECONDS)
        _tell_once(console, polled.warnings(), told)
        if polled.polled or not polled.errors:
            heard_at = time.monotonic()
        elif time.monotonic() - heard_at > _SILENCE_SECONDS:
            raise CommandError(f"no task's status can be read; the last try: {polled.errors[-1]}")
        still_open, to_land = warehouse.rows("open_tasks")[0], partitions_to_land(warehouse)
        if not still_open["tasks"] and not to_land:
            return
        if to_land and (not still_open["tasks"] or time.monotonic() - landed_at > _LAND_EVERY):
            failures = 0 if jobs.land(to_land) else failures + 1
            landed_at = time.monotonic()
            if failures >= _LANDINGS_THAT_MAY_FAIL:
                return
            continue
        _sleep_until(still_open["next_poll_at"])


def _tell_once(console: Console, warnings: Iterable[str], told: set[str]) -> None:
    for oddity in warnings:
        if oddity not in told:
            told.add(oddity)
            console.print(labelled("yellow", "note", oddity), soft_wrap=True)


def _sleep_until(moment: datetime | None) -> None:
    seconds = 0.0 if moment is None else (moment - clock.now()).total_seconds()
    time.sleep(min(max(seconds, 0.1), 2.0))
