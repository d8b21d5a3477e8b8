"""`mixpeek-assets retry`: what failed, was lost or was rejected, once more."""

from collections import Counter
from datetime import timedelta
from typing import Any

from rich.console import Console

from mixpeek_assets.cli.display import labelled
from mixpeek_assets.cli.jobs import Jobs
from mixpeek_assets.cli.project import dagster_instance, local_api, open_warehouse
from mixpeek_assets.cli.watch import land_as_it_settles
from mixpeek_assets.defs.resources import open_client
from mixpeek_assets.settings import Settings, load_settings
from mixpeek_assets.warehouse.warehouse import Retry, Warehouse

_MOST_SHOWN = 20
_ACTIONS = {
    "POST /ingest/videos/url": "submitted again (the API may bill it)",
    "GET /tasks/{id}": "asked for again (free)",
    "GET /assets/{id}/features": "fetched again (free)",
    "GET /features/{id}": "fetched again (free)",
}


def retry(chosen: Retry, *, dry_run: bool, mark_only: bool) -> int:
    """Try again what `chosen` means, and say what has become of it; returns 1 when some of it went wrong again."""
    settings, console = load_settings(), Console()
    warehouse = open_warehouse(settings)
    warehouse.load_pending()
    deadline = timedelta(hours=settings.task_deadline_hours)
    candidates = warehouse.retry(chosen, dry_run=dry_run, deadline=deadline)
    if not candidates:
        console.print("Nothing that went wrong fits: `mixpeek-assets status` shows what did.")
        return 0
    _show(console, candidates)
    if dry_run:
        console.print("\nDry run: nothing was changed.")
    elif mark_only:
        console.print("\nMarked: the sensors of `make dev`, or the next `mixpeek-assets run`, do it.")
    else:
        _work(settings, console, warehouse, candidates)
        left = _left(warehouse, chosen, candidates)
        console.print(f"\n{len(candidates) - len(left):,} of {len(candidates):,} came right.", highlight=False)
        _show(console, left)
        return 1 if left else 0
    return 0


def _work(settings: Settings, console: Console, warehouse: Warehouse, candidates: list[dict[str, Any]]) -> None:
    partitions = {row["partition_date"] for row in candidates if row["endpoint"].startswith("POST")}
    with (
        dagster_instance() as instance,
        local_api(settings),
        open_client(settings) as client,
        console.status("Trying again ..."),
    ):
        client.probe()
        jobs = Jobs(instance)
        if partitions:
            jobs.ingest(partitions)
        land_as_it_settles(client, warehouse, jobs, console)
    for failure in jobs.failures:
        console.print(labelled("red", "failed", failure), soft_wrap=True)


def _left(warehouse: Warehouse, chosen: Retry, candidates: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return which of them are still wrong, for whatever reason."""
    # A reason may have changed; a lost task that was asked for is still lost.
    before = {(row["kind"] == "rejected", row["object_id"]) for row in candidates}
    anything = Retry(chosen.partitions, chosen.collections, chosen.video, pay_again=chosen.pay_again)
    now = warehouse.retry(anything, dry_run=True)
    return [row for row in now if (row["kind"] == "rejected", row["object_id"]) in before]


def _show(console: Console, rows: list[dict[str, Any]]) -> None:
    for endpoint, count in Counter(row["endpoint"] for row in rows).items():
        console.print(f"{count:,} to be {_ACTIONS[endpoint]}:", highlight=False)
        for row in [row for row in rows if row["endpoint"] == endpoint][:_MOST_SHOWN]:
            about = row["url"] if row["object_id"] == row["video_id"] else f"{row['object_id']} of {row['url']}"
            said = f"{row['partition_date']} {about}: {row['reason']}"
            console.print(" ", labelled("red", row["kind"], said), soft_wrap=True)
        if count > _MOST_SHOWN:
            console.print(f"  ... and {count - _MOST_SHOWN:,} more", highlight=False)
