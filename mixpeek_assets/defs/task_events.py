"""What `tasks` is told between two materializations: the states of its tasks, and the checks that they change."""

from collections.abc import Sequence
from datetime import date

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.checks import CHEAP_CHECKS, evaluate, how_far
from mixpeek_assets.defs.pictures import day_metadata
from mixpeek_assets.warehouse.reader import Reader

Events = list[dg.AssetObservation | dg.AssetCheckEvaluation | dg.AssetMaterialization]


def settled_events(group: AssetGroup, reader: Reader, days: Sequence[date]) -> Events:
    """Return the events of days whose tasks have settled: their states now, and the standing checks.

    The checks of a day are left to the landing that follows: Dagster takes one evaluation of a partition without a run.
    """
    if not days:
        return []
    counts, progress, looks = reader.task_counts(days), reader.day_progress(days), day_metadata(reader, "tasks", days)
    observations = [
        dg.AssetObservation(
            group.key("tasks"),
            partition=day.isoformat(),
            metadata={
                "progress": how_far(progress[day]),
                **{row.state: row.tasks for row in counts if row.partition_date == day},
                **looks.get(day, {}),
            },
        )
        for day in days
    ]
    return [*observations, *evaluate(reader, CHEAP_CHECKS, group.key, [])]


def changed_checks(group: AssetGroup, reader: Reader, instance: dg.DagsterInstance) -> Events:
    """Return the standing checks whose verdict is another than the one that was last told."""
    keys = {dg.AssetCheckKey(group.key(check.table), check.name) for check in CHEAP_CHECKS}
    told = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(keys))
    verdicts = {key: record.status.value for key, record in told.items()}
    return [
        found
        for found in evaluate(reader, CHEAP_CHECKS, group.key, [])
        if verdicts.get(found.asset_check_key) != ("SUCCEEDED" if found.passed else "FAILED")
    ]
