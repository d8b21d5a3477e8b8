"""What a disk refuses, in a sentence that says how to fix it."""

import errno
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from mixpeek_assets.warehouse.errors import DiskError

_MAKE_ROOM = "make room on that disk and run again: what was fetched is kept, and the next run goes on from there"
_GO_ELSEWHERE = "set MIXPEEK_DATA_DIR (or MIXPEEK_WAREHOUSE) to where you may write"

_HINTS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _MAKE_ROOM),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), _GO_ELSEWHERE),
}
"""What to do about each error number."""


@contextmanager
def disk_errors(path: Path) -> Generator[None]:
    """Turn every OSError about `path` into one sentence.

    Raises:
        DiskError: instead of the OSError.
    """
    try:
        yield
    except OSError as error:
        raise DiskError(f"{path}: {error.strerror or error}; {_HINTS.get(error.errno or 0, _GO_ELSEWHERE)}") from None


def disk_error_of(path: Path, error: duckdb.Error | OSError) -> DiskError | None:
    """Say what the disk refuses while the DuckDB file at `path` is open; None if the error is about something else."""
    if isinstance(error, OSError):
        hint = _HINTS.get(error.errno or 0)
        return DiskError(f"{error.filename or path}: {error.strerror}; {hint}") if hint else None
    if not isinstance(error, duckdb.OperationalError | duckdb.FatalException):
        return None  # The message quotes data, which may say anything.
    for number, hint in _HINTS.items():
        # DuckDB passes on the words for an error, and sometimes a file beside its own, such as a work list.
        fault = os.strerror(number)
        if found := re.search(rf'(?:"([^"\\]+)\\?")?: {re.escape(fault)}', str(error)):
            named = found[1] or str(path)
            return DiskError(f"{path if named.startswith(str(path)) else named}: {fault}; {hint}")
    return None
