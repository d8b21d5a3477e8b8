"""Points the checks of a day at its newest materialization, without which the UI shows the day as missing."""

from collections.abc import Iterable, Iterator

import dagster as dg

# Dagster names this only for the checks of one partition, which it makes itself; ours are of many in one run.
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData
from dagster_shared.record import replace


def with_targets(
    instance: dg.DagsterInstance, evaluations: Iterable[dg.AssetCheckEvaluation]
) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield evaluations, those of a day pointed at its newest materialization; ask after what the run materializes."""
    known: dict[tuple[dg.AssetKey, str], AssetCheckEvaluationTargetMaterializationData | None] = {}
    for found in evaluations:
        if found.partition is None:
            yield found
            continue
        place = (found.asset_key, found.partition)
        if place not in known:
            known[place] = _newest(instance, *place)
        yield replace(found, target_materialization_data=known[place])


def _newest(
    instance: dg.DagsterInstance, key: dg.AssetKey, partition: str
) -> AssetCheckEvaluationTargetMaterializationData | None:
    of_day = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition])
    for record in instance.fetch_materializations(of_day, limit=1).records:
        return AssetCheckEvaluationTargetMaterializationData(
            storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp
        )
    return None
