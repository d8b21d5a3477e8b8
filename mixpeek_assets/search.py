"""Find moments by words: ask the API which features are nearest, and look them up in the warehouse."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import duckdb

from mixpeek_assets.api.errors import PermanentError
from mixpeek_assets.api.port import FoundFeature, MixpeekClient, SearchReply
from mixpeek_assets.api.transport import RetryPolicy
from mixpeek_assets.errors import UserError
from mixpeek_assets.terminal_safe import terminal_safe
from mixpeek_assets.warehouse import SQL

POLICY = RetryPolicy(connect=5, read=60, attempts=2, rate_limit=60)
"""Somebody waits for the answer."""

MOST = 100
"""Hits that the API returns at most."""

_MOST_CHARACTERS = 1_000
_SQL_SEARCH = "mixpeek-assets query \"SELECT * FROM mixpeek.find_text('word')\" finds words that landed"


class SearchError(UserError):
    """Words cannot be searched for; the message says why."""


@dataclass(frozen=True)
class Hit:
    """A feature that a search found.

    Attributes:
        rank: From 1, the best first.
        score: Higher is better; None if it has none.
        by_words: Whether its words were compared, and not what it looks or sounds like.
    """

    rank: int
    feature_id: str
    score: float | None
    by_words: bool


@dataclass(frozen=True)
class Far:
    """A feature that is nothing like the words, although it is the nearest there is.

    Attributes:
        score: What it has.
        floor: What it would need.
    """

    one: FoundFeature
    score: float
    floor: float

    def __str__(self) -> str:
        return f"scores {self.score:.3f}, and what resembles words scores {self.floor:.2f} or more"


@dataclass(frozen=True)
class Moment:
    """What the warehouse knows of a hit.

    Attributes:
        found: What made it a hit: the words, else what it looks or sounds like, with scores.
        link: Opens the video at the moment, in a player or browser that can.
        thumbnail: The path or URL of its picture, if the feature has one.
    """

    score: float | None
    video: str
    start_time: float | None
    modality: str | None
    found: str
    link: str
    thumbnail: str | None
    end_time: float | None
    feature_id: str
    url: str


def checked(words: str) -> str:
    """Return the words to look for.

    Raises:
        SearchError: there are none, or far too many.
    """
    if not words.strip():
        raise SearchError('there are no words to look for: give some, such as "a lighthouse"')
    if len(words) > _MOST_CHARACTERS:
        raise SearchError(f"{len(words):,} characters are too many to look for: give a sentence, or a few words")
    return words.strip()


def known_collections(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the collections of all videos in the warehouse."""
    return SQL.values(connection, "known_collections")


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
        SearchError: it offers no search, or its reply is not a list of features.
        MixpeekError: it refuses, or does not answer.
    """
    try:
        reply = client.search(words, collections, index=index, modality=modality, limit=limit)
    except PermanentError as error:
        if error.status not in (404, 405):
            raise
        message = f"this API offers no search ({error.endpoint} answered {error.status}): {_SQL_SEARCH}"
        raise SearchError(message) from None
    if reply.problems and not reply.found:
        problem = reply.problems[0]
        detail = terminal_safe(f"{problem.reason}: {problem.excerpt}")
        raise SearchError(f"the search reply cannot be read: {detail}")
    return reply


def split(reply: SearchReply) -> tuple[SearchReply, list[Far]]:
    """Part what is like the words from what is only the nearest there is, as far as the API tells."""
    near, far = replace(reply, found=[]), list[Far]()
    for one in reply.found:
        floor = reply.floors.get(one.feature.get("modality") or "")
        if floor is None or one.score is None or one.score >= floor:
            near.found.append(one)
        else:
            far.append(Far(one, one.score, floor))
    return near, far


def hits_of(reply: SearchReply, index: str = "multimodal") -> list[Hit]:
    """Return the hits of a reply about this named vector."""
    return [Hit(rank, one.feature_id, one.score, index == "text") for rank, one in enumerate(reply.found, start=1)]


def moments(connection: duckdb.DuckDBPyConnection, hits: Sequence[Hit]) -> list[Moment]:
    """Look up hits in the warehouse; those that are not in it are left out."""
    return SQL.fetch(connection, Moment, "found_moments", hits=[asdict(hit) for hit in hits])
