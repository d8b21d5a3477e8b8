"""Which runs are alive: each process that executes runs holds a lock; a dead process's runs are marked as failed.

Dagster's default launcher cannot check the process of a run, and a run of `mixpeek-assets run` has no launcher: after
a `kill -9` or a power cut it would stay STARTED for ever, block its partition and occupy a slot of the run queue.
"""

import os
import threading
import uuid
from datetime import timedelta
from pathlib import Path

import dagster as dg

from mixpeek_assets import clock
from mixpeek_assets.lock import abandoned, create_locked

PROCESS = ".dagster/mixpeek_process"
"""The tag that names the lock of the process that executes a run. Dagster's UI hides tags of this prefix."""

_ACTIVE = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_TAG_GRACE = timedelta(minutes=1)
"""How long a run may be untagged: it names its process within a second of its start."""

_ONE_PROCESS = ("in_process", "execute_in_process_executor")
"""Executors of a run's steps in the process of the run."""

_PROCESS_DIED = "The process of this run has died: it was killed, or the machine went down. What it fetched is kept."

_lock_names: dict[tuple[int, Path], str] = {}
_lock_names_guard = threading.Lock()


def process_tag(instance: dg.DagsterInstance) -> dict[str, str]:
    """Return the tag of the runs of this process, which holds the lock of that name until it ends."""
    folder = _folder(instance)
    with _lock_names_guard:
        key = (os.getpid(), folder)
        if key not in _lock_names:
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
            create_locked(folder / f"{name}.lock")
            _lock_names[key] = name
        return {PROCESS: _lock_names[key]}


def record_process(context: dg.AssetExecutionContext) -> None:
    """Tag the run with the process that executes it; each asset does so first, however its run was started."""
    if context.job_def.executor_def.name not in _ONE_PROCESS:
        return  # The run outlives its steps' processes.
    tag = process_tag(context.instance)
    if not tag.items() <= context.run.tags.items():  # A re-execution has the tags of the first run.
        context.instance.add_run_tags(context.run.run_id, tag)


def fail_dead_runs(instance: dg.DagsterInstance, job_name: str) -> None:
    """Mark runs as failed whose process has died, and this job's runs that never named one."""
    for file in _folder(instance).glob("*.lock"):
        with abandoned(file) as dead:
            if dead is None:
                continue
            for run in instance.get_runs(dg.RunsFilter(tags={PROCESS: file.stem}, statuses=_ACTIVE)):
                instance.report_run_failed(run, _PROCESS_DIED)
            file.unlink()
    overdue = (clock.now() - _TAG_GRACE).timestamp()
    started = dg.RunsFilter(job_name=job_name, statuses=[dg.DagsterRunStatus.STARTED])
    for record in instance.get_run_records(started):
        if PROCESS not in record.dagster_run.tags and (record.start_time or overdue) < overdue:
            instance.report_run_failed(record.dagster_run, _PROCESS_DIED)


def _folder(instance: dg.DagsterInstance) -> Path:
    return Path(instance.root_directory) / "processes"
