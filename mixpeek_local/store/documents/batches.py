"""Batches: objects that are processed together. Their status is in `progress`."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import orjson

from mixpeek_local.store.database import Database, as_json, now
from mixpeek_local.store.documents.ids import new_id

Dedup = Literal["skip", "replace", "force"]
"""What becomes of an object that has documents: nothing, new documents in their place, or more documents."""


@dataclass(frozen=True)
class Batch:
    """A batch.

    Attributes:
        batch_id: Its id.
        bucket_id: The bucket of its objects.
        namespace_id: Its namespace.
        name: Its name, if it has one.
        metadata: The caller's own.
        object_ids: Its objects.
        collection_ids: Where they are processed; None is all collections of the bucket, until it is submitted.
        dedup: What becomes of objects that have documents.
        task_id: The task of the batch as a whole; None until it is submitted.
        submitted_at: When it was submitted.
        canceled_at: When it was canceled.
        created_at: When it was created.
    """

    batch_id: str
    bucket_id: str
    namespace_id: str
    name: str | None
    metadata: dict[str, Any]
    object_ids: list[str]
    collection_ids: list[str] | None
    dedup: Dedup
    task_id: str | None
    submitted_at: str | None
    canceled_at: str | None
    created_at: str

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Read a row."""
        parsed = {name: orjson.loads(row[name] or b"null") for name in ("metadata", "object_ids", "collection_ids")}
        return cls(**(dict(row) | parsed))


def create_batch(
    database: Database,
    namespace_id: str,
    bucket_id: str,
    object_ids: Sequence[str],
    *,
    collection_ids: Sequence[str] | None = None,
    dedup: Dedup = "skip",
    name: str | None = None,
    metadata: dict[str, Any] | None = None,
) -> Batch:
    """Create a draft."""
    batch_id = new_id("btch")
    with database.transaction() as connection:
        row = connection.execute(
            """
            INSERT INTO batches (
                batch_id, bucket_id, namespace_id, name, metadata, object_ids, collection_ids, dedup, created_at
            )
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *
            """,
            (
                batch_id,
                bucket_id,
                namespace_id,
                name,
                as_json(metadata or {}),
                as_json(list(dict.fromkeys(object_ids))),
                None if collection_ids is None else as_json(list(collection_ids)),
                dedup,
                now(),
            ),
        ).fetchone()
    return Batch.of(row)


def batch(database: Database, batch_id: str) -> Batch | None:
    """One batch."""
    row = database.connection().execute("SELECT * FROM batches WHERE batch_id = ?", (batch_id,)).fetchone()
    return Batch.of(row) if row else None


def batch_of_task(database: Database, task_id: str) -> Batch | None:
    """The batch whose task as a whole this is."""
    row = database.connection().execute("SELECT * FROM batches WHERE task_id = ?", (task_id,)).fetchone()
    return Batch.of(row) if row else None


def batches(database: Database, namespace_id: str | None = None, bucket_id: str | None = None) -> list[Batch]:
    """Batches, newest first."""
    query = """
        SELECT * FROM batches
        WHERE namespace_id = coalesce(:namespace_id, namespace_id) AND bucket_id = coalesce(:bucket_id, bucket_id)
        ORDER BY rowid DESC
    """
    rows = database.connection().execute(query, {"namespace_id": namespace_id, "bucket_id": bucket_id})
    return [Batch.of(row) for row in rows]


def add_to_batch(database: Database, batch_id: str, object_ids: Sequence[str]) -> bool:
    """Add objects to a draft; False if it is one no more."""
    with database.transaction() as connection:
        query = "SELECT * FROM batches WHERE batch_id = ? AND submitted_at IS NULL AND canceled_at IS NULL"
        row = connection.execute(query, (batch_id,)).fetchone()
        if row is None:
            return False
        together = list(dict.fromkeys([*Batch.of(row).object_ids, *object_ids]))
        connection.execute("UPDATE batches SET object_ids = ? WHERE batch_id = ?", (as_json(together), batch_id))
    return True


def cancel_batch(database: Database, batch_id: str) -> None:
    """Cancel a batch and those of its tasks that have not ended."""
    with database.transaction() as connection:
        moment = {"now": now(), "batch_id": batch_id}
        connection.execute(
            """
            UPDATE tasks SET status = 'CANCELLED', claim = NULL, updated_at = :now
            WHERE task_id IN (SELECT task_id FROM batch_items WHERE batch_id = :batch_id)
                AND status NOT IN ('DONE', 'FAILED', 'SKIPPED', 'CANCELLED')
            """,
            moment,
        )
        connection.execute(
            "UPDATE batches SET canceled_at = :now WHERE batch_id = :batch_id AND canceled_at IS NULL", moment
        )


def delete_batch(database: Database, batch_id: str) -> None:
    """Delete a batch; its documents stay."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM batches WHERE batch_id = ?", (batch_id,))
