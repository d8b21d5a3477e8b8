"""mixpeek_assets: a Dagster project that turns a list of videos into embeddings you can query with SQL."""

from importlib.metadata import version

__version__ = version("mixpeek-assets")
