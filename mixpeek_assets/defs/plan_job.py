"""The job that shows what a run would send, and sends nothing: it has no asset, so it changes the status of none."""

from typing import Any

import dagster as dg
from pydantic import Field

from mixpeek_assets.connections import submission_rules
from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.config import VideoChoice
from mixpeek_assets.defs.failures import user_errors_as_failures
from mixpeek_assets.defs.partitions import days
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.pipeline.plan import plan

PLAN = "plan"


class PlanConfig(VideoChoice):
    """Which days and videos are shown, and which of the other jobs' options are on."""

    days: list[str] = Field(default_factory=list)
    """Only these days, e.g. 2026-01-31; empty: all."""

    resubmit_failed: bool = False
    """Count the submissions of `resubmit_failed`."""

    refresh: bool = False
    """Count the submissions and fetches of `refresh`."""


def build_plan_job(group: AssetGroup) -> dg.JobDefinition:
    """Return the job that is a dry run of the others."""

    @dg.op(name=group.named("show_plan"), required_resource_keys=group.resource_keys)
    def show_plan(context: dg.OpExecutionContext, config: PlanConfig) -> dg.Output[None]:
        """Show the requests that runs would send: submissions, polls and fetches, and how long they take."""
        settings, warehouse = (
            group.mixpeek(context).settings,
            group.warehouse(context).open(on_wait=context.log.warning),
        )
        rules = submission_rules(
            settings,
            refresh=config.refresh,
            resubmit_failed=config.resubmit_failed,
            **config.chosen(),
        )
        with user_errors_as_failures(), read_manifest(settings) as manifest:
            found = plan(
                warehouse,
                settings.effective_requests_per_minute,
                rules=rules,
                partitions=days(config.days) if config.days else None,
                manifest=manifest,
                refetch=config.refresh,
            )
        context.log.info("Nothing is sent. %s", found.summary())
        rows = [
            dg.TableRecord(
                {"day": str(line.partition_date), "request": line.verb, "why": line.why, "requests": line.requests}
            )
            for line in found.lines
        ]
        metadata: dict[str, Any] = {"requests": found.requests(), "summary": found.summary()}
        return dg.Output(None, metadata={**metadata, **({"plan": dg.MetadataValue.table(rows)} if rows else {})})

    @dg.job(
        name=group.job(PLAN),
        description="Show what the other jobs would send, without sending anything: a dry run.",
        executor_def=dg.in_process_executor,
    )
    def plan_job() -> None:
        show_plan()

    return plan_job
