"""A warehouse of its own for every test."""

from pathlib import Path

import pytest

from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.rows import file_of, warehouse_in


@pytest.fixture
def warehouse(tmp_path: Path, empty_file: bytes) -> Warehouse:
    """An empty warehouse."""
    empty = warehouse_in(tmp_path)
    file_of(empty).write_bytes(empty_file)
    return empty


@pytest.fixture
def unmade_warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse of which there is no file yet."""
    return warehouse_in(tmp_path)
