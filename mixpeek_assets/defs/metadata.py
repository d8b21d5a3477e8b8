"""What the UI shows of a table: its columns, rows and a few of its rows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import dagster as dg

from mixpeek_assets.defs.checks import run_checks
from mixpeek_assets.pipeline.plan import Plan
from mixpeek_assets.warehouse.schema import SCHEMA, TABLE, TableName
from mixpeek_assets.warehouse.warehouse import Warehouse

OWNERS = ["team:data-engineering"]
GROUP = "mixpeek"

_LONGEST = 1_000
"""Characters of a cell in a preview: every event of a run is kept for ever."""


def definition_metadata(table: TableName) -> dict[str, Any]:
    """Return what is known of a table before it has a row."""
    columns = [dg.TableColumn(column.name, column.type, column.description) for column in TABLE[table].columns]
    return {"dagster/table_name": f"{SCHEMA}.{table}", "dagster/column_schema": dg.TableSchema(columns=columns)}


def materialized(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    table: TableName,
    partitions: Sequence[date],
    **figures: int | str,
) -> dg.MaterializeResult:
    """Return the materialization: what the run did, each partition's rows, the newest few, and the checks."""
    with warehouse.reader() as reader:
        preview = reader.preview(table, partitions)
        counts = reader.partition_counts(table, partitions)
        checked = run_checks(reader, table, partitions)
    records = [dg.TableRecord({name: _shown(value) for name, value in row.items()}) for row in preview]
    common: dict[str, Any] = dict(figures)
    if records:
        common["preview"] = dg.MetadataValue.table(records)
    for partition in partitions:
        metadata = {"dagster/partition_row_count": counts.get(partition, 0), **common}
        context.add_asset_metadata(metadata, asset_key=table, partition_key=partition.isoformat())
    return dg.MaterializeResult(asset_key=table, check_results=checked)


def observe_plan(
    context: dg.AssetExecutionContext, table: TableName, partitions: Sequence[date], found: Plan, *verbs: str
) -> None:
    """Show as an observation of the asset, and in the log, what a run would send (`dry_run`)."""
    lines = [line for line in found.lines if line["verb"] in verbs]
    for partition in partitions:
        metadata: dict[str, Any] = {"dry_run": True, "requests": 0}
        for line in lines:
            if line["partition_date"] == partition:
                metadata[f"{line['verb']}: {line['why']}"] = line["requests"]
                metadata["requests"] += line["requests"]
        context.log_event(dg.AssetObservation(table, partition=partition.isoformat(), metadata=metadata))
    context.log.info("Dry run, nothing was sent: %s", replace(found, lines=lines).told())


def _shown(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, int | float | bool):
        return value
    text = str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
