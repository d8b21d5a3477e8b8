"""The warehouse in Python, for a notebook: read-only, a query at a time."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from mixpeek_assets.connections import open_warehouse
from mixpeek_assets.settings import load_settings
from mixpeek_assets.warehouse.errors import WarehouseError
from mixpeek_assets.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True)
class ReadOnlyWarehouse:
    """Queries on the warehouse. The file is open only while a query runs, so an idle notebook delays no landing.

    Examples:
        >>> import mixpeek_assets
        >>> warehouse = mixpeek_assets.connect()
        >>> warehouse.query("SELECT count(*) AS videos FROM mixpeek.videos")
    """

    warehouse: Warehouse

    @overload
    def query(self, sql: str, parameters: Any = None, *, to: Literal["pandas"] = "pandas") -> "pd.DataFrame": ...

    @overload
    def query(self, sql: str, parameters: Any = None, *, to: Literal["arrow"]) -> "pa.Table": ...

    def query(self, sql: str, parameters: Any = None, *, to: Literal["pandas", "arrow"] = "pandas") -> Any:
        """Run a query and return its rows.

        Args:
            sql: One or more statements; the rows are those of the last.
            parameters: Values for `?` (a list) or `$name` (a dict).
            to: `pandas` for a frame, or `arrow` for an Arrow table (needs `pyarrow`).

        Raises:
            WarehouseError: the file cannot be used.
            duckdb.Error: the query cannot be run.
        """
        with self.warehouse.published() as connection:
            result = connection.sql(sql, params=parameters)
            return result.df() if to == "pandas" else result.to_arrow_table()


def connect(warehouse: str | Path | None = None) -> ReadOnlyWarehouse:
    """Return the warehouse for queries.

    Args:
        warehouse: The DuckDB file; by default that of the settings (`MIXPEEK_WAREHOUSE`, `MIXPEEK_DATA_DIR`).

    Raises:
        SettingsError: a setting cannot be used.
        WarehouseError: the file does not exist.
    """
    path = None if warehouse is None else Path(warehouse).expanduser().absolute()
    opened = open_warehouse(load_settings(), path=path)
    if not opened.path.is_file():
        raise WarehouseError(f"there is no DuckDB file {opened.path}: run the pipeline first, or name another file")
    return ReadOnlyWarehouse(opened)
