"""Which runs are alive: each is executed under a lease of its own, and one whose lease nobody holds is failed.

Dagster's default launcher cannot check the process of a run, a run of `mixpeek-assets run` has no launcher, and a
worker may vanish with its machine: after a `kill -9` or a power cut the run would stay STARTED for ever, block its
partition and occupy a slot of the run queue. A run has a lease of its own because a warm worker outlives its runs.
"""

from datetime import timedelta
from pathlib import Path

import dagster as dg

from mixpeek_assets import clock
from mixpeek_assets.connections import open_leases
from mixpeek_assets.defs.failures import user_errors_as_failures
from mixpeek_assets.locks import Leases, LockLostError
from mixpeek_assets.settings import Settings

PROCESS = ".dagster/mixpeek_process"
"""The tag that names the lease under which a run is executed. Dagster's UI hides tags of this prefix."""

_ACTIVE = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_TAG_GRACE = timedelta(minutes=1)
"""How long a run may go without a lease of its own: it takes it within a second of its start."""

_ONE_PROCESS = ("in_process", "execute_in_process_executor")
"""Executors of a run's steps in the process of the run."""

PROCESS_DIED = "The process of this run has died: it was killed, or the machine went down. What it fetched is kept."

_ours = set[str]()
"""The runs of this process whose leases it may still hold."""


def lease_of(run_id: str) -> str:
    """Return the name of a run's lease."""
    return f"run-{run_id}"


def leases_of(instance: dg.DagsterInstance, settings: Settings) -> Leases:
    """Return the leases of runs: on this machine where the site is a folder, else those of the cluster."""
    return open_leases(settings, Path(instance.root_directory) / "processes")


def process_tag(instance: dg.DagsterInstance, settings: Settings, run_id: str) -> dict[str, str]:
    """Take the lease of a run that this process executes, and return the tag that names it.

    The process keeps it until it ends, or begins another run after this one has ended.

    Raises:
        LockLostError: another process executes the run, or this one's lease was lost.
    """
    leases, name = leases_of(instance, settings), lease_of(run_id)
    for earlier in _ours - {run_id}:
        run = instance.get_run_by_id(earlier)
        if run is None or run.is_finished:
            leases.release(lease_of(earlier))
            _ours.discard(earlier)
    if not leases.take(name):
        raise LockLostError(f"another process executes run {run_id} already")
    _ours.add(run_id)
    return {PROCESS: name}


def record_process(context: dg.AssetExecutionContext | dg.OpExecutionContext, settings: Settings) -> None:
    """Take the lease of the run, and tag it so; each asset does so first, however its run was started."""
    if context.job_def.executor_def.name not in _ONE_PROCESS:
        return  # The run outlives its steps' processes.
    with user_errors_as_failures():
        tag = process_tag(context.instance, settings, context.run.run_id)
    if not tag.items() <= context.run.tags.items():  # A re-execution has the tags of the first run.
        context.instance.add_run_tags(context.run.run_id, tag)


def fail_dead_runs(instance: dg.DagsterInstance, job_name: str, settings: Settings) -> None:
    """Mark runs as failed whose lease nobody holds, and this job's runs that never took one."""
    leases = leases_of(instance, settings)
    overdue = (clock.now() - _TAG_GRACE).timestamp()
    for record in instance.get_run_records(dg.RunsFilter(statuses=_ACTIVE)):
        run, tag = record.dagster_run, record.dagster_run.tags.get(PROCESS)
        # Without a lease of its own, it may be about to take one: a re-execution has the tags of the first run.
        is_due = tag == lease_of(run.run_id) or (
            run.status == dg.DagsterRunStatus.STARTED and (record.start_time or overdue) < overdue
        )
        if is_due and (leases.is_dead(tag) if tag else run.job_name == job_name):
            # Read again, because it may have ended well, and then its process.
            now = instance.get_run_by_id(run.run_id)
            if now is not None and now.status == dg.DagsterRunStatus.CANCELING:
                instance.report_run_canceled(now, PROCESS_DIED)
            elif now is not None and not now.is_finished:
                instance.report_run_failed(now, PROCESS_DIED)
