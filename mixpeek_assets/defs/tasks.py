"""The asset `tasks`: each video submitted, once."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from mixpeek_assets.defs.checks import check_results, check_specs
from mixpeek_assets.defs.failures import explained, fail_if_unfinished
from mixpeek_assets.defs.metadata import GROUP, OWNERS, definition_metadata, materialized, observe_plan
from mixpeek_assets.defs.partitions import daily, days, several_days_a_run
from mixpeek_assets.defs.resources import MixpeekResource, WarehouseResource, submission_rules
from mixpeek_assets.defs.run_liveness import record_process
from mixpeek_assets.pipeline.plan import plan
from mixpeek_assets.pipeline.submit import submit_videos
from mixpeek_assets.settings import load_settings

DESCRIPTION = """A row is one submission of a video to the Mixpeek API.

Materializing submits what was never submitted. The intent is committed before the request leaves and the task's id
right after, so that no video is sent twice unknowingly. The sensor `task_status_sensor` keeps the rows up to date
and lands what becomes ready; `state` is ours, `status` is what the API said.
"""


class TasksConfig(dg.Config):
    """What a run may do beyond submitting new videos."""

    dry_run: bool = False
    """Tell what would be submitted, and send nothing."""

    resubmit_failed: bool = False
    """Submit every video again whose last task failed, was cancelled or lost."""

    refresh: bool = False
    """Submit every video again, and pay for it again; what it gives takes the place of what is landed."""

    max_attempts: int | None = None
    """How often a failing video is submitted in all; by default MIXPEEK_MAX_ATTEMPTS, which is 1."""


@dg.asset(
    partitions_def=daily,
    backfill_policy=several_days_a_run,
    check_specs=check_specs("tasks"),
    description=DESCRIPTION,
    deps=["videos"],
    # A dry run materializes nothing.
    output_required=False,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"duckdb", "api"},
    metadata=definition_metadata("tasks"),
)
def tasks(
    context: dg.AssetExecutionContext, config: TasksConfig, mixpeek: MixpeekResource, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Submit the videos of these partitions that need it."""
    record_process(context)
    partitions, settings = days(context.partition_keys), load_settings()
    target = warehouse.open(on_wait=context.log.warning)
    rules = submission_rules(
        settings,
        max_attempts=config.max_attempts or settings.max_attempts,
        refresh=config.refresh,
        resubmit_failed=config.resubmit_failed,
        runs=_runs_of_group(context),
    )
    with explained():
        if config.dry_run:
            found = plan(target, settings.effective_requests_per_minute, rules=rules, partitions=partitions)
            observe_plan(context, "tasks", partitions, found, "submit", "poll")
            yield from check_results(target, "tasks", partitions)
            return
        with mixpeek.client() as client:
            submitted = submit_videos(
                client,
                target,
                partitions,
                run_id=context.run.run_id,
                rules=rules,
                deadline=timedelta(hours=settings.task_deadline_hours),
            )
        fail_if_unfinished(submitted.lost, "submissions' answers")
        yield materialized(
            context,
            target,
            "tasks",
            partitions,
            submitted=submitted.accepted,
            refused=submitted.refused,
            answers_lost=len(submitted.lost),
        )


def _runs_of_group(context: dg.AssetExecutionContext) -> list[str]:
    """Return the runs that this one is a re-execution of: what they have submitted is not submitted again by it."""
    if context.run.root_run_id is None:
        return []
    found = context.instance.get_run_group(context.run.run_id)
    return [] if found is None else [run.run_id for run in found[1]]
