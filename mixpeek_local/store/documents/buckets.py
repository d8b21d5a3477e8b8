"""Buckets: they hold objects of one schema."""

import sqlite3
from dataclasses import dataclass
from typing import Any, Self

import orjson

from mixpeek_local.store.database import Database, as_json, now
from mixpeek_local.store.documents.ids import NameTakenError, new_id

_BUCKET = """
    SELECT buckets.*, (SELECT count(*) FROM objects WHERE objects.bucket_id = buckets.bucket_id) AS object_count
    FROM buckets WHERE namespace_id = :namespace_id
"""


@dataclass(frozen=True)
class Bucket:
    """A bucket."""

    bucket_id: str
    namespace_id: str
    name: str
    bucket_schema: dict[str, Any]
    metadata: dict[str, Any]
    created_at: str
    object_count: int = 0

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Read a row."""
        parsed = {name: orjson.loads(row[name]) for name in ("bucket_schema", "metadata")}
        return cls(**(dict(row) | parsed))

    @property
    def properties(self) -> dict[str, Any]:
        """The fields of the schema by name."""
        return self.bucket_schema.get("properties") or {}


def create_bucket(
    database: Database,
    namespace_id: str,
    name: str,
    bucket_schema: dict[str, Any],
    metadata: dict[str, Any] | None = None,
) -> Bucket:
    """Create a bucket.

    Raises:
        NameTakenError: The namespace has one with this name.
    """
    bucket = Bucket(new_id("bkt"), namespace_id, name, bucket_schema, metadata or {}, now())
    with database.transaction() as connection:
        query = "SELECT bucket_id FROM buckets WHERE namespace_id = ? AND name = ?"
        known = connection.execute(query, (namespace_id, name)).fetchone()
        if known:
            raise NameTakenError("bucket", name, known[0])
        connection.execute(
            "INSERT INTO buckets VALUES (:bucket_id, :namespace_id, :name, :schema, :metadata, :at)",
            {
                "bucket_id": bucket.bucket_id,
                "namespace_id": namespace_id,
                "name": name,
                "schema": as_json(bucket_schema),
                "metadata": as_json(bucket.metadata),
                "at": bucket.created_at,
            },
        )
    return bucket


def bucket(database: Database, namespace_id: str, id_or_name: str) -> Bucket | None:
    """The namespace's bucket with this id or name."""
    query = f"{_BUCKET} AND :given IN (bucket_id, name) ORDER BY bucket_id <> :given LIMIT 1"
    row = database.connection().execute(query, {"namespace_id": namespace_id, "given": id_or_name}).fetchone()
    return Bucket.of(row) if row else None


def buckets(database: Database, namespace_id: str) -> list[Bucket]:
    """The namespace's buckets, oldest first."""
    rows = database.connection().execute(f"{_BUCKET} ORDER BY buckets.rowid", {"namespace_id": namespace_id})
    return [Bucket.of(row) for row in rows]
