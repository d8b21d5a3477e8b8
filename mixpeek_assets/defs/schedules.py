"""The daily schedule."""

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.jobs import INGEST_JOB


def build_daily_ingest(group: AssetGroup) -> dg.ScheduleDefinition:
    """Return the schedule that ingests the partition of the day that has just begun."""

    @dg.schedule(
        name=group.named("daily_ingest"),
        job_name=group.named(INGEST_JOB),
        cron_schedule="15 0 * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Ingests the partition of the day that has just begun.",
    )
    def daily_ingest(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = context.scheduled_execution_time.date().isoformat()
        return dg.RunRequest(run_key=day, partition_key=day)

    return daily_ingest
