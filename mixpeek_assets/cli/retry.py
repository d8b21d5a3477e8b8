"""`mixpeek-assets retry`: what failed, was lost or was rejected is tried again."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from rich.console import Console

from mixpeek_assets.cli.display import labelled
from mixpeek_assets.cli.jobs import Jobs
from mixpeek_assets.cli.project import dagster_instance, local_api
from mixpeek_assets.cli.watch import land_as_it_settles
from mixpeek_assets.connections import open_client, open_warehouse
from mixpeek_assets.settings import Settings
from mixpeek_assets.warehouse.rows import RetryCandidate
from mixpeek_assets.warehouse.selection import RetrySelection
from mixpeek_assets.warehouse.warehouse import Warehouse

_MOST_SHOWN = 20
_ACTIONS = {
    "submit": "submitted again (the API may bill it)",
    "poll": "polled again (free)",
    "fetch asset": "fetched again (free)",
    "fetch vectors": "fetched again (free)",
}


def retry(settings: Settings, selection: RetrySelection, *, dry_run: bool, mark_only: bool) -> int:
    """Retry what `selection` covers and print the outcome; returns 1 when some of it fails again."""
    console = Console()
    warehouse = open_warehouse(settings)
    warehouse.load_pending()
    deadline = timedelta(hours=settings.task_deadline_hours)
    candidates = warehouse.retry(selection, dry_run=dry_run, deadline=deadline)
    if not candidates:
        console.print("Nothing to retry matches: `mixpeek-assets status` shows what went wrong.")
        return 0
    _show(console, candidates)
    if dry_run:
        console.print("\nDry run: nothing was changed.")
    elif mark_only:
        console.print("\nMarked for the sensors of `make dev` or the next `mixpeek-assets run`.")
    else:
        _work(settings, console, warehouse, candidates)
        left = _still_wrong(warehouse, selection, candidates)
        console.print(f"\n{len(candidates) - len(left):,} of {len(candidates):,} succeeded.", highlight=False)
        _show(console, left)
        return 1 if left else 0
    return 0


def _work(settings: Settings, console: Console, warehouse: Warehouse, candidates: list[RetryCandidate]) -> None:
    partitions = {candidate.partition_date for candidate in candidates if candidate.verb == "submit"}
    with (
        dagster_instance() as instance,
        local_api(settings),
        open_client(settings) as client,
        console.status("Retrying ..."),
    ):
        client.probe()
        jobs = Jobs(settings, instance)
        if partitions:
            jobs.ingest(partitions)
        land_as_it_settles(client, warehouse, jobs, console)
    for failure in jobs.failures:
        console.print(labelled("red", "failed", failure), soft_wrap=True)


def _still_wrong(
    warehouse: Warehouse, selection: RetrySelection, candidates: list[RetryCandidate]
) -> list[RetryCandidate]:
    """Return the candidates that are still wrong, for any reason."""
    any_reason = replace(selection, reason=None)  # it may have changed
    before = {_identity(candidate) for candidate in candidates}
    return [one for one in warehouse.retry(any_reason, dry_run=True) if _identity(one) in before]


def _identity(candidate: RetryCandidate) -> tuple[bool, str]:
    # A lost task that was polled again may have failed.
    return candidate.kind == "rejected", candidate.object_id


def _show(console: Console, candidates: list[RetryCandidate]) -> None:
    for verb, count in Counter(candidate.verb for candidate in candidates).items():
        console.print(f"{count:,} to be {_ACTIONS[verb]}:", highlight=False)
        for one in [candidate for candidate in candidates if candidate.verb == verb][:_MOST_SHOWN]:
            about = one.url if one.object_id == one.video_id else f"{one.object_id} of {one.url}"
            line = f"{one.partition_date} {about}: {one.reason}"
            console.print(" ", labelled("red", one.kind, line), soft_wrap=True)
        if count > _MOST_SHOWN:
            console.print(f"  ... and {count - _MOST_SHOWN:,} more", highlight=False)
