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
    """Return the events of days whose tasks have settled: what has become of them, and the standing checks.

    The checks of a day are left to the landing that follows: Dagster takes one evaluation of a partition without a run.
    """
    if not days:
        return []
    return [*task_observations(group, reader, days), *evaluate(reader, CHEAP_CHECKS, group.key, [])]


def task_observations(group: AssetGroup, reader: Reader, days: Sequence[date]) -> list[dg.AssetObservation]:
    """Return what has become of the tasks of each day; a day without tasks has none.

    The UI shows the newest value of each entry. So the states are one entry, lest one that is over stays.
    """
    counts, progress, looks = reader.task_counts(days), reader.day_progress(days), day_metadata(reader, "tasks", days)
    states = {
        day: ", ".join(f"{row.tasks:,} {row.state}" for row in counts if row.partition_date == day) for day in looks
    }
    return [
        dg.AssetObservation(
            group.key("tasks"),
            partition=day.isoformat(),
            metadata={"progress": how_far(progress[day]), "states": states[day], **looks[day]},
        )
        for day in looks
    ]


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
