"""Warehouses as a pipeline would have left them, made by SQL: what is not measured is not waited for."""

from datetime import date
from pathlib import Path
from typing import Any

from mixpeek_assets.warehouse.file_store import FileStore
from mixpeek_assets.warehouse.publishing import Publisher
from mixpeek_assets.warehouse.site import Site
from mixpeek_assets.warehouse.warehouse import Warehouse

DAY = date(2026, 1, 1)
"""The partition, or the first."""

_SQL = Path(__file__).parent


def warehouse_in(folder: Path) -> Warehouse:
    """Return the warehouse of a folder."""
    return Warehouse(Site.of_file(folder / "warehouse.duckdb"), lag=0)


def file_of(warehouse: Warehouse) -> Path:
    """Return the file of such a warehouse."""
    assert isinstance(warehouse.site.store, FileStore)
    return warehouse.site.store.path


def publisher_of(warehouse: Warehouse) -> Publisher:
    """Return what publishes such a warehouse."""
    assert warehouse.publisher is not None
    return warehouse.publisher


def fill(warehouse: Warehouse, videos: int, features: int = 0, *, first: int = 0, a_day: int | None = None) -> None:
    """Add videos whose tasks are done; with `features`, their assets and features too, still without vectors.

    Args:
        warehouse: Where.
        videos: How many.
        features: How many each; 0 leaves the assets to be landed.
        first: The first one's number.
        a_day: How many a partition has; all by default.
    """
    given = {"day": DAY, "a_day": a_day or first + videos, "first": first, "videos": videos, "features": features}
    _run(warehouse, "fill", given)


def store(warehouse: Warehouse, dimensions: int) -> None:
    """Give every feature a vector."""
    _run(warehouse, "store", {"dimensions": dimensions})


def name_by_manifest(warehouse: Warehouse) -> None:
    """Give every video the id that a manifest would."""
    _run(warehouse, "manifest_ids", {})


def _run(warehouse: Warehouse, name: str, given: dict[str, Any]) -> None:
    with warehouse.database.transaction() as connection:
        for statement in connection.extract_statements((_SQL / f"{name}.sql").read_text()):
            connection.execute(statement, {key: given[key] for key in statement.named_parameters})
