"""What a step reports of its tables, a day at a time: materializations, figures, previews and checks.

A day is materialized with what has landed. It is not while nothing has landed, nor when its landing was incomplete:
green means that there is something, and that the last landing brought all it asked for.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.check_targets import with_targets
from mixpeek_assets.defs.checks import DAY_CHECKS, Check, evaluate, how_far, is_wrong_data
from mixpeek_assets.defs.failures import SentenceError
from mixpeek_assets.defs.pictures import day_metadata
from mixpeek_assets.defs.task_events import task_observations
from mixpeek_assets.defs.texts import as_text
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.rows import DayProgress
from mixpeek_assets.warehouse.schema import TableName
from mixpeek_assets.warehouse.warehouse import Warehouse

StepEvent = dg.MaterializeResult | dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation

_LONGEST_TAG = 60
LANDED: tuple[TableName, ...] = ("assets", "features", "vectors")
"""The tables that wait for the API; the others are complete when their step ends."""


@dataclass(frozen=True)
class StepWork:
    """What a step did.

    Attributes:
        figures: What the step did, for each of its tables; the same for every day of the run.
        planned_at: When it asked what is missing; the checks ignore what the tables got later.
        incomplete: The days of which something that it asked for did not come.
    """

    figures: Mapping[str, Mapping[str, Any]]
    planned_at: datetime | None = None
    incomplete: frozenset[date] = frozenset()


def report(
    context: dg.AssetExecutionContext,
    group: AssetGroup,
    warehouse: Warehouse,
    tables: Sequence[TableName],
    days: Sequence[date],
    work: StepWork,
    also: Sequence[Check] = (),
) -> Generator[StepEvent, None, None]:
    """Yield what the UI is told of some tables.

    Args:
        context: The step's context.
        group: The group of the tables.
        warehouse: The warehouse.
        tables: The tables that the step filled.
        days: The days of the run.
        work: What the step did.
        also: Checks of other tables, or of all days, that the step may have changed.

    Raises:
        dg.Failure: a table holds wrong data. What is right is reported first.
    """
    checks = [check for check in DAY_CHECKS if check.table in tables]
    with warehouse.reader() as reader:
        evaluations = evaluate(reader, [*checks, *also], group.key, days, work.planned_at)
        progress = reader.day_progress(days)
        shown = {table: _shown(group, reader, table, days, progress) for table in tables}
        versions = {table: reader.data_versions(table, days) for table in tables}
        landed = reader.partition_counts("assets", days)
        # A landing changes what has become of the tasks.
        observations = task_observations(group, reader, days) if "vectors" in tables else []
        _tag_with_collections(context, reader.collections(days))
    warehouse.publish("at the end")
    wrong = {(found.asset_key, found.partition): found for found in evaluations if is_wrong_data(found)}
    for table, by_day in shown.items():
        key = group.key(table)
        if key not in context.selected_asset_keys:
            continue
        bad = {day for day in days if (key, day.isoformat()) in wrong} | work.incomplete
        pending = {day for day in days if table in LANDED and progress[day].videos and not landed.get(day)}
        figures = {day: {**metadata, **work.figures[table]} for day, metadata in by_day.items()}
        good = [day for day in days if day not in bad | pending]
        yield from materialized(context, key, figures, versions[table], good)
        for day in sorted(bad):
            yield dg.AssetObservation(key, partition=day.isoformat(), metadata=figures[day])
    yield from observations
    yield from with_targets(context.instance, evaluations)
    if wrong:
        (asset, day), first = next(iter(wrong.items()))
        raise SentenceError(
            f"wrong data in {asset.to_user_string()} of {day}: {first.description}", first.metadata, allow_retries=False
        )


def _tag_with_collections(context: dg.AssetExecutionContext, collections: Sequence[str]) -> None:
    """Show on the run whose videos it is about."""
    shown = as_text(", ".join(collections))[:_LONGEST_TAG]
    if shown and context.run.tags.get("collections") != shown:
        context.instance.add_run_tags(context.run.run_id, {"collections": shown})


def materialized(
    context: dg.AssetExecutionContext,
    key: dg.AssetKey,
    figures: Mapping[date, dict[str, Any]],
    versions: Mapping[date, str],
    good: Sequence[date],
) -> Generator[StepEvent, None, None]:
    """Yield the materializations of the good days of a run.

    Args:
        context: The step's context.
        key: The asset.
        figures: The metadata of each day of the run.
        versions: The data version of each day that has one.
        good: The days that are materialized.
    """
    if len(good) == len(figures):
        for day in good:
            context.add_asset_metadata(figures[day], asset_key=key, partition_key=day.isoformat())
        yield dg.MaterializeResult(
            asset_key=key, data_version=dg.DataVersion(" ".join(versions.get(day, "none") for day in good))
        )
        return
    # A result is one of all the run's days. Without it, assets downstream in the same run are skipped.
    for day in good:
        tags = {"dagster/data_version": versions.get(day, "none")}
        yield dg.AssetMaterialization(key, partition=day.isoformat(), metadata=figures[day], tags=tags)


def _shown(
    group: AssetGroup, reader: Reader, table: TableName, days: Sequence[date], progress: Mapping[date, DayProgress]
) -> dict[date, dict[str, Any]]:
    """Return what is shown of each day of a table: its rows, what they look like, and how far the day is."""
    counts, total = reader.partition_counts(table, days), reader.table_counts()[table]
    looks = day_metadata(reader, table, days, thumbnails=group.thumbnails)
    return {
        day: {
            # Of an earlier table it would be out of date as soon as the next one is filled.
            **({"progress": how_far(progress[day])} if table in ("tasks", "vectors") else {}),
            "dagster/partition_row_count": counts.get(day, 0),
            "dagster/row_count": total,
            **looks.get(day, {}),
        }
        for day in days
    }
