"""Putting the videos of a manifest into a warehouse, as a run does."""

from collections.abc import Sequence
from datetime import date, datetime

from mixpeek_assets.manifest.reader import Manifest
from mixpeek_assets.warehouse.warehouse import Warehouse


def upsert(warehouse: Warehouse, manifest: Manifest, partitions: Sequence[date], now: datetime, run_id: str) -> int:
    """Add the videos that belong to these partitions; return how many are new."""
    return warehouse.upsert_videos(
        manifest.videos,
        source=manifest.source,
        problems=manifest.problems,
        partitions=partitions,
        now=now,
        run_id=run_id,
    )
