"""Looks at a manifest's columns before DuckDB does: it takes minutes for fifty thousand, and renames a second `url`."""

import csv
from collections.abc import Iterable
from pathlib import Path

import duckdb

from mixpeek_assets.manifest.errors import ManifestError
from mixpeek_assets.manifest.rows import COLUMNS

MOST = 4_096
"""DuckDB reads so many in half a second; the time grows with the square of their number."""

_LONGEST_HEADER = 1 << 20


def delimiter(file: Path) -> str:
    """Return the delimiter in a CSV file's header; a spreadsheet may write semicolons."""
    header = _header(file)
    return max(",;\t|", key=header.count)


def check_headers(files: Iterable[Path], separator: str) -> None:
    """Check the header of each CSV file.

    Raises:
        ManifestError: one has too many columns, or one of ours twice.
    """
    for file in files:
        header = _header(file)
        _check_count(file, header.count(separator) + 1)
        try:
            names = [name.strip().lower() for name in next(csv.reader([header], delimiter=separator), [])]
        except csv.Error:  # DuckDB says what is wrong with it
            continue
        for name in COLUMNS:
            if names.count(name) > 1:
                raise ManifestError(f"{file} has {names.count(name)} columns `{name}`: keep one")


def check_parquet(connection: duckdb.DuckDBPyConnection, files: Iterable[Path]) -> None:
    """Check how many columns each Parquet file has.

    Raises:
        ManifestError: one has too many.
    """
    for file in files:
        count = connection.execute("SELECT count(*) FROM parquet_schema($file)", {"file": str(file)}).fetchone()
        _check_count(file, count[0] if count else 0)


def _header(file: Path) -> str:
    with file.open("rb") as lines:
        return lines.readline(_LONGEST_HEADER).decode("utf-8-sig", "replace")


def _check_count(file: Path, count: int) -> None:
    if count > MOST:
        ours = ", ".join(COLUMNS)
        raise ManifestError(f"{file} has {count:,} columns, and a manifest may have {MOST:,}: keep those of {ours}")
