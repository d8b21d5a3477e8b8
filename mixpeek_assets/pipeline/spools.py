"""The spools of a step: one for each kind of line that it writes, opened at the first."""

import threading
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from mixpeek_assets.warehouse.landing_files import Kind
from mixpeek_assets.warehouse.landing_lines import LandingLine
from mixpeek_assets.warehouse.loading import Loaded
from mixpeek_assets.warehouse.spool import Spool
from mixpeek_assets.warehouse.warehouse import Warehouse


class Spools:
    """Replies on their way to the tables. Threads may share it.

    Args:
        warehouse: Where they go.
        run_id: Whose rows are counted.
    """

    def __init__(self, warehouse: Warehouse, run_id: str) -> None:
        self._warehouse, self._run_id = warehouse, run_id
        self._open: dict[Kind, Spool] = {}
        self._opening = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Load the rest; raises as `Spool.__exit__`."""
        self._stack.__exit__(kind, error, trace)

    @property
    def loaded(self) -> Loaded:
        """What their loads did, once they have ended."""
        return sum((spool.loaded for spool in self._open.values()), Loaded())

    def append(self, kind: Kind, line: LandingLine) -> None:
        """Keep a reply; raises as `Spool.append`."""
        with self._opening:
            if kind not in self._open:
                self._open[kind] = self._stack.enter_context(self._warehouse.spool(kind, self._run_id))
            spool = self._open[kind]
        spool.append(line)

    def rotate(self) -> None:
        """Load the replies so far, while more are written."""
        for spool in list(self._open.values()):
            spool.rotate()
