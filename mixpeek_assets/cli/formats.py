"""What a command found, for other programs: JSON and CSV on stdout, and nothing else there."""

import csv
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any, Literal

from rich.console import Console

from mixpeek_assets.terminal_safe import terminal_safe_lines

Format = Literal["table", "json", "csv"]


def notes(format_: Format) -> Console:
    """Return where sentences go: to stdout beside a table, and to stderr beside what a program reads."""
    return Console(stderr=format_ != "table")


def print_json(document: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> None:
    """Print one document; a list has a row a line. Texts are escaped, so a terminal obeys none of them."""
    if isinstance(document, Mapping):
        sys.stdout.write(f"{json.dumps(_plain(document), indent=2)}\n")
        return
    rows = ",\n".join(json.dumps(_plain(row)) for row in document)
    sys.stdout.write(f"[\n{rows}\n]\n" if rows else "[]\n")


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print RFC 4180 with a header; a missing value is empty."""
    writer = csv.writer(sys.stdout, lineterminator="\r\n")
    is_terminal = sys.stdout.isatty()
    for row in (columns, *rows):
        texts = ("" if value is None else str(value) for value in row)
        writer.writerow(terminal_safe_lines(text) if is_terminal else text for text in texts)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: dates are ISO 8601; what is no number is null, because JSON has no NaN."""
    match value:
        case float():
            return value if math.isfinite(value) else None
        case None | str() | int():
            return value
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case date() | time():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case bytes():
            return value.decode("utf-8", "backslashreplace")
        case _:
            return str(value)
