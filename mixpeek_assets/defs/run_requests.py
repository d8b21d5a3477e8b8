"""Which partitions to run a job for, derived from the tables and the run history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from mixpeek_assets.manifest.reader import Manifest
from mixpeek_assets.warehouse.selection import SubmissionRules
from mixpeek_assets.warehouse.warehouse import Warehouse

_IN_PROGRESS = frozenset(
    {
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.CANCELING,
    }
)
_FIRST_BACK_OFF = timedelta(seconds=30)
_LONGEST_BACK_OFF = timedelta(hours=1)
_RUNS_REMEMBERED = 500

_PARTITION = "dagster/partition"
_RANGE_START = "dagster/asset_partition_range_start"
_RANGE_END = "dagster/asset_partition_range_end"

TRIGGER = "trigger"
"""The tag that says what asked for a run: a sensor, the schedule or the command line."""


@dataclass(frozen=True)
class PastRun:
    """A run of a job: its partitions and its end."""

    run_id: str
    status: dg.DagsterRunStatus
    first: date
    last: date
    ended_at: datetime | None

    def covers(self, partition: date) -> bool:
        """Return whether the run covers this partition."""
        return self.first <= partition <= self.last


def past_runs(instance: dg.DagsterInstance, job_name: str) -> list[PastRun]:
    """Return the newest runs of a job, newest first. Dead ones count as running until `fail_dead_runs`."""
    records = instance.get_run_records(dg.RunsFilter(job_name=job_name), limit=_RUNS_REMEMBERED)
    runs = []
    for record in records:
        tags = record.dagster_run.tags
        first = tags.get(_PARTITION) or tags.get(_RANGE_START)
        last = tags.get(_PARTITION) or tags.get(_RANGE_END)
        if first is None or last is None:
            continue
        ended = None if record.end_time is None else datetime.fromtimestamp(record.end_time, UTC)
        status = record.dagster_run.status
        runs.append(
            PastRun(record.dagster_run.run_id, status, date.fromisoformat(first), date.fromisoformat(last), ended)
        )
    return runs


def ready(partitions: Iterable[date], runs: Sequence[PastRun], now: datetime) -> dict[date, str]:
    """Choose the partitions to request a run for, each with a key that is new for every new attempt.

    A partition is left out while a run of it is queued or running and, after failures in a row, for 30 s, doubled with
    each failure, up to an hour. Dagster never accepts a run key twice, even after a failure, so the key names the
    previous run.
    """
    chosen: dict[date, str] = {}
    for partition in partitions:
        its_runs = [run for run in runs if run.covers(partition)]
        if any(run.status in _IN_PROGRESS for run in its_runs):
            continue
        if _held_until(its_runs, now) is not None:
            continue
        chosen[partition] = f"{partition} after {its_runs[0].run_id if its_runs else 'none'}"
    return chosen


def why_not_ready(partitions: Sequence[date], runs: Sequence[PastRun], now: datetime) -> str:
    """Say why no run is requested for some partitions, and when one is; empty for none."""
    said: list[str] = []
    for partition in partitions:
        its_runs = [run for run in runs if run.covers(partition)]
        active = next((run for run in its_runs if run.status in _IN_PROGRESS), None)
        if active is not None:
            said.append(f"{partition}: run {active.run_id[:8]} of it is in progress")
        elif (until := _held_until(its_runs, now)) is not None:
            said.append(f"{partition}: its run has failed, the next is requested at {until:%H:%M:%S} UTC")
    shown = "; ".join(said[:3])
    return shown if len(said) <= 3 else f"{shown}; and {len(said) - 3} more days"


def _held_until(its_runs: Sequence[PastRun], now: datetime) -> datetime | None:
    """Return until when a partition is left out after failures of its runs; None: it is not."""
    failures = 0
    while failures < len(its_runs) and its_runs[failures].status == dg.DagsterRunStatus.FAILURE:
        failures += 1
    last_end = its_runs[0].ended_at if its_runs else None
    # An end time in the future means the clock was set back: ignore it.
    if failures and last_end is not None and last_end <= now < last_end + back_off(failures):
        return last_end + back_off(failures)
    return None


def back_off(failures: int) -> timedelta:
    """Return how long to wait after this many failures in a row."""
    return min(_FIRST_BACK_OFF * 2 ** min(failures - 1, 10), _LONGEST_BACK_OFF)


def ranges(partitions: Iterable[date]) -> list[tuple[date, date]]:
    """Join consecutive days into ranges, so that one run covers several days."""
    joined: list[tuple[date, date]] = []
    for day in sorted(partitions):
        if joined and day - joined[-1][1] == timedelta(days=1):
            joined[-1] = (joined[-1][0], day)
        else:
            joined.append((day, day))
    return joined


def range_tags(first: date, last: date) -> Mapping[str, str]:
    """Return the tags of a run over a range of partitions."""
    if first == last:
        return {_PARTITION: first.isoformat()}
    return {_RANGE_START: first.isoformat(), _RANGE_END: last.isoformat()}


def run_tags(trigger: str) -> dict[str, str]:
    """Return the tags of a run: what asked for it."""
    return {TRIGGER: trigger}


def partitions_to_ingest(
    warehouse: Warehouse, manifest: Manifest | None, *, rules: SubmissionRules, now: datetime
) -> list[date]:
    """Return the partitions up to today with videos that are not in `videos`, or need a submission; in order.

    Args:
        warehouse: The warehouse with the known videos.
        manifest: The manifest; None when all of its videos are known to be in `videos`.
        rules: Which videos are submitted.
        now: The current time.
    """
    with warehouse.reader() as reader:
        new = reader.new_partitions(manifest.videos, now.date()) if manifest is not None else []
        waiting = reader.partitions_to_submit(rules)
    return sorted({day for day in [*new, *waiting] if day <= now.date()})
