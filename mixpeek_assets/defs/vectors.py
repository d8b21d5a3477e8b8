"""The asset `vectors`: the embeddings."""

from collections.abc import Iterator

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.checks import check_results
from mixpeek_assets.defs.config import LandingConfig
from mixpeek_assets.defs.failures import fail_if_assets_are_unfinished, fail_if_unfinished, user_errors_as_failures
from mixpeek_assets.defs.metadata import materialized, observe_plan
from mixpeek_assets.defs.partitions import days
from mixpeek_assets.defs.run_liveness import record_process
from mixpeek_assets.pipeline.fetch import fetch_vectors
from mixpeek_assets.pipeline.plan import plan


def build_vectors(group: AssetGroup) -> dg.AssetsDefinition:
    """Return the asset `vectors` of a group."""

    # A dry run materializes nothing.
    @group.asset("vectors", upstream=["features"], kinds={"duckdb", "api"}, output_required=False)
    def vectors(
        context: dg.AssetExecutionContext, config: LandingConfig
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """A row is one named vector of a feature: its embedding.

        One request per feature, many in flight. Each reply is written to disk as it arrives and loaded in batches, so
        a crash fetches nothing twice. A vector that is empty, not finite or of an unknown form is in `rejects`. Each
        named vector of one dimension has a view `mixpeek.vectors_<name>` with `embedding FLOAT[d]`.
        """
        record_process(context)
        partitions, mixpeek = days(context.partition_keys), group.mixpeek(context)
        warehouse = group.warehouse(context).open(on_wait=context.log.warning)
        with user_errors_as_failures():
            if config.dry_run:
                per_minute = mixpeek.settings.effective_requests_per_minute
                found = plan(warehouse, per_minute, partitions=partitions, refetch=config.refresh)
                observe_plan(context, group.key("vectors"), partitions, found, "fetch vectors")
                yield from check_results(warehouse, "vectors", group.key("vectors"), partitions)
                return
            with mixpeek.client() as client, warehouse.partitions_locked("land", partitions):
                result = fetch_vectors(client, warehouse, partitions, run_id=context.run.run_id, refresh=config.refresh)
            fail_if_unfinished(result.unfinished, "features")
            fail_if_assets_are_unfinished(context, group.key("assets"))
            yield materialized(
                context,
                warehouse,
                "vectors",
                partitions,
                key=group.key("vectors"),
                planned_at=result.planned_at,
                features_fetched=result.fetched,
                features_rejected=result.rejected,
            )

    return vectors
