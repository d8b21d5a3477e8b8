"""The two jobs: one submits videos to the API, the other lands their results."""

from typing import Any

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.warehouse.schema import TableName

INGEST_JOB, LAND_JOB = "ingest_job", "land_job"

_SELECTIONS: dict[str, list[TableName]] = {
    INGEST_JOB: ["videos", "tasks"],
    LAND_JOB: ["assets", "features", "vectors"],
}
_DESCRIPTIONS = {
    INGEST_JOB: "Read the manifest and submit the videos that need it.",
    LAND_JOB: "Land the assets, features and vectors of settled tasks; only what is missing is fetched.",
}


def build_jobs(group: AssetGroup) -> list[Any]:  # dagster does not export what define_asset_job returns
    """Return both jobs of a group."""
    return [
        dg.define_asset_job(
            group.named(name),
            selection=dg.AssetSelection.assets(*(group.key(table) for table in tables)),
            description=_DESCRIPTIONS[name],
        )
        for name, tables in _SELECTIONS.items()
    ]
