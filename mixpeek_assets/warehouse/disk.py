"""Errors of the disk and of a damaged file, as sentences that say how to fix them."""

import errno
import os
import re
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from mixpeek_assets.terminal_safe import brief
from mixpeek_assets.warehouse.errors import DiskError, WarehouseError

_MAKE_ROOM = "make room on that disk and run again: what was fetched is kept, and the next run goes on from there"
_GO_ELSEWHERE = "set MIXPEEK_DATA_DIR (or MIXPEEK_WAREHOUSE) to where you may write"

_HINTS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _MAKE_ROOM),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), _GO_ELSEWHERE),
}
"""What to do about each error number."""


@contextmanager
def disk_errors(path: Path) -> Generator[None]:
    """Turn an OSError about `path` into a sentence.

    Raises:
        DiskError: instead of the OSError.
    """
    try:
        yield
    except OSError as error:
        raise DiskError(f"{path}: {error.strerror or error}; {_HINTS.get(error.errno or 0, _GO_ELSEWHERE)}") from None


def disk_error_of(path: Path, error: duckdb.Error | OSError) -> DiskError | None:
    """Return the disk error behind an error of the open DuckDB file at `path`; None if it is another error."""
    if isinstance(error, OSError):
        # Without a name it may be about the output.
        hint = _HINTS.get(error.errno or 0) if error.filename else None
        return DiskError(f"{error.filename}: {error.strerror}; {hint}") if hint else None
    if not isinstance(error, duckdb.OperationalError | duckdb.FatalException):
        return None  # Its message quotes data, which may contain anything.
    for number, hint in _HINTS.items():
        # DuckDB quotes the system's message, and sometimes names another file, such as a work list.
        fault = os.strerror(number)
        if found := re.search(rf'(?:"([^"\\]+)\\?")?: {re.escape(fault)}', str(error)):
            named = found[1] or str(path)
            return DiskError(f"{path if named.startswith(str(path)) else named}: {fault}; {hint}")
    return None


def damage_of(path: Path, error: duckdb.Error | OSError) -> WarehouseError | None:
    """Return what an error of the open DuckDB file says of a damage; None if it is another error."""
    by_itself = duckdb.InternalException | duckdb.FatalException | duckdb.SerializationException
    # A wrong checksum is an error of no class, and a file that is cut off is an IO error like any other.
    if type(error) is duckdb.Error or isinstance(error, by_itself) or "Could not read" in str(error):
        reason = brief(str(error).splitlines()[0], 300)
        return WarehouseError(f"{path} is damaged ({reason}): restore a copy, or set MIXPEEK_WAREHOUSE to another path")
    return None
