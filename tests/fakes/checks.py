"""Asset checks, asked over a warehouse and not through a run."""

from datetime import date
from typing import Any

import dagster as dg

from mixpeek_assets.defs.checks import DAY_CHECKS, STANDING_CHECKS, evaluate
from mixpeek_assets.warehouse.schema import TableName
from mixpeek_assets.warehouse.warehouse import Warehouse


def day_check(warehouse: Warehouse, table: TableName, name: str, day: date) -> dg.AssetCheckEvaluation:
    """Evaluate a check of a day."""
    checks = [check for check in DAY_CHECKS if (check.table, check.name) == (table, name)]
    with warehouse.reader() as reader:
        (found,) = evaluate(reader, checks, dg.AssetKey, [day])
    assert found.partition == day.isoformat()
    return found


def standing_check(warehouse: Warehouse, name: str) -> dg.AssetCheckEvaluation:
    """Evaluate a check of all days."""
    with warehouse.reader() as reader:
        (found,) = evaluate(reader, [check for check in STANDING_CHECKS if check.name == name], dg.AssetKey, [])
    assert found.partition is None
    return found


def broken(found: dg.AssetCheckEvaluation) -> list[dict[str, Any]]:
    """The rows that break a check, as the UI shows them."""
    shown = found.metadata.get("which")
    return [dict(record.data) for record in shown.records] if isinstance(shown, dg.TableMetadataValue) else []
