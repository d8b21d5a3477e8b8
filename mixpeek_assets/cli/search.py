"""`mixpeek-assets search`: find moments by words, and show their rows."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from mixpeek_assets.api.client import MixpeekClient, RetryPolicy
from mixpeek_assets.api.errors import MixpeekError, PermanentError
from mixpeek_assets.api.records import SearchReply
from mixpeek_assets.cli.display import plain, show_sql
from mixpeek_assets.cli.errors import CommandError
from mixpeek_assets.cli.project import local_api
from mixpeek_assets.connections import open_client, open_warehouse
from mixpeek_assets.settings import Settings
from mixpeek_assets.sql_files import literal
from mixpeek_assets.terminal_safe import terminal_safe
from mixpeek_assets.warehouse.warehouse import Warehouse

EXAMPLES = ("a lighthouse at night", "pollination of flowers")
"""Example searches of the samples: the first is shown and never said, the second is said in other words."""

_EXAMPLE_HITS = 2
_LOWEST_SCORE = 0.35
"""Lowest score of an example. Without the speech model nothing matches the second, which is then left out."""

_POLICY = RetryPolicy(connect=5, read=60, attempts=2, rate_limit=60)
_LONGEST_FOUND = 70

_SQL_SEARCH = (
    "mixpeek-assets query \"SELECT * FROM mixpeek.features WHERE text ILIKE '%word%'\" finds words that landed"
)

_COLLECTIONS = "SELECT DISTINCT collection FROM mixpeek.videos ORDER BY ALL"
_MOMENTS = """\
SELECT score, parse_filename(url) AS video, start_time, modality,
    coalesce(
        description, text, transcription,
        features.payload ->> '$.labels[0].label'
    ) AS found
FROM mixpeek.features
JOIN mixpeek.videos USING (video_id)
JOIN (VALUES
    {hits}
) AS hit (rank, feature_id, score) USING (feature_id)
ORDER BY rank;"""


@dataclass(frozen=True)
class Moments:
    """The rows of what a search found.

    Attributes:
        rows: Score, video, start_time, modality, found; the best first.
        missing: How many hits are not in the warehouse.
        sql: The statement that returns the rows.
    """

    rows: list[tuple[Any, ...]]
    missing: int
    sql: str


@dataclass(frozen=True)
class Tried:
    """Example searches.

    Attributes:
        found: What each example's words found.
        problem: Why a search failed.
    """

    found: dict[str, Moments]
    problem: str | None


def search(
    settings: Settings, words: str, *, collection: str | None, modality: str | None, index: str, limit: int
) -> None:
    """Find moments by words, and print them with the SQL that gives the same rows."""
    console, warehouse = Console(), open_warehouse(settings)
    collections = [collection] if collection else known_collections(warehouse)
    if not collections:
        raise CommandError(f"{warehouse.path} has no videos yet: `mixpeek-assets run` ingests some")
    with local_api(settings), open_client(settings, _POLICY) as client:
        reply = find(client, words, collections, modality=modality, index=index, limit=limit)
    moments = look_up(warehouse, reply)
    if not reply.found:
        console.print(plain(f"No hits in {', '.join(collections)}: nothing there can be compared with these words."))
    if moments.rows:
        show(console, moments)
        console.print("\nThe same rows in SQL:")
        show_sql(console, moments.sql)
    if moments.missing:
        console.print(
            f"{moments.missing} of {len(reply.found)} hits are not in the warehouse: `mixpeek-assets run` lands them."
        )


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


def try_out(client: MixpeekClient, warehouse: Warehouse) -> Tried:
    """Run the example searches on the samples."""
    found: dict[str, Moments] = {}
    try:
        for words in EXAMPLES:
            moments = look_up(warehouse, find(client, words, known_collections(warehouse), limit=_EXAMPLE_HITS))
            if moments.rows and moments.rows[0][0] >= _LOWEST_SCORE:
                found[words] = moments
    except (CommandError, MixpeekError) as error:
        return Tried(found, str(error))
    return Tried(found, None)


def look_up(warehouse: Warehouse, reply: SearchReply) -> Moments:
    """Look up the hits in the warehouse."""
    hits = [
        f"({rank}, {literal(hit.feature_id)}, {'NULL' if hit.score is None else format(hit.score, '.4f')})"
        for rank, hit in enumerate(reply.found, start=1)
    ]
    if not hits:
        return Moments([], 0, "")
    sql = _MOMENTS.format(hits=",\n    ".join(hits))
    with warehouse.database.connection(read_only=True) as connection:
        rows = connection.execute(sql).fetchall()
    return Moments(rows, len(hits) - len(rows), sql)


def show(console: Console, moments: Moments) -> None:
    """Print moments as a table."""
    table = Table("score", "video", "at", "modality", "found", box=None, header_style="bold")
    for column in (0, 2):
        table.columns[column].justify = "right"
    for score, video, start, modality, found in moments.rows:
        table.add_row(
            "" if score is None else f"{score:.3f}",
            plain(video),
            "" if start is None else clock(start),
            plain(modality or ""),
            plain(_brief(found or "")),
        )
    console.print(table)


def command() -> str:
    """Return how to call this program from the shell: by its name if it is on the PATH, else by its path."""
    if shutil.which("mixpeek-assets"):
        return "mixpeek-assets"
    path = Path(sys.argv[0]).absolute()
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


def clock(seconds: float) -> str:
    """Write a moment of a video, e.g. 1:02.5."""
    minutes, tenths = divmod(round(seconds * 10), 600)
    return f"{minutes}:{tenths / 10:04.1f}"


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_FOUND else line[: _LONGEST_FOUND - 1] + "…"
