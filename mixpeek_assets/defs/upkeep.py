"""The daily upkeep of a lake: a job, which has no asset, and its schedule. A warehouse in a file needs none."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.failures import user_errors_as_failures
from mixpeek_assets.defs.run_liveness import record_process
from mixpeek_assets.warehouse.upkeep import Upkeep, keep_up

UPKEEP, DAILY_UPKEEP = "upkeep", "45 3 * * *"


def build_upkeep(group: AssetGroup, status: dg.DefaultScheduleStatus) -> dg.ScheduleDefinition:
    """Return the schedule `daily_upkeep` of a group, with its job `mixpeek_upkeep`."""

    @dg.op(name=group.named("keep_up_lake"), required_resource_keys={group.named("warehouse")})
    def keep_up_lake(context: dg.OpExecutionContext) -> dg.Output[None]:
        """Merge small files, forget old snapshots, and delete the files of nobody."""
        settings = group.warehouse(context).settings
        record_process(context, settings)
        warehouse = group.warehouse(context).open(on_wait=context.log.warning)
        with user_errors_as_failures():
            done = keep_up(warehouse.database, timedelta(days=settings.keep_snapshots_days))
        return dg.Output(None, metadata=_metadata(done))

    @dg.job(
        name=group.job(UPKEEP),
        description="Merge the small files of the lake, forget snapshots older than MIXPEEK_KEEP_SNAPSHOTS_DAYS, and"
        " delete the files that nobody can ask for. Landings take their turns meanwhile, and readers wait for nobody.",
        executor_def=dg.in_process_executor,
    )
    def upkeep_job() -> None:
        keep_up_lake()

    return dg.ScheduleDefinition(
        name=group.named("daily_upkeep"),
        job=upkeep_job,
        cron_schedule=DAILY_UPKEEP,
        execution_timezone="UTC",
        default_status=status,
        description="Tidies the lake once a day.",
    )


def _metadata(done: Upkeep) -> dict[str, Any]:
    sizes = {"before": done.before, "after": done.after}
    return {
        **{f"{name}_{when}": value for when, size in sizes.items() for name, value in asdict(size).items()},
        "snapshots_expired": done.expired,
        "files_deleted": done.deleted,
        "seconds": done.seconds,
        "longest_turn_seconds": done.longest_turn,
    }
