"""Where the tables are: a DuckDB file, or a lake. Everything else of the warehouse works on both."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import duckdb

from mixpeek_assets.warehouse.engine import Session
from mixpeek_assets.warehouse.errors import WarehouseError


class Store(Protocol):
    """What is attached as the warehouse, who waits for whom, and what an error of it means."""

    @property
    def name(self) -> str:
        """What messages and pages call it: a path, or an address."""
        ...

    @property
    def kind(self) -> str:
        """What it is, in words."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether machines that do not see each other's landing files load into it."""
        ...

    def exists(self) -> bool:
        """Say whether there is one, which `attach` would not have to create."""
        ...

    def how_to_open(self) -> Sequence[str]:
        """Return the statements by which any DuckDB opens it, without its secrets."""
        ...

    def turn(
        self, timeout: float, on_wait: Callable[[str], object], *, read_only: bool
    ) -> AbstractContextManager[None]:
        """Wait in turn with every process of the project, and keep the turn while the block lasts.

        Raises:
            LockTimeoutError: the turn did not come in time.
        """
        ...

    def attach(self, *, read_only: bool) -> Session:
        """Open it; unless it is to be read only, one is created if there is none.

        Raises:
            duckdb.Error: it cannot be opened; `holder` and `opening_error` say why.
            WarehouseError: it cannot be opened.
        """
        ...

    def tidy(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Put in order what loads have left behind, if it is time; in the turn of the last one."""
        ...

    def holder(self, error: BaseException | None) -> str | None:
        """Return which program, outside the queue of `turn`, keeps it from being opened; None: none does."""
        ...

    def opening_error(self, error: duckdb.Error) -> WarehouseError:
        """Return why it could not be opened, as a sentence."""
        ...

    def outage(self, error: duckdb.Error | OSError) -> WarehouseError | None:
        """Return what keeps it from working now, whatever is asked of it; None: the error is about the statement."""
        ...

    def damage(self, error: duckdb.Error | OSError) -> WarehouseError | None:
        """Return what an error says of a damage; None if it is another error."""
        ...
