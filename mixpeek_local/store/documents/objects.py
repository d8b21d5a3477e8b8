"""Objects: videos in a bucket, with the caller's own fields. A second one with the same key is the first one."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import orjson

from mixpeek_local.store.database import Database, as_json, now
from mixpeek_local.store.documents.ids import new_id
from mixpeek_local.store.removal import delete_asset
from mixpeek_local.store.store import Store

# What an object is waiting for, or how it ended, is said by the latest tasks of its assets.
_OF_ITS_ASSETS = """
    FROM object_assets JOIN assets USING (asset_id) JOIN tasks USING (task_id)
    WHERE object_assets.object_id = objects.object_id
"""
_OBJECT = f"""
    SELECT objects.*,
        (SELECT group_concat(DISTINCT tasks.status) {_OF_ITS_ASSETS}) AS statuses,
        (SELECT max(tasks.error) {_OF_ITS_ASSETS} AND tasks.status = 'FAILED') AS error,
        (SELECT max(assets.file_hash) {_OF_ITS_ASSETS}) AS file_hash
    FROM objects
"""  # noqa: S608 - of constants
EVERYTHING = -1


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


def known_objects(connection: sqlite3.Connection, bucket_id: str, object_ids: Sequence[str]) -> set[str]:
    """Those of these ids that the bucket has."""
    query = "SELECT object_id FROM objects WHERE bucket_id = ? AND object_id IN (SELECT value FROM json_each(?))"
    return {object_id for (object_id,) in connection.execute(query, (bucket_id, as_json(list(object_ids))))}


def bucket_objects(
    database: Database, bucket_id: str, limit: int = EVERYTHING, offset: int = 0, *, only: Sequence[str] | None = None
) -> list[StoredObject]:
    """The objects of a bucket, oldest first; `only` names those to look at."""
    query = f"""
        {_OBJECT} WHERE bucket_id = :bucket_id
            AND (:only IS NULL OR objects.object_id IN (SELECT value FROM json_each(:only)))
        ORDER BY objects.rowid LIMIT :limit OFFSET :offset
    """  # noqa: S608 - of constants
    wanted = None if only is None else as_json(list(only))
    given = {"bucket_id": bucket_id, "only": wanted, "limit": limit, "offset": offset}
    return [StoredObject.of(row) for row in database.connection().execute(query, given)]


def document_count(database: Database, object_id: str) -> int:
    """How many documents an object has, in all collections."""
    query = "SELECT count(*) FROM object_assets JOIN features USING (asset_id) WHERE object_id = ?"
    return database.connection().execute(query, (object_id,)).fetchone()[0]


def _status(statuses: str | None) -> str:
    found = set((statuses or "").split(",")) - {"", "CANCELLED"}
    if not found or found - {"DONE", "SKIPPED", "FAILED"}:
        return "PENDING"
    return "FAILED" if "FAILED" in found else "COMPLETED"


def delete_object(store: Store, bucket_id: str, object_id: str) -> bool:
    """Delete an object with its documents, and cancel its tasks; False if the bucket has no such object."""
    query = "SELECT asset_id FROM object_assets WHERE object_id = ?"
    with store.database.transaction() as connection:
        if not known_objects(connection, bucket_id, [object_id]):
            return False
        assets = [asset_id for (asset_id,) in connection.execute(query, (object_id,))]
        connection.execute("DELETE FROM objects WHERE object_id = ?", (object_id,))
    for asset_id in assets:
        delete_asset(store, asset_id)
    return True
