"""Reads a manifest of any kind: DuckDB parses it and SQL checks it, so a million rows are no problem."""

import errno
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import duckdb

from mixpeek_assets.manifest import SQL, columns, rows, sources
from mixpeek_assets.manifest.errors import ManifestError, without_password
from mixpeek_assets.settings import Settings
from mixpeek_assets.sql_files import quote
from mixpeek_assets.strict_json import read_json_object
from mixpeek_assets.terminal_safe import brief

# The header gives the delimiter: sniffing would take a `;` or `#` in a lone column of URLs for syntax.
# Quoted line breaks together with short rows need the serial reader.
_CSV = (
    "read_csv($files, all_varchar = true, header = true, union_by_name = true, null_padding = true, parallel = false,"
    " delim = $delimiter, quote = '\"', escape = '\"', comment = '')"
)
# Depth 1 keeps every value as written: dates keep their form, metadata gets no nulls for other rows' fields.
_JSON = "read_json($files, union_by_name = true, maximum_depth = 1, maximum_object_size = 268435456"
_READERS = {
    ".csv": _CSV,
    ".tsv": _CSV,
    ".json": f"{_JSON})",
    ".jsonl": f"{_JSON}, format = 'newline_delimited')",
    ".ndjson": f"{_JSON}, format = 'newline_delimited')",
    ".parquet": "read_parquet($files, union_by_name = true)",
}


@dataclass(frozen=True)
class Manifest:
    """A checked list of videos.

    Attributes:
        source: Where it came from.
        videos: A Parquet file: video_id, collection, url, metadata, source, added_at; one row a video. It is
            deleted when the context ends.
        lines: How many rows were read.
        repeated: How many of them repeat an earlier row's video.
        unusable: How many of them name no usable video.
        problems: The first thousand unusable rows: `object_id` (source and line), `reason`, `excerpt` and `day`.
        first_day: The first day that a usable row names; None if none names one.
    """

    source: str
    videos: Path
    lines: int
    repeated: int
    unusable: int
    problems: list[dict[str, str]]
    first_day: date | None = None

    @property
    def videos_count(self) -> int:
        """How many videos it lists."""
        return self.lines - self.repeated - self.unusable

    @property
    def unusable_sentence(self) -> str:
        """How many rows cannot be used, with the first reason; empty if all can."""
        if not self.unusable:
            return ""
        first = f"{self.problems[0]['object_id']} {self.problems[0]['reason']}"
        return f"{self.unusable:,} of {self.lines:,} rows cannot be used and are left out; the first: {first}"


@contextmanager
def read_manifest(settings: Settings, videos: str | None = None) -> Iterator[Manifest]:
    """Read the list of videos that `MIXPEEK_VIDEOS` (or `videos`) names.

    Raises:
        ManifestError: it is missing, unreadable, empty, or has no `url` column.
    """
    source = sources.source_of(settings, videos)
    with tempfile.TemporaryDirectory(prefix="mixpeek-manifest-") as folder, duckdb.connect() as connection:
        with _room_below(Path(folder)):
            manifest = _read(connection, settings, source, Path(folder))
        yield manifest


def _read(connection: duckdb.DuckDBPyConnection, settings: Settings, source: str, folder: Path) -> Manifest:
    connection.execute("SET TimeZone = 'UTC'")
    connection.create_function("flaw_of_json", _flaw_of_json, ["VARCHAR"], "VARCHAR")
    _read_source(connection, source, folder)
    _resolve_local_paths(connection, source, local_api=settings.uses_local_api)
    source = without_password(source)
    SQL.run(connection, "video_id_of")
    earliest = str(settings.earliest_day)
    SQL.run(
        connection,
        "check",
        source=source,
        collection=settings.collection,
        only_collection=settings.only_collection,
        first_partition=earliest,
    )
    (counts,) = SQL.fetch(connection, dict[str, Any], "counts")
    problems = SQL.fetch(connection, dict[str, str], "problems", source=source, first_partition=earliest)
    which = f" of the collection {settings.collection!r}" if settings.only_collection else ""
    if not counts["lines"]:
        raise ManifestError(f"{source} lists no video{which}: give it at least one row with a url")
    if counts["unusable"] == counts["lines"]:
        first = f"{problems[0]['object_id']} {problems[0]['reason']}"
        raise ManifestError(f"None of the {counts['lines']} rows of {source}{which} can be used; the first: {first}")
    output = folder / "videos.parquet"
    SQL.run(connection, "write", output=str(output))
    return Manifest(source, output, **counts, problems=problems)


@contextmanager
def _room_below(folder: Path) -> Iterator[None]:
    """Say that the disk of the temporary folder is full; a list that cannot be read has its own sentence."""
    try:
        yield
    except (duckdb.IOException, OSError) as error:
        if os.strerror(errno.ENOSPC) not in str(error):
            raise
        sentence = f"{folder.parent} has no room for a copy of the list of videos"
        raise ManifestError(f"{sentence}: make room, or set TMPDIR to another folder") from None


def _read_source(connection: duckdb.DuckDBPyConnection, source: str, folder: Path) -> None:
    """Make the table `listed` (line, url, collection, metadata, added_at; all text) from any kind of source."""
    if sources.is_url(source):
        try:
            suffix = Path(urlsplit(source).path).suffix.lower()
        except ValueError as error:
            raise ManifestError(f"MIXPEEK_VIDEOS is {source!r}, which is not a URL: {error}") from None
        if suffix not in _READERS:
            return _list_videos(connection, [source])
        return _read_files(connection, [sources.download(source, folder / f"manifest{suffix}")], source, folder)
    files = sources.local_files(source)
    if files[0].suffix.lower() not in _READERS:
        return _list_videos(connection, [file.as_uri() for file in files])
    return _read_files(connection, files, source, folder)


def _read_files(connection: duckdb.DuckDBPyConnection, files: list[Path], source: str, folder: Path) -> None:
    if not any(file.stat().st_size for file in files):
        raise ManifestError(f"{source} is empty: give it a header with a column `url`, and at least one row")
    kind = files[0].suffix.lower()
    try:
        _list_table(connection, files, kind, source)
    except ManifestError:
        # One bad row of JSON may keep DuckDB from reading the file: then Python reads row by row.
        rewritten = folder / "rows.ndjson"
        if not _READERS[kind].startswith(_JSON) or not rows.rewrite(files, rewritten):
            raise
        chosen = ", ".join(f"{_as_text(name, 'VARCHAR')} AS {name}" for name in (*rows.COLUMNS, rows.UNREADABLE))
        read = f"{_JSON}, format = 'newline_delimited', columns = $columns)"
        connection.execute(
            f"CREATE TABLE listed AS SELECT row_number() OVER () AS line, {chosen} FROM {read}",  # noqa: S608
            {"files": [str(rewritten)], "columns": dict.fromkeys((*rows.COLUMNS, rows.UNREADABLE), "VARCHAR")},
        )


def _list_table(connection: duckdb.DuckDBPyConnection, files: list[Path], kind: str, source: str) -> None:
    parameters: dict[str, object] = {"files": [str(file) for file in files]}
    try:
        if _READERS[kind] == _CSV:
            parameters["delimiter"] = "\t" if kind == ".tsv" else columns.delimiter(files[0])
            columns.check_headers(files, str(parameters["delimiter"]))
        elif kind == ".parquet":
            columns.check_parquet(connection, files)
        connection.execute(f"CREATE TABLE source AS FROM {_READERS[kind]}", parameters)
    except duckdb.Error as error:
        kind = kind[1:].upper()
        message = f"{source} cannot be read as {kind}: {_reason(error)}"
        raise ManifestError(f"{message.rstrip(' .')}: save it as {kind} (text in UTF-8), with a column `url`") from None
    described = connection.execute("DESCRIBE source").fetchall()
    names = {name.strip().lower(): _as_text(name, type_) for name, type_, *_ in described}
    if "url" not in names:
        found = brief(", ".join(names), 500)
        raise ManifestError(
            f"{source} has no column `url` (it has {found}): rename the one that holds the videos' URLs"
        )
    chosen = ", ".join(f"{names.get(name, 'NULL::VARCHAR')} AS {name}" for name in rows.COLUMNS)
    query = f"SELECT row_number() OVER () AS line, {chosen}, NULL::VARCHAR AS unreadable FROM source"  # noqa: S608
    if _READERS[kind] == _CSV:
        # DuckDB reads a blank line as a row of nulls.
        query += " QUALIFY NOT (" + " AND ".join(f"{quote(name)} IS NULL" for name, *_ in described) + ")"
    connection.execute(f"CREATE TABLE listed AS {query}")


def _reason(error: duckdb.Error) -> str:
    """Return what DuckDB says, without its class, the whole line, the query, and advice about DuckDB's own options."""
    text = str(error).partition("\n\n")[0].partition("\nThe search space")[0]
    lines = [line for line in text.splitlines()[:3] if not line.startswith("Original Line:")]
    return brief(re.sub(r"^[\w ]+ Error: ", "", " ".join(lines)), 500)


def _as_text(column: str, type_: str) -> str:
    """Return the expression that reads a column of any type as text, nested types as JSON."""
    name = quote(column)
    if type_.startswith(("STRUCT", "MAP")):
        return f"to_json({name})::VARCHAR"
    text = f"({name} ->> '$')" if type_ == "JSON" else f"{name}::VARCHAR"
    # trim() would leave tabs and line breaks.
    return f"regexp_replace({text}, '^[\\s\\pZ]+|[\\s\\pZ]+$', '', 'g')"


def _list_videos(connection: duckdb.DuckDBPyConnection, urls: Iterable[str]) -> None:
    SQL.run(connection, "urls", urls=list(urls))


def _resolve_local_paths(connection: duckdb.DuckDBPyConnection, source: str, *, local_api: bool) -> None:
    """Turn local paths into file:// URLs, or record why one cannot be used."""
    base = sources.folder_of(source)
    connection.execute("CREATE TABLE resolved (url VARCHAR, resolved VARCHAR, problem VARCHAR)")
    found = SQL.values(connection, "local_paths")
    resolved = [(url, *_resolve(url, base, local_api=local_api)) for url in found]
    if resolved:
        columns = list(zip(*resolved, strict=True))
        SQL.run(connection, "resolved", urls=columns[0], resolved=columns[1], problems=columns[2])


def _flaw_of_json(text: str) -> str:
    """Return why a text is not a JSON object that can be sent, or an empty text if it is."""
    try:
        read_json_object(text)
    except ValueError as error:
        return str(error)
    return ""


def _resolve(url: str, base: Path, *, local_api: bool) -> tuple[str | None, str | None]:
    try:
        scheme = urlsplit(url).scheme
        if scheme and scheme != "file" and len(scheme) > 1:
            return None, f"is not an http(s) URL: the Mixpeek API cannot fetch {scheme}://"
        if not local_api:
            return None, "is a local path, which only the local API can read: give an http(s) URL"
        path = Path(unquote(urlsplit(url).path)) if scheme == "file" else base / Path(url).expanduser()
        if not path.is_file():
            return None, f"there is no file {path}"
        # One file has one URL, however its path is written.
        return path.resolve().as_uri(), None
    except (OSError, RuntimeError, ValueError) as error:
        # An unbalanced bracket in a URL, a file name that is too long, the home of an unknown user.
        return None, f"is neither a URL nor a path: {error}"
