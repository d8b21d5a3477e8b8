"""A warehouse of its own for every test."""

from pathlib import Path

import pytest

from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.rows import warehouse_in


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse that is not made yet."""
    return warehouse_in(tmp_path)
