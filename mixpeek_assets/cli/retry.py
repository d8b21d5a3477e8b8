"""`mixpeek-assets retry`: what failed, was lost or was rejected is tried again."""

from collections import Counter
from dataclasses import asdict, astuple, fields, replace
from datetime import timedelta
from typing import get_args

import click
from rich.console import Console

from mixpeek_assets.cli.display import labelled, plain
from mixpeek_assets.cli.formats import Format, notes, print_csv, print_json
from mixpeek_assets.cli.jobs import Jobs
from mixpeek_assets.cli.project import dagster_instance
from mixpeek_assets.cli.watch import land_as_it_settles
from mixpeek_assets.connections import local_api, open_client, open_warehouse
from mixpeek_assets.settings import Settings
from mixpeek_assets.terminal_safe import terminal_safe
from mixpeek_assets.warehouse.rows import RetryCandidate
from mixpeek_assets.warehouse.selection import RetrySelection, RetryWord
from mixpeek_assets.warehouse.warehouse import Warehouse

_MOST_SHOWN = 20
_MOST_REASONS = 5
_LONGEST_REASON = 100
_ACTIONS = {
    "submit": "submitted again (the API may bill it)",
    "poll": "polled again (free)",
    "fetch asset": "fetched again (free)",
    "fetch vectors": "fetched again (free)",
}


def retry(
    settings: Settings, selection: RetrySelection, *, dry_run: bool, mark_only: bool, format_: Format = "table"
) -> int:
    """Retry what `selection` covers and print the outcome; returns 1 when some of it fails again."""
    console = notes(format_)
    warehouse = open_warehouse(settings, asks=console.print)
    warehouse.load_pending()
    deadline = timedelta(hours=settings.task_deadline_hours)
    candidates = warehouse.retry(selection, dry_run=dry_run, deadline=deadline)
    if not candidates:
        _refuse_an_unknown_reason(warehouse, selection)
        console.print("Nothing to retry matches: `mixpeek-assets status` shows what went wrong.")
    elif format_ == "table":
        _show(console, candidates)
    left: list[RetryCandidate] = []
    if candidates and dry_run:
        console.print("\nDry run: nothing was changed.")
    elif candidates and mark_only:
        console.print("\nMarked for the sensors of `make dev` or the next `mixpeek-assets run`.")
    elif candidates:
        _work(settings, console, warehouse, candidates)
        left = _still_wrong(warehouse, selection, candidates)
        _show_left(console, candidates, left)
    _print_outcomes(candidates, left, "not tried" if dry_run else "marked" if mark_only else "succeeded", format_)
    return 1 if left else 0


def _refuse_an_unknown_reason(warehouse: Warehouse, selection: RetrySelection) -> None:
    """Raise an error if a reason was asked for that is no word of ours and that nothing has."""
    if selection.reason is None or selection.reason in get_args(RetryWord):
        return
    there = Counter(one.reason for one in warehouse.retry(replace(selection, reason=None), dry_run=True))
    reasons = "; ".join(f"{reason[:_LONGEST_REASON]} ({count:,})" for reason, count in there.most_common(_MOST_REASONS))
    words = ", ".join(get_args(RetryWord))
    raise click.UsageError(
        terminal_safe(
            f"nothing has the reason {selection.reason[:_LONGEST_REASON]!r}. A reason is one of {words}, or a part of"
            f" {f'one of these: {reasons}' if reasons else 'what `mixpeek-assets status` shows, which is nothing now'}"
        )
    )


def _show_left(console: Console, candidates: list[RetryCandidate], left: list[RetryCandidate]) -> None:
    """Say how many succeeded, and show what has failed for another reason than before: the rest is listed above."""
    console.print(f"\n{len(candidates) - len(left):,} of {len(candidates):,} succeeded.", highlight=False)
    before = {(_identity(one), one.reason) for one in candidates}
    changed = [one for one in left if (_identity(one), one.reason) not in before]
    if same := len(left) - len(changed):
        console.print(f"{same:,} failed again, for the same reason as before.", highlight=False)
    for one in changed[:_MOST_SHOWN]:
        _show_one(console, one)
    if len(changed) > _MOST_SHOWN:
        console.print(plain(f"  ... and {len(changed) - _MOST_SHOWN:,} more"))


def _print_outcomes(
    candidates: list[RetryCandidate], left: list[RetryCandidate], outcome: str, format_: Format
) -> None:
    failed = {_identity(one): one for one in left}
    shown = [(failed.get(_identity(one), one), "failed" if _identity(one) in failed else outcome) for one in candidates]
    if format_ == "json":
        print_json({**asdict(one), "outcome": now} for one, now in shown)
    elif format_ == "csv":
        columns = [*(field.name for field in fields(RetryCandidate)), "outcome"]
        print_csv(columns, ((*astuple(one), now) for one, now in shown))


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
            _show_one(console, one)
        if count > _MOST_SHOWN:
            console.print(f"  ... and {count - _MOST_SHOWN:,} more", highlight=False)


def _show_one(console: Console, one: RetryCandidate) -> None:
    about = one.url if one.object_id == one.video_id else f"{one.object_id} of {one.url}"
    console.print(" ", labelled("red", one.kind, f"{one.partition_date} {about}: {one.reason}"), soft_wrap=True)
