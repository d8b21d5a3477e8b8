"""Objects: videos in a bucket, with the caller's own fields. A second one with the same key is the first one."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import orjson

from mixpeek_local.store.database import Database, as_json, now
from mixpeek_local.store.documents.ids import new_id

# What an object is waiting for, or how it ended, is said by the latest tasks of its assets.
_OBJECT = """
    SELECT objects.*, state.statuses, state.error, state.file_hash
    FROM objects LEFT JOIN (
        SELECT object_id, group_concat(DISTINCT status) AS statuses, max(tasks.error) AS error,
            max(file_hash) AS file_hash
        FROM object_assets JOIN assets USING (asset_id) JOIN tasks USING (task_id)
        GROUP BY object_id
    ) AS state USING (object_id)
"""


@dataclass(frozen=True)
class StoredObject:
    """An object.

    Attributes:
        object_id: Its id.
        bucket_id: Its bucket.
        idempotency_key: The caller's name for it.
        blobs: Its files, as in replies.
        fields: The caller's own fields.
        created_at: When it was created.
        updated_at: When it was changed.
        status: PENDING, COMPLETED or FAILED.
        error: Why it failed.
        file_hash: The SHA-256 of its video, once that was read.
    """

    object_id: str
    bucket_id: str
    idempotency_key: str | None
    blobs: list[dict[str, Any]]
    fields: dict[str, Any]
    created_at: str
    updated_at: str
    status: str = "PENDING"
    error: str | None = None
    file_hash: str | None = None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Read a row."""
        values = dict(row)
        status = _status(values.pop("statuses"))
        parsed = {name: orjson.loads(row[name]) for name in ("blobs", "fields")}
        error = row["error"] if status == "FAILED" else None
        return cls(**(values | parsed | {"status": status, "error": error}))


def create_object(
    connection: sqlite3.Connection,
    bucket_id: str,
    blobs: list[dict[str, Any]],
    fields: dict[str, Any],
    idempotency_key: str | None = None,
) -> tuple[str, bool]:
    """Create an object in the caller's transaction; returns its id, and whether it was there already."""
    if idempotency_key is not None:
        query = "SELECT object_id FROM objects WHERE bucket_id = ? AND idempotency_key = ?"
        known = connection.execute(query, (bucket_id, idempotency_key)).fetchone()
        if known:
            return known[0], True
    object_id, moment = new_id("obj"), now()
    connection.execute(
        "INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?)",
        (object_id, bucket_id, idempotency_key, as_json(blobs), as_json(fields), moment, moment),
    )
    return object_id, False


def stored_object(database: Database, bucket_id: str, object_id: str) -> StoredObject | None:
    """One object of a bucket."""
    query = f"{_OBJECT} WHERE bucket_id = ? AND objects.object_id = ?"
    row = database.connection().execute(query, (bucket_id, object_id)).fetchone()
    return StoredObject.of(row) if row else None


def stored_objects(database: Database, object_ids: Sequence[str]) -> dict[str, StoredObject]:
    """These objects by id, of whatever bucket."""
    query = f"{_OBJECT} WHERE objects.object_id IN (SELECT value FROM json_each(?))"  # noqa: S608 - of constants
    rows = database.connection().execute(query, (as_json(list(object_ids)),))
    return {row["object_id"]: StoredObject.of(row) for row in rows}


def bucket_objects(database: Database, bucket_id: str) -> list[StoredObject]:
    """The objects of a bucket, oldest first."""
    rows = database.connection().execute(f"{_OBJECT} WHERE bucket_id = ? ORDER BY objects.rowid", (bucket_id,))
    return [StoredObject.of(row) for row in rows]


def document_count(database: Database, object_id: str) -> int:
    """How many documents an object has, in all collections."""
    query = "SELECT count(*) FROM object_assets JOIN features USING (asset_id) WHERE object_id = ?"
    return database.connection().execute(query, (object_id,)).fetchone()[0]


def _status(statuses: str | None) -> str:
    found = set((statuses or "").split(",")) - {"", "CANCELLED"}
    if not found or found - {"DONE", "SKIPPED", "FAILED"}:
        return "PENDING"
    return "FAILED" if "FAILED" in found else "COMPLETED"
