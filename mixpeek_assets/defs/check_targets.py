"""Points each evaluation at the newest materialization of what it is of: else the UI takes it for none."""

from collections.abc import Iterable, Iterator

import dagster as dg

# Dagster names this only for the checks of one partition, which it makes itself; ours are of many in one run.
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData
from dagster_shared.record import replace


def with_targets(
    instance: dg.DagsterInstance, evaluations: Iterable[dg.AssetCheckEvaluation]
) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield evaluations with what they are about, of a day or of all; ask after the run's materializations."""
    known: dict[tuple[dg.AssetKey, str | None], AssetCheckEvaluationTargetMaterializationData | None] = {}
    for found in evaluations:
        place = (found.asset_key, found.partition)
        if place not in known:
            known[place] = _newest(instance, *place)
        yield replace(found, target_materialization_data=known[place])


def _newest(
    instance: dg.DagsterInstance, key: dg.AssetKey, partition: str | None
) -> AssetCheckEvaluationTargetMaterializationData | None:
    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=None if partition is None else [partition])
    for record in instance.fetch_materializations(wanted, limit=1).records:
        return AssetCheckEvaluationTargetMaterializationData(
            storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp
        )
    return None
