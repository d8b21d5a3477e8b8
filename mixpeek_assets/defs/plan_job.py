"""The job that shows what a run would send, and submits nothing: it has no asset, so it changes the status of none."""

from typing import Any

import dagster as dg
from pydantic import Field

from mixpeek_assets.api.port import Preparation
from mixpeek_assets.chosen_api import extractors_of, known_per_minute, known_units
from mixpeek_assets.connections import QUICK, submission_rules
from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.config import VideoChoice
from mixpeek_assets.defs.failures import user_errors_as_failures
from mixpeek_assets.defs.partitions import days
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.pipeline.plan import plan, prepare

PLAN = "plan"


class PlanConfig(VideoChoice):
    """Which days and videos are shown, and which of the other jobs' options are on."""

    days: list[str] = Field(default_factory=list)
    """Only these days, e.g. 2026-01-31; empty: all."""

    resubmit_failed: bool = False
    """Count the submissions of `resubmit_failed`."""

    refresh: bool = False
    """Count the submissions and fetches of `refresh`."""


def _cost(first: Preparation | None) -> dict[str, Any]:
    if first is None:
        return {}
    figures = {"estimated_credits": first.credits, "estimated_usd": first.cost_usd}
    return {
        "cost": " ".join(first.sentences()),
        **{name: value for name, value in figures.items() if value is not None},
    }


def build_plan_job(group: AssetGroup) -> dg.JobDefinition:
    """Return the job that is a dry run of the others."""

    @dg.op(name=group.named("show_plan"), required_resource_keys=group.resource_keys)
    def show_plan(context: dg.OpExecutionContext, config: PlanConfig) -> dg.Output[None]:
        """Show what runs would send (submissions, polls, fetches), how long it takes, what it makes first and costs."""
        settings = group.mixpeek(context).settings
        warehouse = group.warehouse(context).open(on_wait=context.log.warning)
        rules = submission_rules(
            settings,
            refresh=config.refresh,
            resubmit_failed=config.resubmit_failed,
            **config.chosen(),
        )
        with user_errors_as_failures(), read_manifest(settings) as manifest:
            found = plan(
                warehouse,
                known_units(settings),
                known_per_minute(settings),
                rules=rules,
                partitions=days(config.days) if config.days else None,
                manifest=manifest,
                refetch=config.refresh,
            )
        context.log.info("Nothing is submitted. %s", found.summary())
        first = None
        if not settings.uses_local_api:  # which costs nothing
            first = prepare(found, lambda: group.mixpeek(context).client(QUICK), extractors_of(settings))
        for sentence in first.sentences() if first else ():
            context.log.info("%s", sentence)
        rows = [
            dg.TableRecord(
                {
                    "day": str(line.partition_date),
                    "request": line.verb,
                    "why": line.why,
                    "items": line.items,
                    "requests": line.requests,
                }
            )
            for line in found.lines
        ]
        metadata: dict[str, Any] = {"requests": found.requests(), "summary": found.summary(), **_cost(first)}
        return dg.Output(None, metadata={**metadata, **({"plan": dg.MetadataValue.table(rows)} if rows else {})})

    @dg.job(
        name=group.job(PLAN),
        description="Show what the other jobs would send, without submitting anything: a dry run.",
        executor_def=dg.in_process_executor,
    )
    def plan_job() -> None:
        show_plan()

    return plan_job
