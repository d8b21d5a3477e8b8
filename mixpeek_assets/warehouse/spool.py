"""Writes replies to landing files, and loads each file while the next is written."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from mixpeek_assets.warehouse.errors import WarehouseError
from mixpeek_assets.warehouse.landing_files import Kind, LandingFile
from mixpeek_assets.warehouse.landing_lines import LandingLine
from mixpeek_assets.warehouse.loading import Loaded

FILE_BYTES = 32 << 20
"""The size at which a landing file is closed and loaded."""

_ANSWER_BYTES = 2048
"""The line of a submission's answer is shorter, even with the reason of a refusal."""


class Spool:
    """Replies of one kind on their way to the tables. Threads may share a spool.

    Args:
        load: Loads the folder's files, and counts the rows of a run.
        folder: The landing folder.
        kind: Their kind.
        run_id: Whose rows are counted; None is any run.

    Attributes:
        loaded: What its loads did so far, once they have ended.
    """

    def __init__(
        self, load: Callable[[str | None], Loaded], folder: Path, kind: Kind, run_id: str | None = None
    ) -> None:
        self._load_folder, self._folder, self._run_id = load, folder, run_id
        self._kind: Kind = kind
        self.loaded = Loaded()
        self._file = LandingFile(folder, kind)
        self._written = deque[LandingFile]()
        self._rotating = threading.Lock()
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="mixpeek-load")
        self._loads: list[Future[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        """Load the rest, even after an exception: what was fetched is kept.

        Raises:
            WarehouseError: it cannot be loaded now; the next load does it. An earlier exception takes precedence.
        """
        try:
            self._written.append(self._file)
            self._load()
            self._loader.shutdown()
            for load in self._loads:
                load.result()
        except WarehouseError as second:
            if error is None:
                raise
            error.add_note(str(second))

    def append(self, line: LandingLine) -> None:
        """Keep a reply; it is safe once this returns.

        Raises:
            DiskError: it cannot be written; earlier replies are safe.
        """
        with self._rotating:
            self._file.append(line)
            if self._file.size > FILE_BYTES:
                self._start_next_file()

    def rotate(self, room_for: int = 0) -> None:
        """Load the replies so far, while more are written.

        Args:
            room_for: How many submissions' answers to reserve disk space for.

        Raises:
            DiskError: there is no space for them; submissions in flight keep theirs.
        """
        room = room_for * _ANSWER_BYTES
        with self._rotating:
            if self._file.size:
                self._start_next_file(room)
            else:
                self._file.reserve(room)

    def _start_next_file(self, room: int = 0) -> None:
        following = LandingFile(self._folder, self._kind)
        try:
            following.reserve(room)
        except BaseException:
            following.close()
            raise
        self._written.append(self._file)
        self._file = following
        self._load()

    def _load(self) -> None:
        # One waiting load is enough: it loads all files present.
        self._loads = [load for load in self._loads if not load.done() or load.exception()]
        if len(self._loads) < 2:
            self._loads.append(self._loader.submit(self._load_written))

    def _load_written(self) -> None:
        # Files are closed here, off the writing threads, because closing waits for the disk.
        while self._written:
            self._written.popleft().close()
        self.loaded += self._load_folder(self._run_id)
