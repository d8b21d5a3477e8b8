"""Asset checks: computed in SQL with each materialization, over its partitions. Errors block, oddities warn."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
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
    """A query whose rows are all wrong, each with an `example`.

    Wrong data blocks what is downstream. What is merely not there yet is an error, but keeps nobody else waiting.
    """

    name: str
    table: TableName
    description: str
    query: str
    level: Literal["block", "error", "warn"] = "block"
    parameters: dict[str, Any] = field(default_factory=dict)


def _warning(name: str, table: TableName, description: str, query: str, **parameters: Any) -> Check:
    return Check(name, table, description, SQL.text(query), level="warn", parameters=parameters)


CHECKS: tuple[Check, ...] = (
    *(
        Check("in_its_partition", table.name, "Every row is in its video's partition.", misplaced_query(table))
        for table in TABLES
        if table.key
    ),
    *(
        Check("unique_key", table.name, f"{' and '.join(table.key)} occur once.", duplicates_query(table))
        for table in TABLES
        if table.key
    ),
    _warning(
        "manifest_rows_usable",
        "videos",
        "Every row of the manifest names a video.",
        "check_rejects",
        endpoint="manifest",
    ),
    _warning("no_task_failed", "tasks", "No video's last task failed, was cancelled or lost.", "check_failed_tasks"),
    Check(
        "settled_is_landed",
        "assets",
        "What every settled task made is landed, or in rejects.",
        SQL.text("check_settled_without_asset"),
        level="error",
    ),
    _warning(
        "none_rejected", "assets", "No asset is in rejects.", "check_rejects", endpoint="GET /assets/{id}/features"
    ),
    _warning("has_features", "assets", "Every asset lists a feature.", "check_assets_without_features"),
    Check(
        "listed_is_landed",
        "features",
        "As many features are landed or rejected as their assets list.",
        SQL.text("check_listed_not_landed"),
    ),
    Check("has_asset", "features", "Every feature has its asset.", SQL.text("check_features_without_asset")),
    Check("has_feature", "vectors", "Every vector has its feature.", SQL.text("check_vectors_without_feature")),
    Check(
        "landed_or_rejected",
        "vectors",
        "Every feature has vectors, or a row in rejects that says why not.",
        SQL.text("check_features_without_vectors"),
        level="error",
    ),
    Check("sound", "vectors", "Every embedding is finite and as long as it says.", SQL.text("check_unsound_vectors")),
    _warning(
        "none_rejected",
        "vectors",
        "No feature or vector is in rejects.",
        "check_rejects",
        endpoint="GET /features/{id}",
    ),
    _warning("one_dimension", "vectors", "Each named vector has one dimension a modality.", "check_mixed_dimensions"),
    _warning("none_zero", "vectors", "No embedding is all zero.", "check_zero_vectors"),
)


def check_specs(*tables: TableName) -> list[dg.AssetCheckSpec]:
    """Return the checks of some tables, as their asset declares them."""
    return [
        dg.AssetCheckSpec(check.name, asset=check.table, description=check.description, blocking=check.level == "block")
        for check in CHECKS
        if check.table in tables
    ]


def check_results(warehouse: Warehouse, table: TableName, partitions: Sequence[date]) -> list[dg.AssetCheckResult]:
    """Run the checks of a table over some partitions."""
    with warehouse.reader() as reader:
        return run_checks(reader, table, partitions)


def run_checks(reader: Reader, table: TableName, partitions: Sequence[date]) -> list[dg.AssetCheckResult]:
    """Run the checks of a table on a file that is open."""
    results = []
    for check in CHECKS:
        if check.table != table:
            continue
        parameters = {"partitions": list(partitions), **check.parameters}
        wrong = reader.connection.execute(check.query, parameters).fetchmany(10_000)
        results.append(_result(check, [str(example) for (example,) in wrong]))
    return results


def evaluation(
    warehouse: Warehouse, table: TableName, name: str, partitions: Sequence[date]
) -> dg.AssetCheckEvaluation:
    """Run one check outside a run, as an event that a sensor can report."""
    (result,) = (found for found in check_results(warehouse, table, partitions) if found.check_name == name)
    return dg.AssetCheckEvaluation(
        dg.AssetKey(table), name, result.passed, metadata=result.metadata, severity=result.severity
    )


def _result(check: Check, wrong: list[str]) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"wrong": len(wrong)}
    if wrong:
        metadata["examples"] = dg.MetadataValue.md("\n".join(f"- {_as_code(example)}" for example in wrong[:10]))
    return dg.AssetCheckResult(
        asset_key=check.table,
        check_name=check.name,
        passed=not wrong,
        severity=dg.AssetCheckSeverity.WARN if check.level == "warn" else dg.AssetCheckSeverity.ERROR,
        metadata=metadata,
    )


def _as_code(example: str) -> str:
    """Write an example as a span of code: a server's text must not become a link or a picture in the UI."""
    shown = terminal_safe(example[:_LONGEST_EXAMPLE])
    # Markdown ends a span at as many backticks as it began with.
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    return f"{fence} {shown} {fence}"
