"""The launcher of a cluster's instance (deploy/celery/dagster.yaml): a run is one task of Celery."""

# pyright: reportMissingImports=false
# The extra [cluster] is in an environment of its own.

import warnings

from dagster._core.launcher import LaunchRunContext
from dagster_celery.launcher import CeleryRunLauncher


class RunLauncher(CeleryRunLauncher):
    """dagster_celery's, whose runs end as CANCELED when a person terminates them.

    It ends the run's task without a word to Dagster, which takes the end for a failure.
    """

    def launch_run(self, context: LaunchRunContext) -> None:
        """Put a run into the broker."""
        with warnings.catch_warnings():
            # It declares the same task for each run, which Celery finds strange.
            warnings.filterwarnings("ignore", message="Task name '.*' is already registered")
            super().launch_run(context)

    def terminate(self, run_id: str) -> bool:
        """Ask the worker of a run to end it; say whether there is one to ask."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        return super().terminate(run_id)
