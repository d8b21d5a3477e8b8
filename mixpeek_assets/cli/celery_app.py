"""Celery's view of a worker: the tasks that execute runs, each once and under a lease.

`mixpeek-assets worker` starts it. Broker and backend are those of the instance, so that they are named once.
"""

# pyright: reportMissingImports=false
# The extra [cluster] is in an environment of its own.

import logging
import time
from typing import Any

import dagster as dg
from celery import Celery, Task
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import unpack_value
from dagster_celery.make_app import make_app
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG
from dagster_celery.tasks import create_execute_job_task

import mixpeek_assets.definitions  # noqa: F401 - before the processes of the runs are forked, which then need not
from mixpeek_assets.defs.run_launcher import RunLauncher
from mixpeek_assets.defs.run_lease import executing
from mixpeek_assets.settings import load_settings

_LOOKS, _LOOK_SECONDS = 100, 0.1
"""A launcher that has died since never writes."""

CONFIG = {
    # A run waits in the broker, where any worker may take it, and not with a worker that is busy for hours.
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,  # with Redis
    # Dagster captures what a step prints; Celery would take it away.
    "worker_redirect_stdouts": False,
    "broker_connection_retry_on_startup": True,
}


class ExecutedOnce(Task):
    """The task of a run: what a broker delivers twice is executed once."""

    def __call__(self, execute_job_args_packed: Any) -> int:
        """Execute the run, unless another worker does, or it is over."""
        run_id = unpack_value(execute_job_args_packed, ExecuteRunArgs).run_id
        with dg.DagsterInstance.get() as instance:
            _wait_for_launcher(instance, run_id)
            with executing(instance, load_settings(), run_id) as is_ours:
                return super().__call__(execute_job_args_packed) if is_ours else 0


def _wait_for_launcher(instance: dg.DagsterInstance, run_id: str) -> None:
    """Wait until the launcher has tagged the run with its task, which it has sent before: it would undo our tags."""
    for _ in range(_LOOKS):
        run = instance.get_run_by_id(run_id)
        if run is None or DAGSTER_CELERY_TASK_ID_TAG in run.tags:
            return
        time.sleep(_LOOK_SECONDS)


def build_app() -> Celery:
    """Return the app, as the launcher of the instance describes it.

    Raises:
        TypeError: the instance has another launcher.
    """
    with dg.DagsterInstance.get() as instance:
        launcher = instance.run_launcher
        if not isinstance(launcher, RunLauncher):
            raise TypeError(f"the instance launches runs with {type(launcher).__name__}, not with Celery")
        app = make_app(launcher.app_args())
    app.conf.update(CONFIG)
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it says for each client where its keys are from
    create_execute_job_task(app, base=ExecutedOnce)
    return app


app = build_app()
