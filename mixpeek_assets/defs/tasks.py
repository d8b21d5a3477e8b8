"""The asset `tasks`: each video is submitted once."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from mixpeek_assets.connections import submission_rules
from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.checks import check_results
from mixpeek_assets.defs.failures import fail_if_unfinished, user_errors_as_failures
from mixpeek_assets.defs.metadata import materialized, observe_plan
from mixpeek_assets.defs.partitions import days
from mixpeek_assets.defs.run_liveness import record_process
from mixpeek_assets.pipeline.plan import plan
from mixpeek_assets.pipeline.submit import submit_videos


class TasksConfig(dg.Config):
    """Options of a submission, which by default covers new videos only."""

    dry_run: bool = False
    """Show what would be submitted, and send nothing."""

    resubmit_failed: bool = False
    """Submit again the videos whose last task failed, was cancelled or was lost."""

    refresh: bool = False
    """Submit every video again, which the API may bill; the new results replace what is landed."""

    max_attempts: int | None = None
    """How many times a failing video is submitted in all; by default MIXPEEK_MAX_ATTEMPTS (1)."""


def build_tasks(group: AssetGroup) -> dg.AssetsDefinition:
    """Return the asset `tasks` of a group."""

    # A dry run materializes nothing.
    @group.asset("tasks", upstream=["videos"], kinds={"duckdb", "api"}, output_required=False)
    def tasks(
        context: dg.AssetExecutionContext, config: TasksConfig
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """A row is one submission of a video to the Mixpeek API.

        Materializing submits the videos that were never submitted. The intent is committed before the request is sent
        and the task's id right after, so that no video is sent twice unnoticed. The sensor `task_status_sensor` polls
        the tasks and requests landings. `status` is what the API sent; `state` is ours.
        """
        record_process(context)
        partitions, mixpeek = days(context.partition_keys), group.mixpeek(context)
        settings, warehouse = mixpeek.settings, group.warehouse(context).open(on_wait=context.log.warning)
        rules = submission_rules(
            settings,
            max_attempts=config.max_attempts or settings.max_attempts,
            refresh=config.refresh,
            resubmit_failed=config.resubmit_failed,
            runs=_runs_of_group(context),
        )
        with user_errors_as_failures():
            if config.dry_run:
                found = plan(warehouse, settings.effective_requests_per_minute, rules=rules, partitions=partitions)
                observe_plan(context, group.key("tasks"), partitions, found, "submit", "poll")
                yield from check_results(warehouse, "tasks", group.key("tasks"), partitions)
                return
            with mixpeek.client() as client:
                submitted = submit_videos(
                    client,
                    warehouse,
                    partitions,
                    run_id=context.run.run_id,
                    rules=rules,
                    deadline=timedelta(hours=settings.task_deadline_hours),
                )
            fail_if_unfinished(submitted.lost, "answers to submissions")
            yield materialized(
                context,
                warehouse,
                "tasks",
                partitions,
                key=group.key("tasks"),
                submitted=submitted.accepted,
                refused=submitted.refused,
                answers_lost=len(submitted.lost),
            )

    return tasks


def _runs_of_group(context: dg.AssetExecutionContext) -> list[str]:
    """Return the runs that this one re-executes: it does not resubmit their videos."""
    if context.run.root_run_id is None:
        return []
    found = context.instance.get_run_group(context.run.run_id)
    return [] if found is None else [run.run_id for run in found[1]]
