"""The code location, on one screen."""

from collections.abc import Sequence

import dagster as dg

from mixpeek_assets.connections import readable_name
from mixpeek_assets.defs.asset_group import DEFAULT_PREFIX, AssetGroup
from mixpeek_assets.defs.check_steps import build_check_steps
from mixpeek_assets.defs.externals import build_externals
from mixpeek_assets.defs.first_partition import first_partition
from mixpeek_assets.defs.jobs import build_jobs
from mixpeek_assets.defs.landing import build_landing
from mixpeek_assets.defs.manifest_sensor import build_manifest_sensor
from mixpeek_assets.defs.partitions import without_preview_warnings
from mixpeek_assets.defs.resources import MixpeekResource, WarehouseResource
from mixpeek_assets.defs.schedules import build_daily_ingest
from mixpeek_assets.defs.sinks import build_sink_checks, build_sink_job, build_sink_sensor, build_sinks
from mixpeek_assets.defs.task_sensor import build_task_status_sensor
from mixpeek_assets.defs.tasks import build_tasks
from mixpeek_assets.defs.upkeep import build_upkeep
from mixpeek_assets.defs.vector_index import build_index_job, build_vector_index, build_vector_index_sensor
from mixpeek_assets.defs.videos import build_videos
from mixpeek_assets.settings import Settings, load_settings
from mixpeek_assets.sinks.chosen import ChosenSink, chosen_sinks
from mixpeek_assets.sinks.port import Sink

DAILY = "15 0 * * *"


def build_definitions(
    settings: Settings,
    *,
    group_name: str = "mixpeek",
    key_prefix: tuple[str, ...] = DEFAULT_PREFIX,
    owners: tuple[str, ...] = (),
    tags: dict[str, str] | None = None,
    schedule: str | None = DAILY,
    sensors_on: bool = True,
    sinks: Sequence[Sink] = (),
) -> dg.Definitions:
    """Return the five assets, the index of their vectors and the sinks, with jobs, schedule, sensors and checks.

    A code location may hold several, merged with `dg.Definitions.merge`, each with a prefix and a warehouse, or a
    collection of one warehouse, of its own: `load_settings(collection="trailers", only_collection=True)`.

    Args:
        settings: The API, the videos and the warehouse, from `load_settings`.
        group_name: The assets' group in the UI.
        key_prefix: Prefix of each asset's key and of the names of jobs; of the names of sensors, schedules and
            resources too, unless it is the default.
        owners: The assets' owners, e.g. `team:video`.
        tags: The assets' tags.
        schedule: When the day that has just begun is ingested, as a cron expression in UTC; None: never.
        sensors_on: Whether sensors and schedule run from the start; a person may turn each on or off in the UI.
        sinks: Stores of your own that are kept a copy of the vectors, beside those that the settings choose.
    """
    chosen = [*chosen_sinks(settings), *map(ChosenSink.of, sinks)]
    group = AssetGroup(
        first_partition(settings),
        readable_name(settings),
        group_name,
        key_prefix,
        owners,
        tuple((tags or {}).items()),
        settings.local_api_folder / "previews" if settings.uses_local_api else None,
    )
    with without_preview_warnings():
        steps = dg.with_source_code_references(
            [build_videos(group), build_tasks(group), build_landing(group), build_vector_index(group)]
        )
        copies = dg.with_source_code_references(build_sinks(group, chosen))
        checks = [*build_check_steps(group), *build_sink_checks(group, chosen)]
    sensor_status = dg.DefaultSensorStatus.RUNNING if sensors_on else dg.DefaultSensorStatus.STOPPED
    schedule_status = dg.DefaultScheduleStatus.RUNNING if sensors_on else dg.DefaultScheduleStatus.STOPPED
    upkeep = build_upkeep(group, schedule_status) if settings.cluster is not None else None
    return dg.Definitions(
        assets=[*steps, *copies, *build_externals(group, settings)],
        asset_checks=checks,
        jobs=[
            *build_jobs(group),
            build_index_job(group),
            *([] if upkeep is None else [upkeep.job]),
            *([build_sink_job(group, chosen)] if chosen else []),
        ],
        schedules=[
            *([build_daily_ingest(group, schedule, schedule_status)] if schedule else []),
            *([] if upkeep is None else [upkeep]),
        ],
        sensors=[
            build_task_status_sensor(group, sensor_status),
            build_manifest_sensor(group, sensor_status),
            build_vector_index_sensor(group, sensor_status),
            *([build_sink_sensor(group, chosen, sensor_status)] if chosen else []),
        ],
        resources={
            group.named("mixpeek"): MixpeekResource.of(settings),
            group.named("warehouse"): WarehouseResource.of(settings),
        },
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the code location that the environment describes."""
    # The executor of what a person materializes; elsewhere it is the project's choice.
    return dg.Definitions.merge(build_definitions(load_settings()), dg.Definitions(executor=dg.in_process_executor))
