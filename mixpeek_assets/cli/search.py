"""`mixpeek-assets search`: find moments by words, and say what made each a hit."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

import click
from rich.console import Console

from mixpeek_assets.api.errors import MixpeekError
from mixpeek_assets.api.port import MixpeekClient, SearchReply
from mixpeek_assets.cli.display import plain, show_sql
from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.formats import Format, notes, print_csv, print_json
from mixpeek_assets.cli.tables import Column, show_table
from mixpeek_assets.connections import local_api, open_client, open_warehouse
from mixpeek_assets.labels import timecode
from mixpeek_assets.search import (
    POLICY,
    Far,
    Moment,
    SearchError,
    checked,
    find,
    hits_of,
    known_collections,
    moments,
    split,
)
from mixpeek_assets.settings import Settings
from mixpeek_assets.sql_files import SqlFiles, literal
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.warehouse import Warehouse

EXAMPLES = ("a lighthouse at night", "pollination of flowers")
"""Example searches of the samples: the first is shown and never said, the second is said in other words."""

_EXAMPLE_HITS = 2

_COLUMNS = (Column("score", right=True), Column("video"), Column("at", right=True), Column("modality"), Column("found"))

_SQL = SqlFiles("mixpeek_assets.cli")


@dataclass(frozen=True)
class Moments:
    """What a search found.

    Attributes:
        rows: The best first.
        missing: How many hits are not in the warehouse.
        sql: The statement that returns the rows.
    """

    rows: list[Moment]
    missing: int
    sql: str


@dataclass(frozen=True)
class Tried:
    """Example searches.

    Attributes:
        words: The examples.
        found: What those found that found something like the words.
        problem: Why a search failed.
    """

    words: Sequence[str]
    found: dict[str, Moments]
    problem: str | None = None


def search(
    settings: Settings,
    words: str,
    *,
    collection: str | None,
    modality: str | None,
    index: str,
    limit: int,
    show_all: bool,
    show_statement: bool,
    format_: Format,
) -> None:
    """Find moments by words, and print those that are like them, or all; with the SQL for the same rows if asked for.

    Args:
        settings: Which API and which warehouse.
        words: What to look for.
        collection: Search this one only.
        modality: Find only this one.
        index: The named vector.
        limit: How many hits to ask for.
        show_all: Also show what is only the nearest there is.
        show_statement: Also show the SQL.
        format_: Of the rows; sentences go beside them.
    """
    words = _checked(words)
    console, warehouse = notes(format_), open_warehouse(settings)
    collections = [collection] if collection else _collections(warehouse)
    if not collections:
        raise CommandError(f"{warehouse.name} has no videos yet: `mixpeek-assets run` ingests some")
    with local_api(settings), open_client(settings, POLICY) as client:
        reply = find(client, words, collections, modality=modality, index=index, limit=limit)
    near, far = split(reply)
    shown = reply if show_all else near
    moments = look_up(warehouse, shown, index)
    if format_ == "json":
        print_json(map(asdict, moments.rows))
    elif format_ == "csv":
        print_csv([field.name for field in fields(Moment)], map(astuple, moments.rows))
    elif moments.rows:
        show(console, moments, thumbnails=True)
    if not reply.found:
        console.print(plain(f"No hits in {', '.join(collections)}: nothing there can be compared with these words."))
    elif far:
        sentence = _how_many(far, len(reply.found)) if near.found else _nothing(warehouse, far[0], index)
        console.print(plain(sentence if show_all else f"{sentence} `--all` shows what is left out."), soft_wrap=True)
    if moments.missing:
        console.print(
            f"{moments.missing} of {len(shown.found)} hits are not in the warehouse: `mixpeek-assets run` lands them."
        )
    if show_statement and moments.rows:
        console.print("\nThe same rows in SQL:")
        show_sql(console, moments.sql)


def example_words(warehouse: Warehouse, videos: Path) -> list[str]:
    """Return words that were found in the videos of a manifest; none if nothing was said, read or recognized."""
    with warehouse.database.connection(read_only=True) as connection:
        return _SQL.values(connection, "example_words", manifest=str(videos))


def try_out(client: MixpeekClient, warehouse: Warehouse, examples: Sequence[str]) -> Tried:
    """Run example searches."""
    found: dict[str, Moments] = {}
    try:
        for words in examples:
            near, _ = split(find(client, words, _collections(warehouse), limit=_EXAMPLE_HITS))
            moments = look_up(warehouse, near)
            if moments.rows:
                found[words] = moments
    except (SearchError, MixpeekError) as error:
        return Tried(examples, found, str(error))
    return Tried(examples, found)


def look_up(warehouse: Warehouse, reply: SearchReply, index: str = "multimodal") -> Moments:
    """Look up the hits in the warehouse."""
    hits = hits_of(reply, index)
    if not hits:
        return Moments([], 0, "")
    with warehouse.database.connection(read_only=True) as connection:
        rows = moments(connection, hits)
    shown = ",\n    ".join(_literal(asdict(hit)) for hit in hits)
    return Moments(rows, len(hits) - len(rows), SQL.text("found_moments").replace("$hits", f"[\n    {shown}\n]"))


def show(console: Console, moments: Moments, *, thumbnails: bool = False) -> None:
    """Print moments as a table."""
    rows = [
        (
            None if moment.score is None else f"{moment.score:.3f}",
            moment.video,
            None if moment.start_time is None else timecode(moment.start_time),
            moment.modality,
            moment.found,
        )
        for moment in moments.rows
    ]
    show_table(console, _COLUMNS, rows, [moment.thumbnail or "" for moment in moments.rows if thumbnails])


def command() -> str:
    """Return how to call this program from the shell: by its name if it is on the PATH, else by its path."""
    if shutil.which("mixpeek-assets"):
        return "mixpeek-assets"
    path = Path(sys.argv[0]).absolute()
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


def _nothing(warehouse: Warehouse, nearest: Far, index: str) -> str:
    """Say that nothing is like the words, and how far the nearest is."""
    named = ""
    for moment in look_up(warehouse, SearchReply([nearest.one]), index).rows:
        at = "" if moment.start_time is None else f" at {timecode(moment.start_time)}"
        named = f", {moment.video}{at},"
    return f"Nothing like it: the nearest{named} {nearest}."


def _how_many(far: Sequence[Far], of: int) -> str:
    """Say how many hits are nothing like the words."""
    kinds: dict[float, set[str]] = {}
    for hit in far:
        kinds.setdefault(hit.floor, set()).add(hit.one.feature["modality"])
    floors = " or ".join(f"{floor:.2f} ({', '.join(sorted(kinds[floor]))})" for floor in sorted(kinds))
    return f"{len(far)} of {of} hits {'is' if len(far) == 1 else 'are'} nothing like it: below {floors}."


def _collections(warehouse: Warehouse) -> list[str]:
    with warehouse.database.connection(read_only=True) as connection:
        return known_collections(connection)


def _checked(words: str) -> str:
    try:
        return checked(words)
    except SearchError as error:
        raise click.UsageError(str(error)) from None


def _literal(hit: dict[str, object]) -> str:
    return "{" + ", ".join(f"'{name}': {_value(value)}" for name, value in hit.items()) + "}"


def _value(value: object) -> str:
    if isinstance(value, float):
        return format(value, ".4f")
    return "NULL" if value is None else literal(value) if isinstance(value, str) else str(value).upper()
