"""The lease of one run, for processes that execute many, one after the other: a worker's.

A broker may deliver a run twice, e.g. after an hour in which nobody confirmed it. Whoever has the lease executes it.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from mixpeek_assets.defs.run_liveness import PROCESS, PROCESS_DIED, lease_of, leases_of
from mixpeek_assets.settings import Settings

MACHINE = "machine"
"""The tag that says on which machine a run was executed."""

_LAUNCHED = (dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING)


@contextmanager
def executing(instance: dg.DagsterInstance, settings: Settings, run_id: str) -> Iterator[bool]:
    """Hold the lease of a run while the block executes it; yield whether it is to be executed here and now.

    Args:
        instance: The instance of the run.
        settings: The cluster whose lease it is.
        run_id: The run that was delivered.
    """
    with leases_of(instance, settings).held(lease_of(run_id)) as is_ours:
        yield is_ours and _is_to_begin(instance, run_id)


def _is_to_begin(instance: dg.DagsterInstance, run_id: str) -> bool:
    run = instance.get_run_by_id(run_id)
    if run is None or run.is_finished:
        return False
    if run.status is dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run)
        return False
    if run.status not in _LAUNCHED:  # and its lease was free
        instance.report_run_failed(run, PROCESS_DIED)
        return False
    instance.add_run_tags(run_id, {PROCESS: lease_of(run_id), MACHINE: socket.gethostname()})
    return True
