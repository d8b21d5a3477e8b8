"""What the UI shows about a table: its columns, row counts and a few rows."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import dagster as dg

from mixpeek_assets.defs.checks import run_checks
from mixpeek_assets.pipeline.plan import Plan
from mixpeek_assets.warehouse.rows import Verb
from mixpeek_assets.warehouse.schema import SCHEMA, TABLE, TableName
from mixpeek_assets.warehouse.warehouse import Warehouse

_LONGEST = 1_000
"""Characters of a cell in a preview: Dagster keeps every event of a run."""


def definition_metadata(table: TableName) -> dict[str, Any]:
    """Return what is known of a table before it has a row."""
    columns = [dg.TableColumn(column.name, column.type, column.description) for column in TABLE[table].columns]
    return {"dagster/table_name": f"{SCHEMA}.{table}", "dagster/column_schema": dg.TableSchema(columns=columns)}


def materialized(
    context: dg.AssetExecutionContext,
    warehouse: Warehouse,
    table: TableName,
    partitions: Sequence[date],
    *,
    key: dg.AssetKey,
    planned_at: datetime | None = None,
    **figures: int | str,
) -> dg.MaterializeResult:
    """Return the materialization: what the run did, each partition's rows, the newest few, and the checks.

    Args:
        context: The step's context.
        warehouse: The warehouse with the table.
        table: The table that was materialized.
        partitions: The days of the run.
        key: The table's asset.
        planned_at: When the run asked what is missing; the checks ignore what the tables got later.
        figures: Counts of what the run did.
    """
    common: dict[str, Any] = dict(figures)
    with warehouse.reader() as reader:
        preview = reader.preview(table, partitions)
        counts = reader.partition_counts(table, partitions)
        checked = run_checks(reader, table, key, partitions, planned_at)
        if table == "vectors":
            common["embeddings"] = reader.embedding_summary(partitions)
    records = [dg.TableRecord({name: _shown(value) for name, value in row.items()}) for row in preview]
    if records:
        common["preview"] = dg.MetadataValue.table(records)
    for partition in partitions:
        metadata = {"dagster/partition_row_count": counts.get(partition, 0), **common}
        context.add_asset_metadata(metadata, asset_key=key, partition_key=partition.isoformat())
    return dg.MaterializeResult(asset_key=key, check_results=checked)


def observe_plan(
    context: dg.AssetExecutionContext, key: dg.AssetKey, partitions: Sequence[date], found: Plan, *verbs: Verb
) -> None:
    """Show what a run would send (`dry_run`), as an observation of the asset and in the log."""
    lines = [line for line in found.lines if line.verb in verbs]
    for partition in partitions:
        chosen = [line for line in lines if line.partition_date == partition]
        requests = {f"{line.verb}: {line.why}": line.requests for line in chosen}
        metadata = {"dry_run": True, "requests": sum(requests.values()), **requests}
        context.log_event(dg.AssetObservation(key, partition=partition.isoformat(), metadata=metadata))
    context.log.info("Dry run, nothing was sent: %s", replace(found, lines=lines).summary())


def _shown(value: object) -> str | int | float | bool | None:
    if value is None or isinstance(value, int | float | bool):
        return value
    text = str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
