"""The asset `tasks`: each video is submitted once."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg
from pydantic import Field

from mixpeek_assets.connections import submission_rules
from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.checks import CHEAP_CHECKS, DAY_LANDED
from mixpeek_assets.defs.config import VideoChoice
from mixpeek_assets.defs.failures import fail_if_unfinished, user_errors_as_failures
from mixpeek_assets.defs.partitions import days
from mixpeek_assets.defs.reports import StepEvent, StepWork, report
from mixpeek_assets.defs.run_liveness import record_process
from mixpeek_assets.pipeline.submit import submit_videos


class TasksConfig(VideoChoice):
    """Options of a submission, which by default covers new videos only."""

    resubmit_failed: bool = False
    """Submit again the videos whose last task failed, was cancelled or was lost. The API may bill them again."""

    refresh: bool = False
    """Submit EVERY chosen video again. The API may bill each of them again; the new results replace what is landed."""

    max_attempts: int | None = None
    """How many times a failing video is submitted in all; empty: MIXPEEK_MAX_ATTEMPTS, which is 1 unless set."""

    limit: int | None = Field(default=None, ge=0)
    """At most so many videos are submitted, the earliest first; empty: no limit."""


def build_tasks(group: AssetGroup) -> dg.AssetsDefinition:
    """Return the asset `tasks` of a group."""

    @group.asset("tasks", upstream=["videos", "mixpeek_api"], kinds={"duckdb", "task"})
    def tasks(context: dg.AssetExecutionContext, config: TasksConfig) -> Iterator[StepEvent]:
        """A row is one submission of a video to the Mixpeek API.

        Materializing submits the videos that were never submitted. The intent is committed before the request is sent
        and the task's id right after, so that no video is sent twice unnoticed. The sensor `task_status_sensor` polls
        the tasks, reports here what has become of them, and requests landings: no automation condition is needed.
        `status` is what the API sent; `state` is ours.
        """
        partitions, settings = days(context.partition_keys), group.mixpeek(context).settings
        record_process(context, settings)
        warehouse = group.warehouse(context).open(on_wait=context.log.warning)
        rules = submission_rules(
            settings,
            max_attempts=config.max_attempts or settings.max_attempts,
            refresh=config.refresh,
            resubmit_failed=config.resubmit_failed,
            runs=_runs_of_group(context),
            limit=config.limit,
            **config.chosen(),
        )
        with user_errors_as_failures():
            with group.mixpeek(context).client() as client:
                submitted = submit_videos(
                    client,
                    warehouse,
                    partitions,
                    run_id=context.run.run_id,
                    rules=rules,
                    deadline=timedelta(hours=settings.task_deadline_hours),
                    say=context.log.info,
                )
            lost = submitted.lost
            figures = {
                "submitted": submitted.accepted,
                "refused": submitted.refused,
                "answers_lost": len(lost),
                **submitted.figures.as_metadata(),
            }
            work = StepWork({"tasks": figures}, incomplete=frozenset(partitions if lost else ()))
            yield from report(context, group, warehouse, ["tasks"], partitions, work, [DAY_LANDED, *CHEAP_CHECKS])
            fail_if_unfinished(lost, "answer", "submitted")

    return tasks


def _runs_of_group(context: dg.AssetExecutionContext) -> list[str]:
    """Return the runs that this one re-executes: it does not resubmit their videos."""
    if context.run.root_run_id is None:
        return []
    found = context.instance.get_run_group(context.run.run_id)
    return [] if found is None else [run.run_id for run in found[1]]
