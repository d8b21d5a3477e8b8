"""The tables as data: the source of the DDL, its migration, Dagster's column schema and docs/tables.md."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from mixpeek_assets.sql_files import literal, quote

SCHEMA = "mixpeek"
SCHEMA_VERSION = 2
"""Raised when an older mixpeek_assets could no longer write the tables; a new column alone does not raise it."""

TableName = Literal["videos", "tasks", "assets", "features", "vectors", "rejects"]


@dataclass(frozen=True)
class Column:
    """A column: its name, DuckDB type and meaning.

    Attributes:
        sent: Whether its value is read from the API's reply (`api/records.py`), and travels in a landing line.
        is_compressed: Whether DuckDB compresses it. Floats of embeddings shrink by a sixth at most, and decompressing
            them takes longer than comparing them.
    """

    name: str
    type: str
    description: str
    sent: bool = False
    is_compressed: bool = True


@dataclass(frozen=True)
class Table:
    """A table: what a row is, what makes it unique, and its columns."""

    name: TableName
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


_COMMON = (
    Column("partition_date", "DATE", "The partition: the UTC day on which the video was added."),
    Column("run_id", "VARCHAR", "The Dagster run that wrote the row."),
    Column("loaded_at", "TIMESTAMPTZ", "When the row was written."),
)
_VIDEO_ID = Column("video_id", "VARCHAR", "The video: a hash of collection and url.")
_ASSET_ID = Column("asset_id", "VARCHAR", "The Mixpeek asset.")
_MODALITY = Column("modality", "VARCHAR", "video, image, text or audio.", sent=True)

TABLES: tuple[Table, ...] = (
    Table(
        "videos",
        "a video to ingest",
        ("video_id",),
        (
            _VIDEO_ID,
            Column("collection", "VARCHAR", "The Mixpeek collection that it goes to."),
            Column("url", "VARCHAR", "Where it is: http(s), or file:// for the local API."),
            Column("metadata", "JSON", "From the manifest; sent with the video."),
            Column("source", "VARCHAR", "The manifest that named it."),
            Column("added_at", "TIMESTAMPTZ", "The manifest's date, or when the video was first seen."),
            *_COMMON,
        ),
    ),
    Table(
        "tasks",
        "one submission of a video",
        ("video_id", "attempt"),
        (
            _VIDEO_ID,
            Column("attempt", "INTEGER", "1 for the first submission."),
            Column("task_id", "VARCHAR", "The Mixpeek task, or batch, which videos share; null until the API answers."),
            Column("status", "VARCHAR", "As the API sent it."),
            Column("state", "VARCHAR", "submitting, open, done, failed, skipped, cancelled or lost."),
            Column("asset_id", "VARCHAR", "The asset that the task made, or the object that it works on."),
            Column("error", "JSON", "Why it failed or was lost, or what of it is missing although it is done."),
            Column(
                "why",
                "VARCHAR",
                "new, answer lost, failed before, retry, refresh or other extractors.",
            ),
            Column(
                "extractors",
                "VARCHAR",
                "The extractor settings that it was submitted with; null: the API's own.",
            ),
            Column("api", "VARCHAR", "Where it was submitted: the API's URL, or `local`; its style, if `documents`."),
            Column("submitted_at", "TIMESTAMPTZ", "When the API answered the submission, by the API's clock."),
            Column("give_up_at", "TIMESTAMPTZ", "When it is marked `lost` unless it has ended, by the API's clock."),
            Column("polled_at", "TIMESTAMPTZ", "When its status was last read."),
            Column("next_poll_at", "TIMESTAMPTZ", "When its status is due to be read again."),
            Column("polls", "INTEGER", "How often its status was read."),
            Column("settled_at", "TIMESTAMPTZ", "When it was seen to have ended."),
            Column("landed_at", "TIMESTAMPTZ", "When its asset, features and vectors were all landed or rejected."),
            Column("credits", "DOUBLE", "Its part of what its task cost; null where the API does not tell."),
            Column("cost_usd", "DOUBLE", "The same in dollars."),
            *_COMMON,
        ),
    ),
    Table(
        "assets",
        "a Mixpeek asset",
        ("asset_id",),
        (
            _ASSET_ID,
            _VIDEO_ID,
            Column("task_id", "VARCHAR", "The task that made it.", sent=True),
            Column("collection_id", "VARCHAR", "The collection, as the API names it.", sent=True),
            Column("status", "VARCHAR", "As the API sent it.", sent=True),
            _MODALITY,
            Column("url", "VARCHAR", "As the API sent it; a presigned link expires, so never a key.", sent=True),
            Column("metadata", "JSON", "As the API sent it.", sent=True),
            Column("error", "JSON", "As the API sent it.", sent=True),
            Column("file_hash", "VARCHAR", "The file's hash.", sent=True),
            Column("duplicate_of", "VARCHAR", "The asset that it repeats.", sent=True),
            Column("score", "DOUBLE", "As the API sent it.", sent=True),
            Column("feature_count", "INTEGER", "How many features it lists."),
            Column("created_at", "TIMESTAMPTZ", "As the API sent it; a time without a zone is UTC.", sent=True),
            Column("updated_at", "TIMESTAMPTZ", "As the API sent it; a time without a zone is UTC.", sent=True),
            Column("payload", "JSON", "The whole asset as the API sent it.", sent=True),
            *_COMMON,
        ),
    ),
    Table(
        "features",
        "a feature of an asset",
        ("feature_id",),
        (
            Column("feature_id", "VARCHAR", "The Mixpeek feature."),
            _ASSET_ID,
            _VIDEO_ID,
            Column("collection_id", "VARCHAR", "The collection, as the API names it.", sent=True),
            _MODALITY,
            Column("start_time", "DOUBLE", "Seconds into the video.", sent=True),
            Column("end_time", "DOUBLE", "Seconds into the video.", sent=True),
            Column("text", "VARCHAR", "Text read in the picture, or the text itself.", sent=True),
            Column("transcription", "VARCHAR", "Words heard.", sent=True),
            Column("description", "VARCHAR", "What is seen.", sent=True),
            Column("metadata", "JSON", "As the API sent it.", sent=True),
            Column("created_at", "TIMESTAMPTZ", "As the API sent it; a time without a zone is UTC.", sent=True),
            Column("payload", "JSON", "The whole feature as the API sent it, less its vectors.", sent=True),
            *_COMMON,
        ),
    ),
    Table(
        "vectors",
        "one named vector of a feature",
        ("feature_id", "vector_name"),
        (
            Column("feature_id", "VARCHAR", "The Mixpeek feature."),
            Column("vector_name", "VARCHAR", "The named vector, e.g. multimodal."),
            _ASSET_ID,
            _VIDEO_ID,
            _MODALITY,
            Column("dimensions", "INTEGER", "Length of `embedding`; null for a sparse vector."),
            Column("embedding", "FLOAT[]", "The vector, when dense.", is_compressed=False),
            Column("sparse", 'STRUCT(indices INTEGER[], "values" FLOAT[])', "The vector, when sparse."),
            *_COMMON,
        ),
    ),
    Table(
        "rejects",
        "a reply, a part of one, or a line of a manifest that could not be landed",
        (),
        (
            Column("endpoint", "VARCHAR", "The call (by its name in the guide's style), or `manifest`."),
            Column("object_id", "VARCHAR", "The id that was asked for, or the manifest and its line."),
            _VIDEO_ID,
            Column("reason", "VARCHAR", "What is wrong with it."),
            Column("excerpt", "VARCHAR", "The beginning of what came."),
            *_COMMON,
        ),
    ),
)

TABLE: dict[TableName, Table] = {table.name: table for table in TABLES}


def create_table(table: Table, *, in_lake: bool = False) -> str:
    """Return the DDL of a table; Parquet, which a lake is of, has its own compression."""
    columns = ",\n    ".join(_column(column, in_lake=in_lake) for column in table.columns)
    return f"CREATE TABLE {SCHEMA}.{table.name} (\n    {columns}\n)"


def comments(table: Table) -> list[str]:
    """Return the statements that write a table's meaning into the catalog."""
    on_table = f"COMMENT ON TABLE {SCHEMA}.{table.name} IS {literal(f'A row is {table.row}.')}"
    return [on_table, *(_comment(table, column) for column in table.columns)]


def add_column(table: Table, column: Column, *, in_lake: bool = False) -> str:
    """Return the statement that adds a declared column to an older table."""
    return f"ALTER TABLE {SCHEMA}.{table.name} ADD COLUMN {_column(column, in_lake=in_lake)}"


def sent_struct(table: TableName, *also: str) -> str:
    """Return the DuckDB type of a row of a table in a landing line: its `sent` columns, and `also` these.

    Times are text, so that one out of TIMESTAMPTZ's range becomes null instead of an error.
    """
    chosen = [column for column in TABLE[table].columns if column.sent or column.name in also]
    fields = (f"{quote(column.name)} {column.type.replace('TIMESTAMPTZ', 'VARCHAR')}" for column in chosen)
    return f"STRUCT({', '.join(fields)})"


def rows_query(table: TableName, day: date, collection: str | None = None) -> str:
    """Return a query of a table's rows of a day, to read and to paste: it binds nothing. None is any collection."""
    own = "" if table == "videos" else "video.url, "
    join = "" if table == "videos" else f"\nLEFT JOIN {SCHEMA}.videos AS video USING (video_id)"
    only = "" if collection is None else f"\n    AND collection = {literal(collection)}"
    return (
        f"SELECT {own}{table}.*\nFROM {SCHEMA}.{table}{join}"
        f"\nWHERE {table}.partition_date = DATE '{day}'{only}\nLIMIT 100;"
    )


def partition_counts_query(table: Table) -> str:
    """Return the query of a table's rows per partition ($partitions)."""
    return (
        f"SELECT partition_date, count(*) FROM {SCHEMA}.{table.name}"  # noqa: S608
        " WHERE list_contains($partitions, partition_date) GROUP BY partition_date"
    )


def data_versions_query(table: Table) -> str:
    """Return the query of a text per partition ($partitions) that changes with the table's rows.

    Polls load rows of `tasks` again, and vectors rows of `features`, which gives nothing downstream anything to do.
    """
    values = ", ".join([*table.key, *(() if table.name in ("tasks", "features") else ("loaded_at",))])
    return (
        f"SELECT partition_date, concat(count(*), '-', bit_xor(hash({values}))) FROM {SCHEMA}.{table.name}"  # noqa: S608
        " WHERE list_contains($partitions, partition_date) GROUP BY partition_date"
    )


def duplicates_query(table: Table) -> str:
    """Return the query of keys of some partitions ($partitions) that are in more than one row."""
    key = ", ".join(table.key)
    # Only their keys: grouping the whole table would cost each run more as partitions are added.
    own = f"SELECT {key} FROM {SCHEMA}.{table.name} WHERE list_contains($partitions, partition_date)"  # noqa: S608
    same = " AND ".join(f"row.{name} IS NOT DISTINCT FROM own.{name}" for name in table.key)
    days = "list_filter(list(DISTINCT partition_date), lambda day: list_contains($partitions, day))"
    return (
        f"SELECT unnest({days}) AS partition_date, any_value(video_id) AS video, 'not unique' AS state,"  # noqa: S608
        f" concat(count(*), ' rows of {table.name} have the key ', concat_ws(' ', {key})) AS reason"
        f" FROM {SCHEMA}.{table.name} AS row SEMI JOIN ({own}) AS own ON {same} GROUP BY {key} HAVING count(*) > 1"
    )


def misplaced_query(table: Table) -> str:
    """Return the query of rows ($partitions) that are not in their video's partition."""
    return (
        "SELECT row.partition_date, coalesce(mixpeek_internal.file_name(video.url), row.video_id) AS video,"  # noqa: S608
        " 'misplaced' AS state,"
        f" concat('a row of {table.name}, whose video is of ', coalesce(video.partition_date::VARCHAR, 'no day'))"
        " AS reason"
        f" FROM {SCHEMA}.{table.name} AS row"
        f" LEFT JOIN {SCHEMA}.videos AS video ON row.video_id = video.video_id"
        " WHERE list_contains($partitions, row.partition_date)"
        " AND row.partition_date IS DISTINCT FROM video.partition_date"
    )


def _column(column: Column, *, in_lake: bool) -> str:
    compression = "" if column.is_compressed or in_lake else " USING COMPRESSION uncompressed"
    return f"{quote(column.name)} {column.type}{compression}"


def _comment(table: Table, column: Column) -> str:
    return f"COMMENT ON COLUMN {SCHEMA}.{table.name}.{quote(column.name)} IS {literal(column.description)}"
