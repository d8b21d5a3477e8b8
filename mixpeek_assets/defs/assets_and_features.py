"""The assets `assets` and `features`: one call gives both."""

from collections.abc import Iterator

import dagster as dg

from mixpeek_assets.defs.checks import check_results, check_specs
from mixpeek_assets.defs.config import LandingConfig
from mixpeek_assets.defs.failures import explained
from mixpeek_assets.defs.metadata import GROUP, OWNERS, definition_metadata, materialized, observe_plan
from mixpeek_assets.defs.partitions import daily, days, several_days_a_run
from mixpeek_assets.defs.resources import MixpeekResource, WarehouseResource
from mixpeek_assets.defs.run_liveness import record_process
from mixpeek_assets.pipeline.fetch import fetch_assets
from mixpeek_assets.pipeline.plan import plan
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.schema import TableName

ASSETS = """A row is a Mixpeek asset: what a task made of a video.

Landing is incremental: only assets of settled tasks that are not landed yet are fetched. An asset that the API does
not give is in `rejects` with the reason. `payload` holds the whole asset as it was sent.
"""

FEATURES = """A row is a feature of an asset: a segment of picture, a frame, a text, a stretch of sound.

Listed with its asset; what the detail reply adds is merged in when its vectors land, and never erases what the list
gave. `payload` holds the whole feature as it was sent, less its vectors.
"""

UPSTREAM: dict[TableName, TableName] = {"assets": "tasks", "features": "assets"}
DESCRIPTIONS: dict[TableName, str] = {"assets": ASSETS, "features": FEATURES}


@dg.multi_asset(
    name="assets_and_features",
    specs=[
        dg.AssetSpec(
            table,
            description=description,
            deps=[UPSTREAM[table]],
            owners=OWNERS,
            kinds={"duckdb", "api"},
            metadata=definition_metadata(table),
            # A dry run materializes nothing.
            skippable=True,
        )
        for table, description in DESCRIPTIONS.items()
    ],
    partitions_def=daily,
    group_name=GROUP,
    check_specs=check_specs(*DESCRIPTIONS),
    backfill_policy=several_days_a_run,
)
def assets_and_features(
    context: dg.AssetExecutionContext, config: LandingConfig, mixpeek: MixpeekResource, warehouse: WarehouseResource
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Fetch the assets of settled tasks, each with the list of its features."""
    record_process(context)
    partitions, settings = days(context.partition_keys), load_settings()
    target = warehouse.open(on_wait=context.log.warning)
    with explained():
        if config.dry_run:
            found = plan(target, settings.effective_requests_per_minute, partitions=partitions, refetch=config.refresh)
            observe_plan(context, "assets", partitions, found, "fetch asset")
            for table in DESCRIPTIONS:
                yield from check_results(target, table, partitions)
            return
        with mixpeek.client() as client, target.partitions_locked("land", partitions):
            landed = fetch_assets(client, target, partitions, run_id=context.run.run_id, refresh=config.refresh)
        # What has yet to come must not keep the vectors of the rest: it fails the run, but only after them.
        for error in landed.unfinished[:10]:
            context.log.warning("%s", error)
        for table in DESCRIPTIONS:
            yield materialized(
                context,
                target,
                table,
                partitions,
                assets_fetched=landed.fetched,
                assets_rejected=landed.rejected,
                assets_unfinished=len(landed.unfinished),
            )
