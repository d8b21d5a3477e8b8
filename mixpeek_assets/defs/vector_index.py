"""The asset `vector_index`, its job, and the sensor that refreshes it after landings."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import dagster as dg
import duckdb

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.failures import user_errors_as_failures
from mixpeek_assets.defs.resources import TICK_WAREHOUSE_SECONDS
from mixpeek_assets.defs.run_liveness import record_process
from mixpeek_assets.labels import counted
from mixpeek_assets.warehouse import vector_index as indexes
from mixpeek_assets.warehouse.errors import WarehouseBusyError

INDEX = "index"

COVERS, FINDS = "covers_all", "finds_true_neighbours"

_DESCRIPTION = """What makes searches fast: a code for each vector of a name that has many.

It is of all days, and refreshing it encodes what is new and forgets what is gone. A named vector with fewer than
20,000 vectors needs none, and one for which no code is good enough has none: its searches compare every vector.
Searches are the same without it, and slower.
"""

_OVER = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def build_vector_index(group: AssetGroup) -> dg.AssetsDefinition:
    """Return the asset `vector_index` of a group, with its two checks."""
    key = group.key("vector_index")
    # Of all days at once: an index is one for all vectors of a name, and a refresh finds by itself what is new.
    spec = group.downstream(
        "vector_index",
        [dg.AssetDep(group.key("vectors"), partition_mapping=dg.AllPartitionMapping())],
        _DESCRIPTION,
        kinds={"duckdb"},
        uri=group.uri,
    ).merge_attributes(tags={"dagster/storage_kind": "duckdb"})
    checks = [
        dg.AssetCheckSpec(COVERS, asset=key, description="Each vector of an indexed name has its code."),
        dg.AssetCheckSpec(FINDS, asset=key, description="Searches by the index find the true neighbours of a sample."),
    ]

    @dg.multi_asset(
        name=group.named("vector_index"),
        specs=[spec],
        check_specs=checks,
        required_resource_keys={group.named("warehouse")},
    )
    def vector_index(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        """Encode the vectors that have no code yet."""
        record_process(context, group.warehouse(context).settings)
        warehouse = group.warehouse(context).open(on_wait=context.log.warning)
        with user_errors_as_failures():
            with warehouse.database.connection() as connection:
                done = indexes.refresh(connection, least=indexes.LEAST)
            for one in done:
                context.log.info("%s", _sentence(one))
            with warehouse.database.connection(read_only=True) as connection:
                behind = indexes.staleness(connection)
                recalls = {one.vector_name: indexes.recall_of(connection, one.vector_name) for one in done}
            warehouse.publish("at the end")
        yield dg.MaterializeResult(
            asset_key=key, metadata=_metadata(done), check_results=[_covers(key, behind), _finds(key, recalls)]
        )

    return vector_index


def build_index_job(group: AssetGroup) -> Any:  # dagster does not export what define_asset_job returns
    """Return the job `mixpeek_index` of a group."""
    return dg.define_asset_job(
        group.job(INDEX),
        selection=dg.AssetSelection.assets(group.key("vector_index")),
        description="Refresh the index of vectors, by which searches are fast; only what is new is encoded.",
        executor_def=dg.in_process_executor,
    )


def build_vector_index_sensor(group: AssetGroup, status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    """Return the sensor `vector_index_sensor` of a group."""
    job = group.job(INDEX)

    @dg.sensor(
        name=group.named("vector_index_sensor"),
        job_name=job,
        minimum_interval_seconds=60,
        default_status=status,
        required_resource_keys={group.named("warehouse")},
        description=f"Requests {job} when a named vector has many vectors without a code. Its cursor says which"
        " vectors it has looked at.",
    )
    def vector_index_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        warehouse = group.warehouse(context).open(TICK_WAREHOUSE_SECONDS)
        with user_errors_as_failures():
            try:
                with warehouse.database.connection(read_only=True) as connection:
                    seen = _seen(connection)
                    if seen == context.cursor:
                        return dg.SensorResult(skip_reason=f"nothing new since the last look ({seen})", cursor=seen)
                    names = indexes.behind(connection, least=indexes.LEAST)
            except WarehouseBusyError as error:
                return dg.SensorResult(skip_reason=str(error), cursor=context.cursor)
        if not names:
            return dg.SensorResult(skip_reason=f"no named vector needs a new index: {seen}", cursor=seen)
        if context.instance.get_runs(_unfinished(job), limit=1):
            # The cursor stays, so that the next tick looks again.
            return dg.SensorResult(skip_reason=f"{job} is queued or running", cursor=context.cursor)
        context.log.info("indexing %s: %s", ", ".join(names), seen)
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=seen)], cursor=seen)

    return vector_index_sensor


def _seen(connection: duckdb.DuckDBPyConnection) -> str:
    """Return what tells one state of the vectors from another."""
    found: tuple[int, datetime | None] | None = connection.execute(
        "SELECT count(*), max(loaded_at) FROM mixpeek.vectors"
    ).fetchone()
    vectors, newest = found or (0, None)
    return counted(vectors, "vector") + (f", the newest of {newest:%Y-%m-%d %H:%M:%S.%f}" if newest else "")


def _unfinished(job: str) -> dg.RunsFilter:
    return dg.RunsFilter(job_name=job, statuses=[one for one in dg.DagsterRunStatus if one not in _OVER])


def _sentence(one: indexes.Indexed) -> str:
    if one.method == "exact":
        return f"{one.vector_name}: searches compare all {one.vectors:,} vectors, since it has {one.why}"
    return (
        f"{one.vector_name}: {one.encoded:,} of {one.vectors:,} vectors encoded in {one.seconds:.1f} s,"
        f" {one.removed:,} codes removed"
    )


def _metadata(done: Sequence[indexes.Indexed]) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "named_vectors": len(done),
        "indexed": sum(one.method != "exact" for one in done),
        "encoded": sum(one.encoded for one in done),
        "removed": sum(one.removed for one in done),
        "seconds": sum(one.seconds for one in done),
    }
    rows = [
        dg.TableRecord(
            {
                "named vector": one.vector_name,
                "vectors": one.vectors,
                "search": one.method,
                "why": one.why,
                "looks at": one.pool,
                "recall of the sample": one.recall,
            }
        )
        for one in done
    ]
    return figures | ({"indexes": dg.MetadataValue.table(rows)} if rows else {})


def _covers(key: dg.AssetKey, behind: Sequence[indexes.Staleness]) -> dg.AssetCheckResult:
    stale = [one for one in behind if one.without_code or one.without_vector]
    words = "; ".join(
        f"{one.vector_name}: {one.without_code:,} vectors without a code, {one.without_vector:,} codes without a vector"
        for one in stale
    )
    return dg.AssetCheckResult(
        passed=not stale,
        check_name=COVERS,
        asset_key=key,
        severity=dg.AssetCheckSeverity.WARN,
        description=words or f"{counted(len(behind), 'index', 'indexes')}, none behind",
    )


def _finds(key: dg.AssetKey, recalls: dict[str, float | None]) -> dg.AssetCheckResult:
    known = {name: recall for name, recall in recalls.items() if recall is not None}
    words = ", ".join(f"{name} {recall:.1%}" for name, recall in known.items())
    return dg.AssetCheckResult(
        passed=all(recall >= indexes.RECALL for recall in known.values()),
        check_name=FINDS,
        asset_key=key,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"of the ten true neighbours of a sample: {words}" if known else "there is no index",
        metadata={f"recall of {name}": recall for name, recall in known.items()},
    )
