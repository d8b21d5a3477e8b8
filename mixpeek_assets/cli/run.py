"""`mixpeek-assets run`: the whole chain, through the jobs that Dagster runs."""

import os
import time
from datetime import date, datetime

from rich.console import Console

from mixpeek_assets import clock
from mixpeek_assets.api.client import MixpeekClient
from mixpeek_assets.automation.planning import partitions_to_ingest
from mixpeek_assets.automation.polling import poll_due_tasks
from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.jobs import Jobs
from mixpeek_assets.cli.progress import progress_of
from mixpeek_assets.cli.project import dagster_instance, local_api, open_warehouse
from mixpeek_assets.cli.search import try_out
from mixpeek_assets.cli.summary import print_summary
from mixpeek_assets.local_api.models.senses import senses
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.resources import open_client
from mixpeek_assets.settings import Settings, load_settings
from mixpeek_assets.warehouse.warehouse import Warehouse

_POLL_SECONDS = 5.0
_LAND_EVERY = 10.0
"""A landing is a run of its own: while tasks are open, they are this many seconds apart."""

_LANDINGS_THAT_MAY_FAIL = 3
_SILENCE_SECONDS = 120.0
"""For how long every poll may fail before the run gives up."""


def run(videos: str | None = None, *, retry_failed: bool = False, refresh: bool = False) -> int:
    """Ingest, wait, land, and say how it went; returns the exit code: 1 when a video of the manifest did not land."""
    if videos:
        os.environ["MIXPEEK_VIDEOS"] = videos
    settings = load_settings()
    warehouse, console, started = open_warehouse(settings), Console(), time.monotonic()
    with dagster_instance() as instance, read_manifest(settings) as manifest:
        warehouse.load_pending()
        attempts = 1_000_000 if retry_failed else settings.max_attempts
        to_ingest = partitions_to_ingest(warehouse, manifest, max_attempts=attempts, now=clock.now())
        to_refresh = warehouse.manifest_partitions(manifest) if refresh else []
        jobs = Jobs(instance, retry_failed=retry_failed)
        worked, tried = bool(to_ingest or to_refresh or _unfinished(warehouse)), None
        if worked:
            _say_what_is_missing(settings, console)
            with local_api(settings), open_client(settings) as client:
                client.probe()
                with progress_of(warehouse, manifest, console):
                    if to_ingest:
                        jobs.ingest(to_ingest)
                    _land(client, warehouse, jobs, to_refresh)
                if settings.videos is None and settings.uses_local_api:
                    tried = try_out(client, warehouse)
        seconds = time.monotonic() - started
        return print_summary(console, warehouse, manifest, jobs.failures, seconds, tried, worked=worked)


def _say_what_is_missing(settings: Settings, console: Console) -> None:
    for why in senses().values() if settings.uses_local_api else ():
        if why:
            console.print(f"[yellow]missing[/] {why}", highlight=False, soft_wrap=True)


def _unfinished(warehouse: Warehouse) -> bool:
    return bool(warehouse.rows("open_tasks")[0]["tasks"] or warehouse.rows("partitions_to_land"))


def _land(client: MixpeekClient, warehouse: Warehouse, jobs: Jobs, to_refresh: list[date]) -> None:
    """Watch the open tasks and land what they made, until nothing is open and nothing is left to land."""
    if to_refresh:
        jobs.land(to_refresh, refresh=True)
    landed_at, heard_at, failures = 0.0, time.monotonic(), 0
    while True:
        polled = poll_due_tasks(client, warehouse, _POLL_SECONDS)
        if polled.polled or not polled.errors:
            heard_at = time.monotonic()
        elif time.monotonic() - heard_at > _SILENCE_SECONDS:
            raise CommandError(f"no task's status can be read; the last try: {polled.errors[-1]}")
        still_open = warehouse.rows("open_tasks")[0]
        landable = [row["partition_date"] for row in warehouse.rows("partitions_to_land")]
        if not still_open["tasks"] and not landable:
            return
        if landable and (not still_open["tasks"] or time.monotonic() - landed_at > _LAND_EVERY):
            failures = 0 if jobs.land(landable) else failures + 1
            landed_at = time.monotonic()
            if failures >= _LANDINGS_THAT_MAY_FAIL:
                return
            continue
        _sleep_until(still_open["next_poll_at"])


def _sleep_until(moment: datetime | None) -> None:
    seconds = 0.0 if moment is None else (moment - clock.now()).total_seconds()
    time.sleep(min(max(seconds, 0.1), 2.0))
