"""mixpeek_assets: a Dagster project that turns a list of videos into embeddings you can query with SQL."""

from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mixpeek_assets.component import MixpeekCollectionComponent
    from mixpeek_assets.definitions import build_definitions
    from mixpeek_assets.notebook import ReadOnlyWarehouse
    from mixpeek_assets.settings import load_settings

__all__ = ["MixpeekCollectionComponent", "build_definitions", "connect", "load_settings"]

__version__ = version("mixpeek-assets")

_MODULES = {
    "MixpeekCollectionComponent": "mixpeek_assets.component",
    "build_definitions": "mixpeek_assets.definitions",
    "load_settings": "mixpeek_assets.settings",
}
"""What is imported when it is first asked for, so that importing the package costs nothing."""


def connect(warehouse: str | Path | None = None) -> "ReadOnlyWarehouse":
    """Return the warehouse, read-only, for a notebook: `connect().search("a boat")`, `.nearest(…)`, `.query("…")`.

    Args:
        warehouse: The DuckDB file; by default that of the settings.
    """
    from mixpeek_assets import notebook

    return notebook.connect(warehouse)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})  # `dg` finds the component so
