"""The assets `assets`, `features` and `vectors`: one step lands them, in this order."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.checks import DAY_SUCCEEDED, STANDING_CHECKS
from mixpeek_assets.defs.config import LandingConfig
from mixpeek_assets.defs.failures import fail_if_unfinished, user_errors_as_failures
from mixpeek_assets.defs.partitions import days
from mixpeek_assets.defs.reports import LANDED, StepEvent, StepWork, report
from mixpeek_assets.defs.run_liveness import record_process
from mixpeek_assets.pipeline.discard import discard_superseded
from mixpeek_assets.pipeline.fetch import FetchResult, fetch_assets, fetch_vectors
from mixpeek_assets.warehouse.schema import TableName
from mixpeek_assets.warehouse.selection import VideoSelection

ASSETS = """A row is a Mixpeek asset: what a task made of a video.

Landing is incremental: only assets of settled tasks that are not landed yet are fetched, each with the list of its
features. An asset that the API refuses to return is in `rejects` with the reason. `payload` holds the whole asset as
it was sent.
"""

FEATURES = """A row is a feature of an asset: a segment of video, a frame, a text or a stretch of sound.

Features come with their asset. The detail reply, fetched with the vectors, adds to a feature and never erases what the
list gave. `payload` holds the whole feature as it was sent, without its vectors.
"""

VECTORS = """A row is one named vector of a feature: its embedding.

They come with their asset, in pages, where the API gives them so (style `documents`); else in one request a feature.
Many requests are in flight. Each reply is written to disk as it arrives and loaded in batches, so a crash fetches
nothing twice. A vector that is empty, not finite or of an unknown form is in `rejects`. Each named vector of
one dimension has a view `mixpeek.vectors_<name>` with `embedding FLOAT[d]`.
"""


def build_landing(group: AssetGroup) -> dg.AssetsDefinition:
    """Return the assets `assets`, `features` and `vectors` of a group."""
    specs = [
        group.spec("assets", ASSETS, ["tasks", "mixpeek_api"], {"duckdb", "table"}),
        group.spec("features", FEATURES, ["assets"], {"duckdb", "table"}),
        group.spec("vectors", VECTORS, ["features"], {"duckdb", "table"}),
    ]

    @group.step("land_results", specs)
    def land_results(context: dg.AssetExecutionContext, config: LandingConfig) -> Iterator[StepEvent]:
        """Land the results of settled tasks: their assets with their features, then the features' vectors."""
        record_process(context, group.mixpeek(context).settings)
        partitions = days(context.partition_keys)
        warehouse = group.warehouse(context).open(on_wait=context.log.warning)
        asked: dict[str, Any] = {
            "run_id": context.run.run_id,
            "refresh": config.refresh,
            "chosen": VideoSelection(**config.chosen()),
            "say": context.log.info,
        }
        with user_errors_as_failures():
            assets, vectors = FetchResult(), FetchResult()
            with group.mixpeek(context).client() as client, warehouse.partitions_locked("land", partitions):
                if _is_asked(context, group, "assets", "features"):
                    assets = fetch_assets(client, warehouse, partitions, **asked)
                yield from report(context, group, warehouse, LANDED[:2], partitions, _work_on_assets(assets))
                if _is_asked(context, group, "vectors"):
                    # What came with the assets is not asked for again.
                    refresh = config.refresh and not (client.units.brings_vectors and assets.planned_at)
                    vectors = fetch_vectors(client, warehouse, partitions, **{**asked, "refresh": refresh})
                if assets.fetched:
                    discard_superseded(client, warehouse, partitions, context.log.warning)
            work = _work_on_vectors(vectors, assets)
            also = [DAY_SUCCEEDED, *STANDING_CHECKS]
            yield from report(context, group, warehouse, LANDED[2:], partitions, work, also)
            # Last: what did come is landed and reported before the step fails over the rest.
            fail_if_unfinished(assets.unfinished, "asset", "landed")
            fail_if_unfinished(vectors.unfinished, "feature", "landed")

    return land_results


def _is_asked(context: dg.AssetExecutionContext, group: AssetGroup, *tables: TableName) -> bool:
    return any(group.key(table) in context.selected_asset_keys for table in tables)


def _work_on_assets(result: FetchResult) -> StepWork:
    figures = {"assets_fetched": result.fetched, "assets_rejected": result.rejected}
    by_table = {table: {**figures, **result.figures.as_metadata(table)} for table in LANDED[:2]}
    return StepWork(by_table, result.planned_at, frozenset(result.incomplete))


def _work_on_vectors(result: FetchResult, assets: FetchResult) -> StepWork:
    figures = {"features_fetched": result.fetched, "features_rejected": result.rejected}
    by_table = {"vectors": {**figures, **result.figures.as_metadata("vectors")}}
    return StepWork(by_table, result.planned_at, frozenset(result.incomplete | assets.incomplete))
