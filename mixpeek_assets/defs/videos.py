"""The asset `videos`: what to ingest."""

import dagster as dg

from mixpeek_assets import clock
from mixpeek_assets.defs.checks import check_specs
from mixpeek_assets.defs.failures import explained
from mixpeek_assets.defs.metadata import GROUP, OWNERS, definition_metadata, materialized
from mixpeek_assets.defs.partitions import daily, days, several_days_a_run
from mixpeek_assets.defs.resources import WarehouseResource
from mixpeek_assets.defs.run_liveness import record_process
from mixpeek_assets.manifest.reader import read_manifest
from mixpeek_assets.settings import load_settings
from mixpeek_assets.terminal_safe import terminal_safe

DESCRIPTION = """A row is a video to ingest: one per (collection, url).

Its partition is the UTC day on which it was added: the manifest's `added_at`, else the day on which it was first
seen. A video that is known keeps its day, and one that leaves the manifest stays. Rows of the manifest that name no
usable video are in `rejects`.
"""


@dg.asset(
    partitions_def=daily,
    backfill_policy=several_days_a_run,
    check_specs=check_specs("videos"),
    description=DESCRIPTION,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"duckdb"},
    metadata=definition_metadata("videos"),
)
def videos(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult:
    """Read the manifest, and add the videos of these partitions."""
    record_process(context)
    partitions = days(context.partition_keys)
    with explained(), read_manifest(load_settings()) as manifest:
        target = warehouse.open(on_wait=context.log.warning)
        added = target.upsert_videos(manifest, partitions, clock.now(), context.run.run_id)
        for problem in manifest.problems:
            context.log.warning("%s", terminal_safe(f"{problem['object_id']} {problem['reason']}"))
        return materialized(
            context,
            target,
            "videos",
            partitions,
            manifest=manifest.source,
            manifest_rows=manifest.lines,
            manifest_rows_repeated=manifest.repeated,
            manifest_rows_unusable=manifest.unusable,
            videos_added=added,
        )
