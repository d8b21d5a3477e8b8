"""Landing files: replies on disk before they are in a table, so that nothing is fetched twice.

A landing file is newline-delimited JSON, one reply a line. It is written as `….part` under a lock that dies with its
writer, and renamed to `….ndjson` when it is complete; the complete lines of a dead writer's `.part` are loaded too.
"""

import mmap
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from mixpeek_assets import clock
from mixpeek_assets.lock import abandoned, create_locked
from mixpeek_assets.warehouse.disk import disk_errors
from mixpeek_assets.warehouse.landing_lines import LandingLine, as_json

Kind = Literal["tasks", "assets", "vectors"]
KINDS: tuple[Kind, ...] = ("tasks", "assets", "vectors")
"""In loading order."""


class LandingFile:
    """A landing file that is being written.

    Raises:
        DiskError: the disk is full or not writable; its methods raise it too.
    """

    def __init__(self, folder: Path, kind: Kind) -> None:
        # The name sorts by time, so that files are loaded in order of creation.
        name = f"{kind}-{clock.now():%Y%m%dT%H%M%S.%f}-{uuid.uuid4().hex[:8]}"
        self.size = 0
        self._folder = folder
        self._path = folder / f"{name}.part"
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._handle = create_locked(self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def reserve(self, size: int) -> None:
        """Preallocate `size` bytes, so that pending answers can be written even if the disk fills up."""
        with disk_errors(self._folder):
            # `close` or `_salvage` cuts the zeros off. Not every system has fallocate.
            self._write(memoryview(bytes(size)), self.size)

    def append(self, reply: LandingLine | Mapping[str, Any]) -> None:
        """Write one line; once this returns, it survives a crash of this process."""
        line = as_json(reply)
        # The next line overwrites a partial one from a full disk, or `close` cuts it off.
        with disk_errors(self._folder):
            self._write(memoryview(line), self.size)
        self.size += len(line)

    def close(self) -> None:
        """Rename the file for loading, or remove it if it is empty. If that fails, the next load does it."""
        try:
            with disk_errors(self._folder):
                if self.size:
                    os.ftruncate(self._handle, self.size)
                    os.fsync(self._handle)
                    self._path.rename(self._path.with_suffix(".ndjson"))
                else:
                    self._path.unlink()
        finally:
            os.close(self._handle)

    def _write(self, content: memoryview, place: int) -> None:
        while content:
            written = os.pwrite(self._handle, content, place)
            content, place = content[written:], place + written


def pending(folder: Path) -> list[Path]:
    """Return the files that wait to be loaded, dead writers' too; oldest first within a kind."""
    for part in folder.glob("*.part"):
        _salvage(part)
    return [file for kind in KINDS for file in sorted(folder.glob(f"{kind}-*.ndjson"))]


def quarantined_files(folder: Path) -> list[Path]:
    """Return the files that could not be loaded, oldest first."""
    return sorted(folder.glob("*.bad"))


def kind_of(file: Path) -> Kind:
    """Return what a landing file holds."""
    return next(kind for kind in KINDS if file.name.startswith(f"{kind}-"))


def ends_in_half_a_line(file: Path) -> bool:
    """Say whether the last line is cut off; DuckDB skips such a line at times, and refuses it at others."""
    with file.open("rb") as content:
        size = content.seek(0, os.SEEK_END)
        content.seek(max(size - 1, 0))
        return content.read() not in (b"", b"\n")


def write_briefs(files: Sequence[Path], brief: Path) -> None:
    """Write the lines of some files to another, without the embeddings: they come last, after a tab.

    Raises:
        DiskError: the disk is full or not writable.
    """
    with disk_errors(brief), brief.open("wb") as target:
        for file in files:
            if not file.stat().st_size:
                continue  # which cannot be mapped
            with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as content:
                start = 0
                while (end := content.find(b"\n", start)) >= 0:
                    tab = content.find(b"\t", start, end)
                    # Lines of older versions have no tab.
                    target.write(content[start : end + 1] if tab < 0 else content[start:tab] + b"}\n")
                    start = end + 1


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
    """Rename a dead writer's file, without its incomplete last line."""
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
