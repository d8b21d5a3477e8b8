"""The code location, on one screen."""

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.assets_and_features import build_assets_and_features
from mixpeek_assets.defs.jobs import build_jobs
from mixpeek_assets.defs.manifest_sensor import build_manifest_sensor
from mixpeek_assets.defs.partitions import without_beta_warnings
from mixpeek_assets.defs.resources import MixpeekResource, WarehouseResource
from mixpeek_assets.defs.schedules import build_daily_ingest
from mixpeek_assets.defs.task_sensor import build_task_status_sensor
from mixpeek_assets.defs.tasks import build_tasks
from mixpeek_assets.defs.vectors import build_vectors
from mixpeek_assets.defs.videos import build_videos
from mixpeek_assets.settings import Settings, load_settings


def build_definitions(
    settings: Settings, *, group_name: str = "mixpeek", key_prefix: tuple[str, ...] = ()
) -> dg.Definitions:
    """Return the five assets with their jobs, schedule, sensors and checks.

    A code location may hold several, merged with `dg.Definitions.merge`, each with settings and a prefix of its own.

    Args:
        settings: The API, the videos and the warehouse.
        group_name: The assets' group in the UI.
        key_prefix: Prefix of each asset's key, and of the names of jobs, sensors, schedules and resources.
    """
    group = AssetGroup(group_name, key_prefix, settings.first_partition)
    with without_beta_warnings():
        assets = [build_videos(group), build_tasks(group), build_assets_and_features(group), build_vectors(group)]
    return dg.Definitions(
        assets=assets,
        jobs=build_jobs(group),
        schedules=[build_daily_ingest(group)],
        sensors=[build_task_status_sensor(group), build_manifest_sensor(group)],
        resources={
            group.named("mixpeek"): MixpeekResource(settings=settings),
            group.named("warehouse"): WarehouseResource(database=str(settings.warehouse_path), settings=settings),
        },
        # A run is one process (five steps: 2.2 s, against 11.5 s with a process each); concurrency is within a step.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the code location that the environment describes."""
    return build_definitions(load_settings())
