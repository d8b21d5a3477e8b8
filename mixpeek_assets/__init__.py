"""mixpeek_assets: a Dagster project that turns a list of videos into embeddings you can query with SQL."""

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mixpeek_assets.notebook import ReadOnlyWarehouse

__version__ = version("mixpeek-assets")


def connect(warehouse: str | Path | None = None) -> "ReadOnlyWarehouse":
    """Return the warehouse, read-only, for a notebook: `connect().query("…")` gives a pandas frame or an Arrow table.

    Args:
        warehouse: The DuckDB file; by default that of the settings.
    """
    from mixpeek_assets import notebook  # so that importing the package costs nothing

    return notebook.connect(warehouse)
