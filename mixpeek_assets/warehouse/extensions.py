"""DuckDB's extensions for a lake: from their packages, without a network, or else from DuckDB's own repository."""

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import duckdb

from mixpeek_assets.warehouse.errors import WarehouseError

LAKE = ("postgres_scanner", "httpfs", "ducklake")
"""In this order: `ducklake` would fetch those that are not loaded yet."""


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Load what a lake needs, unless it is loaded.

    Raises:
        WarehouseError: an extension is not to be had for this DuckDB.
    """
    query = "SELECT extension_name FROM duckdb_extensions() WHERE loaded"
    loaded = {name for (name,) in connection.execute(query).fetchall()}
    for name in LAKE:
        if name not in loaded:
            _load(connection, name)


def _load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    packaged = _packaged(name)
    try:
        if packaged is None:
            connection.execute(f"INSTALL {name}")  # does nothing where it is installed
        connection.execute(f"LOAD '{packaged}'" if packaged else f"LOAD {name}")
    except duckdb.Error as error:
        raise WarehouseError(
            f"DuckDB {duckdb.__version__} has no extension {name}: `pip install 'mixpeek-assets[cluster]'` installs a"
            f" DuckDB with it, and `INSTALL {name}` in DuckDB fetches it where that is allowed"
            f" ({str(error).splitlines()[0]})"
        ) from None


def _packaged(name: str) -> Path | None:
    """Return the extension's file in its package; None: there is none for this version."""
    package = f"duckdb_extension_{name}"
    if find_spec(package) is None:
        return None
    file = Path(str(files(package))) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    return file if file.is_file() else None
