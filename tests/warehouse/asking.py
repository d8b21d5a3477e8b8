"""Questions to a warehouse, in a line each."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TypeVar

from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.warehouse import Warehouse

Answer = TypeVar("Answer")
Row = TypeVar("Row")


def ask(warehouse: Warehouse, question: Callable[[Reader], Answer]) -> Answer:
    """Open the file for one question."""
    with warehouse.reader() as reader:
        return question(reader)


def listed(work_list: AbstractContextManager[Iterable[Row]]) -> list[Row]:
    """All rows of a work list."""
    with work_list as rows:
        return list(rows)
