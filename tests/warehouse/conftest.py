"""A warehouse of its own for every test."""

from pathlib import Path

import pytest

from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.asking import ask
from tests.warehouse.rows import warehouse_in


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A warehouse that was made and closed, with no rows: to make one takes longer than most tests."""
    made = warehouse_in(tmp_path_factory.mktemp("empty"))
    ask(made, Reader.table_counts)
    return made.path.read_bytes()


@pytest.fixture
def warehouse(tmp_path: Path, empty_file: bytes) -> Warehouse:
    """An empty warehouse."""
    empty = warehouse_in(tmp_path)
    empty.path.write_bytes(empty_file)
    return empty


@pytest.fixture
def unmade_warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse of which there is no file yet."""
    return warehouse_in(tmp_path)
