"""A day that is brought up to date in one transaction."""

# pyright: reportMissingImports=false

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from psycopg import sql

from mixpeek_assets.sinks.pgvector import wire
from mixpeek_assets.sinks.pgvector.statements import fetch, run
from mixpeek_assets.sinks.port import Replaced
from mixpeek_assets.sinks.rows import KEY

if TYPE_CHECKING:
    import pyarrow as pa
    from psycopg import Connection

MOST_DIMENSIONS = 16_000
"""The longest `vector` of pgvector."""

_Key = tuple[str, str]
_Columns = Mapping[str, str]

_VECTORS: _Columns = {
    "feature_id": "text",
    "vector_name": "text",
    "embedding": "bytea",
    "sparse_indices": "int4[]",
    "sparse_values": "float4[]",
    "dimensions": "int4",
    "partition_date": "date",
    "collection": "text",
    "video_id": "text",
    "modality": "text",
    "digest": "int8",
}
_FEATURES: _Columns = {
    "feature_id": "text",
    "video_id": "text",
    "asset_id": "text",
    "modality": "text",
    "start_time": "float8",
    "end_time": "float8",
    "text": "text",
    "transcription": "text",
    "description": "text",
    "metadata": "bytea",
}
_VIDEOS: _Columns = {"video_id": "text", "collection": "text", "url": "text", "video_metadata": "bytea"}
"""Columns as they are sent. What `wire` has made binary goes as bytes, and the server reads it as the column's type."""


class Day:
    """A day of the tables, within a transaction.

    New vectors are copied straight into their table, which is twice as fast as any other way. Vectors that are there
    already, and features and videos, go through tables of the transaction's own, so that what is equal stays: then no
    index is touched.

    Args:
        connection: It is in a transaction, and finds pgvector's types.
        day: The partition.
        only: The collection that it is about; None: all.

    Attributes:
        too_long: The named vectors that pgvector cannot hold, with their dimensions.
    """

    def __init__(self, connection: "Connection[Any]", day: date, only: str | None) -> None:
        self.too_long: dict[str, int] = {}
        self._connection = connection
        held = fetch(connection, "held", day=day, collection=only)
        self._held: dict[_Key, int | None] = {(feature, name): digest for feature, name, digest, _ in held}
        self._videos = {video for *_, video in held}
        self._written = self._unchanged = 0

    def replace(self, batches: "Iterable[pa.RecordBatch]") -> Replaced:
        """Write what differs, and remove what is no longer there."""
        run(self._connection, "make_staging")
        for batch in batches:
            self._write(batch)
        for table in ("vectors", "features", "videos") if self._written else ():
            run(self._connection, f"put_{table}")
        removed = self._remove()
        return Replaced(self._written, self._unchanged, removed)

    def _write(self, batch: "pa.RecordBatch") -> None:
        """Send the rows of a batch that differ from what is held."""
        keys: list[_Key] = list(zip(*(wire.texts(batch[name]) for name in KEY), strict=True))
        lengths = batch["dimensions"].to_pylist()
        self._videos.difference_update(batch["video_id"].to_pylist())
        differing: list[int] = []
        for place, (key, digest) in enumerate(zip(keys, batch["digest"].to_pylist(), strict=True)):
            if (lengths[place] or 0) > MOST_DIMENSIONS:
                self.too_long[key[1]] = lengths[place]
            elif self._held.get(key) != digest:
                differing.append(place)
            else:
                self._unchanged += 1
        there = self._there([keys[place] for place in differing])
        for key in keys:
            self._held.pop(key, None)
        if differing:
            self._send(batch.take(differing), there)
            self._written += len(differing)

    def _there(self, keys: "Sequence[_Key]") -> set[_Key]:
        """Return the keys that have a row, of this day or another."""
        others = list({feature for feature, name in keys if (feature, name) not in self._held})
        found = set(fetch(self._connection, "held_elsewhere", features=others)) if others else set[Any]()
        return found | (self._held.keys() & set(keys))

    def _send(self, batch: "pa.RecordBatch", there: set[_Key]) -> None:
        rows = list(_rows(batch))
        news = [row for row in rows if (row["feature_id"], row["vector_name"]) not in there]
        known = [row for row in rows if (row["feature_id"], row["vector_name"]) in there]
        self._copy(("mixpeek", "vectors"), _VECTORS, news)
        self._copy(("pg_temp", "sent_vectors"), _VECTORS, known)
        self._copy(("pg_temp", "sent_features"), _FEATURES, {row["feature_id"]: row for row in rows}.values())
        videos = {row["video_id"]: row for row in rows if row["video_id"] is not None}
        self._copy(("pg_temp", "sent_videos"), _VIDEOS, videos.values())

    def _copy(self, table: tuple[str, str], columns: _Columns, rows: Iterable[Mapping[str, Any]]) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(*table), names)
        with self._connection.cursor() as cursor, cursor.copy(query) as copy:
            copy.set_types(list(columns.values()))
            for row in rows:
                copy.write_row([row[name] for name in columns])

    def _remove(self) -> int:
        """Remove what has not come; a feature goes with its last vector, a video with its last feature."""
        if self._held:
            features, names = map(list, zip(*self._held, strict=True))
            run(self._connection, "remove_vectors", features=features, names=names)
            run(self._connection, "remove_features", features=features)
        if self._videos:
            run(self._connection, "remove_videos", videos=list(self._videos))
        return len(self._held)


def _rows(batch: "pa.RecordBatch") -> Iterator[dict[str, Any]]:
    """Yield rows as they are sent."""
    columns: dict[str, list[Any]] = {}
    for field in batch.schema:
        column = batch[field.name]
        if field.name == "embedding":
            columns[field.name] = wire.embeddings(column)
        elif field.name in ("metadata", "video_metadata"):
            columns[field.name] = wire.documents(column)
        elif field.name == "sparse":
            sparse = column.to_pylist()
            columns["sparse_indices"] = [one and one["indices"] for one in sparse]
            columns["sparse_values"] = [one and one["values"] for one in sparse]
        else:
            columns[field.name] = wire.texts(column) if field.type == "string" else column.to_pylist()
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))
