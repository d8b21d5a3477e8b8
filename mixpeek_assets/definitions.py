"""All that Dagster loads, on one screen."""

import dagster as dg

from mixpeek_assets.defs.assets_and_features import assets_and_features
from mixpeek_assets.defs.jobs import ingest_job, land_job
from mixpeek_assets.defs.manifest_sensor import manifest_sensor
from mixpeek_assets.defs.resources import MixpeekResource, WarehouseResource
from mixpeek_assets.defs.schedules import daily_ingest
from mixpeek_assets.defs.task_sensor import task_status_sensor
from mixpeek_assets.defs.tasks import tasks
from mixpeek_assets.defs.vectors import vectors
from mixpeek_assets.defs.videos import videos
from mixpeek_assets.settings import load_settings


@dg.definitions
def defs() -> dg.Definitions:
    """Return the code location."""
    return dg.Definitions(
        assets=[videos, tasks, assets_and_features, vectors],
        jobs=[ingest_job, land_job],
        schedules=[daily_ingest],
        sensors=[task_status_sensor, manifest_sensor],
        resources={
            "mixpeek": MixpeekResource(),
            "warehouse": WarehouseResource(database=str(load_settings().warehouse_path)),
        },
        # A run is one process: the five steps took 11.5 s with a process each and 2.2 s in one; concurrency is
        # within a step.
        executor=dg.in_process_executor,
    )
