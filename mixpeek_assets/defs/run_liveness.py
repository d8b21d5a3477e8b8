"""Which runs are alive: a process that executes runs holds a lock, and what a dead one leaves behind is failed.

Dagster's default launcher cannot ask after the process of a run, and a run of `mixpeek-assets run` has no launcher:
after a `kill -9` or a power cut it would be STARTED for ever, hold its partition back and stand in the run queue's way.
"""

import os
import threading
import uuid
from datetime import timedelta
from pathlib import Path

import dagster as dg

from mixpeek_assets import clock
from mixpeek_assets.lock import abandoned, create_locked

PROCESS = "mixpeek_assets/process"
"""The tag with the name of the lock that the process of a run holds."""

_BEGUN = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_UNTAGGED = timedelta(minutes=1)
"""A run says whose it is within a second of its start."""

_GONE = "The process of this run is gone: it was killed, or the machine went down. What it fetched is kept."

_held: dict[tuple[int, Path], str] = {}
_holding = threading.Lock()


def process_tag(instance: dg.DagsterInstance) -> dict[str, str]:
    """Return the tag of runs that this process executes; it holds the lock of that name until it ends."""
    folder = _folder(instance)
    with _holding:
        key = (os.getpid(), folder)
        if key not in _held:
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
            create_locked(folder / f"{name}.lock")
            _held[key] = name
        return {PROCESS: _held[key]}


def fail_dead_runs(instance: dg.DagsterInstance, job_name: str) -> None:
    """Tell the instance of the runs whose process is gone; of those that never said whose they are, a job's."""
    for file in _folder(instance).glob("*.lock"):
        with abandoned(file) as dead:
            if dead is None:
                continue
            for run in instance.get_runs(dg.RunsFilter(tags={PROCESS: file.stem}, statuses=_BEGUN)):
                instance.report_run_failed(run, _GONE)
            file.unlink()
    overdue = (clock.now() - _UNTAGGED).timestamp()
    started = dg.RunsFilter(job_name=job_name, statuses=[dg.DagsterRunStatus.STARTED])
    for record in instance.get_run_records(started):
        if PROCESS not in record.dagster_run.tags and (record.start_time or overdue) < overdue:
            instance.report_run_failed(record.dagster_run, _GONE)


def _folder(instance: dg.DagsterInstance) -> Path:
    return Path(instance.root_directory) / "processes"
