"""Landing files: what was fetched, on disk before it is in a table, so that nothing is fetched twice.

A landing file is newline-delimited JSON, one reply a line. It is written as `….part` under a lock that dies with its
writer, and renamed to `….ndjson` when it is whole; the whole lines of a dead writer's `.part` are saved.
"""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import orjson

from mixpeek_assets import clock
from mixpeek_assets.lock import abandoned, create_locked
from mixpeek_assets.warehouse.errors import WarehouseError

Kind = Literal["tasks", "assets", "vectors"]
KINDS: tuple[Kind, ...] = ("tasks", "assets", "vectors")
"""In the order in which they are loaded."""


class LandingFile:
    """A landing file that is being written."""

    def __init__(self, folder: Path, kind: Kind) -> None:
        # The name sorts by time, so that files are loaded in the order in which they were begun.
        name = f"{kind}-{clock.now():%Y%m%dT%H%M%S.%f}-{uuid.uuid4().hex[:8]}"
        self.size = 0
        self._path = folder / f"{name}.part"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._handle = create_locked(self._path)
        except OSError as error:
            message = f"{folder}: {error.strerror}; set MIXPEEK_DATA_DIR to a folder that you may write"
            raise WarehouseError(message) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def append(self, record: dict[str, Any]) -> None:
        """Write one line; once this returns, a death of this process no longer loses it."""
        line = memoryview(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_DATACLASS))
        size = self.size + len(line)
        try:
            while line:
                line = line[os.write(self._handle, line) :]
        except OSError:
            # Half a line, of a disk that is full, would spoil the whole ones.
            os.ftruncate(self._handle, self.size)
            os.lseek(self._handle, self.size, os.SEEK_SET)
            raise
        self.size = size

    def close(self) -> None:
        """Make the file one that is loaded; an empty one vanishes."""
        if self.size:
            os.fsync(self._handle)
            self._path.rename(self._path.with_suffix(".ndjson"))
        else:
            self._path.unlink()
        os.close(self._handle)


def pending(folder: Path) -> list[Path]:
    """Return the files that wait to be loaded, oldest first within a kind, dead writers' among them."""
    for part in folder.glob("*.part"):
        _salvage(part)
    return [file for kind in KINDS for file in sorted(folder.glob(f"{kind}-*.ndjson"))]


def set_aside(folder: Path) -> list[Path]:
    """Return the files that could not be loaded, oldest first."""
    return sorted(folder.glob("*.bad"))


def kind_of(file: Path) -> Kind:
    """Return what a landing file holds."""
    return next(kind for kind in KINDS if file.name.startswith(f"{kind}-"))


def batches(files: list[Path], limit: int) -> Iterator[list[Path]]:
    """Cut files into batches of at most `limit` bytes (or a single file), in their order."""
    batch: list[Path] = []
    size = 0
    for file in files:
        length = file.stat().st_size
        if batch and size + length > limit:
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += length
    if batch:
        yield batch


def _salvage(part: Path) -> None:
    """Rename a dead writer's file, less the line that it was writing."""
    with abandoned(part) as handle:
        if handle is None:
            return
        whole = _end_of_last_line(handle)
        if whole:
            os.ftruncate(handle, whole)
            part.rename(part.with_suffix(".ndjson"))
        else:
            part.unlink()


def _end_of_last_line(handle: int) -> int:
    end, step = os.fstat(handle).st_size, 1 << 20
    while end > 0:
        start = max(end - step, 0)
        newline = os.pread(handle, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0
