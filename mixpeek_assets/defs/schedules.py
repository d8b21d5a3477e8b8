"""The daily schedule."""

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.jobs import INGEST
from mixpeek_assets.defs.run_requests import run_tags


def build_daily_ingest(group: AssetGroup, cron: str, status: dg.DefaultScheduleStatus) -> dg.ScheduleDefinition:
    """Return the schedule that ingests the partition of the day that has just begun."""

    @dg.schedule(
        name=group.named("daily_ingest"),
        job_name=group.job(INGEST),
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=status,
        description="Ingests the partition of the day that has just begun.",
    )
    def daily_ingest(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = context.scheduled_execution_time.date().isoformat()
        return dg.RunRequest(run_key=day, partition_key=day, tags=run_tags(group.named("daily_ingest")))

    return daily_ingest
