"""The asset `vectors`: the embeddings."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from mixpeek_assets.defs.checks import check_results, check_specs
from mixpeek_assets.defs.config import LandingConfig
from mixpeek_assets.defs.failures import explained, fail_if_unfinished
from mixpeek_assets.defs.metadata import GROUP, OWNERS, definition_metadata, materialized, observe_plan
from mixpeek_assets.defs.partitions import daily, days, several_days_a_run
from mixpeek_assets.defs.resources import MixpeekResource, WarehouseResource
from mixpeek_assets.defs.run_liveness import record_process
from mixpeek_assets.pipeline.fetch import fetch_vectors
from mixpeek_assets.pipeline.plan import plan
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.warehouse import Warehouse

DESCRIPTION = """A row is one named vector of a feature: its embedding.

One request a feature, many in flight; each answer is kept on disk as it comes and loaded in batches, so that nothing
is fetched twice, whatever dies. A vector that is empty, not finite or of no known form is in `rejects`. For each
named vector of one dimension there is a view `mixpeek.vectors_<name>` with `embedding FLOAT[d]`.
"""


@dg.asset(
    partitions_def=daily,
    backfill_policy=several_days_a_run,
    check_specs=check_specs("vectors"),
    description=DESCRIPTION,
    deps=["features"],
    # A dry run materializes nothing.
    output_required=False,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"duckdb", "api"},
    metadata=definition_metadata("vectors"),
)
def vectors(
    context: dg.AssetExecutionContext, config: LandingConfig, mixpeek: MixpeekResource, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Fetch the features of these partitions that have no vectors yet."""
    record_process(context)
    partitions, settings = days(context.partition_keys), load_settings()
    target = warehouse.open(on_wait=context.log.warning)
    with explained():
        if config.dry_run:
            found = plan(target, settings.effective_requests_per_minute, partitions=partitions, refetch=config.refresh)
            observe_plan(context, "vectors", partitions, found, "fetch vectors")
            yield from check_results(target, "vectors", partitions)
            return
        with mixpeek.client() as client, target.partitions_locked("land", partitions):
            landed = fetch_vectors(client, target, partitions, run_id=context.run.run_id, refresh=config.refresh)
        fail_if_unfinished(landed.unfinished, "features")
        fail_if_assets_are_missing(target, partitions)
        yield materialized(
            context,
            target,
            "vectors",
            partitions,
            features_fetched=landed.fetched,
            features_rejected=landed.rejected,
            embeddings=target.rows("embedding_summary", partitions=partitions)[0]["summary"],
        )


def fail_if_assets_are_missing(warehouse: Warehouse, partitions: list[date]) -> None:
    """Fail the run over assets that did not come, now that all that did is landed.

    Raises:
        dg.Failure: there are some; the next run asks for them again.
    """
    with warehouse.work_list("assets_to_fetch", partitions=partitions, refresh=False) as missing:
        for first in missing:
            raise dg.Failure(
                f"{len(missing)} assets did not come (the log of assets_and_features says why), and the next run asks"
                f" for them again; the rest is landed. The first: {first['asset_id']}",
                allow_retries=False,
            )
