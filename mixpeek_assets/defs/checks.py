"""Asset checks: computed in SQL with each materialization, over its partitions. Errors block, warnings do not."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import dagster as dg

from mixpeek_assets.terminal_safe import terminal_safe
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.schema import TABLES, TableName, duplicates_query, misplaced_query
from mixpeek_assets.warehouse.warehouse import Warehouse

_LONGEST_EXAMPLE = 1_000


@dataclass(frozen=True)
class Check:
    """A check: each row that its query returns is a violation, shown as `example`.

    Wrong data blocks the assets downstream. Missing data is an error that blocks nothing.
    """

    name: str
    table: TableName
    description: str
    query: str
    level: Literal["block", "error", "warn"] = "block"


def _warning(name: str, table: TableName, description: str, query: str) -> Check:
    return Check(name, table, description, SQL.text(query), level="warn")


CHECKS: tuple[Check, ...] = (
    *(
        Check("in_its_partition", table.name, "Every row is in its video's partition.", misplaced_query(table))
        for table in TABLES
        if table.key
    ),
    *(
        Check("unique_key", table.name, f"Each ({', '.join(table.key)}) occurs once.", duplicates_query(table))
        for table in TABLES
        if table.key
    ),
    _warning(
        "manifest_rows_usable",
        "videos",
        "Every row of the manifest names a video.",
        "check_rejects",
    ),
    _warning(
        "no_task_failed", "tasks", "No video's last task failed, was cancelled or was lost.", "check_failed_tasks"
    ),
    Check(
        "settled_is_landed",
        "assets",
        "Every settled task's asset is landed or in `rejects`.",
        SQL.text("check_settled_without_asset"),
        level="error",
    ),
    _warning("none_rejected", "assets", "No asset is in `rejects`.", "check_rejects"),
    _warning("has_features", "assets", "Every asset lists at least one feature.", "check_assets_without_features"),
    Check(
        "listed_is_landed",
        "features",
        "Every feature that an asset lists is landed or in `rejects`.",
        SQL.text("check_listed_not_landed"),
    ),
    Check("has_asset", "features", "Every feature has its asset.", SQL.text("check_features_without_asset")),
    Check("has_feature", "vectors", "Every vector has its feature.", SQL.text("check_vectors_without_feature")),
    Check(
        "landed_or_rejected",
        "vectors",
        "Every feature has vectors, or a row in `rejects` with the reason.",
        SQL.text("check_features_without_vectors"),
        level="error",
    ),
    Check(
        "sound", "vectors", "Every embedding is finite and has `dimensions` values.", SQL.text("check_unsound_vectors")
    ),
    _warning(
        "none_rejected",
        "vectors",
        "No feature or vector is in `rejects`.",
        "check_rejects",
    ),
    _warning("one_dimension", "vectors", "Each named vector has one dimension per modality.", "check_mixed_dimensions"),
    _warning("none_zero", "vectors", "No embedding is all zero.", "check_zero_vectors"),
)


_ANY_TIME = datetime.max.replace(tzinfo=UTC)


def check_specs(table: TableName, key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """Return the checks of a table, as its asset declares them."""
    return [
        dg.AssetCheckSpec(check.name, asset=key, description=check.description, blocking=check.level == "block")
        for check in CHECKS
        if check.table == table
    ]


def check_results(
    warehouse: Warehouse, table: TableName, key: dg.AssetKey, partitions: Sequence[date]
) -> list[dg.AssetCheckResult]:
    """Run the checks of a table over some partitions."""
    with warehouse.reader() as reader:
        return run_checks(reader, table, key, partitions)


def run_checks(
    reader: Reader, table: TableName, key: dg.AssetKey, partitions: Sequence[date], planned_at: datetime | None = None
) -> list[dg.AssetCheckResult]:
    """Run the checks of a table on an open file.

    Args:
        reader: The open file.
        table: The table to check.
        key: The table's asset.
        partitions: The days to check.
        planned_at: What the tables got after this moment is not expected to be landed; None: all of it is.
    """
    parameters = {"partitions": list(partitions), "planned_at": planned_at or _ANY_TIME, "table": table}
    results: list[dg.AssetCheckResult] = []
    for check in CHECKS:
        if check.table == table:
            bound = {name: value for name, value in parameters.items() if f"${name}" in check.query}
            wrong = reader.connection.execute(check.query, bound).fetchmany(10_000)
            results.append(_result(check, key, [str(example) for (example,) in wrong]))
    return results


def evaluation(
    reader: Reader, table: TableName, key: dg.AssetKey, name: str, partitions: Sequence[date]
) -> dg.AssetCheckEvaluation:
    """Run one check outside a run, as an event that a sensor can report."""
    (result,) = (found for found in run_checks(reader, table, key, partitions) if found.check_name == name)
    return dg.AssetCheckEvaluation(key, name, result.passed, metadata=result.metadata, severity=result.severity)


def _result(check: Check, key: dg.AssetKey, wrong: list[str]) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"wrong": len(wrong)}
    if wrong:
        metadata["examples"] = dg.MetadataValue.md("\n".join(f"- {_as_code(example)}" for example in wrong[:10]))
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=check.name,
        passed=not wrong,
        severity=dg.AssetCheckSeverity.WARN if check.level == "warn" else dg.AssetCheckSeverity.ERROR,
        metadata=metadata,
    )


def _as_code(example: str) -> str:
    """Write an example as a span of code: a server's text must not become a link or a picture in the UI."""
    shown = terminal_safe(example[:_LONGEST_EXAMPLE])
    # Markdown closes a span with as many backticks as opened it.
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    return f"{fence} {shown} {fence}"
