"""The sinks as assets: a copy of the vectors in each store that is configured, written by day after landings."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.check_targets import with_targets
from mixpeek_assets.defs.failures import SentenceError, user_errors_as_failures
from mixpeek_assets.defs.partitions import days
from mixpeek_assets.defs.reports import StepEvent, materialized
from mixpeek_assets.defs.run_liveness import record_process
from mixpeek_assets.errors import UserError
from mixpeek_assets.labels import counted
from mixpeek_assets.pipeline.sink import CopiedDay, copy_days, named_vectors
from mixpeek_assets.sinks.chosen import ChosenSink
from mixpeek_assets.sinks.port import Indexed, Indexing
from mixpeek_assets.warehouse.warehouse import Warehouse

SINKS = "sinks"
SAME_COUNT = "same_count"
ERROR = "error"
"""The metadata of an observation that says why a day could not be written."""

_DESCRIPTION = """A row is one named vector of a feature with its moment, copied to {place}.

A day is replaced as a whole, by key (feature_id, vector_name): what is there unchanged is not sent again, and what the
day no longer has is removed. A run may be of several days. It is requested after landings, and every quarter of an hour
while the store does not take it.
"""

_RETRY = "*/15 * * * *"


def sink_key(group: AssetGroup, name: str) -> dg.AssetKey:
    """Return the key of a sink's asset."""
    return group.key(f"{name}_vectors")


def build_sinks(group: AssetGroup, sinks: Sequence[ChosenSink]) -> list[dg.AssetsDefinition]:
    """Return the asset of each sink."""
    return [_build(group, sink) for sink in sinks]


def build_sink_checks(group: AssetGroup, sinks: Sequence[ChosenSink]) -> list[dg.AssetChecksDefinition]:
    """Return the check of each sink: a step of its own, after that which writes, or when a person executes it."""
    return [_build_check(group, sink) for sink in sinks]


def build_sink_job(group: AssetGroup, sinks: Sequence[ChosenSink]) -> Any:  # dagster does not export its type
    """Return the job `mixpeek_sinks` of a group."""
    return dg.define_asset_job(
        group.job(SINKS),
        selection=dg.AssetSelection.assets(*(sink_key(group, sink.name) for sink in sinks)),
        description="Write the vectors of the chosen days to every sink; only what differs is sent.",
        executor_def=dg.in_process_executor,
    )


def build_sink_sensor(
    group: AssetGroup, sinks: Sequence[ChosenSink], status: dg.DefaultSensorStatus
) -> dg.AutomationConditionSensorDefinition:
    """Return the sensor `sink_sensor` of a group, which evaluates the condition of its sinks."""
    return dg.AutomationConditionSensorDefinition(
        group.named("sink_sensor"),
        target=dg.AssetSelection.assets(*(sink_key(group, sink.name) for sink in sinks)),
        default_status=status,
        minimum_interval_seconds=30,
        description="Requests the days of the sinks whose vectors have landed since.",
    )


def after_landings() -> dg.AutomationCondition[dg.AssetKey]:
    """Return the condition under which a day of a sink is written: its vectors have landed since, or it failed."""
    condition = dg.AutomationCondition
    landed = condition.any_deps_updated()
    # What lands after a request may have come too late for its run: it is not taken for written.
    due = (landed | condition.missing().newly_true()).since(condition.newly_requested() & ~landed)
    failed = condition.execution_failed() & condition.cron_tick_passed(_RETRY)
    return (
        (due | failed) & ~condition.any_deps_missing() & ~condition.any_deps_in_progress() & ~condition.in_progress()
    ).with_label("after landings")


def _build(group: AssetGroup, chosen: ChosenSink) -> dg.AssetsDefinition:
    key = sink_key(group, chosen.name)
    spec = group.downstream(
        key.path[-1],
        [dg.AssetDep(group.key("vectors"))],
        _DESCRIPTION.format(place=chosen.place),
        kinds=chosen.kinds,
        uri=chosen.place,
    ).replace_attributes(automation_condition=after_landings())

    @group.step(key.path[-1], [spec])
    def write_sink(context: dg.AssetExecutionContext) -> Iterator[StepEvent]:
        """Write the vectors of the run's days to the store."""
        record_process(context, group.warehouse(context).settings)
        warehouse = group.warehouse(context).open(on_wait=context.log.warning)
        with user_errors_as_failures(), warehouse.sink_locked(chosen.name):
            yield from _written(context, key, warehouse, chosen)

    return write_sink


def _build_check(group: AssetGroup, chosen: ChosenSink) -> dg.AssetChecksDefinition:
    key = sink_key(group, chosen.name)
    spec = dg.AssetCheckSpec(
        SAME_COUNT,
        asset=key,
        description="The store has as many rows of the day as the warehouse has vectors.",
        partitions_def=group.partitions,
    )

    @dg.multi_asset_check(
        name=group.named(f"{key.path[-1]}_checks"),
        specs=[spec],
        can_subset=True,
        required_resource_keys={group.named("warehouse")},
    )
    def check_sink(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckEvaluation]:
        """Count what the store has of each day."""
        with user_errors_as_failures():
            with group.warehouse(context).open().reader() as reader:
                vectors = reader.vectors_by_day()
            sink = chosen.open()
            of_days = context.has_partition_key or context.has_partition_key_range
            found = [
                _same_count(key, day, sink.count(day), vectors.get(day, 0))
                for day in (days(context.partition_keys) if of_days else vectors)
            ]
        yield from with_targets(context.instance, found)

    return check_sink


def _written(
    context: dg.AssetExecutionContext, key: dg.AssetKey, warehouse: Warehouse, chosen: ChosenSink
) -> Iterator[StepEvent]:
    """Write the days, and yield what the UI is told of them.

    Raises:
        dg.Failure: a day could not be written. What is written is reported first.
    """
    partitions = days(context.partition_keys)
    with warehouse.reader() as reader:
        versions = reader.data_versions("vectors", partitions)
        landed = reader.partition_counts("assets", partitions)
    try:
        sink, names = chosen.open(), named_vectors(warehouse)
        sink.prepare(names)
    except UserError as error:
        yield from (_observation(key, CopiedDay(day, error=error)) for day in partitions)
        raise
    copied = list(copy_days(warehouse, sink, partitions, context.log.info))
    failed = [day for day in copied if day.error is not None]
    indexed: list[Indexed] = []
    problem = failed[0].error if failed else None
    if isinstance(sink, Indexing) and not (problem and problem.retryable):
        try:
            indexed = list(sink.index(names))
        except UserError as error:
            problem = problem or error
    figures = {day.day: _metadata(day, indexed) for day in copied}
    # A day of which nothing has landed is not materialized.
    good = [day.day for day in copied if day.error is None and (landed.get(day.day) or day.rows)]
    yield from materialized(context, key, figures, versions, good)
    yield from (_observation(key, day) for day in failed)
    if problem is not None:
        which = f"{len(failed)} of {len(copied)} days are not written" if failed else "an index is missing"
        raise SentenceError(f"{which}: {problem}", allow_retries=problem.retryable)


def _metadata(day: CopiedDay, indexed: Sequence[Indexed]) -> dict[str, Any]:
    if day.replaced is None:
        return {}
    rows = [dg.TableRecord(asdict(one)) for one in indexed]
    return {
        **asdict(day.replaced),
        "seconds": round(day.seconds, 3),
        "dagster/partition_row_count": day.held,
        **({"indexes": dg.MetadataValue.table(rows)} if rows else {}),
    }


def _observation(key: dg.AssetKey, day: CopiedDay) -> dg.AssetObservation:
    return dg.AssetObservation(key, partition=day.day.isoformat(), metadata={ERROR: str(day.error)})


def _same_count(key: dg.AssetKey, day: date, held: int, vectors: int) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=key,
        check_name=SAME_COUNT,
        passed=held == vectors,
        severity=dg.AssetCheckSeverity.ERROR,
        description=f"{counted(held, 'row')} there, {counted(vectors, 'vector')} in the warehouse",
        partition=day.isoformat(),
    )
