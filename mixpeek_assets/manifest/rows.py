"""Reads a JSON manifest row by row, for a file that DuckDB refuses because of one row."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

COLUMNS = ("url", "collection", "metadata", "added_at")
UNREADABLE = "unreadable"

Row = dict[str, str | None]


def rewrite(files: Iterable[Path], target: Path) -> int:
    """Write the rows as newline-delimited JSON that DuckDB reads, and return how many have a URL.

    Each row has the columns of a manifest as text, or its error in `unreadable`.
    """
    usable = 0
    with target.open("w", encoding="utf-8") as output:
        for file in files:
            for row in _rows(file):
                output.write(json.dumps(row) + "\n")
                usable += bool(row.get("url"))
    return usable


def _rows(file: Path) -> Iterator[Row]:
    if file.suffix.lower() == ".json":
        try:
            found = json.loads(file.read_bytes())
        except (ValueError, RecursionError):
            pass  # newline-delimited, whatever the suffix says
        else:
            yield from map(_row, found if isinstance(found, list) else [found])
            return
    with file.open("rb") as lines:
        yield from map(_row_of_line, filter(bytes.strip, lines))


def _row_of_line(line: bytes) -> Row:
    try:
        return _row(json.loads(line))
    except (ValueError, RecursionError) as error:
        return {UNREADABLE: f"is not JSON: {error}"}


def _row(row: Any) -> Row:
    if not isinstance(row, dict):
        return {UNREADABLE: "is not a JSON object"}
    values = {name.strip().lower(): value for name, value in row.items()}
    try:
        found = {name: _as_text(values.get(name)) for name in COLUMNS}
        "".join(filter(None, found.values())).encode()
    except UnicodeEncodeError:
        return {UNREADABLE: "contains half a character (a lone surrogate), which is not valid text"}
    except (ValueError, RecursionError) as error:
        return {UNREADABLE: f"is not JSON: {error}"}
    return found


def _as_text(value: Any) -> str | None:
    # ASCII escapes leave a lone surrogate in metadata to the check of metadata.
    return value if value is None or isinstance(value, str) else json.dumps(value)
