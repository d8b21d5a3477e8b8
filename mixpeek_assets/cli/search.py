"""`mixpeek-assets search`: find moments by words, and say why each is one."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

import click
from rich.console import Console

from mixpeek_assets.api.errors import MixpeekError, PermanentError
from mixpeek_assets.api.port import MixpeekClient, SearchReply
from mixpeek_assets.api.transport import RetryPolicy
from mixpeek_assets.cli.display import plain, show_sql
from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.formats import Format, notes, print_csv, print_json
from mixpeek_assets.cli.project import local_api
from mixpeek_assets.cli.tables import Column, show_table
from mixpeek_assets.connections import open_client, open_warehouse
from mixpeek_assets.labels import timecode
from mixpeek_assets.settings import Settings
from mixpeek_assets.sql_files import SqlFiles, literal
from mixpeek_assets.terminal_safe import terminal_safe
from mixpeek_assets.warehouse.warehouse import Warehouse

EXAMPLES = ("a lighthouse at night", "pollination of flowers")
"""Example searches of the samples: the first is shown and never said, the second is said in other words."""

_EXAMPLE_HITS = 2
_LOWEST_SCORE = 0.35
"""Below it, what the local API finds is only the nearest there is, and resembles the words in nothing."""

_MOST_CHARACTERS = 1_000
_POLICY = RetryPolicy(connect=5, read=60, attempts=2, rate_limit=60)
_COLUMNS = (Column("score", right=True), Column("video"), Column("at", right=True), Column("modality"), Column("found"))

_SQL = SqlFiles("mixpeek_assets.cli")
_SQL_SEARCH = "mixpeek-assets query \"SELECT * FROM mixpeek.find_text('words')\" finds words that landed"
_COLLECTIONS = "SELECT DISTINCT collection FROM mixpeek.videos ORDER BY ALL"


@dataclass(frozen=True)
class Moment:
    """What the warehouse knows of a hit.

    Attributes:
        found: Why it is a hit: the words, else what it looks or sounds like.
        thumbnail: The path or URL of its picture, if the feature has one.
    """

    score: float | None
    video: str
    start_time: float | None
    modality: str | None
    found: str
    thumbnail: str | None
    end_time: float | None
    feature_id: str
    url: str


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

    @property
    def are_near(self) -> bool:
        """Whether the best of them resembles the words, as far as scores of the local API tell."""
        return bool(self.rows) and (self.rows[0].score or 0) >= _LOWEST_SCORE


@dataclass(frozen=True)
class Tried:
    """Example searches.

    Attributes:
        words: The examples.
        found: What those found that found something near.
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
    show_statement: bool,
    format_: Format,
) -> None:
    """Find moments by words, and print them, with the SQL that gives the same rows if asked for it."""
    words = _checked(words)
    console, warehouse = notes(format_), open_warehouse(settings)
    collections = [collection] if collection else known_collections(warehouse)
    if not collections:
        raise CommandError(f"{warehouse.path} has no videos yet: `mixpeek-assets run` ingests some")
    with local_api(settings), open_client(settings, _POLICY) as client:
        reply = find(client, words, collections, modality=modality, index=index, limit=limit)
    moments = look_up(warehouse, reply, index)
    if format_ == "json":
        print_json(map(asdict, moments.rows))
    elif format_ == "csv":
        print_csv([field.name for field in fields(Moment)], map(astuple, moments.rows))
    elif moments.rows:
        show(console, moments, thumbnails=True)
    if not reply.found:
        console.print(plain(f"No hits in {', '.join(collections)}: nothing there can be compared with these words."))
    elif settings.uses_local_api and moments.rows and not moments.are_near:
        console.print(f"Nothing resembles these words: every score is below {_LOWEST_SCORE}.", highlight=False)
    if moments.missing:
        console.print(
            f"{moments.missing} of {len(reply.found)} hits are not in the warehouse: `mixpeek-assets run` lands them."
        )
    if show_statement and moments.rows:
        console.print("\nThe same rows in SQL:")
        show_sql(console, moments.sql)


def known_collections(warehouse: Warehouse) -> list[str]:
    """Return the collections of all videos in the warehouse."""
    with warehouse.database.connection(read_only=True) as connection:
        return [name for (name,) in connection.execute(_COLLECTIONS).fetchall()]


def find(
    client: MixpeekClient,
    words: str,
    collections: Sequence[str],
    *,
    modality: str | None = None,
    index: str = "multimodal",
    limit: int = 10,
) -> SearchReply:
    """Ask the API.

    Raises:
        CommandError: it offers no search, or its reply is not a list of features.
        MixpeekError: it refuses, or does not answer.
    """
    try:
        reply = client.search(words, collections, index=index, modality=modality, limit=limit)
    except PermanentError as error:
        if error.status not in (404, 405):
            raise
        message = f"this API offers no search ({error.endpoint} answered {error.status}): {_SQL_SEARCH}"
        raise CommandError(message) from None
    if reply.problems and not reply.found:
        problem = reply.problems[0]
        detail = terminal_safe(f"{problem.reason}: {problem.excerpt}")
        raise CommandError(f"the search reply cannot be read: {detail}")
    return reply


def example_words(warehouse: Warehouse, videos: Path) -> list[str]:
    """Return words that were found in the videos of a manifest; none if nothing was said, read or recognized."""
    with warehouse.database.connection(read_only=True) as connection:
        return _SQL.values(connection, "example_words", manifest=str(videos))


def try_out(client: MixpeekClient, warehouse: Warehouse, examples: Sequence[str]) -> Tried:
    """Run example searches."""
    found: dict[str, Moments] = {}
    try:
        for words in examples:
            moments = look_up(warehouse, find(client, words, known_collections(warehouse), limit=_EXAMPLE_HITS))
            if moments.are_near:
                found[words] = moments
    except (CommandError, MixpeekError) as error:
        return Tried(examples, found, str(error))
    return Tried(examples, found)


def look_up(warehouse: Warehouse, reply: SearchReply, index: str = "multimodal") -> Moments:
    """Look up the hits in the warehouse."""
    hits = [
        {"rank": rank, "feature_id": hit.feature_id, "score": hit.score, "by_words": index == "text"}
        for rank, hit in enumerate(reply.found, start=1)
    ]
    if not hits:
        return Moments([], 0, "")
    with warehouse.database.connection(read_only=True) as connection:
        rows = _SQL.fetch(connection, Moment, "moments", hits=hits)
    shown = ",\n    ".join(map(_literal, hits))
    return Moments(rows, len(hits) - len(rows), _SQL.text("moments").replace("$hits", f"[\n    {shown}\n]"))


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


def _checked(words: str) -> str:
    if not words.strip():
        raise click.UsageError(
            'there are no words to look for: give some, as in `mixpeek-assets search "a lighthouse"`'
        )
    if len(words) > _MOST_CHARACTERS:
        raise click.UsageError(f"{len(words):,} characters are too many to look for: give a sentence, or a few words")
    return words.strip()


def _literal(hit: dict[str, object]) -> str:
    return "{" + ", ".join(f"'{name}': {_value(value)}" for name, value in hit.items()) + "}"


def _value(value: object) -> str:
    if isinstance(value, float):
        return format(value, ".4f")
    return "NULL" if value is None else literal(value) if isinstance(value, str) else str(value).upper()
