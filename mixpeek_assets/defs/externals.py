"""What is up- and downstream of the tables and not materialized here: the manifest, the API, views and macros."""

import dagster as dg

from mixpeek_assets.defs.asset_group import AssetGroup
from mixpeek_assets.defs.partitions import without_preview_warnings
from mixpeek_assets.settings import Settings

# Without Markdown, which the catalog shows as it is.
_VIEWS = {
    "latest_tasks": ("tasks", "A row is the last submission of a video, with the reason why it failed."),
    "vectors_by_name": (
        "vectors",
        "A view mixpeek.vectors_NAME for each named vector of one dimension d, with its embedding as FLOAT[d].",
    ),
    "search": (
        "vectors",
        "The macros mixpeek.similar(feature_id, vector_name) and mixpeek.nearest(vector_name, embedding): the"
        " moments that are most like another; mixpeek.find_text(words): those with some words;"
        " mixpeek.find_moments(words, vector_name, embedding): both in one.",
    ),
}


def build_externals(group: AssetGroup, settings: Settings) -> list[dg.AssetSpec]:
    """Return what the UI shows around the tables: the manifest and the API before them, views and macros after."""
    # Without its query, which may hold a signature.
    source = settings.videos.partition("?")[0] if settings.videos else "the samples"
    api = "The local API" if settings.uses_local_api else f"The Mixpeek API at {settings.api_name}"
    with without_preview_warnings():
        return [
            dg.AssetSpec(
                group.key("manifest"),
                description="The list of videos to ingest, which manifest_sensor watches.",
                group_name=group.name,
                kinds={"csv" if source.endswith((".csv", ".tsv")) else "file"},
                metadata={"dagster/uri": source},
            ),
            dg.AssetSpec(
                group.key("mixpeek_api"),
                description=f"{api}: it makes assets, features and vectors of the videos.",
                group_name=group.name,
                kinds={"task"},
                metadata={"api": settings.api_name},
            ),
            *(
                dg.AssetSpec(
                    group.key(name),
                    deps=[group.key(upstream)],
                    description=description,
                    group_name=group.name,
                    kinds={"duckdb", "view"},
                    is_virtual=True,
                )
                for name, (upstream, description) in _VIEWS.items()
            ),
        ]
