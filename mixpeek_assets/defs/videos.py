"""The asset `videos`: what to ingest."""

from collections.abc import Iterator
from datetime import timedelta

import dagster as dg

from mixpeek_assets import clock
from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.failures import user_errors_as_failures
from mixpeek_assets.defs.partitions import days
from mixpeek_assets.defs.reports import StepEvent, StepWork, report
from mixpeek_assets.defs.run_liveness import record_process
from mixpeek_assets.defs.texts import as_text
from mixpeek_assets.labels import counted
from mixpeek_assets.manifest.reader import read_manifest

_READ_DAILY = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36), warn_window=timedelta(hours=26))
"""The schedule reads the manifest each day. What comes after depends on the API, so its alarm is a check."""


def build_videos(group: AssetGroup) -> dg.AssetsDefinition:
    """Return the asset `videos` of a group."""

    @group.asset("videos", upstream=["manifest"], kinds={"duckdb", "table"}, freshness=_READ_DAILY)
    def videos(context: dg.AssetExecutionContext) -> Iterator[StepEvent]:
        """A row is a video to ingest: one per (collection, url).

        Its partition is the UTC day on which it was added: the manifest's `added_at`, else the day on which it was
        first seen. A known video keeps its day, and a video that leaves the manifest stays. Unusable rows of the
        manifest are in `rejects`.
        """
        partitions, resource = days(context.partition_keys), group.warehouse(context)
        record_process(context, resource.settings)
        warehouse = resource.open(on_wait=context.log.warning)
        with user_errors_as_failures(), read_manifest(resource.settings) as manifest:
            added = warehouse.upsert_videos(
                manifest.videos,
                source=manifest.source,
                problems=manifest.problems,
                partitions=partitions,
                now=clock.now(),
                run_id=context.run.run_id,
            )
            for problem in manifest.problems:
                context.log.warning("%s", as_text(f"{problem['object_id']} {problem['reason']}"))
            context.log.info(
                f"{as_text(manifest.source)}: {counted(manifest.lines, 'row')}, {counted(added, 'new video')}"
            )
            figures = {
                "manifest": manifest.source,
                "manifest_rows": manifest.lines,
                "manifest_rows_repeated": manifest.repeated,
                "manifest_rows_unusable": manifest.unusable,
                "videos_added": added,
            }
            yield from report(context, group, warehouse, ["videos"], partitions, StepWork({"videos": figures}))

    return videos
