"""A day that is brought up to date in one transaction."""

# pyright: reportMissingImports=false

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from sys import intern
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.errors import UniqueViolation

from mixpeek_assets.sinks.pgvector import wire
from mixpeek_assets.sinks.pgvector.statements import run, stream
from mixpeek_assets.sinks.port import Replaced
from mixpeek_assets.sinks.rows import KEY

if TYPE_CHECKING:
    import pyarrow as pa
    from psycopg import Connection

MANY = 10_000
"""Rows after which the server looks at the keys anew: by itself it does so later, maybe after the next run began."""

MOST_DIMENSIONS = 16_000
"""The longest `vector` of pgvector."""

_Key = tuple[str, str]
_Types = Mapping[str, str]
_Values = Mapping[str, Sequence[Any]]
"""Of each column, the value at each place of a batch."""

_VECTORS: _Types = {
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
_FEATURES: _Types = {
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
_VIDEOS: _Types = {"video_id": "text", "collection": "text", "url": "text", "video_metadata": "bytea"}
"""Columns as they are sent. What `wire` has made binary goes as bytes, and the server reads it as the column's type."""


class Day:
    """A day of the tables, within a transaction.

    New vectors are copied straight into their table, which takes half as long as by way of another one. Vectors that
    are there already, and features and videos, go through tables of the transaction's own, so that what is equal stays:
    then no index is touched.

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
        self._held: dict[_Key, int | None] = {}
        self._videos: set[str] = set()
        self._written = self._unchanged = 0
        for feature, name, digest, video in stream(connection, "held", day=day, collection=only):
            self._held[feature, intern(name)] = digest
            self._videos.add(video)

    def replace(self, batches: "Iterable[pa.RecordBatch]") -> Replaced:
        """Write what differs, and remove what is no longer there."""
        run(self._connection, "make_staging")
        for batch in batches:
            self._write(batch)
        for table in ("vectors", "features", "videos") if self._written else ():
            run(self._connection, f"put_{table}")
        removed = self._remove()
        if self._written >= MANY:
            run(self._connection, "analyze")
        return Replaced(self._written, self._unchanged, removed)

    def _write(self, batch: "pa.RecordBatch") -> None:
        """Send the rows of a batch that differ from what is held."""
        keys: list[_Key] = list(zip(*(wire.texts(batch[name]) for name in KEY), strict=True))
        lengths = batch["dimensions"].to_pylist()
        self._videos.difference_update(wire.texts(batch["video_id"]))
        news: list[int] = []
        known: list[int] = []
        for place, (key, digest) in enumerate(zip(keys, batch["digest"].to_pylist(), strict=True)):
            if (lengths[place] or 0) > MOST_DIMENSIONS:
                self.too_long[key[1]] = lengths[place]
            elif key not in self._held:
                news.append(place)
            elif self._held.pop(key) != digest:
                known.append(place)
            else:
                self._unchanged += 1
        if news or known:
            sent = batch if len(news) == len(batch) else batch.take([*news, *known])
            self._send(_values(sent), range(len(news)), range(len(news), len(sent)))
            self._written += len(sent)

    def _send(self, values: _Values, news: range, known: range) -> None:
        everything = range(known.stop)
        try:
            with self._connection.transaction():
                self._copy(("mixpeek", "vectors"), _VECTORS, values, news)
        except UniqueViolation:
            known = everything  # Some have been of another day.
        features = {feature: place for place, feature in enumerate(values["feature_id"])}
        videos = {video: place for place, video in enumerate(values["video_id"]) if video is not None}
        self._copy(("pg_temp", "sent_vectors"), _VECTORS, values, known)
        self._copy(("pg_temp", "sent_features"), _FEATURES, values, features.values())
        self._copy(("pg_temp", "sent_videos"), _VIDEOS, values, videos.values())

    def _copy(self, table: tuple[str, str], types: _Types, values: _Values, places: Iterable[int]) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, types))
        query = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(*table), names)
        columns = [values[name] for name in types]
        with self._connection.cursor() as cursor, cursor.copy(query) as copy:
            copy.set_types(list(types.values()))
            for place in places:
                copy.write_row([column[place] for column in columns])

    def _remove(self) -> int:
        """Remove what has not come; a feature goes with its last vector, a video with its last feature."""
        if self._held:
            features, names = map(list, zip(*self._held, strict=True))
            run(self._connection, "remove_vectors", features=features, names=names)
            run(self._connection, "remove_features", features=features)
        if self._videos:
            run(self._connection, "remove_videos", videos=list(self._videos))
        return len(self._held)


def _values(batch: "pa.RecordBatch") -> _Values:
    """Return the columns of a batch as they are sent."""
    values: dict[str, Sequence[Any]] = {}
    for name in batch.schema.names:
        column = batch[name]
        if name == "embedding":
            values[name] = wire.embeddings(column)
        elif name in ("metadata", "video_metadata"):
            values[name] = wire.documents(column)
        elif name == "sparse":
            values["sparse_indices"], values["sparse_values"] = (each.to_pylist() for each in column.flatten())
        else:
            values[name] = wire.texts(column) if column.type == "string" else column.to_pylist()
    return values
