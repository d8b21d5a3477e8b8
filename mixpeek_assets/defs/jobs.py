"""The two jobs: one hands videos to the API, the other lands what it made of them."""

import dagster as dg

ingest_job = dg.define_asset_job(
    "ingest_job",
    selection=["videos", "tasks"],
    description="Read the manifest and submit what was never submitted.",
)

land_job = dg.define_asset_job(
    "land_job",
    selection=["assets", "features", "vectors"],
    description="Land the assets, features and vectors of tasks that are over; only what is missing is fetched.",
)
