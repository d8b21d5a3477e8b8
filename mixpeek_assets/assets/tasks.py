"""The asset `tasks`: each video submitted, once."""

import dagster as dg

from mixpeek_assets.assets.failures import explained, fail_if_unfinished
from mixpeek_assets.assets.metadata import GROUP, OWNERS, add_metadata, definition_metadata
from mixpeek_assets.assets.submission import submit_videos
from mixpeek_assets.checks import check_results, check_specs
from mixpeek_assets.partitions import daily, days, several_days_a_run
from mixpeek_assets.resources import MixpeekResource, WarehouseResource
from mixpeek_assets.settings import load_settings

DESCRIPTION = """A row is one submission of a video to the Mixpeek API.

Materializing submits what was never submitted. The intent is committed before the request leaves and the task's id
right after, so that no video is sent twice unknowingly. The sensor `task_status_sensor` keeps the rows up to date
and lands what becomes ready; `state` is ours, `status` is what the API said.
"""


class TasksConfig(dg.Config):
    """What a run may do beyond submitting new videos."""

    resubmit_failed: bool = False
    """Submit every video again whose last task failed or was cancelled."""

    max_attempts: int | None = None
    """How often a failing video is submitted in all; by default MIXPEEK_MAX_ATTEMPTS, which is 1."""


@dg.asset(
    partitions_def=daily,
    backfill_policy=several_days_a_run,
    check_specs=check_specs("tasks"),
    description=DESCRIPTION,
    deps=["videos"],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"duckdb", "api"},
    metadata=definition_metadata("tasks"),
)
def tasks(
    context: dg.AssetExecutionContext, config: TasksConfig, mixpeek: MixpeekResource, warehouse: WarehouseResource
) -> dg.MaterializeResult:
    """Submit the videos of these partitions that need it."""
    partitions = days(context.partition_keys)
    with explained(), mixpeek.client() as client:
        target = warehouse.open()
        submitted = submit_videos(
            client,
            target,
            partitions,
            run_id=context.run.run_id,
            max_attempts=config.max_attempts or load_settings().max_attempts,
            resubmit_failed=config.resubmit_failed,
        )
        add_metadata(
            context,
            target,
            "tasks",
            partitions,
            submitted=submitted.accepted,
            refused=submitted.refused,
            answers_lost=len(submitted.lost),
        )
        fail_if_unfinished(submitted.lost, "submissions' answers")
        return dg.MaterializeResult(check_results=check_results(target, "tasks", partitions))
