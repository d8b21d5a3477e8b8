"""The daily schedule."""

import dagster as dg

from mixpeek_assets.defs.jobs import ingest_job

daily_ingest = dg.build_schedule_from_partitioned_job(
    ingest_job,
    name="daily_ingest",
    description="Ingests the partition of the day that has just begun.",
    hour_of_day=0,
    minute_of_hour=15,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
