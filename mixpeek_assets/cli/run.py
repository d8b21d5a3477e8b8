"""`mixpeek-assets run`: the whole chain, through the jobs that Dagster runs."""

import time
from collections.abc import Sequence

from rich.console import Console

from mixpeek_assets import clock
from mixpeek_assets.cli.jobs import Jobs
from mixpeek_assets.cli.progress import progress_of
from mixpeek_assets.cli.project import dagster_instance
from mixpeek_assets.cli.search import EXAMPLES, Tried, example_words, try_out
from mixpeek_assets.cli.sinks import print_sinks, write_behind
from mixpeek_assets.cli.summary import print_summary
from mixpeek_assets.cli.watch import is_unfinished, land_as_it_settles
from mixpeek_assets.connections import local_api, open_client, open_warehouse, submission_rules
from mixpeek_assets.defs.run_requests import partitions_to_ingest
from mixpeek_assets.local_api import missing_models
from mixpeek_assets.manifest.reader import Manifest, read_manifest
from mixpeek_assets.settings import Settings
from mixpeek_assets.warehouse.warehouse import Warehouse


def run(settings: Settings, *, retry_failed: bool = False, refresh: bool = False) -> int:
    """Ingest, wait, land and print a summary; returns the exit code: 1 when a video of the manifest did not land."""
    console, started = Console(), time.monotonic()
    warehouse = open_warehouse(settings, asks=console.print)
    with dagster_instance() as instance, read_manifest(settings) as manifest:
        warehouse.load_pending()
        rules = submission_rules(settings, resubmit_failed=retry_failed)
        to_ingest = partitions_to_ingest(warehouse, manifest, rules=rules, now=clock.now())
        with warehouse.reader() as reader:
            to_refresh = reader.manifest_partitions(manifest.videos) if refresh else []
        jobs = Jobs(settings, instance, [*to_ingest, *to_refresh], retry_failed=retry_failed)
        worked, tried = bool(to_ingest or to_refresh or is_unfinished(warehouse)), None
        if worked:
            _print_missing_models(settings, console)
            with local_api(settings), open_client(settings) as client:
                client.probe()
                with progress_of(warehouse, manifest, console):
                    if to_ingest:
                        jobs.ingest(to_ingest)
                    if to_refresh:
                        jobs.land(to_refresh, refresh=True)
                    land_as_it_settles(client, warehouse, jobs, console)
                if settings.uses_local_api:  # where a search costs nothing
                    tried = try_out(client, warehouse, _examples(settings, warehouse, manifest))
        warehouse.publish("now")
        write_behind(jobs, jobs.sink_states(warehouse))
        tried = tried or Tried(_examples(settings, warehouse, manifest), {})
        seconds = time.monotonic() - started
        code = print_summary(console, warehouse, manifest, jobs.failures, seconds, tried, worked=worked)
        print_sinks(console, settings, jobs, warehouse)
        return code


def _examples(settings: Settings, warehouse: Warehouse, manifest: Manifest) -> Sequence[str]:
    return EXAMPLES if settings.videos is None else example_words(warehouse, manifest.videos)


def _print_missing_models(settings: Settings, console: Console) -> None:
    for why in missing_models().values() if settings.uses_local_api else ():
        if why:
            console.print(f"[yellow]missing[/] {why}", highlight=False, soft_wrap=True)
