"""What a disk refuses, said so that a user can fix it."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from mixpeek_assets.warehouse.errors import DiskError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_MAKE_ROOM = "make room on that disk and run again: what was fetched is kept, and the next run goes on from there"

_FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
_GO_ELSEWHERE = "set MIXPEEK_DATA_DIR (or MIXPEEK_WAREHOUSE) to where you may write"

_FAULTS = {
    **{os.strerror(number): _MAKE_ROOM for number in _FULL},
    **{os.strerror(number): _GO_ELSEWHERE for number in _FORBIDDEN},
}
"""What to do about each, by the words for it: DuckDB passes on the words, and not the number."""


def disk_error(path: Path, error: OSError) -> DiskError:
    """Say what the disk has against `path`, and what to do about it."""
    fault = error.strerror or str(error)
    return DiskError(f"{path}: {fault}; {_FAULTS.get(fault, _GO_ELSEWHERE)}")


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk has against `path` into one sentence.

    Raises:
        DiskError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise disk_error(path, error) from None


def disk_error_of(path: Path, error: duckdb.Error) -> DiskError | None:
    """Say what the disk has against a DuckDB file, when that is what the error is about."""
    # The other kinds quote data, which may say anything.
    told = str(error) if isinstance(error, duckdb.OperationalError | duckdb.FatalException) else ""
    for fault, hint in _FAULTS.items():
        if f": {fault}" in told:
            return DiskError(f"{path}: {fault}; {hint}")
    return None
