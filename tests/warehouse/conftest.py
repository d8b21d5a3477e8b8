"""A warehouse of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.fakes.stores import Stores


@pytest.fixture
def warehouse(tmp_path: Path, stores: Stores) -> Iterator[Warehouse]:
    """An empty warehouse."""
    with stores.warehouse(tmp_path / "warehouse.duckdb") as empty:
        yield empty


@pytest.fixture
def unmade_warehouse(tmp_path: Path, stores: Stores) -> Iterator[Warehouse]:
    """A warehouse that nobody has made yet."""
    with stores.warehouse(tmp_path / "warehouse.duckdb", fill=None) as unmade:
        yield unmade
