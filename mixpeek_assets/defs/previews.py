"""A few rows of each day as a table: the video first, ids last, no cell higher than a few lines."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import dagster as dg

from mixpeek_assets.defs import markdown
from mixpeek_assets.labels import brief, duration, file_name, timecode
from mixpeek_assets.warehouse.reader import Reader
from mixpeek_assets.warehouse.schema import TableName, rows_query

Row = dict[str, Any]

_LONGEST_NAME = 28
_LONGEST_TEXT = 48
_ID_CHARACTERS = 8


def previews(reader: Reader, table: TableName, days: Sequence[date]) -> dict[date, dg.TableMetadataValue]:
    """Return a few rows of each day as a table; a day without rows is left out."""
    return {day: _table(rows) for day, rows in reader.previews(table, days).items()}


def embeddings(reader: Reader, days: Sequence[date]) -> dict[date, dg.TableMetadataValue]:
    """Return the named vectors of each day with their modalities and dimensions; a day without is left out."""
    return {day: _table(rows) for day, rows in reader.embedding_counts(days).items()}


def moments(reader: Reader, days: Sequence[date]) -> dict[date, dg.MarkdownMetadataValue]:
    """Return links to moments of each day's videos; a day whose videos no browser can open is left out."""
    found = {day: _links(rows) for day, rows in reader.previews("features", days).items()}
    return {day: dg.MetadataValue.md(links) for day, links in found.items() if links}


def rows_sql(table: TableName, day: date, collection: str | None = None) -> dg.MarkdownMetadataValue:
    """Return the query of a day's rows, to paste into DuckDB."""
    return dg.MetadataValue.md(markdown.sql(rows_query(table, day, collection)))


def _table(rows: list[Row]) -> dg.TableMetadataValue:
    records = [dg.TableRecord({name: _cell(name, value) for name, value in row.items()}) for row in rows]
    columns = [dg.TableColumn(name, "int" if isinstance(value, int) else "string") for name, value in rows[0].items()]
    return dg.MetadataValue.table(records, dg.TableSchema(columns=columns))


def _cell(name: str, value: Any) -> str | int | None:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, datetime):
        return _unbroken(f"{value:%Y-%m-%d %H:%M}")
    if name in _WRITTEN:
        return _unbroken(_WRITTEN[name](value))
    # The long text of a row is the one cell that may wrap.
    return brief(str(value), _LONGEST_TEXT) if name in _WRAPPED else _unbroken(brief(str(value), _LONGEST_NAME))


def _id(value: str) -> str:
    return brief(value, _ID_CHARACTERS + 1)


_WRITTEN: dict[str, Callable[[Any], str]] = {
    "video": lambda url: brief(file_name(url), _LONGEST_NAME),
    "at": timecode,
    "took": duration,
    "video_id": _id,
    "task_id": _id,
    "asset_id": _id,
    "feature_id": _id,
}
_WRAPPED = frozenset({"found", "reason", "metadata"})


def _unbroken(text: str) -> str:
    """Keep a text on one line: the UI breaks it at spaces and hyphens."""
    return text.replace(" ", "\N{NO-BREAK SPACE}").replace("-", "\N{NON-BREAKING HYPHEN}")


def _links(rows: list[Row]) -> str:
    """Link to the seconds of videos, as many as the UI shows at once.

    A query or a password may be secret, and a link is none without it.
    """
    links = ""
    for row in rows:
        url, at = row["video"] or "", timecode(row["at"] or 0)
        if at and re.fullmatch(r"https?://[^@?#]+", url, re.IGNORECASE):
            link = markdown.link(f"{brief(file_name(url), _LONGEST_NAME)} {at}", f"{url}#t={row['at'] or 0:.1f}")
            more = f"{links} · {link}" if links else link
            links = more if len(more) <= markdown.INLINE else links
    return links
