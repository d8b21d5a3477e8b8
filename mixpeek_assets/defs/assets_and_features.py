"""The assets `assets` and `features`: one call gives both."""

from collections.abc import Iterator

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.checks import check_results
from mixpeek_assets.defs.config import LandingConfig
from mixpeek_assets.defs.failures import unfinished_assets, user_errors_as_failures
from mixpeek_assets.defs.metadata import materialized, observe_plan
from mixpeek_assets.defs.partitions import days
from mixpeek_assets.defs.run_liveness import record_process
from mixpeek_assets.pipeline.fetch import fetch_assets
from mixpeek_assets.pipeline.plan import plan
from mixpeek_assets.warehouse.schema import TableName

ASSETS = """A row is a Mixpeek asset: what a task made of a video.

Landing is incremental: only assets of settled tasks that are not landed yet are fetched. An asset that the API refuses
to return is in `rejects` with the reason. `payload` holds the whole asset as it was sent.
"""

FEATURES = """A row is a feature of an asset: a segment of video, a frame, a text or a stretch of sound.

Features come with their asset. The detail reply, fetched with the vectors, adds to a feature and never erases what the
list gave. `payload` holds the whole feature as it was sent, without its vectors.
"""

UPSTREAM: dict[TableName, TableName] = {"assets": "tasks", "features": "assets"}
DESCRIPTIONS: dict[TableName, str] = {"assets": ASSETS, "features": FEATURES}


def build_assets_and_features(group: AssetGroup) -> dg.AssetsDefinition:
    """Return the assets `assets` and `features` of a group."""

    @dg.multi_asset(
        name=group.named("assets_and_features"),
        specs=[
            dg.AssetSpec(
                **group.spec_arguments(table, [UPSTREAM[table]], {"duckdb", "api"}),
                description=description,
                skippable=True,  # a dry run materializes nothing
            )
            for table, description in DESCRIPTIONS.items()
        ],
        **group.step_arguments(*DESCRIPTIONS),
    )
    def assets_and_features(
        context: dg.AssetExecutionContext, config: LandingConfig
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        """Fetch the assets of settled tasks, each with the list of its features."""
        record_process(context)
        partitions, mixpeek = days(context.partition_keys), group.mixpeek(context)
        warehouse = group.warehouse(context).open(on_wait=context.log.warning)
        with user_errors_as_failures():
            if config.dry_run:
                per_minute = mixpeek.settings.effective_requests_per_minute
                found = plan(warehouse, per_minute, partitions=partitions, refetch=config.refresh)
                observe_plan(context, group.key("assets"), partitions, found, "fetch asset")
                for table in DESCRIPTIONS:
                    yield from check_results(warehouse, table, group.key(table), partitions)
                return
            with mixpeek.client() as client, warehouse.partitions_locked("land", partitions):
                result = fetch_assets(client, warehouse, partitions, run_id=context.run.run_id, refresh=config.refresh)
            # Missing assets must not hold back the vectors of the rest: the step `vectors` fails over them.
            for error in result.unfinished[:10]:
                context.log.warning("%s", error)
            for table in DESCRIPTIONS:
                yield materialized(
                    context,
                    warehouse,
                    table,
                    partitions,
                    key=group.key(table),
                    planned_at=result.planned_at,
                    assets_fetched=result.fetched,
                    assets_rejected=result.rejected,
                    **unfinished_assets(result.unfinished),
                )

    return assets_and_features
