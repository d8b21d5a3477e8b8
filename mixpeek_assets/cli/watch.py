"""Polling open tasks and landing their results, until nothing is left to do."""

import time
from collections.abc import Iterable
from datetime import date, datetime

from rich.console import Console

from mixpeek_assets import clock
from mixpeek_assets.api.port import MixpeekClient
from mixpeek_assets.cli.display import labelled
from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.jobs import Jobs
from mixpeek_assets.pipeline.poll import poll_due_tasks
from mixpeek_assets.warehouse.warehouse import Warehouse

_POLL_SECONDS = 5.0
_LAND_EVERY = 10.0
"""While tasks are open, landings (runs of their own) are this many seconds apart."""

_MAX_FAILED_LANDINGS = 3
_NO_REPLY_SECONDS = 120.0
"""How long all polls may fail before the run gives up."""


def is_unfinished(warehouse: Warehouse) -> bool:
    """Return whether tasks are open, or their results are not landed."""
    with warehouse.reader() as reader:
        return bool(reader.open_tasks().tasks or reader.partitions_to_land())


def land_as_it_settles(client: MixpeekClient, warehouse: Warehouse, jobs: Jobs, console: Console) -> None:
    """Poll the open tasks and land their results, until no task is open and nothing is left to land.

    Raises:
        CommandError: all polls have failed for two minutes.
    """
    landed_at, last_reply_at, failures, settled = 0.0, time.monotonic(), 0, set[date]()
    warned = set[str]()
    while True:
        polled = poll_due_tasks(client, warehouse, _POLL_SECONDS)
        _warn_once(console, polled.warnings(), warned)
        if polled.polled or not polled.errors:
            last_reply_at = time.monotonic()
        elif time.monotonic() - last_reply_at > _NO_REPLY_SECONDS:
            raise CommandError(f"no task's status can be read; the last error: {polled.errors[-1]}")
        if polled.settled:
            jobs.report_settled(warehouse, polled.settled)
        with warehouse.reader() as reader:
            open_tasks, to_land = reader.open_tasks(), reader.partitions_to_land()
        # Tasks that failed leave nothing to fetch, yet the landing is what checks their day.
        settled |= polled.settled.keys()
        to_land = sorted({*to_land, *settled})
        if not open_tasks.tasks and not to_land:
            return
        if to_land and (not open_tasks.tasks or time.monotonic() - landed_at > _LAND_EVERY):
            failures = 0 if jobs.land(to_land) else failures + 1
            settled.clear()
            landed_at = time.monotonic()
            if failures >= _MAX_FAILED_LANDINGS:
                return
            continue
        _sleep_until(open_tasks.next_poll_at)


def _warn_once(console: Console, warnings: Iterable[str], warned: set[str]) -> None:
    for warning in warnings:
        if warning not in warned:
            warned.add(warning)
            console.print(labelled("yellow", "note", warning), soft_wrap=True)


def _sleep_until(moment: datetime | None) -> None:
    seconds = 0.0 if moment is None else (moment - clock.now()).total_seconds()
    time.sleep(min(max(seconds, 0.1), 2.0))
