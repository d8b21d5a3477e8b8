"""A warehouse of its own for every test."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mixpeek_assets.warehouse.warehouse import Warehouse
from tests.warehouse.rows import file_of, warehouse_in

if TYPE_CHECKING:
    from tests.fakes.lakes import Lakes


@pytest.fixture
def warehouse(
    tmp_path: Path, empty_file: bytes, lakes: "Lakes | None", monkeypatch: pytest.MonkeyPatch
) -> Iterator[Warehouse]:
    """An empty warehouse."""
    if lakes is None:
        empty = warehouse_in(tmp_path)
        file_of(empty).write_bytes(empty_file)
        yield empty
        return
    with lakes.lake(tmp_path) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield warehouse_in(tmp_path)


@pytest.fixture
def unmade_warehouse(tmp_path: Path, lakes: "Lakes | None", monkeypatch: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """A warehouse that nobody has made yet."""
    if lakes is None:
        yield warehouse_in(tmp_path)
        return
    with lakes.lake(tmp_path, made=False) as variables:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield warehouse_in(tmp_path)
