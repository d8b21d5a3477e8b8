"""What each view, its columns and each macro mean, in DuckDB's catalog; the words of the tables are in `schema`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import duckdb

from mixpeek_assets.sql_files import literal, quote
from mixpeek_assets.warehouse import SQL
from mixpeek_assets.warehouse.declared import present_columns
from mixpeek_assets.warehouse.lake import is_lake
from mixpeek_assets.warehouse.schema import SCHEMA, TABLE, TableName


@dataclass(frozen=True)
class View:
    """A view for users.

    Attributes:
        words: What a row is.
        table: The table that has the words of its columns, but for `columns`.
        columns: The words of the columns that are its own, or mean something else here.
    """

    words: str
    table: TableName
    columns: Mapping[str, str] = field(default_factory=dict[str, str])

    def meaning(self, column: str) -> str | None:
        """Return what one of its columns means; None of a column that somebody else has added to the table."""
        of_table = {one.name: one.description for one in TABLE[self.table].columns}
        return self.columns.get(column, of_table.get(column))


VIEWS: Mapping[str, View] = {
    "moments": View(
        "A row is a feature as people see it: when in which video, and what is there.",
        "features",
        {
            "video": "The name of the video's file.",
            "timecode": "When it begins, as players write it: 0:12.",
            "heard": "Words heard.",
            "read": "Text read in the picture, or the text itself.",
            "seen": "The description: what it looks or sounds like.",
            "link": "Opens the video at this second, in a browser or player that can.",
            "collection": "The Mixpeek collection of the video.",
            "url": "Where the video is.",
        },
    ),
    "pipeline_status": View(
        "A row is how far the videos of a partition and collection are.",
        "videos",
        {
            "partition_date": "The partition: the UTC day on which the videos were added.",
            "collection": "The Mixpeek collection.",
            "videos": "All of them: the sum of unsubmitted, pending, to_land, landed, failed and lost.",
            "unsubmitted": "New, or the answer to the submission has not come.",
            "pending": "The API is working on them.",
            "to_land": "Done at the API, not yet in the tables.",
            "landed": "Asset, features and vectors are in the tables, or in rejects with the reason.",
            "failed": "The API failed, refused or cancelled them: see failures.",
            "lost": "Not ended by their deadline, or unknown to the API: see failures.",
            "features": "Their rows in features.",
            "vectors": "Their rows in vectors.",
            "rejects": "Their rows in rejects.",
            "landed_ratio": "How many of the videos have landed, from 0 to 1.",
            "complete": "Whether all have landed.",
            "oldest_open": "When the oldest pending video was submitted.",
        },
    ),
    "failures": View(
        "A row is a video that failed, or a reply or a row of a manifest that could not be landed.",
        "tasks",
        {
            "kind": "failed, cancelled or lost: a video; rejected: a reply; manifest: a row of it; landing: a file.",
            "what": "The video's file, with the asset or feature; or the row of the manifest, or the file.",
            "reason": "Why it went wrong.",
            "what_to_do": "What to do about it, with the command.",
            "collection": "The Mixpeek collection of the video.",
            "url": "Where the video is.",
            "happened_at": "When it was seen to have gone wrong.",
            "task_id": "The Mixpeek task, or batch, that failed.",
            "object_id": "The asset or feature, the row of the manifest, or the file.",
        },
    ),
    "latest_tasks": View(
        "A row is the last submission of a video; reason says why it failed.",
        "tasks",
        {"reason": "Why it failed or was lost, as a text."},
    ),
}

_MACROS = {
    "nearest": "The features whose named vector is nearest to an embedding, by cosine similarity.",
    "similar": "The features nearest to a feature, by one of its named vectors.",
    "find_text": "The features with some words in what was read, heard or seen, ranked by BM25.",
    "find_moments": "The features that find_text or nearest finds, best by both (reciprocal rank fusion).",
    "nearest_each": "What nearest finds for each of many embeddings, which query numbers from 1.",
}

_INTERNAL = {
    "schema_version": "The version of the tables, and a hash of their declarations.",
    "loaded_files": "A row is a landing file that is loaded and not removed yet.",
    "vector_indexes": "The indexes of named vectors: how each was made, and what it covers.",
    "vector_axes": "The axes of whose coordinates a code holds the signs.",
    "load_time": "When a vector is loaded: later than what an index covers.",
    "names_of": "The names that a filter lets through; NULL is any.",
    "chosen_vectors": "The vectors of a name that the filters of a search leave.",
    "vector_names": "The named vectors that there are, with their dimensions.",
    "search_queries": "The embeddings to search for, or a sentence that says why one cannot be.",
    "directed": "A cosine; NULL where one of the vectors has no direction.",
    "nearest_exact": "nearest, by comparing every vector.",
    "nearest_each_exact": "nearest_each, by comparing every vector.",
    "nearest": "nearest, whole cosines.",
    "nearest_each": "nearest_each, whole cosines.",
    "checked": "The words of a search, or an error that says why they cannot be searched for.",
    "folded": "A text without case and accents.",
    "spaced": "A folded text, each word between spaces.",
    "number_of_words": "How many words a spaced text has.",
    "occurrences": "How often a text has a part.",
    "terms_in": "Those of some terms that a spaced text has.",
    "place_of": "Where a term is in a folded text.",
    "before_first": "What a folded text has before the first of some terms.",
    "letters_of": "How many letters of a text a beginning of its folded form has.",
    "letters_before": "How many letters a text has before the first of some terms.",
    "cut_out": "A part of a text.",
    "excerpt": "A part of a text, in whole words.",
    "refetch_requests": "A row is something landed or rejected that is to be asked for again.",
    "rejected_assets": "A row is an asset that could not be landed.",
    "rejected_features": "A row is a feature that could not be landed, or of which a part could not.",
    "day_progress": "A row is how far the videos of a day are.",
    "asset_endpoint": "The call that gives an asset, as rejects.endpoint names it.",
    "feature_endpoint": "The call that gives a feature, as rejects.endpoint names it.",
    "file_name": "The name of a URL's file, without what may be secret.",
    "is_chosen": "Whether a video is among those that a user has chosen.",
    "is_youtube": "Whether a URL is a page of YouTube.",
    "before_second": "The link to a second of a video, up to the number.",
    "timecode": "A moment as players write it: 0:12, 1:02:03.",
    "told": "Words as they are shown: a sentence that may have been misheard as a guess.",
    "partition_of": "The partition of a new video.",
    "submissions": "The videos that need a submission, and why.",
    "assets_to_fetch": "The assets that are to be fetched.",
    "features_to_fetch": "The features that are to be fetched.",
}

WORDS: Mapping[str, str] = {
    **{f"{SCHEMA}.{name}": view.words for name, view in VIEWS.items()},
    **{f"{SCHEMA}.{name}": words for name, words in _MACROS.items()},
    **{f"{SCHEMA}_internal.{name}": words for name, words in _INTERNAL.items()},
}


def write_comments(connection: duckdb.DuckDBPyConnection) -> None:
    """Write the words of all views and macros of ours; a definition that is made again has lost them."""
    in_lake = is_lake(connection)
    for schema, name, kind in SQL.run(connection, "catalog").fetchall():
        if (words := WORDS.get(f"{schema}.{name}")) and not (in_lake and kind.startswith("MACRO")):
            connection.execute(f"COMMENT ON {kind} {schema}.{name} IS {literal(words)}")
    present = present_columns(connection)
    for name, view in VIEWS.items():
        comment_columns(connection, name, view, present[SCHEMA, name])


def comment_columns(connection: duckdb.DuckDBPyConnection, name: str, view: View, columns: Iterable[str]) -> None:
    """Write the words of a view's columns, which a lake cannot keep."""
    if is_lake(connection):
        return
    for column in columns:
        if words := view.meaning(column):
            on = f"{SCHEMA}.{quote(name)}.{quote(column)}"
            connection.execute(f"COMMENT ON COLUMN {on} IS {literal(words)}")
